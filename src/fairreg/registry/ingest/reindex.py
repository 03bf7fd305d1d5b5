# SPDX-License-Identifier: MIT
"""Write anew what is derived from statements, by the rules of this release.

Runs inside its caller's transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, Row, delete, select, update

from fairreg.registry.db.change_times import Standing, is_time, note_left, touch
from fairreg.registry.db.entry_query import RECORD, sources_of_all
from fairreg.registry.db.key_conditions import chunks
from fairreg.registry.db.row_mapping import merged_value, stored_record
from fairreg.registry.db.tables import entries, entry_texts, facets, statements
from fairreg.registry.ingest.row_builder import complete_entry_values
from fairreg.registry.ingest.upsert import write_facets, write_text
from fairreg.registry.resolution.grouping import merge
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.runs import is_runnable

__all__ = ["reindex_text"]

_STATED = ("id", "identifier", "kind", "runnable", "year", "updated_at")


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
    touch(connection, [row.id for row in sound if _differs(row, records[row.id])])
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
        values = _write_derived(connection, row.id, records[row.id], said[row.id], whole)
        dated = values["year"] is not None
        after_all[row.identifier] = Standing(values["kind"], values["runnable"], dated, said[row.id])
    note_left(connection, before, after_all)
    return [row.id for row in rows]


def _differs(row: Row[*tuple[Any, ...]], record: ModelRecord) -> bool:
    """Tell whether what others are told of the entry changes, or cannot be told for want of a time."""
    stated = (row.kind, row.runnable, row.year, stored_record(row.record))
    return stated != (record.kind, is_runnable(record), record.year, record) or not is_time(row.updated_at)


def _write_derived(
    connection: Connection, key: int, record: ModelRecord, sources: Sequence[str], whole: dict[str, Any]
) -> dict[str, Any]:
    """Write values, facets and texts of an entry, and `whole`, its record if merged; return the values."""
    values = complete_entry_values(record) | whole
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
