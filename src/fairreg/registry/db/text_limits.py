# SPDX-License-Identifier: MIT
"""What texts every kind of database keeps, so that no record can be kept on one of them only."""

import re
from collections.abc import Iterator

import msgspec

from fairreg.errors import RecordError
from fairreg.registry.resolution.lineage import relation_keys
from fairreg.registry.text.normalization import fold
from fairreg.schemas.record import ModelRecord

__all__ = ["LONGEST_KEY", "json_of", "storable_json", "storable_text"]

# Bytes of what is looked up as a whole. A row of PostgreSQL's indexes has at most 2,704 (its documentation,
# section "B-Tree Indexes"), and a verdict of `fairreg link` is looked up by two places.
LONGEST_KEY = 1300
_LONGEST_TIME = 40

# NUL as JSON writes it; a backslash that stands for itself comes in twos.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def storable_json(record: ModelRecord) -> bytes:
    """What a source says as it is kept, on any kind of database.

    RecordError as of `json_of`, and for an identifier, or another text to look things up by, that is longer
    than every database's indexes take. Records that are kept already are not asked again.
    """
    encoded = json_of(record)
    for name, text in _looked_up(record):
        if (length := len(text.encode())) > LONGEST_KEY:
            raise RecordError(
                f"{record.name[:80]!r} has {name} of {length:,} bytes; "
                f"at most {LONGEST_KEY:,} can be looked up.",
                hint="Shorten it and try again.",
            )
    for time in (record.provenance.retrieved, record.date_published, record.date_created):
        if len(time or "") > _LONGEST_TIME:
            raise RecordError(
                f"{record.name[:80]!r} has a time of {len(time or ''):,} characters.",
                hint="Write it as ISO 8601 does.",
            )
    return encoded


def _looked_up(record: ModelRecord) -> Iterator[tuple[str, str]]:
    """What the texts are that indexes hold, and the texts as they hold them."""
    source = record.provenance
    yield "a place at its source", f"{source.source}:{source.source_id}"
    yield "an identifier", record.identifier
    yield "a license", record.license or ""
    for family, key in {item.key for item in record.identifiers} | relation_keys(record):
        yield "an identifier", f"{family}:{key}"
    for value in (*record.ml_task, *record.frameworks):
        yield "a task or framework", fold(value)


def json_of(record: ModelRecord) -> bytes:
    """The record as it is kept.

    RecordError for text that is no Unicode, and for NUL, which PostgreSQL takes in no text.
    """
    try:
        encoded = msgspec.json.encode(record)
    except UnicodeEncodeError as error:
        raise RecordError(f"{record.name!r} holds text that is no Unicode: {error.reason}.") from error
    if b"u0000" in encoded and _NUL.search(encoded):
        raise RecordError(
            f"{record.name!r} holds a NUL character, which is no text.", hint="Take it out and try again."
        )
    return encoded


def storable_text(text: str) -> str:
    """`text` without what no database keeps: NUL, and halves of surrogate pairs, which become ``?``."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
