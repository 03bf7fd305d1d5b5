# SPDX-License-Identifier: MIT
"""Write anew what is derived from statements, by the rules of this release.

Runs inside its caller's transaction.
"""

from collections.abc import Mapping

from msgspec.structs import replace
from sqlalchemy import Connection, delete, select, update

from fairreg.registry.db.change_times import Standing, note_left, touch
from fairreg.registry.db.entry_query import RECORD, sources_of_all
from fairreg.registry.db.key_conditions import chunks
from fairreg.registry.db.row_mapping import merged_value
from fairreg.registry.db.tables import entries, entry_texts, facets, statements
from fairreg.registry.ingest.row_builder import complete_entry_values
from fairreg.registry.ingest.upsert import write_facets, write_text
from fairreg.registry.resolution.grouping import merge
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.runs import is_runnable

__all__ = ["reindex_text"]


def reindex_text(connection: Connection, after: int, limit: int) -> list[int]:
    """Rewrite what is derived from the statements of the entries after the key `after`: merged records,
    values, facets, texts.

    At most `limit` entries; returns their keys, empty at the end.
    """
    stated = [entries.c[name] for name in ("id", "identifier", "kind", "runnable", "year")]
    query = select(*stated, RECORD).where(entries.c.id > after)
    rows = connection.execute(query.order_by(entries.c.id).limit(limit)).all()
    stored = {row.id: ModelRecord.from_json(row.record) for row in rows}
    merged = _merged_anew(connection, stored)
    records = stored | merged
    told = {(row.id, row.runnable, stored[row.id]) for row in rows}
    changed = [key for key, record in records.items() if (key, is_runnable(record), record) not in told]
    touch(connection, changed)
    for chunk in chunks(records):
        for owned in (facets, entry_texts):
            connection.execute(delete(owned).where(owned.c.entry_id.in_(chunk)))
    said = sources_of_all(connection, records)
    before = {row.id: Standing(row.kind, row.runnable, row.year is not None, said[row.id]) for row in rows}
    after_all: dict[int, Standing] = {}
    for key, record in records.items():
        whole = {"merged": merged_value(record, ())} if key in merged else {}
        values = complete_entry_values(record) | whole
        connection.execute(update(entries).where(entries.c.id == key).values(values))
        write_facets(connection, key, record, said[key])
        write_text(connection, key, record)
        after_all[key] = Standing(values["kind"], values["runnable"], values["year"] is not None, said[key])
    named = {row.id: row.identifier for row in rows}
    note_left(connection, *({named[key]: held for key, held in side.items()} for side in (before, after_all)))
    return list(records)


def _merged_anew(connection: Connection, records: Mapping[int, ModelRecord]) -> dict[int, ModelRecord]:
    """Merge the statements of those entries that hold a merged record; the entries keep their names."""
    members: dict[int, list[ModelRecord]] = {}
    for chunk in chunks(records):
        query = (
            select(statements.c.entry_id, statements.c.record)
            .join(entries, entries.c.id == statements.c.entry_id)
            .where(statements.c.entry_id.in_(chunk), entries.c.merged.is_not(None))
        )
        for row in connection.execute(query):
            members.setdefault(row.entry_id, []).append(ModelRecord.from_json(row.record))
    return {key: replace(merge(said), identifier=records[key].identifier) for key, said in members.items()}
