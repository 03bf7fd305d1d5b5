# SPDX-License-Identifier: MIT
"""Explanations of a Hbb interaction network: the subject, one module per analysis, the report on all."""
