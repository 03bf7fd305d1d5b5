# SPDX-License-Identifier: MIT
"""The triples of a record's linked-data view in Turtle (https://www.w3.org/TR/turtle/)."""

from collections.abc import Mapping

from fairreg.formats.base import FIELDS
from fairreg.schemas.jsonld import to_turtle
from fairreg.schemas.record import ModelRecord

__all__ = ["KEEPS", "MEDIA_TYPES", "NAME", "NARROWS", "write"]

NAME = "turtle"
MEDIA_TYPES = ("text/turtle",)
KEEPS = frozenset(FIELDS)
NARROWS: Mapping[str, str] = {}


def write(record: ModelRecord) -> str:
    """Return the triples, the same bytes for the same record."""
    return to_turtle(record)
