# SPDX-License-Identifier: MIT
"""The database: tables, engine, row mapping and query helpers."""
