# SPDX-License-Identifier: MIT
"""schema.org (https://schema.org) in plain JSON-LD, for search engines and FAIR judges.

A judge that knows no FAIR4ML takes a model for nothing, and one that cannot reach schema.org takes a document
with its context for empty: so a model is source code first, and the vocabulary stands in the document.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from fairreg.formats.base import filled_members, json_text
from fairreg.formats.contents import media_type
from fairreg.formats.crates.data import address, size_in_words
from fairreg.formats.crates.related import SCHEMA_ORG
from fairreg.formats.crates.root import calendar_date, identifiers_of, page_of
from fairreg.formats.creator_names import is_group
from fairreg.formats.related import papers_of, repository_of
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.jsonld import iri_of_record
from fairreg.schemas.jsonld_terms import ORCID, ROR, SPDX
from fairreg.schemas.licenses import is_listed
from fairreg.schemas.record import AccessLevel, Creator, Distribution, ModelRecord, RelationType
from fairreg.schemas.text import one_line

__all__ = ["KEEPS", "MEDIA_TYPES", "NAME", "NARROWS", "PROFILE", "TYPES", "node", "write"]

NAME = "schema-org"
PROFILE = "https://schema.org/"
# The last one is that of DataCite's content negotiation.
MEDIA_TYPES = (
    "application/ld+json",
    f'application/ld+json; profile="{PROFILE}"',
    "application/vnd.schemaorg.ld+json",
)
KEEPS = frozenset({"name", "description", "alternate_names", "version", "publisher", "language", "keywords"})
NARROWS: Mapping[str, str] = {
    "identifier": "the address that it resolves to, as the name of the node, and among the identifiers",
    "kind": "a model is source code, with FAIR4ML's type beside it",
    "provenance": "the address of the page",
    "identifiers": "those of the object itself, publications, and the address of the repository",
    "creators": "names, ORCID or ROR, affiliation",
    "license": "an SPDX identifier as its address, anything else as text",
    "license_stated": "where there is no SPDX identifier",
    "date_created": "an ISO 8601 date",
    "date_published": "an ISO 8601 date",
    "date_modified": "an ISO 8601 date",
    "distributions": "files outside archives: name, address, size, media type and SHA-256",
    "relations": "works cited, wholes, and what the object is based on, where they have an address",
    "access": "its level, in the terms of COAR",
}
_CONTEXT = {"@vocab": PROFILE}
TYPES: Mapping[str, str] = {
    "model": "SoftwareSourceCode",
    "dataset": "Dataset",
    "software": "SoftwareSourceCode",
}
_MODEL = "https://w3id.org/fair4ml#MLModel"
_PROV = "http://www.w3.org/ns/prov#"
# COAR Controlled Vocabulary for Access Rights 1.0; gated files are restricted ones.
_ACCESS: Mapping[AccessLevel, str] = {
    "open": "http://purl.org/coar/access_right/c_abf2",
    "embargoed": "http://purl.org/coar/access_right/c_f1cf",
    "restricted": "http://purl.org/coar/access_right/c_16ec",
    "gated": "http://purl.org/coar/access_right/c_16ec",
    "closed": "http://purl.org/coar/access_right/c_14cb",
}
_SOURCES: tuple[RelationType, ...] = ("trained_on", "fine_tuned_from", "is_derived_from")
_DATA: frozenset[RelationType] = frozenset({"trained_on"})


def write(record: ModelRecord) -> str:
    """Return the JSON-LD document."""
    return json_text(node(record))


def node(record: ModelRecord, *, page: str | None = None) -> dict[str, Any]:
    """Return the described object with its context; `page` is an address where it is described.

    Without one it is the page of the record's source.
    """
    source = page_of(record)
    return filled_members(
        {
            "@context": _CONTEXT,
            "@id": iri_of_record(record),
            "@type": [TYPES[record.kind], _MODEL] if record.kind == "model" else TYPES[record.kind],
            "name": record.name,
            "alternateName": list(record.alternate_names),
            "description": record.description,
            "identifier": identifiers_of(record),
            "url": page or source,
            "sameAs": source if page else None,
            "version": record.version,
            **_people(record),
            "publisher": _organisation(record.publisher),
            "license": _licence(record),
            "keywords": [word for word in record.keywords if one_line(word)],
            "inLanguage": record.language,
            "dateCreated": calendar_date(record.date_created),
            "datePublished": calendar_date(record.date_published),
            "dateModified": calendar_date(record.date_modified),
            **_access(record),
            "codeRepository": None if record.kind == "dataset" else address(repository_of(record)),
            "distribution": [_file(item) for item in record.distributions if item.path is None],
            **_related(record),
            **_origin(record),
        }
    )


def _people(record: ModelRecord) -> dict[str, Any]:
    """Return the creators under both words that readers look for."""
    found = [_creator(item) for item in record.creators if one_line(item.name)]
    return {"creator": found, "author": found}


def _creator(item: Creator) -> dict[str, Any]:
    ror = ROR + item.ror if item.ror else None
    place = ROR + item.affiliation_rors[0] if len(item.affiliation_rors) == 1 else None
    return filled_members(
        {
            "@type": "Organization" if is_group(item) else "Person",
            "@id": ORCID + item.orcid if item.orcid else ror,
            "name": item.name,
            "affiliation": _organisation(item.affiliation, place),
        }
    )


def _organisation(name: str | None, iri: str | None = None) -> dict[str, str] | None:
    if not one_line(name or ""):
        return None
    return filled_members({"@type": "Organization", "@id": iri, "name": name})


def _licence(record: ModelRecord) -> str | None:
    if record.license is None:
        return record.license_stated
    return SPDX + record.license if is_listed(record.license) else record.license


def _access(record: ModelRecord) -> dict[str, Any]:
    if record.access is None:
        return {}
    level = record.access.level
    # What is not open may be free of charge all the same.
    return {"isAccessibleForFree": True if level == "open" else None, "conditionsOfAccess": _ACCESS[level]}


def _file(item: Distribution) -> dict[str, Any]:
    digests = (checksum.partition(":") for checksum in item.checksums)
    return filled_members(
        {
            "@type": "DataDownload",
            "name": item.name,
            "contentUrl": address(item.url),
            "encodingFormat": item.media_type or media_type(item.name),
            "contentSize": size_in_words(item),
            "sha256": next((value for name, _, value in digests if name == "sha256"), None),
        }
    )


def _related(record: ModelRecord) -> dict[str, list[dict[str, str]]]:
    """Return the objects behind relations by term, each once, and the publications of the object."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for item in record.relations:
        term, iri = SCHEMA_ORG.get(item.type), address(item.target.url)
        if term and iri:
            kind = "Dataset" if item.type in _DATA else "CreativeWork"
            found.setdefault(term, {}).setdefault(iri, _work(item.target, iri, kind))
    for paper in papers_of(record):
        if iri := address(paper.url):
            found.setdefault("citation", {}).setdefault(iri, _work(paper, iri, "ScholarlyArticle"))
    return {term: list(works.values()) for term, works in found.items()}


def _work(target: Identifier, iri: str, kind: str) -> dict[str, str]:
    return {"@type": kind, "@id": iri, "identifier": iri, "name": target.value}


def _origin(record: ModelRecord) -> dict[str, Any]:
    """Return what PROV-O says of it; the terms stand in full, as the context has one vocabulary only."""
    people = (ORCID + item.orcid for item in record.creators if item.orcid)
    sources = (address(item.url) for item in record.related(*_SOURCES))
    return {
        f"{_PROV}wasAttributedTo": _references(people),
        f"{_PROV}wasDerivedFrom": _references(sources),
    }


def _references(iris: Iterable[str | None]) -> list[dict[str, str]]:
    return [{"@id": iri} for iri in dict.fromkeys(iris) if iri]
