# SPDX-License-Identifier: MIT
"""RIS of a record, for reference managers (Research Information Systems, tag list of 2011).

Each field is one line, so no text can begin another field. Line ends are line feeds, as in the other formats.
"""

from collections.abc import Iterable, Iterator, Mapping

from fairreg.formats.bibtex import address_of, note_of
from fairreg.formats.creator_names import inverted, is_group, name_parts
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Creator, ModelRecord
from fairreg.schemas.text import one_line

__all__ = ["KEEPS", "MEDIA_TYPES", "NAME", "NARROWS", "named_reference", "write"]

NAME = "ris"
MEDIA_TYPES = ("application/x-research-info-systems",)
KEEPS = frozenset({"name", "description", "version", "publisher", "language", "keywords"})
NARROWS: Mapping[str, str] = {
    "kind": "COMP or DATA: a model is a computer program",
    "identifiers": "DOI, publications, and an address",
    "creators": "names as Family, Given, Suffix",
    "date_published": "its day, month and year",
}


def write(record: ModelRecord, *, remark: str = "") -> str:
    """Return one reference; fields that the record does not state are left out. A `remark` ends its note."""
    return _reference(_fields(record, remark))


def named_reference(identifier: Identifier, *, is_data: bool, note: str) -> str:
    """Return the reference of a work of which only the identifier is known, which stands for its title."""
    fields = {
        "TY": "DATA" if is_data else "GEN",
        "TI": one_line(identifier.compact),
        "DO": one_line(identifier.value) if identifier.scheme == "doi" else "",
        "UR": one_line(identifier.url or ""),
        "N1": one_line(note),
    }
    return _reference(fields.items())


def _reference(fields: Iterable[tuple[str, str]]) -> str:
    lines = [f"{tag}  - {text}" for tag, text in fields if text]
    return "\n".join([*lines, "ER  - "]) + "\n"


def _fields(record: ModelRecord, remark: str) -> Iterator[tuple[str, str]]:
    yield "TY", "DATA" if record.kind == "dataset" else "COMP"
    yield "TI", one_line(record.name)
    yield from (("AU", _author(item)) for item in record.creators)
    yield "PY", f"{record.year:04}" if record.year else ""
    yield "DA", _day(record)
    yield "ET", one_line(record.version or "")
    yield "PB", one_line(record.publisher or "")
    yield "DO", one_line(record.doi or "")
    yield "UR", one_line(address_of(record))
    yield from (("KW", one_line(item)) for item in record.keywords)
    yield "LA", one_line(record.language or "")
    yield "AB", one_line(record.description or "")
    yield "N1", note_of(record, remark)


def _author(creator: Creator) -> str:
    """Return a person as ``Family, Given, Suffix``, a group without its commas, which would part a name."""
    if is_group(creator):
        return one_line(creator.name.replace(",", " "))
    _, _, suffix = name_parts(creator)
    if not suffix:
        return one_line(inverted(creator)).strip(" ,")
    family, given, _ = name_parts(creator)
    return one_line(", ".join(filter(None, (family, given, suffix))))


def _day(record: ModelRecord) -> str:
    """Return the date as ``YYYY/MM/DD/``; its parts may be empty, the slashes stay."""
    day = (record.date_published or "")[:10].split("-")
    return "/".join([*day, "", "", ""][:3]) + "/" if day[0] else ""
