# SPDX-License-Identifier: MIT
"""Locks: models pinned to their bytes, metadata and scores, and what of them has changed since."""
