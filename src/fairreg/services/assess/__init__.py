# SPDX-License-Identifier: MIT
"""Assess how FAIR a record is."""
