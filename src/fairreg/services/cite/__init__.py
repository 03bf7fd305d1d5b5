# SPDX-License-Identifier: MIT
"""Cite models, their training data and the papers that describe them."""

from fairreg.services.cite.citation import FORMATS, cite

__all__ = ["FORMATS", "cite"]
