# SPDX-License-Identifier: MIT
"""What a statement becomes in the tables, worked out before any transaction begins.

Pure, and what it gives can be sent between processes: this is most of the work of taking in a record.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from fairreg.errors import RecordError
from fairreg.registry.lineage import owned_keys, pointed_keys, tie_keys
from fairreg.registry.linking import Key, Place, link_keys, place_of
from fairreg.registry.mapping import (
    encoded,
    entry_values,
    facet_values,
    identifier_values,
    payload_values,
    text_values,
)
from fairreg.registry.results import Submission
from fairreg.schemas.moment import now
from fairreg.schemas.record import ModelRecord

__all__ = ["Prepared", "prepare", "statement_values"]

Rows = tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """The rows of a statement and of an entry that it makes alone, but for their keys in the database.

    `keys` are all by which it may have to do with others.
    """

    place: Place
    identifier: str
    keys: frozenset[Key]
    entry: dict[str, Any]
    statement: dict[str, Any]
    identifiers: Rows
    facets: Rows
    text: dict[str, Any]
    ties: Rows
    words: frozenset[str]
    payload: bytes | None
    media_type: str | None

    @property
    def submission(self) -> Submission:
        """The statement itself."""
        record = msgspec.json.decode(self.statement["record"], type=ModelRecord)
        return Submission(record, self.payload, self.media_type)


def prepare(submission: Submission) -> Prepared:
    """The rows of a submission. Raises RecordError for text that is no Unicode."""
    record = submission.record
    try:
        entry, statement = entry_values(record), statement_values(submission)
    except UnicodeEncodeError as error:
        raise RecordError(f"{record.name!r} holds text that is no Unicode: {error.reason}.") from error
    text, words = text_values(record)
    return Prepared(
        place=place_of(record),
        identifier=record.identifier,
        keys=link_keys(record) | owned_keys(record) | pointed_keys(record),
        entry=entry,
        statement=statement,
        identifiers=tuple(identifier_values(record)),
        facets=tuple(facet_values(record, (record.provenance.source,))),
        text=text,
        ties=tuple({"family": family, "key": key} for family, key in sorted(tie_keys(record))),
        words=words,
        payload=submission.payload,
        media_type=submission.media_type,
    )


def statement_values(submission: Submission) -> dict[str, Any]:
    """Values of the `statements` row that keep what a source says now, and its payload where one is given."""
    record, source = submission.record, submission.record.provenance
    values: dict[str, Any] = {
        "source": source.source,
        "source_id": source.source_id,
        "retrieved_at": source.retrieved or now(),
        "record": encoded(record),
        "gone_at": None,
        "gone_reason": None,
    }
    if submission.payload is not None:
        values |= payload_values(submission.payload, submission.media_type)
    return values
