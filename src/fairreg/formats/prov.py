# SPDX-License-Identifier: MIT
"""prov.jsonld: known provenance of the model in PROV-O (https://www.w3.org/TR/prov-o/)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fairreg.formats.base import json_text
from fairreg.formats.related import code_of
from fairreg.schemas.jsonld import iri_of_record
from fairreg.schemas.jsonld_terms import ORCID
from fairreg.schemas.record import Distribution, ModelRecord

__all__ = [
    "FILE_NAME",
    "KEEPS",
    "MEDIA_TYPES",
    "NAME",
    "NARROWS",
    "people_of",
    "sources_of",
    "text_of",
    "write",
]

NAME = "prov"
FILE_NAME = "prov.jsonld"
MEDIA_TYPES = ('application/ld+json; profile="http://www.w3.org/ns/prov#"',)
KEEPS = frozenset({"name"})
NARROWS: Mapping[str, str] = {
    "identifier": "the address that it resolves to, as the name of the node",
    "identifiers": "the address of source code at its version, where one of them has it",
    "creators": "persons with an ORCID",
    "relations": "training data and source code at its version",
    "distributions": "names and SHA-256 digests, or addresses",
}
_PROV = "http://www.w3.org/ns/prov#"
_CONTEXT = {
    "prov": _PROV,
    "name": "http://schema.org/name",
    "sha256": "http://schema.org/sha256",
    **{
        term: {"@id": _PROV + term, "@type": "@id"}
        for term in ("wasAttributedTo", "wasGeneratedBy", "used", "wasDerivedFrom", "hadMember")
    },
}
_COMMENT = {"comment": "http://www.w3.org/2000/01/rdf-schema#comment"}
_TRAINING = "#training"


def write(record: ModelRecord) -> str:
    """Return the file's text; files without an address are named relative to it."""
    return text_of(record, iri=iri_of_record(record))


def text_of(record: ModelRecord, *, iri: str, comment: str | None = None) -> str:
    """Return the file's text with the model named by `iri`; a comment for people stands at the model."""
    whole, *others = _graph(record, iri)
    if comment is None:
        return json_text({"@context": _CONTEXT, "@graph": [whole, *others]})
    return json_text({"@context": _CONTEXT | _COMMENT, "@graph": [whole | {"comment": comment}, *others]})


def sources_of(record: ModelRecord) -> list[str]:
    """Return addresses of the model's inputs: training data, then the code at its version."""
    code = code_of(record)
    return [*_data(record), *([code] if code else [])]


def people_of(record: ModelRecord) -> list[str]:
    """Return addresses of the model's creators."""
    return [ORCID + item.orcid for item in record.creators if item.orcid]


def _data(record: ModelRecord) -> list[str]:
    return [item.url for item in record.related("trained_on") if item.url]


def _graph(record: ModelRecord, iri: str) -> list[dict[str, Any]]:
    sources = sources_of(record)
    members = [_file(item) for item in record.distributions]
    whole: dict[str, Any] = {
        "@id": iri,
        "@type": ["prov:Entity", "prov:Collection"],
        "name": record.name,
        "wasAttributedTo": people_of(record),
        "wasGeneratedBy": _TRAINING if sources else None,
        "wasDerivedFrom": _data(record),
        "hadMember": [item["@id"] for item in members],
    }
    activity: dict[str, Any] = {
        "@id": _TRAINING,
        "@type": "prov:Activity",
        "name": "training",
        "used": sources,
    }
    agents: list[dict[str, Any]] = [
        {"@id": ORCID + item.orcid, "@type": ["prov:Agent", "prov:Person"], "name": item.name}
        for item in record.creators
        if item.orcid
    ]
    listed = [whole, *([activity] if sources else []), *members, *agents]
    return [{key: value for key, value in item.items() if value} for item in listed]


def _file(item: Distribution) -> dict[str, Any]:
    name = item.path or item.name
    digests = (digest.partition(":") for digest in item.checksums)
    return {
        "@id": item.url or quote(name, errors="surrogatepass"),
        "@type": "prov:Entity",
        "name": name,
        "sha256": next((value for algorithm, _, value in digests if algorithm == "sha256"), None),
    }
