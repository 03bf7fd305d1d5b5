# SPDX-License-Identifier: MIT
"""Harvest sources into the registry."""
