# SPDX-License-Identifier: MIT
"""Transfers of files: one that is resumed and hashed as it arrives, and several at a time."""
