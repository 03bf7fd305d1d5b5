# SPDX-License-Identifier: MIT
"""Readers of what the files of a model say: documents, prose, environments and licence texts."""
