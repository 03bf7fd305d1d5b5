# SPDX-License-Identifier: MIT
"""Verbs that read the registry: ``search``, ``show`` and ``sources``."""
