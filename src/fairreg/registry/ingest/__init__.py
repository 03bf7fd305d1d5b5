# SPDX-License-Identifier: MIT
"""Ingest: upserts of statements, one by one or in bulk, and what a harvest leaves behind."""
