# SPDX-License-Identifier: MIT
"""Compare the rows that are derived from statements with what the statements give, for a page of entries."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from msgspec.structs import replace
from sqlalchemy import Connection, Row, Table, Text, cast, select

from fairreg.errors import DamagedRecord
from fairreg.registry.assessments import ScoredEntry, expected_scores
from fairreg.registry.db.change_times import is_moment, is_time
from fairreg.registry.db.key_conditions import in_values
from fairreg.registry.db.row_mapping import (
    StoredJson,
    entry_values,
    facet_values,
    identifier_values,
    payload_from,
    record_of,
    statement_name,
    text_values,
)
from fairreg.registry.db.tables import (
    assessments,
    entries,
    entry_texts,
    facets,
    identifiers,
    link_targets,
    statements,
)
from fairreg.registry.entries import tombstone_of
from fairreg.registry.ingest.bulk_insert import TEXT_COLUMNS
from fairreg.registry.resolution.grouping import merge
from fairreg.registry.resolution.lineage import relation_keys
from fairreg.schemas.record import ModelRecord

__all__ = ["MENDED", "page_problems", "stored_json"]

Rows = Sequence[Row[*tuple[Any, ...]]]
_NAMES = ("scheme", "value", "family", "key", "evidence")
_IDENTIFIER, _STORED_IDENTIFIER = itemgetter(*_NAMES), attrgetter(*_NAMES, "entry_id")
_WORDS = attrgetter(*TEXT_COLUMNS)
# Command that writes anew what is derived.
MENDED = "`fairreg db reindex` writes it anew"
_SHOWN = 60  # characters of a value in a message


def stored_json(text: object) -> StoredJson | None:
    """Return the value of a JSON column that was read as text, in which surrogates stand for bad bytes."""
    if text is None:
        return None
    return StoredJson(text.encode("utf-8", "surrogateescape") if isinstance(text, str) else b"")


class _Said(NamedTuple):
    """A statement of an entry with its record."""

    row: Row[*tuple[Any, ...]]
    record: ModelRecord


def page_problems(connection: Connection, keys: Sequence[int]) -> Iterator[str]:
    """Yield what is wrong with the entries of these keys and with all that belongs to them."""
    columns = (*(column for column in entries.c if column.name != "merged"), _text_of(entries, "merged"))
    rows = connection.execute(_of(connection, select(*columns), entries, "id", keys)).all()
    told = _by(_statements(connection, keys), "entry_id")
    held = _Derived(connection, keys, [row.id for listed in told.values() for row in listed])
    merged: dict[int, list[ModelRecord]] = {}
    for row in rows:
        said, problems = _readable(told.get(row.id, ()))
        yield from problems
        for one in said:
            yield from _statement_problems(one, held)
        if row.id not in told:
            yield f"{row.identifier} has no statement of any source."
        elif not problems:
            merged[row.id] = [one.record for one in said]
            yield from _entry_problems(row, said, held)
    yield from _score_problems(connection, rows, merged)


def _text_of(table: Table, name: str) -> Any:
    # As text: otherwise one damaged value would end the check instead of being reported.
    return cast(table.c[name], Text).label(name)


def _of(connection: Connection, query: Any, table: Table, name: str, keys: Iterable[int]) -> Any:
    return query.where(in_values(connection, table.c[name], keys))


def _statements(connection: Connection, keys: Sequence[int]) -> Rows:
    columns = (*(item for item in statements.c if item.name != "record"), _text_of(statements, "record"))
    query = _of(connection, select(*columns), statements, "entry_id", keys)
    return connection.execute(query.order_by(statements.c.id)).all()


def _by(rows: Rows, name: str) -> dict[int, list[Row[*tuple[Any, ...]]]]:
    found: dict[int, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found


class _Derived:
    """The derived rows of a page of entries, by the key of their entry or statement."""

    def __init__(self, connection: Connection, keys: Sequence[int], statement_ids: Sequence[int]) -> None:
        def rows(table: Table, name: str, among: Sequence[int]) -> dict[int, list[Row[*tuple[Any, ...]]]]:
            return _by(connection.execute(_of(connection, select(table), table, name, among)).all(), name)

        self.facets = rows(facets, "entry_id", keys)
        self.texts = rows(entry_texts, "entry_id", keys)
        self.identifiers = rows(identifiers, "statement_id", statement_ids)
        self.link_targets = rows(link_targets, "statement_id", statement_ids)


def _readable(rows: Rows) -> tuple[list[_Said], list[str]]:
    """Return the statements whose record can be read, and the problems of all others."""
    said, problems = [], []
    for row in rows:
        whose = statement_name(row.source, row.source_id)
        try:
            record = record_of(stored_json(row.record), whose)
            _require_payload(row, whose)
        except DamagedRecord as error:
            problems.append(f"{error.whose} cannot be decoded: {error.reason} Harvest or add it again.")
        else:
            said.append(_Said(row, record))
    return said, problems


def _require_payload(row: Row[*tuple[Any, ...]], whose: str) -> None:
    """Raise DamagedRecord for a payload that cannot be unpacked, or is not the one that was stored."""
    payload = payload_from(row.payload, whose)
    if payload is not None and hashlib.sha256(payload).hexdigest() != row.payload_sha256:
        raise DamagedRecord(f"The payload of {whose}", "It has another SHA-256 than the stored one.")


def _statement_problems(said: _Said, held: _Derived) -> Iterator[str]:
    row, record = said
    whose, origin = statement_name(row.source, row.source_id), record.provenance
    if (row.source, row.source_id) != (origin.source, origin.source_id):
        yield f"{whose} holds the record of {origin.source} on {origin.source_id}; harvest or add it again."
    if row.retrieved_at != origin.retrieved if origin.retrieved else not is_moment(row.retrieved_at):
        yield _differs(whose, "retrieved_at", row.retrieved_at, origin.retrieved or "a time")
    if row.gone_at is not None and not is_moment(row.gone_at):
        yield f"{whose} has the time of withdrawal {_short(row.gone_at)}, which is no time; harvest it again."
    wanted = [(*_IDENTIFIER(values), row.entry_id) for values in identifier_values(record)]
    stored = map(_STORED_IDENTIFIER, held.identifiers.get(row.id, ()))
    if _sorted(stored) != _sorted(wanted):
        yield f"The identifiers of {_lower(whose)} differ from its record; {MENDED}."
    pairs = [(item.family, item.key) for item in held.link_targets.get(row.id, ())]
    if _sorted(pairs) != _sorted(relation_keys(record)):
        yield f"The relations of {_lower(whose)} differ from its record; {MENDED}."


def _entry_problems(row: Row[*tuple[Any, ...]], said: Sequence[_Said], held: _Derived) -> Iterator[str]:
    """Yield what is wrong with an entry all of whose statements can be read."""
    records, whose = [item.record for item in said], row.identifier
    alone = row.merged is None and len(records) == 1 and records[0].identifier == whose
    record = records[0] if alone else replace(merge(records), identifier=whose)
    try:
        stored = records[0] if row.merged is None else record_of(stored_json(row.merged), "It")
    except DamagedRecord as error:
        yield f"The record of {whose} cannot be decoded: {error.reason}"
        return
    if stored != record:
        yield f"The record of {whose} differs from its merged statements."
        return
    gone_at, reason = tombstone_of([item.row for item in said]) or (None, None)
    values = entry_values(record) | {"gone_at": gone_at, "gone_reason": reason}
    for name, value in values.items():
        if (held_value := getattr(row, name)) != value:
            yield _differs(whose, name, held_value, value)
    if not is_time(row.updated_at):
        yield _differs(whose, "updated_at", row.updated_at, "a time")
    yield from _search_problems(row, record, said, held)


def _search_problems(
    row: Row[*tuple[Any, ...]], record: ModelRecord, said: Sequence[_Said], held: _Derived
) -> Iterator[str]:
    listed = facet_values(record, {item.row.source for item in said})
    wanted = [(item["name"], item["key"], item["value"]) for item in listed]
    stored = [(item.name, item.key, item.value) for item in held.facets.get(row.id, ())]
    if _sorted(stored) != _sorted(wanted):
        yield f"The values by which {row.identifier} is filtered differ from its record; {MENDED}."
    texts = held.texts.get(row.id)
    if not texts:
        yield f"{row.identifier} is missing from the full-text index; {MENDED}."
    elif _WORDS(texts[0]) != itemgetter(*TEXT_COLUMNS)(text_values(record)[0]):
        yield f"The words by which {row.identifier} is found differ from its record; {MENDED}."


def _score_problems(
    connection: Connection, rows: Rows, records: Mapping[int, Sequence[ModelRecord]]
) -> Iterator[str]:
    """Yield scores that are none or not those of the assessments; one may be left of an earlier schema."""
    scored = connection.scalar(select(assessments.c.id).limit(1)) is not None
    listed = [ScoredEntry(row.id, row.identifier, records[row.id]) for row in rows if row.id in records]
    scores = expected_scores(connection, listed) if scored else {}
    for row in rows:
        wanted = scores.get(row.id)
        if wanted is None and (row.fair_score is None or _is_share(row.fair_score)):
            continue
        if row.fair_score != wanted:
            yield _differs(row.identifier, "fair_score", row.fair_score, wanted)


def _is_share(value: object) -> bool:
    return isinstance(value, float) and 0 <= value <= 1


def _differs(whose: str, name: str, stored: object, wanted: object) -> str:
    return f"{whose} has the {name} {_short(stored)} instead of {_short(wanted)}; {MENDED}."


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _lower(sentence: str) -> str:
    return f"{sentence[0].lower()}{sentence[1:]}"


def _sorted(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return rows in an order that does not fail at damaged values, whatever their types."""
    listed = list(rows)
    try:
        return sorted(listed)
    except TypeError:
        return sorted(listed, key=repr)
