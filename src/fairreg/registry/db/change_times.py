# SPDX-License-Identifier: MIT
"""Times of the last change of entries, for those who keep copies; runs inside its caller's transaction.

A transaction leaves what it changes pending, and `settle` gives all of it one time when the transaction ends:
a reader who saw everything up to a time misses nothing that was begun before and written after it. Writers
follow one another, so that these times ascend as the transactions do. To read a source again without a
change of what it states is no change.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from fairreg.registry.db.key_conditions import in_values
from fairreg.registry.db.tables import departures, entries, facets, statements
from fairreg.schemas.timestamps import now_precisely

__all__ = ["PENDING", "note_departures", "settle", "source_line", "touch", "touch_statement"]

# The time of a change within the transaction that makes it.
PENDING = ""
_STEP = timedelta(microseconds=1)
# Mark of a connection in whose transaction departures were noted.
_NOTED = "fairreg_departures"
# The latest times that were given, and the first time of an entry: the pending one before all others.
_GIVEN = select(
    select(func.max(entries.c.updated_at)).scalar_subquery(),
    select(func.max(departures.c.departed_at)).scalar_subquery(),
    select(func.min(entries.c.updated_at)).scalar_subquery(),
)


def touch(connection: Connection, entry_ids: list[int]) -> None:
    """Mark entries as changed."""
    if entry_ids:
        changed = in_values(connection, entries.c.id, entry_ids)
        connection.execute(update(entries).where(changed).values(updated_at=PENDING))


def touch_statement(connection: Connection, statement_id: int) -> None:
    """Mark the entry of a statement as changed, if it has one."""
    home = select(statements.c.entry_id).where(statements.c.id == statement_id).scalar_subquery()
    connection.execute(update(entries).where(entries.c.id == home).values(updated_at=PENDING))


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
    connection.execute(delete(departures).where(departures.c.identifier.in_(rows)))
    noted = {"reason": reason, "departed_at": PENDING}
    connection.execute(insert(departures), [row | noted for row in rows.values()])
    connection.info[_NOTED] = True


def source_line(key: str, name: str = "") -> str:
    """Return the line of a source in `departures`: with its name, or the beginning to look for."""
    return f"\n{key}\t{name}"


def settle(connection: Connection) -> None:
    """Give the time to everything that the transaction changed; the last step before it is committed.

    If the clock was set back, that is the time after the latest that was given.
    """
    latest, departed, first = connection.execute(_GIVEN).one()
    at = now_precisely()
    if at <= (last := max(latest or "", departed or "")):
        at = (datetime.fromisoformat(last) + _STEP).isoformat(timespec="microseconds")
    if first == PENDING:
        connection.execute(update(entries).where(entries.c.updated_at == PENDING).values(updated_at=at))
        if departed is not None:
            named = select(entries.c.identifier).where(entries.c.updated_at == at)
            connection.execute(delete(departures).where(departures.c.identifier.in_(named)))
    if connection.info.pop(_NOTED, False):
        left = departures.c.departed_at == PENDING
        stands = exists().where(entries.c.identifier == departures.c.identifier)
        connection.execute(delete(departures).where(left, stands))
        connection.execute(update(departures).where(left).values(departed_at=at))
