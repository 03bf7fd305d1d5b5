# SPDX-License-Identifier: MIT
"""Verbs that bring files to this machine and run them: ``fetch`` and ``run``."""
