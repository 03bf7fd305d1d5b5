# SPDX-License-Identifier: MIT
"""Parts that model packages share."""
