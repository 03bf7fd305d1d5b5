# SPDX-License-Identifier: MIT
"""Verbs that read the registry: ``show`` and ``sources``."""
