# SPDX-License-Identifier: MIT
"""Results as notebooks show them: HTML without scripts and external resources, and texts of one line."""
