# SPDX-License-Identifier: MIT
"""Build the rows of statements before any transaction begins.

Pure, and the result can be sent between processes: this is most of the work of ingesting a record.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Table

from fairreg.registry.db.change_times import PENDING
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
    "complete_entry_values",
    "decode_batch",
    "encode_batch",
    "statement_values",
]

Row = tuple[Any, ...]

# Keys, which the database assigns; they precede the other columns of a row.
_KEYS = frozenset({"id", "entry_id", "statement_id"})


def _columns(table: Table, last: tuple[str, ...] = ()) -> tuple[str, ...]:
    return (*(column.name for column in table.c if column.name not in _KEYS.union(last)), *last)


# Columns of the rows of `StatementRows`, in their order: all columns of the tables.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "statements": _columns(statements, last=("record",)),
    **{table.name: _columns(table) for table in (entries, identifiers, facets, entry_texts, link_targets)},
}
_NAMES = {table: frozenset(columns) for table, columns in COLUMNS.items()}


_DIGEST = COLUMNS["statements"].index("payload_sha256")
_FAMILY = COLUMNS["identifiers"].index("family")
_OF_PAYLOAD = frozenset({"media_type", "payload_sha256", "payload"})
_NO_PAYLOAD: Mapping[str, None] = dict.fromkeys(_OF_PAYLOAD)
# A new entry of one statement stores no record of its own.
_NEW_ENTRY: Mapping[str, str | None] = {
    **dict.fromkeys(("merged", "fair_score", "gone_at", "gone_reason")),
    "updated_at": PENDING,
}


class StatementRows(msgspec.Struct, frozen=True, array_like=True):
    """Rows of a statement and of an entry of its own, without their keys in the database.

    `record` is the last column of the `statement`. `keys` are all by which the statement may be related to
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
        """Values of the `statements` row; the payload columns are absent where none was given."""
        values = dict(zip(COLUMNS["statements"], (*self.statement, self.record), strict=True))
        values["record"] = msgspec.Raw(self.record.encode())
        kept = values if self.payload is not None else values.keys() - _OF_PAYLOAD
        return {name: values[name] for name in kept}

    @property
    def own_keys(self) -> frozenset[tuple[str, str]]:
        """Keys of the object's own identifiers, by which others may share its entry."""
        return frozenset(row[_FAMILY : _FAMILY + 2] for row in self.identifiers if row[0] == row[_FAMILY])

    @property
    def digest(self) -> str | None:
        """Hex SHA-256 of the payload."""
        return str(self.statement[_DIGEST]) if self.payload is not None else None

    @property
    def submission(self) -> Submission:
        """The statement as submitted."""
        record = msgspec.json.decode(self.record, type=ModelRecord)
        return Submission(record, self.payload, self.media_type)


class StatementBatch(msgspec.Struct, frozen=True, array_like=True):
    """Statements that are stored together, and all their words for spelling correction."""

    statements: tuple[StatementRows, ...]
    words: frozenset[str]


def build_batch(submissions: Iterable[Submission]) -> StatementBatch:
    """Return the rows of submissions. Raises RecordError for content that some database cannot store."""
    words: set[str] = set()
    said = tuple(_statement_rows(submission, words) for submission in submissions)
    return StatementBatch(said, frozenset(words))


def _statement_rows(submission: Submission, words: set[str]) -> StatementRows:
    """Return the rows of one submission, and add its words to `words`."""
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
    """Encode a batch for another process."""
    return msgspec.msgpack.encode(batch)


def decode_batch(page: bytes) -> StatementBatch:
    """Inverse of `encode_batch`."""
    return _DECODER.decode(page)


_DECODER = msgspec.msgpack.Decoder(StatementBatch)


def _keys(record: ModelRecord) -> frozenset[Key]:
    return link_keys(record) | own_keys(record) | target_keys(record)


def _row(table: str, values: Mapping[str, Any]) -> Row:
    """Order values as the columns. ValueError for a column without a value, which would become NULL."""
    if values.keys() != _NAMES[table]:
        differing = ", ".join(sorted(values.keys() ^ _NAMES[table]))
        raise ValueError(f"columns of {table} and values of a row differ: {differing} (see row_mapping.py)")
    return tuple(map(values.__getitem__, COLUMNS[table]))


def _rows(table: str, listed: Iterable[Mapping[str, Any]]) -> tuple[Row, ...]:
    return tuple(_row(table, values) for values in listed)


def complete_entry_values(record: ModelRecord) -> dict[str, Any]:
    """Return `entry_values`. ValueError where a column has none, which would stay as it is."""
    values = entry_values(record)
    _row("entries", {**values, **_NEW_ENTRY})
    return values


def statement_values(submission: Submission) -> dict[str, Any]:
    """Return the `statements` row of a submission, with its payload where one is given.

    RecordError for content that some database cannot store.
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
