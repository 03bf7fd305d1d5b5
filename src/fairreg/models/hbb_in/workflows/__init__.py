# SPDX-License-Identifier: MIT
"""Workflows of the Hbb interaction network: one module per ``fairreg hbb`` command."""
