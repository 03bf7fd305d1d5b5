# SPDX-License-Identifier: MIT
"""Queries for entries with their records.

The merged record of several statements is stored with their entry. Nearly all entries of a large registry
have one statement, whose record is also the entry's: storing it once makes the file two fifths smaller.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from fairreg.registry.db.tables import entries, statements

__all__ = ["RECORD", "select_entries"]

_ONLY = select(statements.c.record).where(statements.c.entry_id == entries.c.id).correlate(entries).limit(1)

# The record of an entry, for queries that select from `entries`.
RECORD: ColumnElement[Any] = func.coalesce(entries.c.merged, _ONLY.scalar_subquery()).label("record")

_COLUMNS = (*(column for column in entries.c if column is not entries.c.merged), RECORD)


def select_entries(*more: ColumnElement[Any]) -> Select[Any]:
    """Select rows of `entries` with their records, and the columns `more`."""
    return select(*_COLUMNS, *more).select_from(entries)
