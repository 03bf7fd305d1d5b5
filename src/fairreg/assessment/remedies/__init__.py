# SPDX-License-Identifier: MIT
"""Evidence to files: missing metadata files, written only with known facts.

Start with `base` (the draft), then `facts` (the known facts), then one module per file; `drafts` collects
them.
"""
