# SPDX-License-Identifier: MIT
"""RDF/XML of the linked-data view (https://www.w3.org/TR/rdf-syntax-grammar/), which OAI-PMH carries."""

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from fairreg.errors import RecordError
from fairreg.formats.base import FIELDS, Reading
from fairreg.formats.datacite_kernel.xml import FAULTS, parsed_xml
from fairreg.formats.rdf_xml.reading import main_of, view_of
from fairreg.formats.rdf_xml.writing import rdf_of
from fairreg.schemas.contexts import NAMESPACE
from fairreg.schemas.jsonld_reader import read_jsonld
from fairreg.schemas.record import ModelRecord

__all__ = [
    "KEEPS",
    "MEDIA_TYPES",
    "NAME",
    "NARROWS",
    "element_of",
    "parsed",
    "read",
    "read_element",
    "recognises",
    "text_of",
    "write",
]

NAME = "rdf"
MEDIA_TYPES = ("application/rdf+xml",)
KEEPS = frozenset(FIELDS)
NARROWS: Mapping[str, str] = {}
_ROOT = re.compile(r"<(?:[\w.-]+:)?RDF[\s>]")
_BEGINNING = 4000


def write(record: ModelRecord) -> str:
    """Return the document; characters that XML 1.0 forbids are left out."""
    return text_of(element_of(record))


def element_of(record: ModelRecord) -> ET.Element:
    """Return the element ``rdf:RDF`` with its namespaces declared."""
    return rdf_of(record)


def text_of(root: ET.Element) -> str:
    """Return an XML document in which texts stay as they are: a parser would take CR for LF."""
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode").replace("\r", "&#13;")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def read(document: str | bytes, *, name: str = "the document") -> Reading[ModelRecord]:
    """Read the record, and the names of properties without a field in it. Raises RecordError."""
    return read_element(parsed(document, name=name), name=name)


def parsed(document: str | bytes, *, name: str) -> ET.Element:
    """Parse a document. RecordError for one that is not XML or has a document type."""
    refusal = RecordError(f"{name} has a document type, which no RDF/XML of fairreg has; it was not read.")
    try:
        return parsed_xml(document, refusal=refusal)
    except FAULTS as error:
        raise RecordError(f"{name} is not valid XML ({error}).", hint="Give RDF/XML of fairreg.") from error


def read_element(root: ET.Element, *, name: str = "the document") -> Reading[ModelRecord]:
    """Read the record in an element ``rdf:RDF``, as `read` does."""
    main = main_of(root)
    if main is None:
        raise RecordError(f"{name} has no record of fairreg.", hint="Give RDF/XML as fairreg writes it.")
    try:
        return Reading(*read_jsonld(view_of(root, main)))
    except RecordError as error:
        raise RecordError(f"{name}: {error.message}", violations=error.violations) from error


def recognises(document: str | bytes) -> bool:
    """Tell whether it is RDF/XML with terms of fairreg."""
    beginning = document[:_BEGINNING]
    text = beginning.decode("utf-8", "replace") if isinstance(beginning, bytes) else beginning
    return NAMESPACE in text and _ROOT.search(text) is not None
