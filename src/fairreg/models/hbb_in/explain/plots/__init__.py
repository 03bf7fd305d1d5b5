# SPDX-License-Identifier: MIT
"""Figures of the explanations."""
