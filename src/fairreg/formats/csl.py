# SPDX-License-Identifier: MIT
"""CSL-JSON of a record, from which citation processors make every style (https://citationstyles.org).

One item of schema 1.0.2 (csl-data.json). Its id is the key of the BibTeX entry.
"""

from collections.abc import Mapping
from typing import Any

from fairreg.formats.base import filled_members, json_text
from fairreg.formats.bibtex import address_of, key_of, note_of
from fairreg.formats.creator_names import is_group, name_parts
from fairreg.schemas.record import Creator, ModelRecord
from fairreg.schemas.text import clean, one_line

__all__ = ["KEEPS", "MEDIA_TYPES", "NAME", "NARROWS", "item_of", "write"]

NAME = "csl"
MEDIA_TYPES = ("application/vnd.citationstyles.csl+json",)
KEEPS = frozenset({"kind", "name", "description", "version", "publisher", "language", "keywords"})
NARROWS: Mapping[str, str] = {
    "identifiers": "DOI, publications, and an address",
    "creators": "names only",
    "date_published": "its day, month and year",
}


def write(record: ModelRecord) -> str:
    """Return a list of one item; fields that the record does not state are left out."""
    return json_text([item_of(record)])


def item_of(record: ModelRecord, *, remark: str = "") -> dict[str, Any]:
    """Return the item. A model is software of the genre "model", as CSL has no type of its own for it.

    A `remark` ends its note.
    """
    return filled_members(
        {
            "type": "dataset" if record.kind == "dataset" else "software",
            "id": key_of(record),
            "title": one_line(record.name),
            "author": [_name(item) for item in record.creators if one_line(item.name).strip(" ,")],
            "issued": _date(record),
            "version": one_line(record.version or ""),
            "genre": "model" if record.kind == "model" else None,
            "publisher": one_line(record.publisher or ""),
            "DOI": one_line(record.doi or ""),
            "URL": one_line(address_of(record)),
            "abstract": clean(record.description or "").strip(),
            "keyword": ", ".join(word for item in record.keywords if (word := one_line(item))),
            "language": one_line(record.language or ""),
            "note": note_of(record, remark),
        }
    )


def _name(creator: Creator) -> dict[str, str]:
    if is_group(creator):
        return {"literal": one_line(creator.name)}
    names = name_parts(creator)
    stated = {key: one_line(value) for key, value in names._asdict().items()}
    return {key: value for key, value in stated.items() if value} or {"literal": one_line(creator.name)}


def _date(record: ModelRecord) -> dict[str, list[list[int]]] | None:
    """Return the date of publication as precise as it is stated, else the year of creation."""
    day = record.date_published or str(record.year or "")
    parts = [int(part) for part in day[:10].split("-") if part]
    return {"date-parts": [parts]} if parts else None
