# SPDX-License-Identifier: MIT
"""Read a large registry in batches: a stream of identifiers, and snapshots of some entries.

Every function runs inside its caller's transaction.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, true

from fairreg.registry.assessments import Key, subject
from fairreg.registry.db.entry_query import select_entries
from fairreg.registry.db.key_conditions import chunks, in_key_pairs
from fairreg.registry.db.row_mapping import entry_from, statement_from
from fairreg.registry.db.tables import assessments, entries, statements
from fairreg.registry.entries import Entry, Statement
from fairreg.sources import OWN_SOURCE

__all__ = ["EntrySnapshot", "Window", "entry_snapshots", "identifiers_after", "last_assessment"]

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

    `assessed` tells whether the window holds an assessment of it, `online` whether any with the network
    exists.
    """

    entry: Entry
    statements: tuple[Statement, ...]
    assessed: bool
    online: bool


def identifiers_after(connection: Connection, after: str) -> list[str]:
    """Return the next identifiers of entries in their order; empty after the last."""
    column = entries.c.identifier
    return list(connection.scalars(select(column).where(column > after).order_by(column).limit(_PAGE)))


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
    held = [(entry_from(row, _sources(said[row["id"]])), tuple(said[row["id"]])) for row in rows]
    online = _assessed(connection, held, ~assessments.c.offline)
    judged = _assessed(connection, held, _within(window)) if window else set()
    return {
        entry.identifier: EntrySnapshot(entry, listed, entry.identifier in judged, entry.identifier in online)
        for entry, listed in held
    }


def _statements_of(connection: Connection, keys: Sequence[int]) -> dict[int, list[Statement]]:
    said: dict[int, list[Statement]] = defaultdict(list)
    query = select(statements).where(statements.c.entry_id.in_(keys))
    for row in connection.execute(query.order_by(statements.c.source, statements.c.source_id)).mappings():
        said[row["entry_id"]].append(statement_from(row))
    return said


def _sources(said: Iterable[Statement]) -> tuple[str, ...]:
    return tuple(sorted({item.source for item in said} - {OWN_SOURCE}))


def _within(window: Window) -> ColumnElement[bool]:
    inside = (assessments.c.judged_at >= window.since) & (assessments.c.id <= window.last)
    return inside & (~assessments.c.offline if window.online else true())


def _assessed(
    connection: Connection, held: Iterable[tuple[Entry, Any]], condition: ColumnElement[bool]
) -> set[str]:
    """Return the entries with an assessment under the condition, of their own name or their subject's."""
    subjects: dict[str, Key] = {entry.identifier: subject(entry.record) for entry, _ in held}
    if not subjects:
        return set()
    by_name = select(assessments.c.identifier).where(assessments.c.identifier.in_(subjects), condition)
    named = set(connection.scalars(by_name))
    keys = in_key_pairs(assessments.c.family, assessments.c.key, sorted(set(subjects.values())))
    by_key = select(assessments.c.family, assessments.c.key).where(keys, condition)
    known_keys = {(row.family, row.key) for row in connection.execute(by_key)}
    return {name for name, key in subjects.items() if name in named or key in known_keys}
