# SPDX-License-Identifier: MIT
"""An entry with what each source states of it, for other registries: the document that OAI-PMH calls ``rdf``.

The merged record stands first. After it comes a ``fairreg:SourceStatement`` for each source, with when it was
read (prov:generatedAtTime) and, once the source withdrew its record, when (prov:invalidatedAtTime) and why.
What a source states is quoted as an XML literal, so that its triples are not those of the merged record; it
is left out where both records are equal, as they are for most entries.
"""

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from fairreg.errors import RecordError
from fairreg.formats import rdf
from fairreg.formats.rdf_xml.names import PROV, RDF, legal
from fairreg.formats.rdf_xml.writing import rdf_of
from fairreg.schemas.contexts import NAMESPACE
from fairreg.schemas.jsonld import iri_of_record
from fairreg.schemas.record import ModelRecord

__all__ = ["STATEMENT", "StatedEntry", "StatedRecord", "element_of", "read", "read_element"]

# Element of what a source states.
STATEMENT = f"{{{NAMESPACE}}}SourceStatement"
_WITHDRAWN = f"{{{PROV}}}invalidatedAtTime"


@dataclass(frozen=True)
class StatedRecord:
    """The record that a source states; its provenance names the source and the id there.

    `retrieved_at` is ISO 8601. `withdrawn_at` and `reason` are set once the source withdrew it.
    """

    record: ModelRecord
    retrieved_at: str
    withdrawn_at: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class StatedEntry:
    """The merged record of an entry with its statements; `left_out` names properties that were not read."""

    record: ModelRecord
    statements: tuple[StatedRecord, ...]
    left_out: tuple[str, ...] = ()


def element_of(entry: StatedEntry) -> ET.Element:
    """Return ``rdf:RDF`` of an entry with its statements."""
    root = rdf_of(entry.record)
    about = {"rdf:resource": iri_of_record(entry.record)}
    for item in entry.statements:
        stated = ET.SubElement(root, "fairreg:SourceStatement")
        ET.SubElement(stated, "schema:about", about)
        for tag, text in _texts(item):
            if text is not None:
                ET.SubElement(stated, tag).text = legal(text)
        if item.record != entry.record:
            literal = ET.SubElement(stated, "fairreg:statedRecord", {"rdf:parseType": "Literal"})
            literal.append(rdf_of(item.record))
    return root


def _texts(item: StatedRecord) -> tuple[tuple[str, str | None], ...]:
    return (
        ("fairreg:source", item.record.provenance.source),
        ("fairreg:sourceId", item.record.provenance.source_id),
        ("prov:generatedAtTime", item.retrieved_at),
        ("prov:invalidatedAtTime", item.withdrawn_at),
        ("fairreg:withdrawalReason", item.reason or None),
    )


def read(document: str | bytes, *, name: str = "the document") -> StatedEntry:
    """Read an entry with its statements. Raises RecordError."""
    return read_element(rdf.parsed(document, name=name), name=name)


def read_element(root: ET.Element, *, name: str = "the document") -> StatedEntry:
    """Read an entry in an element ``rdf:RDF``, as `read` does.

    A document without statements has one: what the merged record says, as its own source said it.
    """
    found = rdf.read_element(root, name=name)
    record, left_out = found.understood, dict.fromkeys(found.left_out)
    statements = []
    for stated in root.iterfind(STATEMENT):
        quoted = stated.find(f"{{{NAMESPACE}}}statedRecord/{{{RDF}}}RDF")
        reading = found if quoted is None else rdf.read_element(quoted, name=name)
        left_out |= dict.fromkeys(reading.left_out)
        statements.append(_statement(stated, reading.understood, name))
    if not statements:
        statements = [StatedRecord(record, record.provenance.retrieved or "")]
    return StatedEntry(record, tuple(statements), tuple(left_out))


def _statement(stated: ET.Element, record: ModelRecord, name: str) -> StatedRecord:
    origin = record.provenance
    named = tuple(stated.findtext(f"{{{NAMESPACE}}}{term}", "") for term in ("source", "sourceId"))
    if named != (origin.source, origin.source_id):
        raise RecordError(
            f"{name} attributes a record of {origin.source} {origin.source_id!r} to {named[0]} {named[1]!r}.",
            hint="Harvest it again; report it to the registry that sent it.",
        )
    at = stated.findtext(_WITHDRAWN)
    return StatedRecord(
        record,
        stated.findtext(f"{{{PROV}}}generatedAtTime", ""),
        at,
        None if at is None else stated.findtext(f"{{{NAMESPACE}}}withdrawalReason", ""),
    )
