# SPDX-License-Identifier: MIT
"""DataCite's XML in the envelope of DataCite's own OAI-PMH (https://schema.datacite.org/oai/oai-1.1/).

The envelope names the data centre that registered the DOI: no record states one, so that ``:unav``, "value
unavailable", stands there.
"""

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from fairreg.formats import datacite_xml
from fairreg.formats.base import Reading, xml_text
from fairreg.formats.datacite_kernel.attributes import UNAVAILABLE
from fairreg.formats.datacite_kernel.attributes import require_year as require_expressible
from fairreg.schemas.record import ModelRecord

__all__ = ["KEEPS", "MEDIA_TYPES", "NAME", "NARROWS", "element_of", "read", "require_expressible", "write"]

NAME = "oai-datacite"
MEDIA_TYPES = ("application/x-oai-datacite+xml",)
KEEPS = datacite_xml.KEEPS
NARROWS: Mapping[str, str] = datacite_xml.NARROWS
_NAMESPACE = "http://schema.datacite.org/oai/oai-1.1/"
_ROOT = {
    "xmlns": _NAMESPACE,
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": f"{_NAMESPACE} http://schema.datacite.org/oai/oai-1.1/oai.xsd",
}


def write(record: ModelRecord) -> str:
    """Return the XML. RecordError for a record without a date of publication or creation."""
    return xml_text(element_of(record))


def element_of(record: ModelRecord) -> ET.Element:
    """Return the element ``oai_datacite`` and its namespaces. Raises RecordError, as `write` does."""
    root = ET.Element("oai_datacite", _ROOT)
    ET.SubElement(root, "schemaVersion").text = datacite_xml.SCHEMA_VERSION
    ET.SubElement(root, "datacentreSymbol").text = UNAVAILABLE
    ET.SubElement(root, "payload").append(datacite_xml.element_of(record))
    return root


def read(document: str | bytes, *, name: str = "the document") -> Reading[ModelRecord]:
    """Read the record in the envelope, as `datacite_xml.read` does. Raises RecordError."""
    return datacite_xml.read(document, name=name)
