# SPDX-License-Identifier: MIT
"""Differences between two models, and between one model and its lock."""
