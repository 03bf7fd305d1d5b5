# SPDX-License-Identifier: MIT
"""Writes a page of a harvest at once. Every function runs inside its caller's transaction.

Most of what arrives is new and has nothing to do with what the registry holds, or says what it said before.
Such statements go in together, one statement of SQL for each table; `writing` takes what is left, one after
the other. Because the entries are a function of the set of statements alone, the order does not show.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from msgspec.structs import replace
from sqlalchemy import Connection, Row, Table, bindparam, func, insert, select, update

from fairreg.registry.keys import chunks, with_keys
from fairreg.registry.lineage import owned_keys, pointed_keys, tie_keys
from fairreg.registry.linking import Key, Place, link_keys, place_of
from fairreg.registry.mapping import (
    entry_values,
    facet_values,
    identifier_values,
    same_content,
    text_values,
)
from fairreg.registry.relating import verdicts
from fairreg.registry.results import Outcome, PutResult, Submission
from fairreg.registry.tables import (
    entries,
    entry_texts,
    facets,
    identifiers,
    statements,
    ties,
)
from fairreg.registry.texts import require_keepable
from fairreg.registry.writing import accept, put, statement_values
from fairreg.schemas.record import ModelRecord

__all__ = ["put_all"]

_Sign = TypeVar("_Sign")


@dataclass(frozen=True)
class _Arrival:
    """A submission with what the registry holds at its place."""

    number: int
    submission: Submission
    known: Row[*tuple[Any, ...]] | None

    @property
    def record(self) -> ModelRecord:
        return self.submission.record


class _Repeat(NamedTuple):
    """A submission that says nothing new, with the keys of its statement and of its entry."""

    number: int
    submission: Submission
    key: int
    home: int


def put_all(connection: Connection, submissions: Sequence[Submission]) -> tuple[PutResult, ...]:
    """Keep all that sources say, in one pass; the outcomes in the order given.

    Raises RecordError for text that is no Unicode, or that not every database keeps.
    """
    for item in submissions:
        require_keepable(item.record)
    places = [place_of(item.record) for item in submissions]
    known = _known(connection, places)
    told = Counter(places)
    once = [
        _Arrival(number, item, known.get(place))
        for number, (item, place) in enumerate(zip(submissions, places, strict=True))
        if told[place] == 1
    ]
    done: dict[int, tuple[Outcome, int]] = _refreshed(connection, _repeated(connection, once))
    done |= _inserted(connection, _lone(connection, once))
    for number, item in enumerate(submissions):
        if number not in done:
            done[number] = put(connection, item)
    names = _names(connection, (key for _, key in done.values()))
    return tuple(PutResult(done[number][0], names[done[number][1]]) for number in range(len(submissions)))


def _known(connection: Connection, places: Iterable[Place]) -> dict[Place, Row[*tuple[Any, ...]]]:
    columns = (statements.c[name] for name in ("id", "entry_id", "source", "source_id", "gone_at", "record"))
    query = select(*columns)
    found: dict[Place, Row[*tuple[Any, ...]]] = {}
    for chunk in chunks(set(places)):
        there = with_keys(statements.c.source, statements.c.source_id, chunk)
        found |= {Place(row.source, row.source_id): row for row in connection.execute(query.where(there))}
    return found


def _repeated(connection: Connection, arrivals: Iterable[_Arrival]) -> list[_Repeat]:
    """Those that say what they said before, of entries of which nobody else speaks."""
    same = [
        _Repeat(item.number, item.submission, item.known.id, item.known.entry_id)
        for item in arrivals
        if item.known is not None
        and item.known.gone_at is None
        and same_content(ModelRecord.from_json(item.known.record), item.record)
    ]
    alone: set[int] = set()
    for chunk in chunks({item.home for item in same}):
        said = select(statements.c.entry_id).where(statements.c.entry_id.in_(chunk))
        counted = said.group_by(statements.c.entry_id).having(func.count() == 1)
        alone |= set(connection.scalars(counted))
    return [item for item in same if item.home in alone]


def _refreshed(connection: Connection, repeats: Sequence[_Repeat]) -> dict[int, tuple[Outcome, int]]:
    """Note when they were read last, and from which bytes."""
    names = _entry_names(connection, (item.home for item in repeats))
    rows = [statement_values(item.submission) | {"at": item.key} for item in repeats]
    # One statement of SQL updates the same columns of all its rows.
    for with_payload in (True, False):
        _update_all(connection, statements, [row for row in rows if ("payload" in row) is with_payload])
    kept = (replace(item.submission.record, identifier=names[item.home]) for item in repeats)
    records = [
        {"at": item.home, "record": record.to_json()} for item, record in zip(repeats, kept, strict=True)
    ]
    _update_all(connection, entries, records)
    accept(connection, rows)
    return {item.number: ("unchanged", item.key) for item in repeats}


def _lone(connection: Connection, arrivals: Iterable[_Arrival]) -> list[_Arrival]:
    """Those that are new and share no key, verdict or name with anything, in the registry or on the page."""
    partners = {place for pair in verdicts(connection).same for place in pair}
    fresh = [item for item in arrivals if item.known is None and place_of(item.record) not in partners]
    keys = {item.number: _keys(item.record) for item in fresh}
    named = {item.number: {item.record.identifier} for item in fresh}
    fresh = _untouched(fresh, keys, lambda asked: _carried(connection, asked))
    return _untouched(fresh, named, lambda asked: _taken(connection, asked))


def _untouched(
    arrivals: Iterable[_Arrival],
    signs: Mapping[int, Iterable[_Sign]],
    held: Callable[[set[_Sign]], set[_Sign]],
) -> list[_Arrival]:
    """Those whose signs no other of them bears, nor anything of which the registry holds some."""
    listed = list(arrivals)
    borne = Counter(sign for item in listed for sign in signs[item.number])
    shared = held(set(borne)) | {sign for sign, times in borne.items() if times > 1}
    return [item for item in listed if shared.isdisjoint(signs[item.number])]


def _keys(record: ModelRecord) -> frozenset[Key]:
    return link_keys(record) | owned_keys(record) | pointed_keys(record)


def _carried(connection: Connection, keys: Iterable[Key]) -> set[Key]:
    """Which of the keys the registry has, whatever they mean there."""
    found: set[Key] = set()
    for chunk in chunks(keys):
        for table in (identifiers, ties):
            query = select(table.c.family, table.c.key).where(with_keys(table.c.family, table.c.key, chunk))
            found |= {(row.family, row.key) for row in connection.execute(query)}
    return found


def _taken(connection: Connection, names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for chunk in chunks(names):
        query = select(entries.c.identifier).where(entries.c.identifier.in_(chunk))
        found |= set(connection.scalars(query))
    return found


def _inserted(connection: Connection, arrivals: Sequence[_Arrival]) -> dict[int, tuple[Outcome, int]]:
    """An entry for each, with all that hangs on it."""
    records = [item.record for item in arrivals]
    homes = _insert_numbered(connection, entries, [entry_values(record) for record in records])
    rows = [
        {"media_type": None, "payload_sha256": None, "payload": None, "entry_id": home}
        | statement_values(item.submission)
        for home, item in zip(homes, arrivals, strict=True)
    ]
    keys = _insert_numbered(connection, statements, rows)
    placed = list(zip(records, homes, keys, strict=True))
    _insert_all(
        connection,
        identifiers,
        (
            row | {"statement_id": key, "entry_id": home}
            for record, home, key in placed
            for row in identifier_values(record)
        ),
    )
    _insert_all(
        connection,
        facets,
        (
            row | {"entry_id": home}
            for record, home, _ in placed
            for row in facet_values(record, (record.provenance.source,))
        ),
    )
    _insert_all(
        connection, entry_texts, (text_values(record) | {"entry_id": home} for record, home, _ in placed)
    )
    _insert_all(
        connection,
        ties,
        (
            {"statement_id": key, "family": family, "key": value}
            for record, _, key in placed
            for family, value in sorted(tie_keys(record))
        ),
    )
    accept(connection, rows)
    return {item.number: ("new", key) for item, key in zip(arrivals, keys, strict=True)}


def _insert_numbered(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> list[int]:
    """Insert the rows; their keys in the same order."""
    if not rows:
        return []
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return [int(key) for key in connection.execute(statement, rows).scalars()]


def _insert_all(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    listed = list(rows)
    if listed:
        connection.execute(insert(table), listed)


def _update_all(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Update by key, which each row gives as ``at``."""
    if rows:
        connection.execute(update(table).where(table.c.id == bindparam("at")), rows)


def _entry_names(connection: Connection, entry_ids: Iterable[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for chunk in chunks(set(entry_ids)):
        query = select(entries.c.id, entries.c.identifier).where(entries.c.id.in_(chunk))
        found |= {row.id: row.identifier for row in connection.execute(query)}
    return found


def _names(connection: Connection, statement_ids: Iterable[int]) -> dict[int, str]:
    """Names of the entries that the statements belong to, by statement."""
    found: dict[int, str] = {}
    for chunk in chunks(set(statement_ids)):
        named = select(statements.c.id, entries.c.identifier).join_from(statements, entries)
        found |= {
            row.id: row.identifier for row in connection.execute(named.where(statements.c.id.in_(chunk)))
        }
    return found
