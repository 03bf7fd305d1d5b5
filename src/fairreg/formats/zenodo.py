# SPDX-License-Identifier: MIT
""".zenodo.json: metadata that Zenodo copies into the record of the next release that it archives.

https://developers.zenodo.org/#github; the members are those of Zenodo's deposit metadata.
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from fairreg.formats.base import Reading, filled_members, json_text
from fairreg.formats.creator_names import inverted, is_group
from fairreg.formats.file_facts import (
    AsWritten,
    FileFacts,
    creator,
    creators,
    doi_identifiers,
    dois_as_written,
    first_as_written,
    keywords,
    licence,
    listed_as_written,
    object_as_written,
    orcids_as_written,
    prose,
    read_object,
)
from fairreg.formats.related import code_of, papers_of, training_data_of
from fairreg.schemas.datacite_terms import identifier_of, typed_relation
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.record import Access, AccessLevel, Creator, ModelRecord, Relation, RelationType
from fairreg.sources import ARXIV, DOI

__all__ = ["FILE_NAME", "KEEPS", "MEDIA_TYPES", "NAME", "NARROWS", "document", "read", "text_of", "write"]

NAME = "zenodo"
FILE_NAME = ".zenodo.json"
MEDIA_TYPES = ("application/vnd.zenodo.metadata+json",)
KEEPS = frozenset({"name", "description"})
NARROWS: Mapping[str, str] = {
    "kind": "software or dataset: a model is software",
    "identifiers": "publications, as related identifiers",
    "creators": "names as Family, Given; an organisation is told like a person, unless its name says so",
    "license": "read back where it is SPDX",
    "keywords": "a single keyword must not hold a comma",
    "relations": "source code at its version, training data as what the object is derived from; works cited, "
    "parts, wholes, documentation and requirements by DOI, arXiv number or address",
    "access": "its level, where Zenodo has it, conditions of restricted and the end of embargoed access",
}


_Member = dict[str, str | None]
_LEVELS: Mapping[str, AccessLevel] = {
    "open": "open",
    "restricted": "restricted",
    "closed": "closed",
    "embargoed": "embargoed",
}
# Relations in Zenodo's words; those between versions are its own to state.
_RELATIONS: Mapping[RelationType, str] = {
    "cites": "cites",
    "references": "references",
    "is_part_of": "isPartOf",
    "has_part": "hasPart",
    "is_documented_by": "isDocumentedBy",
    "requires": "requires",
}


def write(record: ModelRecord) -> str:
    """Return the file's text, without DOI and version: Zenodo gives the next release its own."""
    return text_of(document(record))


def text_of(stated: Mapping[str, Any]) -> str:
    """Return the JSON of a file's members; empty ones are left out."""
    return json_text(filled_members(stated))


def document(record: ModelRecord) -> dict[str, Any]:
    """Return the file's members, empty ones included."""
    return {
        "title": record.name,
        "upload_type": "dataset" if record.kind == "dataset" else "software",
        "description": record.description,
        "creators": [_author(item) for item in record.creators],
        "license": record.license,
        "keywords": list(record.keywords),
        **_access(record),
        "related_identifiers": _related(record),
    }


def _author(item: Creator) -> dict[str, str]:
    known = (("name", inverted(item)), ("orcid", item.orcid), ("affiliation", item.affiliation))
    return {key: value for key, value in known if value}


def _access(record: ModelRecord) -> dict[str, str | None]:
    stated = record.access
    if stated is None or stated.level not in _LEVELS:
        return {}
    day = stated.until if stated.level == "embargoed" else None
    conditions = stated.conditions if stated.level == "restricted" else None
    return {"access_right": stated.level, "embargo_date": day, "access_conditions": conditions}


def _related(record: ModelRecord) -> list[_Member]:
    code = code_of(record)
    sources: list[_Member] = [{"identifier": code, "relation": "isSupplementTo"}] if code else []
    data: list[_Member] = [
        {"identifier": item.value, "relation": "isDerivedFrom", "resource_type": "dataset"}
        for item in training_data_of(record)
    ]
    published: list[_Member] = [
        {
            "identifier": _name_of(item),
            "relation": "isDescribedBy",
            "resource_type": "publication-article",
        }
        for item in papers_of(record)
    ]
    others: list[_Member] = [
        {"identifier": name, "relation": _RELATIONS[item.type]}
        for item in record.relations
        if item.type in _RELATIONS and (name := _name_of(item.target)) and name != code
    ]
    return [*sources, *data, *published, *others]


def _name_of(item: Identifier) -> str | None:
    """Return the DOI, the arXiv number or the address of an object, which Zenodo recognises."""
    return (
        item.value
        if item.scheme == DOI.name
        else f"arXiv:{item.value}"
        if item.scheme == ARXIV.name
        else item.url
    )


def read(document: str | bytes, *, name: str = FILE_NAME) -> Reading[FileFacts]:
    """Read the file into typed facts."""
    return read_object(document, _facts, name=name, role="zenodo")


def _facts(name: str, top: JsonNode) -> FileFacts:
    related = [item for item in top["related_identifiers"].items() if item.is_object]
    return FileFacts(
        name,
        "zenodo",
        title=top["title"].title,
        abstract=prose(top["description"]),
        version=top["version"].text,
        type=top["upload_type"].text,
        **licence(top["license"]["id"] if top["license"].is_object else top["license"]),
        creators=creators(top["creators"], _creator),
        keywords=keywords(top["keywords"]),
        identifiers=tuple(doi_identifiers(top["doi"].text, f"{name}: doi")),
        relations=tuple(found for item in related if (found := _relation(item))),
        access=_stated_access(top),
        as_written=_as_written(top.value),
    )


def _relation(item: JsonNode) -> Relation | None:
    target = identifier_of(item["identifier"].text, item["scheme"].text)
    return typed_relation(target, item["relation"].text, kind=item["resource_type"].text)


def _stated_access(top: JsonNode) -> Access | None:
    """Return the access that the next release is to have; None for a word that Zenodo does not know."""
    until, conditions = top["embargo_date"].date, prose(top["access_conditions"])
    known = _LEVELS.get(top["access_right"].text or "")
    return Access(level=known, conditions=conditions, until=until) if known else None


def _as_written(stated: dict[str, Any]) -> AsWritten:
    people = [object_as_written(item) for item in listed_as_written(stated.get("creators"))]
    stated_licence = stated.get("license")
    return AsWritten(
        complete=bool(stated),
        dois=dois_as_written([stated.get("doi")]),
        license=first_as_written(object_as_written(stated_licence).get("id") or stated_licence),
        orcids=orcids_as_written(person.get("orcid") for person in people),
    )


def _creator(item: JsonNode) -> Creator | None:
    found = creator(item["name"].text or item.text, item["orcid"].text, item["affiliation"].text, person=True)
    return replace(found, kind="organization") if found and is_group(found) else found
