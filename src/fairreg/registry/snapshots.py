# SPDX-License-Identifier: MIT
"""Read a large registry in batches: a stream of identifiers, and snapshots of some entries.

Every function runs inside its caller's transaction.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, func, select

from fairreg.registry.assessments import ScoredEntry, own_assessments
from fairreg.registry.db.entry_query import select_entries
from fairreg.registry.db.key_conditions import chunks
from fairreg.registry.db.row_mapping import entry_from, statement_from
from fairreg.registry.db.tables import assessments, entries, statements
from fairreg.registry.entries import Entry, Statement
from fairreg.sources import is_from_files

__all__ = [
    "EntrySnapshot",
    "Window",
    "entry_snapshots",
    "identifiers_after",
    "last_assessment",
    "living_entries",
]

_PAGE = 5000


@dataclass(frozen=True)
class Window:
    """Window of assessments that existed when a run began, from a time on.

    `since` is an ISO 8601 time, `last` the number of the newest assessment when the run began, so that the
    run's own assessments do not count. `online` leaves out those made without the network.
    """

    since: str
    last: int
    online: bool


@dataclass(frozen=True)
class EntrySnapshot:
    """An entry with its statements.

    `assessed` tells whether the window holds an assessment of it by the rubric of its kind, `online` whether
    any such with the network exists.
    """

    entry: Entry
    statements: tuple[Statement, ...]
    assessed: bool
    online: bool


def identifiers_after(connection: Connection, after: str) -> list[str]:
    """Return the next identifiers of entries in their order; empty after the last."""
    column = entries.c.identifier
    return list(connection.scalars(select(column).where(column > after).order_by(column).limit(_PAGE)))


def living_entries(connection: Connection, offset: int, limit: int) -> list[tuple[str, str]]:
    """Return identifier and time of the last change of the entries that are not withdrawn, by identifier."""
    query = select(entries.c.identifier, entries.c.updated_at).where(entries.c.gone_at.is_(None))
    rows = connection.execute(query.order_by(entries.c.identifier).offset(offset).limit(limit))
    return [(row.identifier, row.updated_at) for row in rows]


def last_assessment(connection: Connection) -> int:
    """Return the number of the newest assessment, 0 where there is none."""
    return connection.scalar(select(func.max(assessments.c.id))) or 0


def entry_snapshots(
    connection: Connection, names: Iterable[str], window: Window | None
) -> list[EntrySnapshot]:
    """Return snapshots of the entries with these identifiers, in this order, without unknown ones."""
    listed = list(names)
    found: dict[str, EntrySnapshot] = {}
    for chunk in chunks(listed):
        found |= _entry_snapshots(connection, chunk, window)
    return [found[name] for name in listed if name in found]


def _entry_snapshots(
    connection: Connection, names: Sequence[str], window: Window | None
) -> dict[str, EntrySnapshot]:
    rows = connection.execute(select_entries().where(entries.c.identifier.in_(names))).mappings().all()
    said = _statements_of(connection, [row["id"] for row in rows])
    held = {row["id"]: entry_from(row, _sources(said[row["id"]])) for row in rows}
    listed = [
        ScoredEntry(key, entry.identifier, [item.record for item in said[key]]) for key, entry in held.items()
    ]
    made = own_assessments(connection, listed)
    return {
        entry.identifier: EntrySnapshot(
            entry,
            tuple(said[key]),
            assessed=window is not None and any(_is_within(row, window) for row in made[key]),
            online=not all(row["offline"] for row in made[key]),
        )
        for key, entry in held.items()
    }


def _statements_of(connection: Connection, keys: Sequence[int]) -> dict[int, list[Statement]]:
    said: dict[int, list[Statement]] = defaultdict(list)
    query = select(statements).where(statements.c.entry_id.in_(keys))
    for row in connection.execute(query.order_by(statements.c.source, statements.c.source_id)).mappings():
        said[row["entry_id"]].append(statement_from(row))
    return said


def _sources(said: Iterable[Statement]) -> tuple[str, ...]:
    return tuple(sorted({item.source for item in said if not is_from_files(item.source)}))


def _is_within(row: RowMapping, window: Window) -> bool:
    inside = row["judged_at"] >= window.since and row["id"] <= window.last
    return inside and not (window.online and row["offline"])
