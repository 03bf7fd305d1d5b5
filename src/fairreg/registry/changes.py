# SPDX-License-Identifier: MIT
"""Changes in the registry, oldest first: for those who keep copies of it.

Every entry stands once in this list, at its last change, and every identifier that stands for no entry any
more at its departure. In a list of some entries the departures are also of entries that left it, such as
those whose kind changed. What changes meanwhile moves to the end, so that going on after a place skips
nothing. Every function runs inside its caller's transaction.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, Unpack

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, func, or_, select, tuple_

from fairreg.errors import DamagedRecord, RecordError
from fairreg.registry.db.change_times import (
    DATED,
    LEFT,
    is_time,
    kind_list,
    list_line,
    runnable_list,
    source_line,
    source_list,
    source_name_list,
    true_time,
)
from fairreg.registry.db.damaged_rows import DAMAGED, damaged_keys, identifiers_of
from fairreg.registry.db.entry_query import select_entries, sources_of_all
from fairreg.registry.db.key_conditions import in_values
from fairreg.registry.db.row_mapping import entry_from, statement_from
from fairreg.registry.db.tables import departures, entries, facets, statements
from fairreg.registry.entries import Entry, Statement
from fairreg.registry.text.normalization import fold
from fairreg.schemas.text import clean
from fairreg.schemas.timestamps import beginning_of
from fairreg.sources import is_from_files

__all__ = ["Change", "ChangeFilters", "change_of", "changes", "first_time", "source_names"]

_LOG = logging.getLogger(__name__)
Departed = Literal["merged", "forgotten", "left"]
# Behind every character that a time may go on with.
_LAST = "~"
# Entries of a source that are sorted sooner than found among all.
_FEW = 2000


@dataclass(frozen=True)
class Change:
    """The last change of an entry, or the departure of an identifier, whose `entry` is None.

    `changed_at` is ISO 8601 in UTC, to the microsecond; with `number` it is the place in the list. `departed`
    says whether the statements are in entries of other names now (merged) or were removed (forgotten),
    or whether an entry is not in the list that was asked for any more (left).
    """

    changed_at: str
    number: int
    identifier: str
    kind: str | None
    sources: tuple[str, ...]
    runnable: bool
    entry: Entry | None = None
    departed: Departed | None = None
    statements: tuple[Statement, ...] = ()

    @property
    def place(self) -> tuple[str, int]:
        """Place in the list, after which the next page begins."""
        return self.changed_at, self.number


class ChangeFilters(TypedDict, total=False):
    """Conditions of a list of changes: `kind`, `source`, `runnable`, `dated` (entries whose year is known).

    `source` is a source in any spelling, `source_name` one by its exact name.

    Departed identifiers are chosen by what their entries were; `dated` leaves them in.
    """

    kind: str
    source: str
    source_name: str
    runnable: bool
    dated: bool


def changes(
    connection: Connection,
    since: str | None,
    until: str | None,
    after: tuple[str, int] | None,
    limit: int,
    *,
    statements: bool = False,
    **filters: Unpack[ChangeFilters],
) -> list[Change]:
    """Return the next changes, as `Registry.changes.page` does. Raises UsageError for a time in another form.

    An entry whose stored record is damaged is left out and logged; its repair is a change, which is listed.
    """
    window = _Window(since, until, after)
    changed = select_entries().where(*window.of_entries(), *_of_entries(connection, filters))
    changed = changed.order_by(entries.c.updated_at, entries.c.id).limit(limit)
    gone = select(departures).where(*window.of_departures(), _of_departures(filters))
    gone = gone.order_by(departures.c.departed_at, departures.c.id.desc()).limit(limit)
    listed = [*_undamaged(connection, changed, statements=statements), *_departed(connection, gone)]
    return sorted(listed, key=lambda item: item.place)[:limit]


def change_of(
    connection: Connection, identifier: str, *, statements: bool = False, dated: bool = False
) -> Change | None:
    """Return the change of one identifier, exactly as it is written; None for one that was never stored.

    With `dated` an entry that lost its date has left.
    """
    changed = select_entries().where(entries.c.identifier == identifier)
    found = _changed(connection, changed, statements=statements)
    gone = select(departures).where(departures.c.identifier == identifier)
    left = _departed(connection, gone.where(_of_departures({"dated": dated})))
    undated = dated and found and found[0].entry is not None and found[0].entry.record.year is None
    return next(iter((left or found) if undated else (found or left)), None)


def first_time(connection: Connection) -> str | None:
    """Return the earliest time of a change."""
    found = []
    for column in (entries.c.updated_at, departures.c.departed_at):
        at = connection.scalar(select(func.min(column)))
        found.append(at if at is None or is_time(at) else true_time(connection, func.min(column)))
    return min((at for at in found if at is not None), default=None)


def source_names(connection: Connection) -> tuple[str, ...]:
    """Return the sources of the statements, sorted: one look into the index for each, however many."""
    found: list[str] = []
    query = select(statements.c.source).order_by(statements.c.source).limit(1)
    name = connection.scalar(query)
    while name is not None:
        found.append(name)
        name = connection.scalar(query.where(statements.c.source > name))
    return tuple(name for name in found if not is_from_files(name))


class _Window:
    """A part of the list, as conditions on both of its tables."""

    def __init__(self, since: str | None, until: str | None, after: tuple[str, int] | None) -> None:
        self._first = None if since is None else beginning_of(since, "since")
        self._end = None if until is None else beginning_of(until, "until") + _LAST
        self._after = after

    def of_entries(self) -> list[ColumnElement[bool]]:
        """Return the conditions on entries."""
        found = self._bounds(entries.c.updated_at)
        if self._after is not None:
            # Row values, for which every database uses the index.
            found.append(tuple_(entries.c.updated_at, entries.c.id) > tuple_(*self._after))
        return found

    def of_departures(self) -> list[ColumnElement[bool]]:
        """Return the conditions on departures: at one time they come first, under negative numbers."""
        at = departures.c.departed_at
        found = self._bounds(at)
        if self._after is not None:
            time, number = self._after
            found.append(or_(at > time, and_(at == time, departures.c.id < -number)))
        return found

    def _bounds(self, at: ColumnElement[str]) -> list[ColumnElement[bool]]:
        first = [] if self._first is None else [at >= self._first]
        return first if self._end is None else [*first, at < self._end]


def _of_entries(connection: Connection, filters: ChangeFilters) -> Iterable[ColumnElement[bool]]:
    if "kind" in filters:
        yield entries.c.kind == filters["kind"]
    if "runnable" in filters:
        # As an expression, so that a page is read from the index of the times, not sorted from that of this.
        yield func.coalesce(entries.c.runnable, False) == filters["runnable"]
    if filters.get("dated"):
        yield entries.c.year.is_not(None)
    if "source" in filters:
        named = select(facets.c.entry_id).where(facets.c.name == "source")
        yield _is_among(connection, named.where(facets.c.key == fold(filters["source"])), facets.c.entry_id)
    if "source_name" in filters:
        of_source = select(statements.c.entry_id).where(statements.c.source == filters["source_name"])
        yield _is_among(connection, of_source, statements.c.entry_id)


def _is_among(connection: Connection, said: Select[Any], key: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition that a source states an entry, in the form that is fast for this source.

    The entries of a source with few would be looked for among all others, those of one with many be sorted.
    """
    few = connection.scalars(said.limit(_FEW + 1)).all()
    if len(few) <= _FEW:
        return in_values(connection, entries.c.id, set(few))
    return said.where(key == entries.c.id).exists()


