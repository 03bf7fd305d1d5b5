# SPDX-License-Identifier: MIT
"""Upsert a page of a harvest at once. Every function runs inside its caller's transaction.

Most submissions are new and make an entry of their own, or repeat the stored statement. These are written
together, one SQL statement per table; `upsert` writes the rest one by one. Because the entries are a function
of the set of statements alone, the order does not matter. The same holds for lineages, which are resolved
once, after the whole page.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

from msgspec.structs import replace
from sqlalchemy import Connection, Row, Table, bindparam, func, select, update

from fairreg.registry.db.key_conditions import barred, chunks, in_key_pairs, in_values
from fairreg.registry.db.row_mapping import merged_value, same_content, stored_record, text_values
from fairreg.registry.db.tables import (
    entries,
    facets,
    identifiers,
    link_targets,
    statements,
)
from fairreg.registry.entries import Outcome, PutResult
from fairreg.registry.ingest.bulk_insert import insert_all, numbers, write_texts, write_words
from fairreg.registry.ingest.lineage_update import LineageUpdate
from fairreg.registry.ingest.row_builder import COLUMNS, StatementBatch, StatementRows
from fairreg.registry.ingest.upsert import accept, put
from fairreg.registry.resolution.grouping import Key, StatementKey, partners
from fairreg.registry.resolution.lineage import LinkOverrides
from fairreg.schemas.record import ModelRecord

__all__ = ["put_all"]

_Sign = TypeVar("_Sign")


@dataclass(frozen=True)
class _Arrival:
    """A submission with the stored statement at its place; `once` where the page names the place once."""

    number: int
    prepared: StatementRows
    known: Row[*tuple[Any, ...]] | None
    once: bool

    @property
    def fresh(self) -> bool:
        """True for a new statement whose place the page names once."""
        return self.once and self.known is None


class _Repeat(NamedTuple):
    """A resubmission without changes: its record, and the keys of its statement and of its entry."""

    number: int
    prepared: StatementRows
    record: ModelRecord
    key: int
    home: int


def put_all(connection: Connection, batch: StatementBatch) -> tuple[PutResult, ...]:
    """Upsert the statements of a page in one pass and return the outcomes in the order given.

    Those of records that were removed for good are left out.
    """
    out = barred(connection, (item.submission.record for item in batch.statements))
    if not out:
        return _put_all(connection, batch)
    kept = tuple(item for number, item in enumerate(batch.statements) if number not in out)
    spelled = frozenset(word for item in kept for word in text_values(item.submission.record)[1])
    stored = iter(_put_all(connection, StatementBatch(kept, spelled)))
    return tuple(
        PutResult("forgotten", item.identifier) if number in out else next(stored)
        for number, item in enumerate(batch.statements)
    )


def _put_all(connection: Connection, batch: StatementBatch) -> tuple[PutResult, ...]:
    arrivals = _arrivals(connection, batch.statements)
    pending = LineageUpdate(connection)
    done = _touch_unchanged(connection, _unchanged(connection, arrivals))
    lone = _isolated(connection, arrivals, pending.overrides)
    _insert_entries(connection, lone)
    done |= {item.number: ("new", item.prepared.identifier) for item in lone}
    late = [item for item in arrivals if item.number not in done]
    single = _single(connection, late)
    if lone or single:
        write_words(connection, batch.words if lone or len(single) == len(late) else _words(single))
    kept = _upsert_rest(connection, late, {item.number for item in single}, pending)
    pending.resolve()
    names = _names(connection, (key for _, key in kept.values()))
    done |= {number: (outcome, names[key]) for number, (outcome, key) in kept.items()}
    return tuple(PutResult(*done[number]) for number in range(len(arrivals)))


def _arrivals(connection: Connection, said: Sequence[StatementRows]) -> list[_Arrival]:
    told = Counter(item.statement_key for item in said)
    known = _known(connection, told)
    return [
        _Arrival(number, item, known.get(item.statement_key), once=told[item.statement_key] == 1)
        for number, item in enumerate(said)
    ]


def _known(
    connection: Connection, statement_keys: Iterable[StatementKey]
) -> dict[StatementKey, Row[*tuple[Any, ...]]]:
    columns = (statements.c[name] for name in ("id", "entry_id", "source", "source_id", "gone_at", "record"))
    query = select(*columns)
    found: dict[StatementKey, Row[*tuple[Any, ...]]] = {}
    for chunk in chunks(set(statement_keys)):
        there = in_key_pairs(statements.c.source, statements.c.source_id, chunk)
        found |= {
            StatementKey(row.source, row.source_id): row for row in connection.execute(query.where(there))
        }
    return found


def _unchanged(connection: Connection, arrivals: Iterable[_Arrival]) -> list[_Repeat]:
    """Resubmissions without changes, for entries with a single statement."""
    same = [
        _Repeat(item.number, item.prepared, record, item.known.id, item.known.entry_id)
        for item in arrivals
        if item.once and item.known is not None and item.known.gone_at is None
        for record in (item.prepared.submission.record,)
        if (before := stored_record(item.known.record)) is not None and same_content(before, record)
    ]
    homes = in_values(connection, statements.c.entry_id, {item.home for item in same})
    counted = select(statements.c.entry_id).where(homes).group_by(statements.c.entry_id)
    alone = set(connection.scalars(counted.having(func.count() == 1)))
    return [item for item in same if item.home in alone]


def _touch_unchanged(connection: Connection, repeats: Sequence[_Repeat]) -> dict[int, tuple[Outcome, str]]:
    """Update when they were last read, and from which bytes."""
    names = _entry_names(connection, (item.home for item in repeats))
    said = [item.prepared.values | {"at": item.key} for item in repeats]
    # One SQL statement updates the same columns of all its rows.
    for with_payload in (True, False):
        _update_all(connection, statements, [row for row in said if ("payload" in row) is with_payload])
    records = [
        {"at": item.home, "merged": merged_value(named, [item.record])}
        for item in repeats
        for named in (replace(item.record, identifier=names[item.home]),)
    ]
    _update_all(connection, entries, records)
    accept(connection, ((item.prepared.statement_key[0], item.prepared.digest) for item in repeats))
    return {item.number: ("unchanged", names[item.home]) for item in repeats}


def _isolated(
    connection: Connection, arrivals: Iterable[_Arrival], overrides: LinkOverrides
) -> list[_Arrival]:
    """New arrivals that share no key, manual link or name with anything, in the registry or on the page."""
    linked = partners(overrides.must_link)
    fresh = [item for item in arrivals if item.fresh and item.prepared.statement_key not in linked]
    keys = {item.number: item.prepared.keys for item in fresh}
    named = {item.number: {item.prepared.identifier} for item in fresh}
    fresh = _with_unique_signs(fresh, keys, lambda asked: _known_keys(connection, asked))
    return _with_unique_signs(fresh, named, lambda asked: _existing_names(connection, asked))


def _with_unique_signs(
    arrivals: Iterable[_Arrival],
    signs: Mapping[int, Iterable[_Sign]],
    held: Callable[[set[_Sign]], set[_Sign]],
) -> list[_Arrival]:
    """Arrivals whose signs occur once on the page and not in the registry (`held` returns stored ones)."""
    listed = list(arrivals)
    borne = Counter(sign for item in listed for sign in signs[item.number])
    shared = held(set(borne)) | {sign for sign, times in borne.items() if times > 1}
    return [item for item in listed if shared.isdisjoint(signs[item.number])]


def _single(connection: Connection, late: Sequence[_Arrival]) -> list[_Arrival]:
    """New arrivals that share no entry and no name with anything, but possibly a lineage."""
    borne = Counter(key for item in late for key in item.prepared.own_keys)
    named = Counter(item.prepared.identifier for item in late)
    chosen = [
        item
        for item in late
        if item.fresh
        and named[item.prepared.identifier] == 1
        and all(borne[key] == 1 for key in item.prepared.grouping_keys)
    ]
    held = _owned_keys(connection, {key for item in chosen for key in item.prepared.grouping_keys})
    return [item for item in chosen if held.isdisjoint(item.prepared.grouping_keys)]


def _words(arrivals: Iterable[_Arrival]) -> frozenset[str]:
    """Words for spelling correction of some submissions of a page."""
    records = (item.prepared.submission.record for item in arrivals)
    return frozenset().union(*(text_values(record)[1] for record in records))


def _upsert_rest(
    connection: Connection, late: Iterable[_Arrival], single: Container[int], pending: LineageUpdate
) -> dict[int, tuple[Outcome, int]]:
    """Upsert the rest of a page in the order given: runs of `single` ones together, the others one by one.

    Returns the outcome of each and the key of its statement.
    """
    kept: dict[int, tuple[Outcome, int]] = {}
    for together, run in groupby(late, lambda item: item.number in single):
        items = list(run)
        # An entry named earlier in this loop may have taken one of the identifiers.
        if together and not _existing_names(connection, (item.prepared.identifier for item in items)):
            keys = _insert_entries(connection, items)
            pending.add(keys)
            kept |= {item.number: ("new", key) for item, key in zip(items, keys, strict=True)}
        else:
            kept |= {item.number: put(connection, item.prepared.submission, pending) for item in items}
    return kept


def _known_keys(connection: Connection, keys: Iterable[Key]) -> set[Key]:
    """Return those of the keys that any row of the registry carries, in any role."""
    found: set[Key] = set()
    for chunk in chunks(keys):
        for table in (identifiers, link_targets):
            query = select(table.c.family, table.c.key).where(
                in_key_pairs(table.c.family, table.c.key, chunk)
            )
            found |= {(row.family, row.key) for row in connection.execute(query)}
    return found


def _owned_keys(connection: Connection, keys: Iterable[Key]) -> set[Key]:
    """Return those of the keys that a stored statement owns, by which others may share its entry."""
    found: set[Key] = set()
    for chunk in chunks(keys):
        own = in_key_pairs(identifiers.c.family, identifiers.c.key, chunk)
        query = select(identifiers.c.family, identifiers.c.key).where(own, _OWN)
        found |= {(row.family, row.key) for row in connection.execute(query)}
    return found


# A paper's DOI has the same family as the object's own, but links nothing.
_OWN = identifiers.c.scheme == identifiers.c.family


def _existing_names(connection: Connection, names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for chunk in chunks(names):
        query = select(entries.c.identifier).where(entries.c.identifier.in_(chunk))
        found |= set(connection.scalars(query))
    return found


def _insert_entries(connection: Connection, arrivals: Sequence[_Arrival]) -> Sequence[int]:
    """Insert an entry for each with all its rows; return the keys of the statements."""
    if not arrivals:
        return ()
    items = [item.prepared for item in arrivals]
    homes, keys = (numbers(connection, table, len(items)) for table in (entries, statements))
    placed = list(zip(items, homes, keys, strict=True))
    for table, given, rows in _rows(placed):
        insert_all(connection, table, (*given, *COLUMNS[table.name]), rows)
    write_texts(connection, ((home, *item.text) for item, home, _ in placed))
    accept(connection, ((item.statement_key[0], item.digest) for item in items))
    return keys


_Placed = Sequence[tuple[StatementRows, int, int]]


def _rows(placed: _Placed) -> Iterable[tuple[Table, tuple[str, ...], Iterable[tuple[Any, ...]]]]:
    """Yield for each table the key columns and the rows, referenced tables first."""
    yield entries, ("id",), ((home, *item.entry) for item, home, _ in placed)
    yield (
        statements,
        ("id", "entry_id"),
        ((key, home, *item.statement, item.record) for item, home, key in placed),
    )
    yield (
        identifiers,
        ("statement_id", "entry_id"),
        ((key, home, *row) for item, home, key in placed for row in item.identifiers),
    )
    yield facets, ("entry_id",), ((home, *row) for item, home, _ in placed for row in item.facets)
    yield (
        link_targets,
        ("statement_id",),
        ((key, *row) for item, _, key in placed for row in item.link_targets),
    )


def _update_all(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Update rows by their key, given as ``at``."""
    if rows:
        connection.execute(update(table).where(table.c.id == bindparam("at")), rows)


def _entry_names(connection: Connection, entry_ids: Iterable[int]) -> dict[int, str]:
    query = select(entries.c.id, entries.c.identifier).where(in_values(connection, entries.c.id, entry_ids))
    return {row.id: row.identifier for row in connection.execute(query)}


def _names(connection: Connection, statement_ids: Iterable[int]) -> dict[int, str]:
    """Return the identifier of the entry that each statement belongs to."""
    named = select(statements.c.id, entries.c.identifier).join_from(statements, entries)
    query = named.where(in_values(connection, statements.c.id, statement_ids))
    return {row.id: row.identifier for row in connection.execute(query)}
