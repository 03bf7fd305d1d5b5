# SPDX-License-Identifier: MIT
"""Plain JSON of a record: every field under its own name, defaults left out."""

from collections.abc import Mapping

from fairreg.errors import RecordError
from fairreg.formats.base import FIELDS, Reading, json_text
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.validation import RECORD_FILES, is_jsonld, parse_json, require_valid

__all__ = ["KEEPS", "MEDIA_TYPES", "NAME", "NARROWS", "read", "recognises", "write"]

NAME = "json"
MEDIA_TYPES = ("application/json",)
KEEPS = frozenset(FIELDS)
NARROWS: Mapping[str, str] = {}


def write(record: ModelRecord) -> str:
    """Return the record's plain JSON."""
    return json_text(record.to_json())


def read(document: str | bytes, *, name: str = "the document") -> Reading[ModelRecord]:
    """Read the record. Raises RecordError, which lists the violations of the schema."""
    plain = parse_json(document, name=name, hint=RECORD_FILES)
    if is_jsonld(plain):
        raise RecordError(f"{name} is linked data, not a record's plain JSON.", hint="Read it as jsonld.")
    require_valid(plain, name=name)
    return Reading(ModelRecord.from_json(plain))


def recognises(document: str | bytes) -> bool:
    """Tell whether it is JSON without the keywords of linked data."""
    try:
        return not is_jsonld(parse_json(document, name="the document"))
    except RecordError:
        return False
