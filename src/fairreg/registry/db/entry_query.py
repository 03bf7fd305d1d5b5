# SPDX-License-Identifier: MIT
"""Entries as they are read, with their records.

What several statements say together is kept with their entry. Nearly all entries of a large registry have one
statement, whose record is the entry's: kept once, it takes two fifths off the file.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from fairreg.registry.db.tables import entries, statements

__all__ = ["RECORD", "select_entries"]

_ONLY = select(statements.c.record).where(statements.c.entry_id == entries.c.id).correlate(entries).limit(1)

# The record of an entry, in statements that select from `entries`.
RECORD: ColumnElement[Any] = func.coalesce(entries.c.merged, _ONLY.scalar_subquery()).label("record")

_COLUMNS = (*(column for column in entries.c if column is not entries.c.merged), RECORD)


def select_entries(*more: ColumnElement[Any]) -> Select[Any]:
    """Rows of `entries` with their records, and `more` columns."""
    return select(*_COLUMNS, *more).select_from(entries)
