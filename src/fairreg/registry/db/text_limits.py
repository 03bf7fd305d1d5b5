# SPDX-License-Identifier: MIT
"""Limits that text must meet so that every supported database can store it."""

import re
from collections.abc import Iterator

import msgspec

from fairreg.errors import RecordError
from fairreg.registry.db.tables import LONGEST_KEY
from fairreg.registry.resolution.lineage import relation_keys
from fairreg.registry.text.normalization import fold
from fairreg.schemas.record import ModelRecord

__all__ = ["LONGEST_KEY", "json_of", "storable_json", "storable_text"]

_LONGEST_TIME = 40

# NUL as JSON writes it; a literal backslash comes as two.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def storable_json(record: ModelRecord) -> bytes:
    """Return a statement's record as JSON that every supported database stores.

    RecordError as of `json_of`, and for an identifier or another indexed text that is longer than the indexes
    of some database allow. Stored records are not checked again.
    """
    encoded = json_of(record)
    for name, text in _looked_up(record):
        if (length := len(text.encode())) > LONGEST_KEY:
            raise RecordError(
                f"{record.name[:80]!r} has {name} of {length:,} bytes; "
                f"at most {LONGEST_KEY:,} can be indexed.",
                hint="Shorten it and try again.",
            )
    for time in (record.provenance.retrieved, record.date_published, record.date_created):
        if len(time or "") > _LONGEST_TIME:
            raise RecordError(
                f"{record.name[:80]!r} has a time of {len(time or ''):,} characters.",
                hint="Write it as an ISO 8601 time.",
            )
    return encoded


def _looked_up(record: ModelRecord) -> Iterator[tuple[str, str]]:
    """Yield each indexed text of a record, after a description of it."""
    source = record.provenance
    yield "a place at its source", f"{source.source}:{source.source_id}"
    yield "an identifier", record.identifier
    yield "a license", record.license or ""
    for family, key in {item.key for item in record.identifiers} | relation_keys(record):
        yield "an identifier", f"{family}:{key}"
    for value in (*record.ml_task, *record.frameworks):
        yield "a task or framework", fold(value)


def json_of(record: ModelRecord) -> bytes:
    """Return the record as stored JSON.

    RecordError for invalid Unicode, and for NUL, which PostgreSQL does not store in text.
    """
    try:
        encoded = msgspec.json.encode(record)
    except UnicodeEncodeError as error:
        raise RecordError(f"{record.name!r} holds invalid Unicode: {error.reason}.") from error
    if b"u0000" in encoded and _NUL.search(encoded):
        raise RecordError(
            f"{record.name!r} holds a NUL character.", hint="Remove the NUL character and try again."
        )
    return encoded


def storable_text(text: str) -> str:
    """Return `text` without NUL, and with each lone surrogate replaced by ``?``."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
