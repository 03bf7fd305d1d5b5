# SPDX-License-Identifier: MIT
"""Queries for entries with their records.

The merged record of several statements is stored with their entry. Nearly all entries of a large registry
have one statement, whose record is also the entry's: storing it once makes the file two fifths smaller.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, null, select

from fairreg.registry.db.key_conditions import in_values
from fairreg.registry.db.tables import entries, statements
from fairreg.sources import is_from_files

__all__ = [
    "NAMED",
    "NEWEST",
    "RECORD",
    "STATEMENTS",
    "WHOLE_STATEMENTS",
    "select_entries",
    "sources_of",
    "sources_of_all",
]

_ONLY = select(statements.c.record).where(statements.c.entry_id == entries.c.id).correlate(entries).limit(1)

# The record of an entry, for queries that select from `entries`.
RECORD: ColumnElement[Any] = func.coalesce(entries.c.merged, _ONLY.scalar_subquery()).label("record")

# The newest first; of one day those that came last. A total order.
NEWEST: tuple[ColumnElement[Any], ...] = (entries.c.dated.desc(), entries.c.id.desc())

_COLUMNS = (*(column for column in entries.c if column is not entries.c.merged), RECORD)


def select_entries(*more: ColumnElement[Any]) -> Select[Any]:
    """Select rows of `entries` with their records, and the columns `more`."""
    return select(*_COLUMNS, *more).select_from(entries)


# What every page of a record asks is made once: making a query takes longer than answering it.
NAMED = select_entries().where(entries.c.identifier == bindparam("identifier"))
_SOURCES = select(statements.c.entry_id, statements.c.source).distinct()
_SOURCES_OF_ONE = _SOURCES.where(statements.c.entry_id == bindparam("entry_id"))


_OF_NAMED = (
    select()
    .select_from(statements)
    .join(entries, entries.c.id == statements.c.entry_id)
    .where(entries.c.identifier == bindparam("identifier"))
    .order_by(statements.c.source, statements.c.source_id)
)
WHOLE_STATEMENTS = _OF_NAMED.add_columns(*statements.c)
# Without the payloads, which may take megabytes.
STATEMENTS = _OF_NAMED.add_columns(
    *(item if item.name != "payload" else null().label("payload") for item in statements.c)
)


def sources_of(connection: Connection, entry_id: int) -> tuple[str, ...]:
    """Return the sources of an entry's statements, by name."""
    return _by_name(row.source for row in connection.execute(_SOURCES_OF_ONE, {"entry_id": entry_id}))


def sources_of_all(connection: Connection, entry_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Return the sources of each entry's statements, by name."""
    found: dict[int, set[str]] = {key: set() for key in entry_ids}
    for row in connection.execute(_SOURCES.where(in_values(connection, statements.c.entry_id, found))):
        found[row.entry_id].add(row.source)
    return {key: _by_name(names) for key, names in found.items()}


def _by_name(sources: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in sources if not is_from_files(name)))
