# SPDX-License-Identifier: MIT
"""File formats of metadata: one file per format."""
