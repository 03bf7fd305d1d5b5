# SPDX-License-Identifier: MIT
"""ModelRecord and Evidence to Report: the rubric ``fair-ai-models`` and its indicators."""
