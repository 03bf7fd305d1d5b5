# SPDX-License-Identifier: MIT
"""Resolve an identifier and fetch its files."""
