# SPDX-License-Identifier: MIT
"""Store the progress of each harvest. Every function runs inside its caller's transaction."""

from typing import Any

from sqlalchemy import Connection, RowMapping, Select, Text, cast, insert, select, update

from fairreg.registry.db.row_mapping import progress_from
from fairreg.registry.db.tables import harvests
from fairreg.registry.entries import Harvest
from fairreg.schemas.timestamps import now

__all__ = ["all_harvests", "harvest_state", "write_harvest"]


def harvest_state(connection: Connection, source: str, query: str) -> Harvest | None:
    """Return the progress of the last harvest of `query` at `source`, None where there was none.

    A damaged cursor or count is left out, so that the harvest starts from the beginning.
    """
    chosen = _chosen().where(harvests.c.source == source, harvests.c.query == query)
    row = connection.execute(chosen).mappings().one_or_none()
    return None if row is None else _harvest(row)


def all_harvests(connection: Connection) -> tuple[Harvest, ...]:
    """Return the progress of every harvest, by source and query."""
    query = _chosen().order_by(harvests.c.source, harvests.c.query)
    return tuple(_harvest(row) for row in connection.execute(query).mappings())


def write_harvest(connection: Connection, harvest: Harvest) -> None:
    """Store the progress of a harvest, replacing the previous one."""
    moment = now()
    values = {
        "cursor": harvest.cursor,
        "counts": dict(harvest.counts),
        "started_at": harvest.started_at or moment,
        "updated_at": moment,
        "finished_at": (harvest.finished_at or moment) if harvest.finished else None,
    }
    place = (harvests.c.source == harvest.source) & (harvests.c.query == harvest.query)
    if connection.execute(update(harvests).where(place).values(values)).rowcount == 0:
        connection.execute(insert(harvests).values(source=harvest.source, query=harvest.query, **values))


def _chosen() -> Select[Any]:
    """Select every harvest, with its JSON as text: one damaged row must not hide the others."""
    plain = [column for column in harvests.c if column.name not in {"cursor", "counts"}]
    texts = [cast(harvests.c[name], Text).label(name) for name in ("cursor", "counts")]
    return select(*plain, *texts)


def _harvest(row: RowMapping) -> Harvest:
    cursor, counts = progress_from(row) or (None, {})
    return Harvest(
        source=row["source"],
        query=row["query"],
        cursor=cursor,
        counts=counts,
        finished=row["finished_at"] is not None,
        started_at=row["started_at"],
        updated_at=row["updated_at"],
        finished_at=row["finished_at"],
    )
