# SPDX-License-Identifier: MIT
"""Upsert statements and keep their entries in step.

Every function runs inside its caller's transaction, so a reader sees a statement with its entry, identifiers
and words, or none of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, Insert, Row, delete, insert, or_, select, update

from fairreg.errors import NotFound
from fairreg.registry.assessments import ScoredEntry, show_scores
from fairreg.registry.db.change_times import PENDING, Standing, note_departures, note_left, touch
from fairreg.registry.db.key_conditions import chunks, in_key_pairs
from fairreg.registry.db.row_mapping import (
    entry_values,
    facet_values,
    identifier_values,
    merged_value,
    same_content,
    statement_record,
    stored_record,
    text_values,
)
from fairreg.registry.db.tables import (
    entries,
    entry_texts,
    facets,
    identifiers,
    lineages,
    rejected_payloads,
    statements,
)
from fairreg.registry.entries import Outcome, Submission, tombstone_of
from fairreg.registry.ingest.bulk_insert import TEXT_COLUMNS, write_texts, write_words
from fairreg.registry.ingest.lineage_update import LineageUpdate, write_link_targets
from fairreg.registry.ingest.row_builder import statement_values
from fairreg.registry.resolution.grouping import (
    Group,
    Key,
    Pair,
    group,
    link_keys,
    merge,
    name_entries,
    statement_key_of,
)
from fairreg.registry.resolution.lineage import own_keys, target_keys
from fairreg.schemas.record import ModelRecord, public_text
from fairreg.schemas.timestamps import now
from fairreg.sources import is_from_files

__all__ = ["accept", "now", "put", "regroup", "relink", "withdraw", "write_facets", "write_text"]


def put(connection: Connection, submission: Submission, pending: LineageUpdate) -> tuple[Outcome, int]:
    """Store a statement and update the entries; return the outcome and the statement's key.

    The lineages are left to `pending`. A statement that its source had withdrawn becomes live again. A stored
    payload stays where none is given. RecordError for text that some database cannot store.
    """
    source = submission.record.provenance
    known = _statement(connection, source.source, source.source_id)
    before = None if known is None else stored_record(known.record)
    statement_id = _write_statement(connection, submission, None if known is None else int(known.id))
    if known is None:
        outcome: Outcome = "new"
    else:
        same = known.gone_at is None and before is not None and same_content(before, submission.record)
        outcome = "unchanged" if same else "changed"
    if outcome != "unchanged" or before != submission.record:
        _write_identifiers(connection, statement_id, submission.record)
        write_link_targets(connection, statement_id, submission.record, new=known is None)
        regroup(connection, statement_id, pending, before, restated=outcome == "changed")
    return outcome, statement_id


def _write_statement(connection: Connection, submission: Submission, known: int | None) -> int:
    values = statement_values(submission)
    accept(connection, [(values["source"], values.get("payload_sha256"))])
    if known is None:
        return _insert(connection, insert(statements).values(values))
    connection.execute(update(statements).where(statements.c.id == known).values(values))
    return known


def accept(connection: Connection, payloads: Iterable[tuple[str, str | None]]) -> None:
    """Remove accepted payloads, given by source and hex SHA-256, from the rejected ones."""
    pairs = [(source, digest) for source, digest in payloads if digest is not None]
    for chunk in chunks(pairs):
        connection.execute(
            delete(rejected_payloads).where(
                in_key_pairs(rejected_payloads.c.source, rejected_payloads.c.payload_sha256, chunk)
            )
        )


def withdraw(connection: Connection, source: str, source_id: str, reason: str) -> int:
    """Turn a statement into a tombstone with its record kept. NotFound where there is none."""
    known = _statement(connection, source, source_id)
    if known is None:
        raise NotFound(f"The registry has no record {source_id!r} from {source}.")
    tombstone = {"gone_at": known.gone_at or now(), "gone_reason": public_text(reason)}
    if (known.gone_at, known.gone_reason) != tuple(tombstone.values()):
        touch(connection, [known.entry_id])
    connection.execute(update(statements).where(statements.c.id == known.id).values(tombstone))
    return int(known.id)


def relink(connection: Connection, *statement_ids: int) -> None:
    """Regroup statements, and all that they may join or separate, into entries and lineages."""
    pending = LineageUpdate(connection)
    for statement_id in statement_ids:
        regroup(connection, statement_id, pending)
    pending.resolve()


def regroup(
    connection: Connection,
    statement_id: int,
    pending: LineageUpdate,
    before: ModelRecord | None = None,
    *,
    restated: bool = False,
) -> None:
    """Regroup a statement, and all that it may join or separate, into entries; lineages wait in `pending`.

    `before` is its previous record, whose keys may now link others, `restated` where it said otherwise.
    """
    left = frozenset() if before is None else link_keys(before)
    reached = _closure(connection, statement_id, left)
    homes = {row.entry_id for row in reached.values() if row.entry_id is not None}
    keys = frozenset() if before is None else own_keys(before) | target_keys(before)
    pending.add(reached, homes, keys)
    _sort(connection, reached, statement_id, pending.overrides.cannot_link, restated=restated)


class _Planned(NamedTuple):
    """A planned entry: its statements, its name, and the key of the existing entry that it continues."""

    members: Group
    name: str
    rows: list["_Reached"]
    kept: int | None

    @property
    def ids(self) -> frozenset[int]:
        """Keys of the statements."""
        return frozenset(row.id for row in self.rows)

    def stays(self, held: Mapping[int, "_Held"], name: str | None = None) -> bool:
        """Tell whether the entry has this name (that of the plan) and these statements already."""
        return self.kept is not None and held.get(self.kept) == _Held(name or self.name, self.ids)


class _Held(NamedTuple):
    """An entry as it is stored: its name, and the keys of its statements."""

    name: str
    ids: frozenset[int]


def _sort(
    connection: Connection,
    reached: dict[int, "_Reached"],
    changed: int,
    apart: frozenset[Pair],
    restated: bool,
) -> None:
    """Write the entries of the statements, except those that stay the same without `changed`."""
    plan, free = _plan(reached, apart)
    held = _standing(reached)
    stale = [item for item in plan if not item.stays(held) or changed in item.ids]
    leaving = [item.kept for item in stale if item.kept and held[item.kept].name != item.name]
    note_departures(connection, [*free, *leaving], "merged")
    if restated:  # what it is compared with is not as it was
        held = {key: item for key, item in held.items() if changed not in item.ids}
    _release(
        connection,
        [row.id for item in stale for row in item.rows if row.entry_id is not None],
        # A lone entry keeps its name; among several, one may need a name that another is about to give up.
        [item.kept for item in stale if item.kept] if len(plan) > 1 else [],
        free,
    )
    before = _before(reached)
    written = [_write_entry(connection, item, held) for item in stale]
    note_left(connection, before, {scored.name: standing for scored, standing in written})
    show_scores(connection, [scored for scored, _ in written])


def _plan(reached: dict[int, "_Reached"], apart: frozenset[Pair]) -> tuple[list[_Planned], list[int]]:
    """Return the entries that the statements make, and the keys of entries that are no longer needed."""
    groups = group((row.record for row in reached.values()), apart)
    by_place = {(row.source, row.source_id): row for row in reached.values()}
    free = sorted({row.entry_id for row in reached.values() if row.entry_id is not None})
    plan = []
    for members, name in zip(groups, name_entries(groups), strict=True):
        rows = [by_place[statement_key_of(record)] for record in members]
        kept = next(
            (row.entry_id for row in sorted(rows, key=lambda row: row.id) if row.entry_id in free), None
        )
        if kept is not None:
            free.remove(kept)
        plan.append(_Planned(members, name, rows, kept))
    return plan, free


def _standing(reached: Mapping[int, "_Reached"]) -> dict[int, _Held]:
    """Return the entries of the statements as they are stored, by key."""
    held: dict[tuple[int, str], set[int]] = defaultdict(set)
    for row in reached.values():
        if row.entry_id is not None:
            held[row.entry_id, row.entry_name].add(row.id)
    return {key: _Held(name, frozenset(ids)) for (key, name), ids in held.items()}


def _before(reached: Mapping[int, "_Reached"]) -> dict[str, Standing]:
    """Return what the entries of the statements were before, by identifier."""
    homes: dict[str, list[_Reached]] = defaultdict(list)
    for row in reached.values():
        if row.entry_id is not None:
            homes[row.entry_name].append(row)
    return {
        name: Standing(rows[0].kind, rows[0].runnable, rows[0].dated, _sources(rows))
        for name, rows in homes.items()
    }


def _sources(rows: Iterable["_Reached"]) -> tuple[str, ...]:
    return tuple(sorted({row.source for row in rows if not is_from_files(row.source)}))


class _Reached:
    """A statement within reach of the one that changed."""

    def __init__(self, row: Row[*tuple[Any, ...]]) -> None:
        self.id: int = row.id
        self.entry_id: int | None = row.entry_id
        self.entry_name: str = row.entry_name or ""
        self.kind: str | None = row.entry_kind
        self.runnable, self.dated = bool(row.entry_runnable), row.entry_year is not None
        self.source: str = row.source
        self.source_id: str = row.source_id
        self.gone_at: str | None = row.gone_at
        self.gone_reason: str | None = row.gone_reason
        self.record = statement_record(row)


_REACHED_COLUMNS = (
    statements.c.id,
    statements.c.entry_id,
    statements.c.source,
    statements.c.source_id,
    statements.c.gone_at,
    statements.c.gone_reason,
    statements.c.record,
)


def _statement(connection: Connection, source: str, source_id: str) -> Row[*tuple[Any, ...]] | None:
    query = select(*_REACHED_COLUMNS).where(
        statements.c.source == source, statements.c.source_id == source_id
    )
    return connection.execute(query).one_or_none()


def _write_identifiers(connection: Connection, statement_id: int, record: ModelRecord) -> None:
    connection.execute(delete(identifiers).where(identifiers.c.statement_id == statement_id))
    rows = [{**row, "statement_id": statement_id} for row in identifier_values(record)]
    connection.execute(insert(identifiers), rows)


def _closure(connection: Connection, statement_id: int, left: frozenset[Key]) -> dict[int, _Reached]:
    """Return the statement, those of the same entry, and all that share link keys with any of them.

    Statements that carry the keys which it `left` are included.
    """
    reached: dict[int, _Reached] = {}
    names = ("kind", "runnable", "year")
    of_entry = [entries.c[name].label(f"entry_{name}") for name in names]
    of_entry.append(entries.c.identifier.label("entry_name"))
    reaching = select(*_REACHED_COLUMNS, *of_entry).outerjoin(entries, entries.c.id == statements.c.entry_id)
    seen_keys: set[tuple[str, str]] = set()
    seen_entries: set[int] = set()
    wanted: ColumnElement[bool] = statements.c.id.in_({statement_id} | _holders(connection, set(left)))
    while True:
        rows = [row for row in connection.execute(reaching.where(wanted)) if row.id not in reached]
        fresh = [_Reached(row) for row in rows]
        reached.update((item.id, item) for item in fresh)
        keys = {key for item in fresh for key in link_keys(item.record)} - seen_keys
        homes = {item.entry_id for item in fresh if item.entry_id is not None} - seen_entries
        if not keys and not homes:
            return reached
        seen_keys |= keys
        seen_entries |= homes
        wanted = or_(statements.c.entry_id.in_(homes), statements.c.id.in_(_holders(connection, keys)))


def _holders(connection: Connection, keys: set[tuple[str, str]]) -> set[int]:
    """Return the statements that carry one of the (scheme, key) pairs."""
    holders: set[int] = set()
    for chunk in chunks(sorted(keys)):
        pairs = in_key_pairs(identifiers.c.family, identifiers.c.key, chunk)
        found = select(identifiers.c.statement_id, identifiers.c.scheme, identifiers.c.family).where(pairs)
        # A paper's DOI has the same family as the object's own, but links nothing.
        holders |= {row.statement_id for row in connection.execute(found) if row.scheme == row.family}
    return holders


def _release(connection: Connection, statement_ids: list[int], renamed: list[int], free: list[int]) -> None:
    """Detach the statements from their entries, delete the entries `free`, clear the names of `renamed`."""
    for chunk in chunks(statement_ids):
        connection.execute(update(statements).where(statements.c.id.in_(chunk)).values(entry_id=None))
        connection.execute(
            update(identifiers).where(identifiers.c.statement_id.in_(chunk)).values(entry_id=None)
        )
    for chunk in chunks(free):
        for owned in (facets, entry_texts, lineages):
            connection.execute(delete(owned).where(owned.c.entry_id.in_(chunk)))
        connection.execute(delete(entries).where(entries.c.id.in_(chunk)))
    for entry_id in renamed:
        connection.execute(update(entries).where(entries.c.id == entry_id).values(identifier=f"#{entry_id}"))


def _write_entry(
    connection: Connection, planned: _Planned, held: Mapping[int, "_Held"]
) -> tuple[ScoredEntry, Standing]:
    """Write an entry with all its rows, but for its score; it has changed if `held` has it otherwise."""
    members, name, rows, entry_id = planned
    record = merge(members)
    name = _unused(connection, name, record, entry_id)
    if name != record.identifier:
        record = replace(record, identifier=name)
    values = entry_values(record) | _tombstone(rows) | {"merged": merged_value(record, members)}
    values |= {} if planned.stays(held, name) else {"updated_at": PENDING}
    if entry_id is None:
        entry_id = _insert(connection, insert(entries).values(values))
    else:
        connection.execute(update(entries).where(entries.c.id == entry_id).values(values))
    ids = [row.id for row in rows]
    connection.execute(update(statements).where(statements.c.id.in_(ids)).values(entry_id=entry_id))
    connection.execute(
        update(identifiers).where(identifiers.c.statement_id.in_(ids)).values(entry_id=entry_id)
    )
    for owned in (facets, entry_texts):
        connection.execute(delete(owned).where(owned.c.entry_id == entry_id))
    write_facets(connection, entry_id, record, (row.source for row in rows))
    write_text(connection, entry_id, record)
    standing = Standing(values["kind"], values["runnable"], values["year"] is not None, _sources(rows))
    return ScoredEntry(entry_id, name, members), standing


def write_text(connection: Connection, entry_id: int, record: ModelRecord) -> None:
    """Store the full-text search input of a new entry."""
    text, known = text_values(record)
    write_texts(connection, [(entry_id, *map(text.__getitem__, TEXT_COLUMNS))])
    write_words(connection, known)


def write_facets(connection: Connection, entry_id: int, record: ModelRecord, sources: Iterable[str]) -> None:
    """Store the filter values of a new entry."""
    rows = [row | {"entry_id": entry_id} for row in facet_values(record, sources)]
    if rows:
        connection.execute(insert(facets), rows)


def _unused(connection: Connection, name: str, record: ModelRecord, entry_id: int | None) -> str:
    """Return `name`, or one built from the record's source where an unrelated entry already has it."""
    taken = connection.scalar(select(entries.c.id).where(entries.c.identifier == name))
    if taken is None or taken == entry_id:
        return name
    return f"{name}#{record.provenance.source}-{record.provenance.source_id}"


def _tombstone(rows: list[_Reached]) -> dict[str, str | None]:
    """Return the tombstone of an entry whose files a source withdrew and that no other source still hosts."""
    at, reason = tombstone_of(rows) or (None, None)
    return {"gone_at": at, "gone_reason": reason}


def _insert(connection: Connection, statement: Insert) -> int:
    """Insert a row and return its key."""
    return int(connection.execute(statement.returning(statement.table.c.id)).scalar_one())
