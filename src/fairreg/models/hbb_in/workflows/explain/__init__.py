# SPDX-License-Identifier: MIT
"""Explanations of a Hbb interaction network: the subject, one module an analysis, the report on all."""
