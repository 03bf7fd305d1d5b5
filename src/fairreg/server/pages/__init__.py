# SPDX-License-Identifier: MIT
"""Pages for people."""
