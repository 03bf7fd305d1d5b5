# SPDX-License-Identifier: MIT
"""Lossless linked-data view of a record; `fairreg.schemas.jsonld` defines it."""

from collections.abc import Mapping

from fairreg.errors import RecordError
from fairreg.formats.base import FIELDS, Reading, json_text
from fairreg.schemas.jsonld import to_jsonld
from fairreg.schemas.jsonld_reader import read_jsonld
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.validation import is_jsonld, parse_json, require_valid

__all__ = ["KEEPS", "MEDIA_TYPES", "NAME", "NARROWS", "read", "recognises", "write"]

NAME = "jsonld"
MEDIA_TYPES = ("application/ld+json",)
KEEPS = frozenset(FIELDS)
NARROWS: Mapping[str, str] = {}


def write(record: ModelRecord) -> str:
    """Return the JSON-LD document with its context."""
    return json_text(to_jsonld(record))


def read(document: str | bytes, *, name: str = "the document") -> Reading[ModelRecord]:
    """Read the record, and the names of properties without a field in it. Raises RecordError."""
    node = parse_json(document, name=name)
    require_valid(node, name=name)
    return Reading(*read_jsonld(node))


def recognises(document: str | bytes) -> bool:
    """Tell whether it is JSON with keywords of linked data."""
    try:
        return is_jsonld(parse_json(document, name="the document"))
    except RecordError:
        return False
