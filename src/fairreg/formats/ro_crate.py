# SPDX-License-Identifier: MIT
"""RO-Crate 1.1 (https://w3id.org/ro/crate/1.1): ro-crate-metadata.json, as InvenioRDM's deposit accepts it.

Zenodo and every other InvenioRDM make a draft of it: title, description, creators, licence, keywords and date
of publication are mapped. A creator without family and given name is refused there, therefore here, too.
"""

from collections.abc import Mapping
from typing import Any

from fairreg.formats import jsonld
from fairreg.formats.base import Reading, json_text
from fairreg.formats.crates.data import DESCRIPTOR, add_files
from fairreg.formats.crates.entities import Entities, Entity
from fairreg.formats.crates.related import SCHEMA_ORG, add_related
from fairreg.formats.crates.root import REQUIRED, crate, described
from fairreg.formats.creator_names import is_group, parts
from fairreg.formats.requirements import called, refusal, require
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.text import one_line

__all__ = [
    "FILE_NAME",
    "KEEPS",
    "MEDIA_TYPES",
    "NAME",
    "NARROWS",
    "document",
    "read",
    "require_expressible",
    "write",
]

NAME = "ro-crate"
FILE_NAME = DESCRIPTOR
MEDIA_TYPES = ('application/ld+json; profile="https://w3id.org/ro/crate/1.1"',)
KEEPS = frozenset({"name", "description", "alternate_names", "version", "publisher", "language"})
NARROWS: Mapping[str, str] = {
    "identifier": "among the identifiers",
    "kind": "a model or a dataset; software is read as a dataset",
    "provenance": "the address of the page",
    "identifiers": "those of the object itself, without evidence",
    "creators": "names, ORCID, affiliation; a single ROR of the affiliation names it",
    "license": "read back where it is SPDX",
    "license_stated": "where there is no SPDX identifier",
    "keywords": "each once; a single keyword must not hold a comma",
    "date_created": "an ISO 8601 date",
    "date_published": "an ISO 8601 date",
    "date_modified": "an ISO 8601 date",
    "distributions": "files outside archives: name, address, size, media type and SHA-256",
    "relations": "works cited and wholes; training data and sources as what the object is based on",
    "access": "its level, gated as restricted, the end of an embargo, and conditions",
}
_CONTEXT = "https://w3id.org/ro/crate/1.1/context"
_TYPES = {
    "model": ("Dataset", "https://w3id.org/fair4ml#MLModel"),
    "dataset": ("Dataset",),
    "software": ("Dataset", "SoftwareSourceCode"),
}
_NO_NAMES = (
    'State both as "Family, Given", or that it is an organisation (kind "organization"); '
    "ro-crate-1.2 is written without them."
)


def write(record: ModelRecord) -> str:
    """Return the file's text. Raises Inexpressible without what RO-Crate or the deposit requires."""
    return json_text(document(record))


def document(record: ModelRecord) -> Entity:
    """Return the crate as JSON-LD. Raises Inexpressible."""
    require_expressible(record)
    entities = Entities()
    root = described(entities, record, _TYPES[record.kind])
    files = [reference for _, reference in add_files(entities, record.distributions)]
    root |= add_related(entities, record, SCHEMA_ORG)
    return crate(_CONTEXT, "1.1", root | {"hasPart": files}, entities)


def require_expressible(record: ModelRecord) -> None:
    """Raise Inexpressible without what RO-Crate or the deposit requires."""
    require(record, "RO-Crate 1.1 for a deposit", (*REQUIRED, "creators"))
    for number, item in enumerate(record.creators):
        if not is_group(item) and not all(parts(item)):
            fault = "A deposit requires family and given names of people, which the creators of "
            fault += f"{called(record)} have not: number {number + 1} is called {one_line(item.name)!r}"
            raise refusal(fault, hint=_NO_NAMES, violations=((f"$.creators[{number}].name", "has no parts"),))


def read(document: str | bytes, *, name: str = FILE_NAME) -> Reading[Any]:
    """Read the record, and the names of properties without a field in it. Raises RecordError."""
    return jsonld.read(document, name=name)