def _of_departures(filters: ChangeFilters) -> ColumnElement[bool]:
    """Return the condition on departures: the entry was among these, or has left one of the lists."""
    left = (departures.c.lists.contains(list_line(name), autoescape=True) for name in _lists(filters))
    return or_(and_(departures.c.reason != LEFT, *_of_whole(filters)), *left)


def _of_whole(filters: ChangeFilters) -> Iterable[ColumnElement[bool]]:
    if "kind" in filters:
        yield departures.c.kind == filters["kind"]
    if "runnable" in filters:
        yield departures.c.runnable.is_(filters["runnable"])
    for name in ("source", "source_name"):
        if name in filters:  # of some spellings of a name only one is noted
            said = source_line(fold(str(filters[name])))
            yield departures.c.sources.contains(said, autoescape=True)


def _lists(filters: ChangeFilters) -> Iterable[str]:
    """Yield the names of the lists whose common entries are asked for."""
    if "kind" in filters:
        yield kind_list(filters["kind"])
    if "runnable" in filters:
        yield runnable_list(filters["runnable"])
    if filters.get("dated"):
        yield DATED
    if "source" in filters:
        yield source_list(filters["source"])
    if "source_name" in filters:
        yield source_name_list(filters["source_name"])


def _undamaged(connection: Connection, query: Select[Any], *, statements: bool) -> list[Change]:
    """Return changes as `_changed` does, and in the place of damaged entries those that follow."""

    def load(keys: Sequence[int]) -> list[Change]:
        some = select_entries().where(in_values(connection, entries.c.id, keys))
        return _changed(connection, some, statements=statements)

    while True:
        try:
            return _changed(connection, query, statements=statements)
        except RecordError:
            keys = connection.scalars(query.with_only_columns(entries.c.id)).all()
            damaged = damaged_keys(keys, load)
            if not damaged:
                raise
            for identifier in identifiers_of(connection, damaged):
                _LOG.error(DAMAGED, clean(identifier))
            query = query.where(~in_values(connection, entries.c.id, damaged))


