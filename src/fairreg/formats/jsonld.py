# SPDX-License-Identifier: MIT
"""Lossless linked-data view of a record (`fairreg.schemas.jsonld`); reads JSON-LD of other tools, too."""

from collections.abc import Mapping
from typing import Any

from fairreg.errors import RecordError
from fairreg.formats.base import FIELDS, Reading, json_text
from fairreg.schemas.contexts import NAMESPACE
from fairreg.schemas.jsonld import to_jsonld
from fairreg.schemas.jsonld_reader import is_own, others_in, read_jsonld
from fairreg.schemas.record import ModelRecord, OtherRecord
from fairreg.schemas.validation import is_jsonld, parse_json, require_valid

__all__ = ["KEEPS", "MEDIA_TYPES", "NAME", "NARROWS", "PROFILE", "read", "read_parsed", "recognises", "write"]

NAME = "jsonld"
PROFILE = NAMESPACE.removesuffix("#")
# Without a profile it is what every reader of linked data understands: `schema_org`.
MEDIA_TYPES = (f'application/ld+json; profile="{PROFILE}"',)
KEEPS = frozenset(FIELDS)
NARROWS: Mapping[str, str] = {}


def write(record: ModelRecord) -> str:
    """Return the JSON-LD document with its context."""
    return json_text(to_jsonld(record))


def read(document: str | bytes, *, name: str = "the document") -> Reading[ModelRecord]:
    """Read the record, and the names of properties without a field in it. Raises RecordError."""
    parsed = parse_json(document, name=name)
    if is_own(parsed):
        require_valid(parsed, name=name)
    return read_parsed(parsed, name=name)


def read_parsed(parsed: Any, *, name: str = "the document", place: str | None = None) -> Reading[ModelRecord]:
    """Read the record in parsed linked data, as `read` does.

    `place` identifies a record that its document does not identify, where its place is known.
    """
    if is_own(parsed):
        record, left_out = read_jsonld(parsed)
        return Reading(record, left_out, tuple(OtherRecord.of(*item) for item in others_in(parsed)))
    from fairreg.formats import dialects  # records of fairreg need no other reader

    return dialects.read(parsed, name=name, place=place)


def recognises(document: str | bytes) -> bool:
    """Tell whether it is JSON with keywords of linked data."""
    try:
        return is_jsonld(parse_json(document, name="the document"))
    except RecordError:
        return False
