# SPDX-License-Identifier: MIT
"""Open, check, export and import a registry."""
