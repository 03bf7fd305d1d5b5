# SPDX-License-Identifier: MIT
"""Evidence to files: what a file can mend is written with what is known, and nothing is made up.

Read `base` (what a draft is), `facts` (what is known), then one module for each file; `drafts` asks them all.
"""
