# SPDX-License-Identifier: MIT
"""Times of the last change of entries, for those who keep copies; runs inside its caller's transaction.

A transaction leaves what it changes pending, and `settle` gives all of it one time when the transaction ends:
a reader who saw everything up to a time misses nothing that was begun before and written after it. Writers
follow one another, so that these times ascend as the transactions do. To read a source again without a
change of what it states is no change.

Who keeps a copy of some entries follows the list of those. An entry that leaves such a list, as one whose
kind changes does, is noted in `departures`, too, until it is back in the list.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Function, delete, exists, func, insert, select, update

from fairreg.registry.db.entry_query import sources_of_all
from fairreg.registry.db.key_conditions import chunks, in_values
from fairreg.registry.db.tables import departures, entries, facets, statements
from fairreg.registry.text.normalization import fold
from fairreg.schemas.timestamps import now_precisely

__all__ = [
    "DATED",
    "LEFT",
    "PENDING",
    "Standing",
    "is_moment",
    "is_time",
    "kind_list",
    "list_line",
    "note_departures",
    "note_left",
    "runnable_list",
    "settle",
    "source_line",
    "source_list",
    "source_name_list",
    "touch",
    "touch_statement",
    "true_time",
]

# The time of a change within the transaction that makes it.
PENDING = ""
# Reason in `departures` of what stands for an entry, which left a list.
LEFT = "left"
# Name of the list of entries whose year is known.
DATED = "dated"
_STEP = timedelta(microseconds=1)
# Mark of a connection in whose transaction departures were noted.
_NOTED = "fairreg_departures"
# The latest times that were given, and the first time of an entry: the pending one before all others.
_GIVEN = select(
    select(func.max(entries.c.updated_at)).scalar_subquery(),
    select(func.max(departures.c.departed_at)).scalar_subquery(),
    select(func.min(entries.c.updated_at)).scalar_subquery(),
)


# A time as `settle` gives it: of damaged ones, nothing else is told to anybody.
_TIME = re.compile(r"\d{4}-(0[1-9]|1[0-2])-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(\+00:00|Z)")


def is_time(text: object) -> bool:
    """Tell whether a value is a time in UTC, as the registry writes it."""
    if not isinstance(text, str) or _TIME.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_moment(text: object) -> bool:
    """Tell whether a value is a day or a time, ISO 8601."""
    try:
        datetime.fromisoformat(text)  # type: ignore[arg-type]  # whatever stands in a damaged column
    except (TypeError, ValueError):
        return False
    return True


def true_time(connection: Connection, extreme: Function[str]) -> str | None:
    """Return the earliest or latest value of a column (`func.min` or `func.max` of it) that is a time.

    Reads the whole column: only for one whose first or last value is damaged.
    """
    (column,) = extreme.clauses
    return connection.scalar(select(extreme).where(column.regexp_match(f"^{_TIME.pattern}$")))


def touch(connection: Connection, entry_ids: list[int]) -> None:
    """Mark entries as changed."""
    if entry_ids:
        changed = in_values(connection, entries.c.id, entry_ids)
        connection.execute(update(entries).where(changed).values(updated_at=PENDING))


def touch_statement(connection: Connection, statement_id: int) -> None:
    """Mark the entry of a statement as changed, if it has one."""
    home = select(statements.c.entry_id).where(statements.c.id == statement_id).scalar_subquery()
    connection.execute(update(entries).where(entries.c.id == home).values(updated_at=PENDING))


class Standing(NamedTuple):
    """Facts that decide in which lists of some entries an entry is."""

    kind: str | None
    runnable: bool
    dated: bool
    sources: tuple[str, ...]

    @property
    def lists(self) -> frozenset[str]:
        """Names of the lists."""
        named = {runnable_list(self.runnable)}
        named |= {spell(name) for name in self.sources for spell in (source_list, source_name_list)}
        named |= {kind_list(self.kind)} if self.kind else set()
        return frozenset(named | ({DATED} if self.dated else set()))


def kind_list(kind: str) -> str:
    """Return the name of the list of entries of a kind."""
    return f"kind:{kind}"


def runnable_list(runnable: bool) -> str:
    """Return the name of the list of entries that can be run, or of the others."""
    return "runnable" if runnable else "not runnable"


def source_list(source: str) -> str:
    """Return the name of the list of entries that a source states, in any spelling of its name."""
    return f"source:{fold(source)}"


def source_name_list(source: str) -> str:
    """Return the name of the list of entries that a source of exactly this name states."""
    return f"source name:{source}"


def list_line(name: str) -> str:
    """Return the line of a list in `departures`, to look for."""
    return f"\n{name}\n"


def note_departures(connection: Connection, entry_ids: list[int], reason: str) -> None:
    """Note that the identifiers of entries may come to stand for none; `settle` drops those that stay."""
    if not entry_ids:
        return
    said = (facets.c.entry_id == entries.c.id) & (facets.c.name == "source")
    query = select(entries.c.identifier, entries.c.kind, entries.c.runnable, facets.c.key, facets.c.value)
    query = query.outerjoin(facets, said).where(in_values(connection, entries.c.id, entry_ids))
    rows: dict[str, dict[str, Any]] = {}
    for name, kind, runnable, key, source in connection.execute(query.order_by(facets.c.key)):
        row = rows.setdefault(name, {"identifier": name, "kind": kind, "runnable": runnable, "sources": ""})
        row["sources"] += "" if key is None else source_line(key, source)
    _note(connection, {name: row | {"reason": reason} for name, row in rows.items()})


def note_left(connection: Connection, before: Mapping[str, Standing], after: Mapping[str, Standing]) -> None:
    """Note the lists that entries left, which are given by identifier as they were and as they are."""
    lost = {name: had.lists - after[name].lists for name, had in before.items() if name in after}
    rows = {name: _row_of(before[name]) | {"reason": LEFT} for name, lists in lost.items() if lists}
    _note(connection, rows, lost)


def _row_of(had: Standing) -> dict[str, Any]:
    sources = "".join(sorted(source_line(fold(name), name) for name in had.sources))
    return {"kind": had.kind, "runnable": had.runnable, "sources": sources}


def _note(
    connection: Connection,
    rows: Mapping[str, dict[str, Any]],
    lost: Mapping[str, frozenset[str]] | None = None,
) -> None:
    """Write departures by identifier; lists that were left before stay noted."""
    left = {name: set((lost or {}).get(name, ())) for name in rows}
    for chunk in chunks(rows):
        known = departures.c.identifier.in_(chunk)
        for name, lists in connection.execute(
            select(departures.c.identifier, departures.c.lists).where(known)
        ):
            left[name] |= _names_in(lists)
        connection.execute(delete(departures).where(known))
    if rows:
        common = {"departed_at": PENDING}
        values = [
            row | common | {"identifier": name, "lists": _lines_of(left[name])} for name, row in rows.items()
        ]
        connection.execute(insert(departures), values)
        connection.info[_NOTED] = True


def _names_in(lines: str) -> set[str]:
    return set(filter(None, lines.split("\n")))


def _lines_of(lists: Iterable[str]) -> str:
    listed = "\n".join(sorted(lists))
    return list_line(listed) if listed else ""


def source_line(key: str, name: str = "") -> str:
    """Return the line of a source in `departures`: with its name, or the beginning to look for."""
    return f"\n{key}\t{name}"


def settle(connection: Connection) -> None:
    """Give the time to everything that the transaction changed; the last step before it is committed.

    If the clock was set back, that is the time after the latest that was given.
    """
    latest, departed, first = connection.execute(_GIVEN).one()
    at = now_precisely()
    if latest and not is_time(latest):
        latest = true_time(connection, func.max(entries.c.updated_at))
    if departed and not is_time(departed):
        departed = true_time(connection, func.max(departures.c.departed_at))
    if at <= (last := max(latest or "", departed or "")):
        at = (datetime.fromisoformat(last) + _STEP).isoformat(timespec="microseconds")
    if first == PENDING:
        connection.execute(update(entries).where(entries.c.updated_at == PENDING).values(updated_at=at))
        if departed is not None:
            _readmit(connection, at)
    if connection.info.pop(_NOTED, False):
        left = departures.c.departed_at == PENDING
        stands = exists().where(entries.c.identifier == departures.c.identifier)
        connection.execute(delete(departures).where(left, departures.c.reason != LEFT, stands))
        connection.execute(update(departures).where(left).values(departed_at=at))


def _readmit(connection: Connection, at: str) -> None:
    """Drop the departures that entries of a time undo: of their identifiers, and from lists they are in."""
    query = select(departures, entries.c.id.label("home"), entries.c.year)
    query = query.add_columns(entries.c.kind.label("kind_now"), entries.c.runnable.label("runnable_now"))
    query = query.join(entries, entries.c.identifier == departures.c.identifier)
    rows = connection.execute(query.where(entries.c.updated_at == at)).all()
    sources = sources_of_all(connection, [row.home for row in rows])
    for row in rows:
        now = Standing(row.kind_now, row.runnable_now, row.year is not None, sources[row.home])
        lists = _names_in(row.lists)
        if row.reason != LEFT:  # it may have been dated
            named = tuple(line.partition("\t")[2] for line in row.sources.split("\n")[1:])
            lists |= Standing(row.kind, row.runnable, dated=True, sources=named).lists
        lists -= now.lists
        one = departures.c.id == row.id
        if not lists:
            connection.execute(delete(departures).where(one))
        elif row.reason != LEFT:
            values = {"reason": LEFT, "lists": _lines_of(lists), "departed_at": at}
            connection.execute(update(departures).where(one).values(values))
        elif lists != _names_in(row.lists):
            connection.execute(update(departures).where(one).values(lists=_lines_of(lists)))
