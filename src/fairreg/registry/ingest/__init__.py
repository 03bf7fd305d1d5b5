# SPDX-License-Identifier: MIT
"""Ingest: upserts of statements, one by one or in bulk, and the state of harvests."""
