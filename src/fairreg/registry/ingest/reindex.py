# SPDX-License-Identifier: MIT
"""Write anew what is derived from statements, by the rules of this release.

Runs inside its caller's transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, Row, delete, insert, select, update

from fairreg.registry.db.change_times import Standing, is_moment, is_time, note_left, touch
from fairreg.registry.db.entry_query import RECORD, sources_of_all
from fairreg.registry.db.key_conditions import chunks, in_values
from fairreg.registry.db.row_mapping import identifier_values, merged_value, stored_record
from fairreg.registry.db.tables import (
    FULL_TEXT,
    NAME_TEXT,
    WORD_INDEX,
    entries,
    entry_texts,
    facets,
    identifiers,
    statements,
)
from fairreg.registry.entries import tombstone_of
from fairreg.registry.ingest.row_builder import complete_entry_values
from fairreg.registry.ingest.upsert import write_facets, write_text
from fairreg.registry.resolution.grouping import merge
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.runs import is_runnable
from fairreg.schemas.timestamps import now

__all__ = ["rebuild_indexes", "reindex_statements", "reindex_text"]

_STATED = ("id", "identifier", "kind", "runnable", "year", "gone_at", "gone_reason", "updated_at")
_PAGE = 500


def rebuild_indexes(connection: Connection) -> None:
    """Fill SQLite's full-text indexes anew from the texts; a server has none beside its tables."""
    if connection.dialect.name == "sqlite":
        for index in (FULL_TEXT, NAME_TEXT, WORD_INDEX):
            connection.exec_driver_sql(f"INSERT INTO {index}({index}) VALUES ('rebuild')")  # noqa: S608  # constants


def reindex_statements(connection: Connection, after: int) -> list[int]:
    """Rewrite the identifiers and times of statements after the key `after`; return the keys of a page.

    A statement whose record is damaged keeps those that it has.
    """
    columns = (statements.c[name] for name in ("id", "entry_id", "retrieved_at", "record"))
    query = select(*columns).where(statements.c.id > after).order_by(statements.c.id).limit(_PAGE)
    rows = connection.execute(query).all()
    read = {row.id: (row, record) for row in rows if (record := stored_record(row.record))}
    for chunk in chunks(read):
        connection.execute(delete(identifiers).where(identifiers.c.statement_id.in_(chunk)))
    said = [
        values | {"statement_id": row.id, "entry_id": row.entry_id}
        for row, record in read.values()
        for values in identifier_values(record)
    ]
    if said:
        connection.execute(insert(identifiers), said)
    for row, record in read.values():
        at = record.provenance.retrieved or (row.retrieved_at if is_moment(row.retrieved_at) else now())
        if at != row.retrieved_at:
            connection.execute(update(statements).where(statements.c.id == row.id).values(retrieved_at=at))
    return [row.id for row in rows]


def reindex_text(connection: Connection, after: int, limit: int) -> list[int]:
    """Rewrite what is derived from the statements of the entries after the key `after`: merged records,
    values, facets, texts.

    At most `limit` entries; returns their keys, empty at the end. One of which a statement or the record is
    damaged stays as it is.
    """
    query = select(*(entries.c[name] for name in _STATED), RECORD).where(entries.c.id > after)
    rows = connection.execute(query.order_by(entries.c.id).limit(limit)).all()
    merged = _merged_anew(connection, {row.id: row.identifier for row in rows})
    records = {row.id: record for row in rows if (record := merged.get(row.id, stored_record(row.record)))}
    sound = [row for row in rows if row.id in records]
    tombstones = _tombstones(connection, [row.id for row in sound])
    touch(connection, [row.id for row in sound if _differs(row, records[row.id], tombstones[row.id])])
    for chunk in chunks(records):
        for owned in (facets, entry_texts):
            connection.execute(delete(owned).where(owned.c.entry_id.in_(chunk)))
    said = sources_of_all(connection, records)
    before = {
        row.identifier: Standing(row.kind, row.runnable, row.year is not None, said[row.id]) for row in sound
    }
    after_all: dict[str, Standing] = {}
    for row in sound:
        whole = {"merged": merged_value(records[row.id], ())} if row.id in merged else {}
        more = whole | tombstones[row.id]
        values = _write_derived(connection, row.id, records[row.id], said[row.id], more)
        dated = values["year"] is not None
        after_all[row.identifier] = Standing(values["kind"], values["runnable"], dated, said[row.id])
    note_left(connection, before, after_all)
    return [row.id for row in rows]


def _tombstones(connection: Connection, keys: Sequence[int]) -> dict[int, dict[str, str | None]]:
    """Return the tombstone of each entry as the values of its columns."""
    marked = (statements.c[name] for name in ("entry_id", "source", "gone_at", "gone_reason"))
    rows = connection.execute(select(*marked).where(in_values(connection, statements.c.entry_id, keys))).all()
    said: dict[int, list[Any]] = {key: [] for key in keys}
    for row in rows:
        said[row.entry_id].append(row)
    return {
        key: dict(zip(("gone_at", "gone_reason"), tombstone_of(listed) or (None, None), strict=True))
        for key, listed in said.items()
    }


def _differs(row: Row[*tuple[Any, ...]], record: ModelRecord, tombstone: Mapping[str, str | None]) -> bool:
    """Tell whether what others are told of the entry changes, or cannot be told for want of a time."""
    gone = {"gone_at": row.gone_at, "gone_reason": row.gone_reason} != tombstone
    stated = (row.kind, row.runnable, row.year, stored_record(row.record))
    same = stated == (record.kind, is_runnable(record), record.year, record)
    return gone or not same or not is_time(row.updated_at)


def _write_derived(
    connection: Connection, key: int, record: ModelRecord, sources: Sequence[str], more: dict[str, Any]
) -> dict[str, Any]:
    """Write values, facets and texts of an entry, and what `more` its row has; return its values."""
    values = complete_entry_values(record) | more
    connection.execute(update(entries).where(entries.c.id == key).values(values))
    write_facets(connection, key, record, sources)
    write_text(connection, key, record)
    return values


def _merged_anew(connection: Connection, names: Mapping[int, str]) -> dict[int, ModelRecord | None]:
    """Merge the statements of those entries that hold a merged record; the entries keep their `names`.

    None for an entry of which a statement is damaged: without it, it would lose what only that one states.
    """
    members: dict[int, list[ModelRecord | None]] = {}
    for chunk in chunks(names):
        query = (
            select(statements.c.entry_id, statements.c.record)
            .join(entries, entries.c.id == statements.c.entry_id)
            .where(statements.c.entry_id.in_(chunk), entries.c.merged.is_not(None))
        )
        for row in connection.execute(query):
            members.setdefault(row.entry_id, []).append(stored_record(row.record))
    return {key: _merged(said, names[key]) for key, said in members.items()}


def _merged(said: Iterable[ModelRecord | None], name: str) -> ModelRecord | None:
    read = list(said)
    sound = [record for record in read if record is not None]
    return replace(merge(sound), identifier=name) if len(sound) == len(read) else None
