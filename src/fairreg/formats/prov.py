# SPDX-License-Identifier: MIT
"""prov.jsonld: known provenance of the model in PROV-O (https://www.w3.org/TR/prov-o/)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from fairreg.formats.base import json_text
from fairreg.formats.related import code_of, training_data_of
from fairreg.schemas.jsonld import iri_of_record
from fairreg.schemas.jsonld_terms import ORCID
from fairreg.schemas.record import Distribution, ModelRecord

__all__ = [
    "FILE_NAME",
    "KEEPS",
    "MEDIA_TYPES",
    "NAME",
    "NARROWS",
    "TrainingRun",
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
# Terms of the record of one run.
_XSD = "http://www.w3.org/2001/XMLSchema#"
_RUN_CONTEXT: dict[str, Any] = {
    "schema": "http://schema.org/",
    "value": "http://schema.org/value",
    "additionalProperty": "http://schema.org/additionalProperty",
    "wasAssociatedWith": {"@id": _PROV + "wasAssociatedWith", "@type": "@id"},
    **{term: {"@id": _PROV + term, "@type": _XSD + "dateTime"} for term in ("startedAtTime", "endedAtTime")},
}
_COMMENT = {"comment": "http://www.w3.org/2000/01/rdf-schema#comment"}
_TRAINING = "#training"


@dataclass(frozen=True)
class TrainingRun:
    """One training, as the program that ran it recorded it.

    Times are ISO 8601, `commit` is that of the code, `settings` are hyperparameters, versions and hardware by
    name, `data` is the path of the file of training data, with its SHA-256.
    """

    started: str | None = None
    ended: str | None = None
    commit: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    data: str | None = None
    data_sha256: str | None = None


def write(record: ModelRecord) -> str:
    """Return the file's text; files without an address are named relative to it."""
    return text_of(record, iri=iri_of_record(record))


def text_of(
    record: ModelRecord, *, iri: str, comment: str | None = None, run: TrainingRun | None = None
) -> str:
    """Return the file's text with the model named by `iri`; a comment for people stands at the model.

    `run` is the training that made the model, where its program recorded it.
    """
    whole, *others = _with_run(_graph(record, iri), record, run) if run else _graph(record, iri)
    context = _CONTEXT | (_RUN_CONTEXT if run else {})
    if comment is None:
        return json_text({"@context": context, "@graph": [whole, *others]})
    return json_text({"@context": context | _COMMENT, "@graph": [whole | {"comment": comment}, *others]})


def _with_run(graph: list[dict[str, Any]], record: ModelRecord, run: TrainingRun) -> list[dict[str, Any]]:
    """Return the graph with the recorded activity in the place of what the record alone tells of it."""
    whole, *others = (item for item in graph if item["@id"] != _TRAINING)
    data: list[dict[str, Any]] = []
    if run.data:
        data.append(
            {"@id": quote(run.data), "@type": "prov:Entity", "name": run.data, "sha256": run.data_sha256}
        )
    activity: dict[str, Any] = {
        "@id": _TRAINING,
        "@type": "prov:Activity",
        "name": "training",
        "startedAtTime": run.started,
        "endedAtTime": run.ended,
        "used": [*sources_of(record), *(item["@id"] for item in data)],
        "wasAssociatedWith": people_of(record),
        "additionalProperty": [
            {
                "@type": "schema:PropertyValue",
                "name": name,
                "value": json.dumps(value) if _is_nested(value) else value,
            }
            for name, value in {"commit": run.commit, **run.settings}.items()
            if value is not None
        ],
    }
    found = [whole | {"wasGeneratedBy": _TRAINING}, activity, *data, *others]
    return [{key: value for key, value in item.items() if value} for item in found]


def _is_nested(value: Any) -> bool:
    return isinstance(value, dict | list)


def sources_of(record: ModelRecord) -> list[str]:
    """Return addresses of the model's inputs: training data, then the code at its version."""
    code = code_of(record)
    return [*_data(record), *([code] if code else [])]


def people_of(record: ModelRecord) -> list[str]:
    """Return addresses of the model's creators."""
    return [ORCID + item.orcid for item in record.creators if item.orcid]


def _data(record: ModelRecord) -> list[str]:
    return [item.url for item in training_data_of(record) if item.url]


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
