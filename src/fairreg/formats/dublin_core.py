# SPDX-License-Identifier: MIT
"""Dublin Core of a record in the XML of OAI-PMH, oai_dc (https://www.openarchives.org/OAI/2.0/oai_dc.xsd).

The fifteen elements of ISO 15836-1, of which each may be left out or repeated.
"""

from collections.abc import Iterator, Mapping
from xml.etree import ElementTree as ET

from fairreg.formats.base import xml_text
from fairreg.formats.datacite_kernel.access_terms import access_term
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.text import clean, one_line

__all__ = ["KEEPS", "MEDIA_TYPES", "NAME", "NARROWS", "element_of", "elements", "write"]

NAME = "dublin-core"
MEDIA_TYPES = ("application/x-dc+xml",)
KEEPS = frozenset({"kind", "name", "description", "alternate_names", "publisher", "keywords"})
KEEPS |= {"license", "license_stated", "language", "formats", "date_published"}
NARROWS: Mapping[str, str] = {
    "identifier": "the address that it resolves to, where there is one",
    "identifiers": "addresses, and identifiers with their scheme; of papers as related objects",
    "creators": "names only",
    "relations": "the related object, without the type of the relation",
    "access": "its level, gated as restricted, in the words of OpenAIRE",
}
_DC = "http://purl.org/dc/elements/1.1/"
_OAI_DC = "http://www.openarchives.org/OAI/2.0/oai_dc/"
_ROOT = {
    "xmlns:oai_dc": _OAI_DC,
    "xmlns:dc": _DC,
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": f"{_OAI_DC} http://www.openarchives.org/OAI/2.0/oai_dc.xsd",
}
# DOIs of other objects; that of the lineage is one of the object, too.
_OF_OTHERS = frozenset({"paper_doi", "related_doi", "arxiv"})


def write(record: ModelRecord) -> str:
    """Return the document; elements that the record does not state are left out."""
    return xml_text(element_of(record))


def element_of(record: ModelRecord) -> ET.Element:
    """Return the element ``oai_dc:dc`` with the declarations of its namespaces."""
    root = ET.Element("oai_dc:dc", _ROOT)
    for name, text in elements(record):
        if text:
            ET.SubElement(root, f"dc:{name}").text = text
    return root


def elements(record: ModelRecord) -> Iterator[tuple[str, str]]:
    """Yield the elements of a record in their order: name without prefix, and text, maybe empty."""
    for title in (record.name, *record.alternate_names):
        yield "title", one_line(title)
    yield from (("creator", one_line(item.name)) for item in record.creators)
    yield from (("subject", one_line(item)) for item in record.keywords)
    yield "description", clean(record.description or "").strip()
    yield "publisher", one_line(record.publisher or "")
    yield "date", one_line(record.date_published or "")
    yield from (("type", word) for word in _types(record))
    yield from (("format", one_line(item)) for item in record.formats)
    yield from (("identifier", text) for text in _once(map(_named, _own(record))))
    yield "language", one_line(record.language or "")
    yield from (("relation", text) for text in _once(map(_named, _others(record))))
    yield from (("rights", one_line(text)) for text in (record.license, record.license_stated) if text)
    if record.access is not None:
        yield "rights", access_term(record.access.level)


def _types(record: ModelRecord) -> tuple[str, ...]:
    """The term of the DCMI Type Vocabulary, and what it does not tell: that a model is one."""
    return ("Software", "Model") if record.kind == "model" else (record.kind.capitalize(),)


def _own(record: ModelRecord) -> Iterator[Identifier]:
    scheme, _, value = record.identifier.partition(":")
    yield Identifier(scheme or "other", value or record.identifier)
    yield from (item for item in record.identifiers if item.scheme not in _OF_OTHERS)


def _others(record: ModelRecord) -> Iterator[Identifier]:
    yield from (item.target for item in record.relations)
    yield from (item for item in record.identifiers if item.scheme in _OF_OTHERS)


def _named(item: Identifier) -> str:
    """Return the address of an identifier, else its scheme and value."""
    return one_line(item.url or item.compact)


def _once(texts: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))
