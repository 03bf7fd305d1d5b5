# SPDX-License-Identifier: MIT
"""codemeta.json: written in the terms of CodeMeta 3.0, read in those of 2 and 3 (https://codemeta.github.io)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fairreg.formats.base import Reading, filled_members, json_text
from fairreg.formats.creator_names import is_group, parts
from fairreg.formats.file_facts import (
    RESOLVING,
    AsWritten,
    FileFacts,
    cited,
    creator,
    creators,
    doi_identifiers,
    dois_as_written,
    first_as_written,
    keywords,
    licence,
    listed,
    listed_as_written,
    named,
    object_as_written,
    orcids_as_written,
    papers,
    prose,
    read_object,
    reference,
    swhids,
)
from fairreg.formats.related import papers_of, repository_of
from fairreg.schemas.identifiers import Identifier, normalise_orcid
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.json_values import TrackedObject
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
    "identifiers": "the DOI of this version, publications, and the address of the repository on GitHub",
    "creators": "names as Family, Given; affiliations of persons only",
    "license": "an SPDX identifier as its address, anything else as text",
    "license_stated": "where there is no SPDX identifier",
    "keywords": "a single keyword must not hold a comma",
    "relations": "the repository of the source code; works cited and wholes that have a known address",
}
# Facts about one version of an object, which must not be copied from another version's file.
OF_THE_VERSION = ("@id", "identifier", "version", "datePublished", "dateModified")
_CONTEXT = "https://w3id.org/codemeta/3.0"
_MOST_PLACED = 1000  # nodes put where they are referred to
_REFERENCES = 6  # lists and objects from the software to an author, an affiliation and its identifier


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
    targets = (item for item in record.related(relation) if item.scheme in RESOLVING)
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
    """Read the file into typed facts."""
    return read_object(document, _facts, name=name, role="codemeta", load=_load)


def _load(text: str) -> Any:
    """Parse the file; of a graph the software is returned, with the nodes that it refers to in place."""
    parsed = json.loads(text, object_hook=TrackedObject)
    graph = dict.get(parsed, "@graph") if isinstance(parsed, dict) else None
    nodes = [item for item in graph if isinstance(item, TrackedObject)] if isinstance(graph, list) else []
    described = next((item for item in nodes if "Software" in str(_keyword(item, "type"))), None)
    if described is None:
        return parsed
    by_id = {str(_keyword(item, "id")): item for item in nodes if item is not described}
    whole = _in_place(described, by_id, _REFERENCES, iter(range(_MOST_PLACED)))
    return TrackedObject({"@context": parsed.get("@context"), **whole})


def _keyword(node: dict[str, Any], name: str) -> Any:
    """Return the value of a keyword of JSON-LD, which CodeMeta 3 writes without its sign."""
    return dict.get(node, f"@{name}", dict.get(node, name))


def _in_place(value: Any, by_id: Mapping[str, Any], depth: int, places: Iterator[int]) -> Any:
    """Return a value with the nodes that it refers to, down to a depth and as long as there are `places`.

    Nodes may refer in a circle, and every one of them to all others.
    """
    if isinstance(value, list):
        return [_in_place(item, by_id, depth - 1, places) for item in value] if depth else value
    if not isinstance(value, dict) or depth == 0:
        return value
    named = by_id.get(str(_keyword(value, "id"))) if len(value) == 1 else None
    node = value if named is None or next(places, None) is None else named
    return TrackedObject({key: _in_place(item, by_id, depth - 1, places) for key, item in node.items()})


def _facts(name: str, top: JsonNode) -> FileFacts:
    published = [found for item in listed(top["referencePublication"]) if (found := reference(item))]
    references = [found for item in listed(top["citation"]) if (found := reference(item))]
    wholes = [found for item in listed(top["isPartOf"]) if (found := reference(item))]
    return FileFacts(
        name,
        "codemeta",
        title=top["name"].label,
        abstract=prose(top["description"]),
        version=top["version"].text or top["softwareVersion"].text,
        publisher=next(filter(None, map(_name_of, listed(top["publisher"]))), None),
        created=top["dateCreated"].date,
        released=top["datePublished"].date,
        modified=top["dateModified"].date,
        **licence(*(named(item) for item in listed(top["license"]))),
        repository=(top["codeRepository"].text or "").removeprefix("git+") or None,
        creators=creators(top["author"], _creator) or creators(top["creator"], _creator),
        keywords=keywords(top["keywords"]),
        identifiers=(*_identifiers(name, top), *papers(published, f"{name}: referencePublication")),
        relations=(*cited(published, "cites"), *cited(references, "cites"), *cited(wholes, "is_part_of")),
        as_written=_as_written(top.value),
    )


def _name_of(item: JsonNode) -> str | None:
    return item["name"].label or item.text


def _as_written(stated: dict[str, Any]) -> AsWritten:
    authors = [object_as_written(item) for item in listed_as_written(stated.get("author"))]
    own = [_referred(item) for item in listed_as_written(stated.get("identifier"))]
    published = [_referred(item) for item in listed_as_written(stated.get("referencePublication"))]
    return AsWritten(
        complete="codemeta" in str(stated.get("@context", "")).lower() and bool(stated.get("name")),
        dois=dois_as_written([*own, stated.get("@id")]),
        license=first_as_written(stated.get("license")),
        orcids=orcids_as_written(author.get("@id") or author.get("id") for author in authors),
        publications=dois_as_written(published),
        repository=first_as_written(stated.get("codeRepository")),
    )


def _referred(item: object) -> object:
    table = object_as_written(item)
    return (table.get("@id") or table.get("value") or table.get("identifier")) if table else item


def _identifiers(name: str, top: JsonNode) -> Iterator[Identifier]:
    for item in (top["@id"], top["id"], *listed(top["identifier"])):
        value = named(item).text or ""
        yield from doi_identifiers(value, f"{name}: identifier")
        yield from swhids(value, name)


def _creator(item: JsonNode) -> Creator | None:
    person = ", ".join(part for part in (item["familyName"].label, item["givenName"].label) if part)
    groups = [text for node in listed(item["affiliation"]) if (text := _name_of(node))]
    ids = [node.text for node in (item["@id"], item["id"], item["identifier"]) if node.text]
    orcid = next((found for text in ids if (found := normalise_orcid(text))), None)
    organisation = "organization" in (item["@type"].text or item["type"].text or "").lower()
    # An author given only by address is a person whose name the file does not state.
    bare = item.text if item.address is None and not normalise_orcid(item.text or "") else None
    return creator(
        person or item["name"].label or bare, orcid, "; ".join(groups) or None, person=not organisation
    )
