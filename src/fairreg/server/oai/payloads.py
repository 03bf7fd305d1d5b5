# SPDX-License-Identifier: MIT
"""Metadata formats, and the metadata of an item in each.

A withdrawn record is deleted in the formats for readers, and stays in ``rdf``, which says that it is
withdrawn, when and why: deletion is a state of a record in one format (OAI-PMH 2.0, section 2.5.1).
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

from fairreg.formats import datacite, datacite_xml, dublin_core, oai_datacite
from fairreg.formats.datacite_kernel.xml import NAMESPACE, SCHEMA
from fairreg.formats.rdf_xml import items
from fairreg.formats.rdf_xml.items import StatedEntry, StatedRecord
from fairreg.formats.rdf_xml.names import RDF
from fairreg.registry import Change, Entry, Statement
from fairreg.server.oai.faults import OaiFault

__all__ = ["FORMATS", "MetadataFormat", "format_of", "formats_for", "metadata_of"]

_OAI = "http://www.openarchives.org/OAI/2.0"


class MetadataFormat(NamedTuple):
    """A metadata format: its prefix, and the addresses of its schema and its namespace.

    `whole` is one with everything that the registry holds of an entry; `dated` requires a year.
    """

    prefix: str
    schema: str
    namespace: str
    write: Callable[[Change, Entry], ET.Element]
    whole: bool = False
    dated: bool = False


def metadata_of(change: Change, view: MetadataFormat) -> ET.Element | None:
    """Return the metadata of an item in a format; None where the record is deleted there.

    OaiFault for a format in which there is none.
    """
    entry = change.entry
    if entry is None or (entry.gone and not view.whole):
        return None
    if view.dated and entry.record.year is None:
        raise OaiFault(
            "cannotDisseminateFormat",
            f"{entry.identifier} states no date, which {view.prefix} requires; oai_dc and rdf need none.",
        )
    return view.write(change, entry)


def formats_for(change: Change | None) -> Iterator[MetadataFormat]:
    """Yield the formats that there is metadata in: of an item, or with None of any."""
    for view in FORMATS.values():
        entry = None if change is None else change.entry
        if entry is None:
            if change is None:
                yield view
        elif (view.whole or not entry.gone) and not (view.dated and entry.record.year is None):
            yield view


def format_of(prefix: str) -> MetadataFormat:
    """Return the format with a prefix. Raises OaiFault."""
    if prefix not in FORMATS:
        raise OaiFault(
            "cannotDisseminateFormat", f"There is no such metadata format; there are {', '.join(FORMATS)}."
        )
    return FORMATS[prefix]


def _everything(change: Change, entry: Entry) -> ET.Element:
    return items.element_of(StatedEntry(entry.record, tuple(map(_stated, change.statements))))


def _stated(item: Statement) -> StatedRecord:
    return StatedRecord(item.record, item.retrieved_at, item.gone_at, item.gone_reason)


FORMATS: Final = {
    view.prefix: view
    for view in (
        MetadataFormat(
            "oai_dc",
            f"{_OAI}/oai_dc.xsd",
            f"{_OAI}/oai_dc/",
            lambda _, entry: dublin_core.element_of(entry.record),
        ),
        MetadataFormat(
            datacite.NAME,
            SCHEMA,
            NAMESPACE,
            lambda _, entry: datacite_xml.element_of(entry.record),
            dated=True,
        ),
        MetadataFormat(
            "oai_datacite",
            "http://schema.datacite.org/oai/oai-1.1/oai.xsd",
            "http://schema.datacite.org/oai/oai-1.1/",
            lambda _, entry: oai_datacite.element_of(entry.record),
            dated=True,
        ),
        # The schema that OAI publishes for RDF in answers.
        MetadataFormat("rdf", f"{_OAI}/rdf.xsd", RDF, _everything, whole=True),
    )
}
