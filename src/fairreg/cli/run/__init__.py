# SPDX-License-Identifier: MIT
"""Verbs that download files and run models: ``fetch`` and ``run``."""
