# SPDX-License-Identifier: MIT
"""What a statement becomes in the tables, worked out before any transaction begins.

Pure, and what it gives can be sent between processes: this is most of the work of taking in a record.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Table

from fairreg.registry.db.row_mapping import (
    entry_values,
    facet_values,
    identifier_values,
    payload_values,
    text_values,
)
from fairreg.registry.db.tables import entries, entry_texts, facets, identifiers, link_targets, statements
from fairreg.registry.db.text_limits import storable_json
from fairreg.registry.entries import Submission
from fairreg.registry.resolution.grouping import Key, StatementKey, link_keys, statement_key_of
from fairreg.registry.resolution.lineage import own_keys, relation_keys, target_keys
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.timestamps import now

__all__ = [
    "COLUMNS",
    "StatementBatch",
    "StatementRows",
    "build_batch",
    "decode_batch",
    "encode_batch",
    "statement_values",
]

Row = tuple[Any, ...]

# Keys, which the database gives; they go before the other columns of a row.
_KEYS = frozenset({"id", "entry_id", "statement_id"})


def _columns(table: Table, last: tuple[str, ...] = ()) -> tuple[str, ...]:
    return (*(column.name for column in table.c if column.name not in _KEYS.union(last)), *last)


# The columns of the rows of `StatementRows`, in their order: all that the tables have.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "statements": _columns(statements, last=("record",)),
    **{table.name: _columns(table) for table in (entries, identifiers, facets, entry_texts, link_targets)},
}
_NAMES = {table: frozenset(columns) for table, columns in COLUMNS.items()}


_DIGEST = COLUMNS["statements"].index("payload_sha256")
_FAMILY = COLUMNS["identifiers"].index("family")
_OF_PAYLOAD = frozenset({"media_type", "payload_sha256", "payload"})
_NO_PAYLOAD: Mapping[str, None] = dict.fromkeys(_OF_PAYLOAD)
# Of a new entry of one statement: it has no record but that of the statement.
_NEW_ENTRY: Mapping[str, None] = dict.fromkeys(("merged", "fair_score", "gone_at", "gone_reason"))


class StatementRows(msgspec.Struct, frozen=True, array_like=True):
    """The rows of a statement and of an entry that it makes alone, but for their keys in the database.

    `record` is the last column of the `statement`. `keys` are all by which the statement may have to do with
    others, `grouping_keys` those of them by which it may share an entry.
    """

    statement_key: StatementKey
    identifier: str
    keys: frozenset[tuple[str, str]]
    grouping_keys: frozenset[tuple[str, str]]
    record: str
    entry: Row
    statement: Row
    identifiers: tuple[Row, ...]
    facets: tuple[Row, ...]
    text: Row
    link_targets: tuple[tuple[str, str], ...]
    payload: bytes | None
    media_type: str | None

    @property
    def values(self) -> dict[str, Any]:
        """Values of the `statements` row; the payload's are left out where none was given."""
        values = dict(zip(COLUMNS["statements"], (*self.statement, self.record), strict=True))
        values["record"] = msgspec.Raw(self.record.encode())
        kept = values if self.payload is not None else values.keys() - _OF_PAYLOAD
        return {name: values[name] for name in kept}

    @property
    def own_keys(self) -> frozenset[tuple[str, str]]:
        """The keys of identifiers that are the thing's own: others may share its entry by them."""
        return frozenset(row[_FAMILY : _FAMILY + 2] for row in self.identifiers if row[0] == row[_FAMILY])

    @property
    def digest(self) -> str | None:
        """The hex SHA-256 of the payload."""
        return str(self.statement[_DIGEST]) if self.payload is not None else None

    @property
    def submission(self) -> Submission:
        """The statement itself."""
        record = msgspec.json.decode(self.record, type=ModelRecord)
        return Submission(record, self.payload, self.media_type)


class StatementBatch(msgspec.Struct, frozen=True, array_like=True):
    """Statements that arrive together, and the words of all of them that slips are mended by."""

    statements: tuple[StatementRows, ...]
    words: frozenset[str]


def build_batch(submissions: Iterable[Submission]) -> StatementBatch:
    """The rows of submissions. Raises RecordError for what not every kind of database keeps."""
    words: set[str] = set()
    said = tuple(_statement_rows(submission, words) for submission in submissions)
    return StatementBatch(said, frozenset(words))


def _statement_rows(submission: Submission, words: set[str]) -> StatementRows:
    """The rows of one submission; its words are added to `words`."""
    record = submission.record
    statement = statement_values(submission)
    text, known = text_values(record)
    words |= known
    return StatementRows(
        statement_key=statement_key_of(record),
        identifier=record.identifier,
        keys=_keys(record),
        grouping_keys=link_keys(record),
        record=bytes(statement["record"]).decode(),
        entry=_row("entries", {**entry_values(record), **_NEW_ENTRY}),
        statement=_row("statements", {**_NO_PAYLOAD, **statement})[:-1],
        identifiers=_rows("identifiers", identifier_values(record)),
        facets=_rows("facets", facet_values(record, (record.provenance.source,))),
        text=_row("entry_texts", text),
        link_targets=tuple(sorted(relation_keys(record))),
        payload=submission.payload,
        media_type=submission.media_type,
    )


def encode_batch(batch: StatementBatch) -> bytes:
    """The page as bytes, for another process."""
    return msgspec.msgpack.encode(batch)


def decode_batch(page: bytes) -> StatementBatch:
    """Inverse of `encode_batch`."""
    return _DECODER.decode(page)


_DECODER = msgspec.msgpack.Decoder(StatementBatch)


def _keys(record: ModelRecord) -> frozenset[Key]:
    return link_keys(record) | own_keys(record) | target_keys(record)


def _row(table: str, values: Mapping[str, Any]) -> Row:
    """Values in the order of the columns. ValueError for a column without a value: it would become NULL."""
    if values.keys() != _NAMES[table]:
        differing = ", ".join(sorted(values.keys() ^ _NAMES[table]))
        raise ValueError(f"columns of {table} and values of a row differ: {differing} (see row_mapping.py)")
    return tuple(map(values.__getitem__, COLUMNS[table]))


def _rows(table: str, listed: Iterable[Mapping[str, Any]]) -> tuple[Row, ...]:
    return tuple(_row(table, values) for values in listed)


def statement_values(submission: Submission) -> dict[str, Any]:
    """Values of the `statements` row that keep what a source says now, and its payload where one is given.

    RecordError for what not every kind of database keeps.
    """
    record, source = submission.record, submission.record.provenance
    values: dict[str, Any] = {
        "source": source.source,
        "source_id": source.source_id,
        "retrieved_at": source.retrieved or now(),
        "record": msgspec.Raw(storable_json(record)),
        "gone_at": None,
        "gone_reason": None,
    }
    if submission.payload is not None:
        values |= payload_values(submission.payload, submission.media_type)
    return values
