# SPDX-License-Identifier: MIT
"""DataCite's XML, kernel 4.7 (https://schema.datacite.org/meta/kernel-4.7/), as registered with a DOI.

The identifier of a record without a DOI is ``:unas``, "value unassigned", its own are alternate identifiers.
"""

from collections.abc import Mapping
from xml.etree.ElementTree import Element

from fairreg.errors import RecordError
from fairreg.formats import datacite
from fairreg.formats.base import Reading, xml_text
from fairreg.formats.datacite import SHARED, read_attributes
from fairreg.formats.datacite_kernel.attributes import UNASSIGNED, kernel_attributes
from fairreg.formats.datacite_kernel.attributes import require_year as require_expressible
from fairreg.formats.datacite_kernel.xml import (
    FAULTS,
    SCHEMA_VERSION,
    attributes_in,
    parsed_xml,
    resource_in,
    resource_of,
    unread_in,
)
from fairreg.schemas.record import ModelRecord

__all__ = [
    "KEEPS",
    "MEDIA_TYPES",
    "NAME",
    "NARROWS",
    "SCHEMA_VERSION",
    "element_of",
    "read",
    "require_expressible",
    "write",
]

NAME = "datacite-xml"
MEDIA_TYPES = ("application/vnd.datacite.datacite+xml",)
KEEPS = datacite.KEEPS | {"kind"}
NARROWS: Mapping[str, str] = {**SHARED, "distributions": "exact sizes in bytes"}


def write(record: ModelRecord) -> str:
    """Return the XML. RecordError for a record without a date of publication or creation."""
    return xml_text(element_of(record))


def element_of(record: ModelRecord) -> Element:
    """Return the element ``resource`` with its namespaces declared. Raises RecordError, as `write` does."""
    return resource_of(kernel_attributes(record), unassigned=UNASSIGNED)


def read(document: str | bytes, *, name: str = "the document") -> Reading[ModelRecord]:
    """Read the record in a ``<resource>``, alone or in an envelope. Raises RecordError.

    The properties that were left out have the names of DataCite's JSON.
    """
    refusal = RecordError(f"{name} has a document type, which DataCite's XML never has; it was not read.")
    try:
        resource = resource_in(parsed_xml(document, refusal=refusal))
    except FAULTS as error:
        raise RecordError(f"{name} is not valid XML ({error}).", hint="Give DataCite's XML.") from error
    if resource is None:
        raise RecordError(f"{name} has no <resource> of DataCite.", hint="Give DataCite's XML.")
    found = read_attributes(attributes_in(resource), name=name)
    return Reading(found.understood, (*found.left_out, *unread_in(resource)))
