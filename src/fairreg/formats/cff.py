# SPDX-License-Identifier: MIT
"""CITATION.cff, Citation File Format 1.2.0 (https://github.com/citation-file-format/citation-file-format)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fairreg.formats.base import Reading
from fairreg.formats.creator_names import parts
from fairreg.formats.file_facts import (
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
    listed_as_written,
    object_as_written,
    orcids_as_written,
    prose,
    read_object,
    swhids,
)
from fairreg.formats.plain_yaml import load_yaml, yaml_text
from fairreg.formats.related import repository_of
from fairreg.schemas.identifiers import Identifier, normalise_doi
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.json_values import tracked
from fairreg.schemas.jsonld_terms import ORCID
from fairreg.schemas.record import Creator, ModelRecord

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

NAME = "cff"
FILE_NAME = "CITATION.cff"
MEDIA_TYPES = ("application/vnd.cff+yaml",)
KEEPS = frozenset({"name", "description", "version"})
NARROWS: Mapping[str, str] = {
    "kind": "software or dataset: a model is software",
    "identifiers": "the DOI of this version, and the address of the repository on GitHub",
    "creators": "names as Family, Given; affiliations of persons only",
    "license": "one SPDX identifier, not an expression",
    "keywords": "each once",
    "date_published": "a complete date only",
    "relations": "the repository of the source code",
}
# Facts about one version of an object, which must not be copied from another version's file.
OF_THE_VERSION = ("cff-version", "doi", "version", "date-released")
# The schema's own patterns (citation-file-format 1.2.0, schema.json: definitions doi and date).
_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]\\]+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MESSAGE = "If you use this model, please cite it by the DOI of the version that you used."
_FIRST = ("cff-version", "message", "title", "type", "authors", "abstract", "version", "doi")
_REQUIRED = ("cff-version", "message", "title", "authors")
_CONCEPT = re.compile(r"\bconcept\b|\ball (?:the )?versions\b", re.IGNORECASE)
_PAPERS = re.compile(r"article|conference-paper|proceedings|thesis|report|book|unpublished|manual|pamphlet")


def write(record: ModelRecord) -> str:
    """Return the file's text. Without creators it lacks the authors that the format requires."""
    return text_of(document(record))


def text_of(stated: Mapping[str, Any]) -> str:
    """Return the YAML of a file's members, the most informative first; empty ones are left out."""
    return yaml_text({key: stated[key] for key in _FIRST if key in stated} | dict(stated))


def document(record: ModelRecord) -> dict[str, Any]:
    """Return the file's members, empty ones included."""
    day = record.date_published or ""
    return {
        "cff-version": "1.2.0",
        "doi": record.doi if record.doi and _DOI.fullmatch(record.doi) else None,
        "version": record.version,
        "date-released": day if _DAY.fullmatch(day) else None,
        "message": _MESSAGE,
        "title": record.name,
        "type": "dataset" if record.kind == "dataset" else "software",
        "authors": [_author(item) for item in record.creators],
        "abstract": record.description,
        "license": record.license if re.fullmatch(r"[\w.+-]+", record.license or "") else None,
        "keywords": list(dict.fromkeys(record.keywords)),
        "repository-code": repository_of(record),
    }


def _author(item: Creator) -> dict[str, str]:
    orcid = f"{ORCID}{item.orcid}" if item.orcid else ""
    if item.kind == "organization":
        named = {"name": item.name, "orcid": orcid}
    else:
        family, given = parts(item)
        named = {"family-names": family, "given-names": given, "orcid": orcid}
        named["affiliation"] = item.affiliation or ""
    return {key: value for key, value in named.items() if value}


def read(document: str | bytes, *, name: str = FILE_NAME) -> Reading[FileFacts]:
    """Read the file into typed facts."""
    return read_object(document, _facts, name=name, role="citation", load=_load, language="YAML")


def _load(text: str) -> Any:
    return tracked(load_yaml(text))


def _facts(name: str, top: JsonNode) -> FileFacts:
    preferred = top["preferred-citation"]
    return FileFacts(
        name,
        "citation",
        title=top["title"].title,
        abstract=prose(top["abstract"]),
        version=top["version"].text,
        released=top["date-released"].date,
        type=top["type"].text,
        # CFF 1.2: several licences are alternatives.
        **licence(*top["license"].items(), any_of=True),
        repository=top["repository-code"].address,
        creators=creators(top["authors"], _creator),
        keywords=keywords(top["keywords"]),
        identifiers=tuple(_identifiers(name, top)),
        relations=(*cited(_dois_of(preferred), "cites"), *cited(_dois_of(top["references"]), "references")),
        as_written=_as_written(top.value),
    )


def _as_written(stated: dict[str, Any]) -> AsWritten:
    listed = [object_as_written(item) for item in listed_as_written(stated.get("identifiers"))]
    authors = [object_as_written(item) for item in listed_as_written(stated.get("authors"))]
    required = [stated.get(key) for key in _REQUIRED]
    return AsWritten(
        complete=all(required),
        dois=dois_as_written([stated.get("doi"), *(item.get("value") for item in listed)]),
        license=first_as_written(stated.get("license")),
        orcids=orcids_as_written(author.get("orcid") for author in authors),
        publications=dois_as_written([object_as_written(stated.get("preferred-citation")).get("doi")]),
        repository=first_as_written(stated.get("repository-code")),
        commit=first_as_written(stated.get("commit")),
    )


def _identifiers(name: str, top: JsonNode) -> Iterator[Identifier]:
    for item in top["identifiers"].items():
        value, described = item["value"].text, item["description"].text or ""
        if item["type"].text == "doi" or normalise_doi(value or ""):
            yield from doi_identifiers(
                value, f"{name}: identifiers", concept=bool(_CONCEPT.search(described))
            )
        elif item["type"].text == "swh":
            yield from swhids(value or "", name)
    yield from doi_identifiers(top["doi"].text, f"{name}: doi")
    preferred = top["preferred-citation"]
    paper = preferred["journal"].stated or _PAPERS.search(preferred["type"].text or "")
    for doi in _dois_of(preferred):
        yield Identifier("paper_doi" if paper else "related_doi", doi.value, f"{name}: preferred-citation")


def _dois_of(node: JsonNode) -> list[Identifier]:
    found = (normalise_doi(item["doi"].text or "") for item in node.items() if item.is_object)
    return [Identifier("doi", doi) for doi in found if doi]


def _creator(item: JsonNode) -> Creator | None:
    family = " ".join(part for part in (item["name-particle"].text, item["family-names"].text) if part)
    name_parts = (family, item["given-names"].text, item["name-suffix"].text)
    person = ", ".join(part for part in name_parts if part) or item["alias"].text
    entity = item["name"].text
    name, affiliation = entity or person or item.text, item["affiliation"].text
    return creator(name, item["orcid"].text, affiliation, person=not entity)
