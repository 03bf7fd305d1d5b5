# SPDX-License-Identifier: MIT
"""Verbs that pin models and check them later: ``lock`` and ``verify``."""
