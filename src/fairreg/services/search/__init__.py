# SPDX-License-Identifier: MIT
"""Search the registry and the sources."""
