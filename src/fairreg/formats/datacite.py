# SPDX-License-Identifier: MIT
"""DataCite's JSON, the attributes of its REST API, in the terms of DataCite Metadata Schema 4.7.

https://support.datacite.org/docs/api. Where a record states no creator or publisher, there is the code
``:unav`` of appendix 3 of the schema; a record without a date is refused, one without a DOI has none here.
"""

from collections.abc import Mapping
from typing import Any

from fairreg.errors import RecordError
from fairreg.formats.base import Reading, json_text
from fairreg.formats.datacite_kernel.attributes import kernel_attributes
from fairreg.formats.datacite_kernel.attributes import require_year as require_expressible
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.text import one_line
from fairreg.schemas.validation import parse_json

__all__ = [
    "KEEPS",
    "MEDIA_TYPES",
    "NAME",
    "NARROWS",
    "SHARED",
    "document",
    "read",
    "read_attributes",
    "require_expressible",
    "write",
]

NAME = "datacite"
MEDIA_TYPES = ("application/vnd.datacite.datacite+json",)
KEEPS = frozenset(
    {
        *("name", "description", "alternate_names", "version", "publisher", "formats"),
        *("date_created", "date_published", "date_modified"),
    }
)
# The same in XML.
SHARED: Mapping[str, str] = {
    "identifier": "the DOI; without one, the first of the alternate identifiers",
    "identifiers": "without evidence; the DOI of the lineage and publications as related identifiers; no "
    "DOIs of copies or of objects without a stated relation",
    "creators": "ROR identifiers of institutions where each has one",
    "stated_type": "as the free text beside Model, Dataset or Software",
    "license": "read back where it is SPDX",
    "license_stated": "where there is no SPDX expression",
    "keywords": "each once; a single keyword must not hold a comma",
    "language": "a language tag of BCP 47",
    "relations": "to objects with an address or an identifier of DataCite's types; training, test and base "
    "objects as what the object is derived from or refers to, with words that say which; types of objects of "
    "DataCite's list",
    "intended_use": "beside a description, as a further one",
    "limitations": "beside a description, as a further one",
    "usage": "beside a description, as technical information",
    "notes": "beside a description, as a further one",
    "access": "its level, gated as restricted, and the end of embargoed access",
}
NARROWS: Mapping[str, str] = {
    **SHARED,
    "kind": "software with files of weights is read as a model",
    "distributions": "addresses, and exact sizes in bytes",
}
# Names of schemes whose identifiers say themselves what they are, and the year of a date that was read.
_SAID_TWICE = frozenset(
    {"schemaVersion", "schemeUri", "nameIdentifierScheme", "rightsIdentifierScheme", "publicationYear"}
    | {"affiliationIdentifierScheme"}
)


def write(record: ModelRecord) -> str:
    """Return the attributes as JSON. RecordError for a record without a date of publication or creation."""
    return json_text(document(record))


def document(record: ModelRecord) -> dict[str, Any]:
    """Return the attributes, with the addresses of the files. Raises RecordError, as `write` does."""
    addresses = [text for item in record.distributions if (text := one_line(item.url or ""))]
    found = kernel_attributes(record)
    return found | {"contentUrl": addresses} if addresses else found


def read(document: str | bytes, *, name: str = "the document") -> Reading[ModelRecord]:
    """Read the record in the attributes, alone or in the document of the REST API. Raises RecordError."""
    return read_attributes(parse_json(document, name=name), name=name)


def read_attributes(parsed: object, *, name: str) -> Reading[ModelRecord]:
    """Read the record in parsed attributes, and the names of the properties that were left out.

    Raises RecordError, which names the JSON path of what is missing.
    """
    # The harvester's reader; writing needs none of it.
    from fairreg.formats.datacite_kernel.reading import record_of
    from fairreg.schemas.json_values import TrackedObject, require_sound, tracked

    try:
        require_sound(parsed)
        whole = tracked(parsed)
        record = record_of(whole, registered=False)
    except RecordError as error:
        fault = error.message.partition(": ")[2] or error.message
        message = f"{name} is not a record of DataCite: {fault}"
        raise RecordError(message, violations=error.violations, hint=error.hint) from error
    unread = whole.unread() if isinstance(whole, TrackedObject) else ()
    return Reading(record, tuple(path for path in unread if path.rpartition(".")[2] not in _SAID_TWICE))
