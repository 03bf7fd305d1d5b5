# SPDX-License-Identifier: MIT
"""FAIR4ML 0.1 (https://w3id.org/fair4ml): the record's linked data as a file beside the model.

The document is that of `jsonld`, which uses FAIR4ML's terms wherever they exist. Files of other tools in any
older spelling of the namespace are read as well.
"""

from collections.abc import Mapping

from fairreg.formats import jsonld
from fairreg.formats.base import FIELDS, Reading
from fairreg.schemas.record import ModelRecord

__all__ = ["FILE_NAME", "KEEPS", "MEDIA_TYPES", "NAME", "NARROWS", "read", "write"]

NAME = "fair4ml"
FILE_NAME = "fair4ml.jsonld"
MEDIA_TYPES = ('application/ld+json; profile="https://w3id.org/fair4ml"',)
KEEPS = frozenset(FIELDS)
NARROWS: Mapping[str, str] = {}


def write(record: ModelRecord) -> str:
    """Return the file's text."""
    return jsonld.write(record)


def read(document: str | bytes, *, name: str = FILE_NAME) -> Reading[ModelRecord]:
    """Read the record, and the names of properties without a field in it. Raises RecordError."""
    return jsonld.read(document, name=name)
