# SPDX-License-Identifier: MIT
"""Readers of a model's files: documents, prose, environments and licence texts."""
