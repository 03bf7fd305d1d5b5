# SPDX-License-Identifier: MIT
"""All that a database of a registry holds, in a form that two of them can be compared by, of any revision."""

from collections import defaultdict
from collections.abc import Callable, Collection
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, MetaData, select

from fairreg.registry.db.engine import Database
from fairreg.registry.db.tables import described

__all__ = ["TIMES", "Content", "content"]

# By table the rows, as texts, each with how often it is there.
Content = dict[str, list[str]]
# Columns that say when something was written.
TIMES = frozenset({"retrieved_at", "started_at", "updated_at", "finished_at", "departed_at"})
# Also what search makes for itself: PostgreSQL's generated columns.
_OMITTED = frozenset({"id", "text_vector", "name_vector"})


def content(url: str, *, without: Collection[str] = (), tables: Collection[str] | None = None) -> Content:
    """The rows of `tables` (all, as they are in that database), without keys of rows and some columns.

    Where a row points to another one, it says what that one is called.
    """
    with closing(Database(url)) as database, database.reading() as connection:
        held = MetaData()
        held.reflect(connection, only=lambda name, _: described(None, name, "table"))
        names = _names(connection, held)
        chosen = held.tables.keys() - {"alembic_version"} if tables is None else tables
        found = {}
        for name in sorted(chosen):
            columns = [item for item in held.tables[name].c if item.name not in _OMITTED | {*without}]
            rows = connection.execute(select(*columns)).mappings()
            found[name] = sorted(repr([_said(names, *item) for item in row.items()]) for row in rows)
        return found


_Names = dict[str, Callable[[Any], Any]]


def _said(names: _Names, column: str, value: Any) -> tuple[str, Any]:
    plain = bytes(value) if isinstance(value, memoryview) else value
    return column, names[column](plain) if column in names else _ordered(plain)


def _ordered(value: Any) -> Any:
    """JSON without the order of its keys, which PostgreSQL's does not keep."""
    if isinstance(value, dict):
        return sorted((key, _ordered(item)) for key, item in value.items())
    return [_ordered(item) for item in value] if isinstance(value, list) else value


def _names(connection: Connection, held: MetaData) -> _Names:
    """How the columns that hold keys of other rows name those."""
    entries, statements = held.tables["entries"].c, held.tables["statements"].c
    entry = {row.id: row.identifier for row in connection.execute(select(entries.id, entries.identifier))}
    placed = select(statements.id, statements.source, statements.source_id)
    place = {row.id: (row.source, row.source_id) for row in connection.execute(placed)}
    families: dict[int, list[str]] = defaultdict(list)
    if "lineages" in held.tables:
        for row in connection.execute(select(held.tables["lineages"])):
            families[row.lineage].append(entry[row.entry_id])
    return {
        "entry_id": entry.get,
        "statement_id": place.__getitem__,
        "lineage": lambda number: sorted(families[number]),
    }
