# SPDX-License-Identifier: MIT
"""The registry for programs."""
