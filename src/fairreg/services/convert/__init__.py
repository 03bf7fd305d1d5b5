# SPDX-License-Identifier: MIT
"""Conversion of a model for other programs."""
