# SPDX-License-Identifier: MIT
"""Times of the last change of entries, for those who keep copies; runs inside its caller's transaction.

A transaction leaves what it changes pending, and `settle` gives all of it one time when the transaction ends:
a reader who saw everything up to a time misses nothing that was begun before and written after it. Writers
follow one another, so that these times ascend as the transactions do. To read a source again without a
change of what it states is no change.
"""

from sqlalchemy import Connection, delete, exists, select, update

from fairreg.registry.db.key_conditions import in_values
from fairreg.registry.db.tables import departures, entries, facets, statements
from fairreg.schemas.timestamps import now_precisely

__all__ = ["PENDING", "note_departures", "settle", "source_line", "touch", "touch_statement"]

# The time of a change within the transaction that makes it.
PENDING = ""


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
    query = select(entries.c.id, entries.c.identifier, entries.c.kind, entries.c.runnable)
    rows = connection.execute(query.where(in_values(connection, entries.c.id, entry_ids))).all()
    said = select(facets.c.entry_id, facets.c.key, facets.c.value).where(
        facets.c.name == "source", in_values(connection, facets.c.entry_id, entry_ids)
    )
    sources: dict[int, list[str]] = {}
    for entry_id, key, name in connection.execute(said.order_by(facets.c.key)):
        sources.setdefault(entry_id, []).append(source_line(key, name))
    connection.execute(
        delete(departures).where(departures.c.identifier.in_([row.identifier for row in rows]))
    )
    connection.execute(
        departures.insert(),
        [
            {
                "identifier": row.identifier,
                "kind": row.kind,
                "runnable": row.runnable,
                "sources": "".join(sources.get(row.id, ())),
                "reason": reason,
                "departed_at": PENDING,
            }
            for row in rows
        ],
    )


def source_line(key: str, name: str = "") -> str:
    """Return the line of a source in `departures`: with its name, or the beginning to look for."""
    return f"\n{key}\t{name}"


def settle(connection: Connection) -> None:
    """Give the time to everything that the transaction changed; the last step before it is committed."""
    at = now_precisely()
    changed, left = entries.c.updated_at == PENDING, departures.c.departed_at == PENDING
    named = select(entries.c.identifier)
    connection.execute(delete(departures).where(departures.c.identifier.in_(named.where(changed))))
    stands = exists().where(entries.c.identifier == departures.c.identifier)
    connection.execute(delete(departures).where(left, stands))
    connection.execute(update(departures).where(left).values(departed_at=at))
    connection.execute(update(entries).where(changed).values(updated_at=at))