def _changed(connection: Connection, query: Select[Any], *, statements: bool) -> list[Change]:
    rows = connection.execute(query).mappings().all()
    sources = sources_of_all(connection, (row["id"] for row in rows))
    said = _statements(connection, [row["id"] for row in rows]) if statements else {}
    return [_of_entry(row, sources[row["id"]], said.get(row["id"], ())) for row in rows]


def _of_entry(row: RowMapping, sources: tuple[str, ...], said: Sequence[Statement]) -> Change:
    entry = entry_from(row, sources)
    if not is_time(row["updated_at"]):
        whose = f"The time of the last change of {row['identifier']}"
        raise DamagedRecord(whose, f"{row['updated_at']!r} is not a time.", hint="Run `fairreg db reindex`.")
    return Change(
        changed_at=row["updated_at"],
        number=row["id"],
        identifier=row["identifier"],
        kind=entry.record.kind,
        sources=sources,
        runnable=row["runnable"],
        entry=entry,
        statements=tuple(said),
    )


def _departed(connection: Connection, query: Select[Any]) -> list[Change]:
    return [
        Change(
            changed_at=row["departed_at"],
            number=-row["id"],
            identifier=row["identifier"],
            kind=row["kind"],
            sources=tuple(line.partition("\t")[2] for line in row["sources"].split("\n")[1:]),
            runnable=row["runnable"],
            departed=row["reason"],
        )
        for row in connection.execute(query).mappings()
    ]


_WITHOUT_PAYLOAD = [column for column in statements.c if column.name != "payload"]


def _statements(connection: Connection, entry_ids: Sequence[int]) -> dict[int, list[Statement]]:
    """Return the statements of entries by source, without the payloads, which are not read."""
    query = select(*_WITHOUT_PAYLOAD).where(in_values(connection, statements.c.entry_id, entry_ids))
    found: dict[int, list[Statement]] = defaultdict(list)
    for row in connection.execute(query.order_by(statements.c.source, statements.c.source_id)).mappings():
        found[row["entry_id"]].append(statement_from({**row, "payload": None}))
    return found
