# SPDX-License-Identifier: MIT
"""The contract of a format: the names that a module in `fairreg.formats` defines.

A format is one module. Its name is the module's, with hyphens and with dots between digits: ``model_card.py``
is ``model-card``, ``ro_crate_1_2.py`` is ``ro-crate-1.2``. The fields of a record that it carries are
declared; docs/formats.md and the contract tests follow from that.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from fairreg.errors import RecordError
from fairreg.schemas.record import ModelRecord, OtherRecord

if TYPE_CHECKING:  # only formats in XML need its writer
    from xml.etree.ElementTree import Element

__all__ = [
    "FIELDS",
    "Format",
    "ReadableFormat",
    "Reading",
    "RecordFormat",
    "can_hold",
    "filled_members",
    "is_json",
    "json_text",
    "xml_text",
]

FIELDS: tuple[str, ...] = ModelRecord.__struct_fields__
Understood_co = TypeVar("Understood_co", covariant=True)


@dataclass(frozen=True)
class Reading(Generic[Understood_co]):
    """The content of a document, and the names of the properties that were left out (``authors.email``).

    `others` are further records in the document, which were not read.
    """

    understood: Understood_co
    left_out: tuple[str, ...] = ()
    others: tuple[OtherRecord, ...] = ()


class Format(Protocol):
    """A module that writes records.

    `MEDIA_TYPES` are unique among the formats; the first is the one to announce. `KEEPS` names the fields of
    a record that are written in full, `NARROWS` those written in part, with a sentence on the part that
    remains; all others are lost. A text counts as kept when its words are: white space may change.

    A module that refuses some records also defines ``require_expressible(record)``, which raises what `write`
    would, without the cost of writing.
    """

    NAME: str
    MEDIA_TYPES: tuple[str, ...]
    KEEPS: frozenset[str]
    NARROWS: Mapping[str, str]

    def write(self, record: ModelRecord) -> str | bytes:
        """Return the document of a record, ending in a line feed; the same bytes for the same record.

        RecordError for a record of a kind that the format does not describe, or that lacks what the format
        requires and has no word for; it names the field.
        """


class ReadableFormat(Format, Protocol):
    """A module that also reads its documents."""

    def read(self, document: str | bytes, *, name: str = ...) -> Reading[Any]:
        """Read a document into a `ModelRecord` or `FileFacts`. `name` is the file's, for messages.

        RecordError where a whole record is expected and the document is not one; the fault of a metadata file
        that does not parse is the `fault` of its facts.
        """


class RecordFormat(ReadableFormat, Protocol):
    """A module whose documents hold whole records, so that ``fairreg add`` accepts them."""

    def recognises(self, document: str | bytes) -> bool:
        """Tell whether the document is one of this format."""


def can_hold(view: Format, record: ModelRecord) -> bool:
    """Tell whether a format writes the record, and does not refuse it."""
    try:
        getattr(view, "require_expressible", _refuse_none)(record)
    except RecordError:
        return False
    return True


def _refuse_none(_: ModelRecord) -> None:
    """Accept every record, as most formats do."""


def json_text(document: Any) -> str:
    """Return a JSON document for people to read and edit."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def xml_text(root: "Element") -> str:
    """Return an XML document of an element, indented; its texts must be clean (`schemas.text.clean`)."""
    from xml.etree import ElementTree as ET

    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def filled_members(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of an object that have a value."""
    return {key: value for key, value in document.items() if value not in (None, "", [], {}, ())}


def is_json(media_type: str) -> bool:
    """Tell whether documents of a media type are JSON: ``application/json`` or any ``+json``."""
    return media_type.partition(";")[0].strip().lower().endswith(("/json", "+json"))
