# SPDX-License-Identifier: MIT
"""codemeta.json: written in the terms of CodeMeta 3.0, read in those of 2 and 3 (https://codemeta.github.io)."""

from collections.abc import Iterable, Mapping
from typing import Any

from fairreg.formats.base import Reading, filled_members, json_text
from fairreg.formats.creator_names import is_group, parts
from fairreg.formats.file_facts import FileFacts, parsed_object
from fairreg.formats.related import papers_of, repository_of
from fairreg.schemas.jsonld_terms import ORCID, SPDX
from fairreg.schemas.licenses import is_listed
from fairreg.schemas.record import Creator, ModelRecord, RelationType

__all__ = [
    "FILE_NAME",
    "KEEPS",
    "MEDIA_TYPES",
    "NAME",
    "NARROWS",
    "OF_THE_VERSION",
    "document",
    "read",
    "text_of",
    "write",
]

NAME = "codemeta"
FILE_NAME = "codemeta.json"
MEDIA_TYPES = ("application/vnd.codemeta.ld+json",)
KEEPS = frozenset(
    {"name", "description", "version", "publisher", "date_created", "date_published", "date_modified"}
)
NARROWS: Mapping[str, str] = {
    "identifiers": "the DOI of this version, publications, and the address of the repository",
    "creators": "names as Family, Given; affiliations of persons only",
    "license": "an SPDX identifier as its address, anything else as text",
    "license_stated": "where there is no SPDX identifier",
    "keywords": "a single keyword must not hold a comma",
    "relations": "the repository of the source code; works cited and wholes that have a known address",
}
# Facts about one version of an object, which must not be copied from another version's file.
OF_THE_VERSION = ("@id", "identifier", "version", "datePublished", "dateModified")
# Schemes by which a reader of the file knows another object.
_RESOLVING = frozenset({"doi", "arxiv", "github", "url"})
_CONTEXT = "https://w3id.org/codemeta/3.0"


def write(record: ModelRecord) -> str:
    """Return the file's text."""
    return text_of(document(record))


def text_of(stated: Mapping[str, Any]) -> str:
    """Return the JSON of a file's members; empty ones are left out."""
    return json_text(filled_members(stated))


def document(record: ModelRecord, *, requirements: Iterable[str] = ()) -> dict[str, Any]:
    """Return the file's members, empty ones included. `requirements` are packages with their versions."""
    address = record.doi_url
    return {
        "@context": _CONTEXT,
        "@type": "SoftwareSourceCode",
        "@id": address,
        "identifier": address,
        "name": record.name,
        "version": record.version,
        "dateCreated": record.date_created,
        "datePublished": record.date_published,
        "dateModified": record.date_modified,
        "description": record.description,
        "license": _licence(record.license) or record.license_stated,
        "codeRepository": repository_of(record),
        "keywords": list(record.keywords),
        "softwareRequirements": list(requirements),
        "referencePublication": [item.url for item in papers_of(record)],
        "citation": _addresses(record, "cites"),
        "isPartOf": _addresses(record, "is_part_of"),
        "author": [_author(item) for item in record.creators],
        "publisher": {"@type": "Organization", "name": record.publisher} if record.publisher else None,
    }


def _addresses(record: ModelRecord, relation: RelationType) -> list[str]:
    """Return the addresses of related objects that a reader of the file knows."""
    targets = (item for item in record.related(relation) if item.scheme in _RESOLVING)
    return [item.url for item in targets if item.url]


def _licence(stated: str | None) -> str | None:
    return SPDX + stated if stated and is_listed(stated) else stated


def _author(item: Creator) -> dict[str, Any]:
    known: dict[str, Any] = {"@id": ORCID + item.orcid} if item.orcid else {}
    if is_group(item):
        return known | {"@type": "Organization", "name": item.name}
    family, given = parts(item)
    name = {"@type": "Person", "givenName": given, "familyName": family}
    place = {"@type": "Organization", "name": item.affiliation} if item.affiliation else None
    return {key: value for key, value in (known | name | {"affiliation": place}).items() if value}


def read(document: str | bytes, *, name: str = FILE_NAME) -> Reading[FileFacts]:
    """Read the file into typed facts, as linked data of other tools is read."""
    parsed = parsed_object(document, name=name)
    if parsed.value is None:
        return Reading(FileFacts(name, NAME, fault=parsed.fault))
    from fairreg.formats.linked_data.software_file import read_software  # not needed to write the file

    return read_software(parsed.value, name=name)
