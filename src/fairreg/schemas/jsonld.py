# SPDX-License-Identifier: MIT
"""The linked-data view of a record: FAIR4ML, schema.org, CodeMeta, DCT and PROV terms.

``from_jsonld(to_jsonld(record)) == record`` holds for every record. The context stands in the document, so
that any JSON-LD processor reads the same triples without a request.
"""

import re
from typing import Any
from urllib.parse import quote

from fairreg.errors import IdentifierError
from fairreg.schemas.contexts import context
from fairreg.schemas.identifiers import Identifier, parse
from fairreg.schemas.jsonld_terms import LISTS, ORCID, RELATION_TERMS, SPDX, SPDX_ID, TEXTS, TYPES
from fairreg.schemas.record import (
    Access,
    Creator,
    Distribution,
    Evaluation,
    ModelRecord,
    Provenance,
    Relation,
    Tensor,
)

__all__ = ["to_jsonld", "to_turtle"]

Node = dict[str, Any]

_IRI = re.compile(r"https?://[^\s<>\"{}|\\^`\x00-\x20]+")


def to_jsonld(record: ModelRecord) -> Node:
    """The JSON-LD document of a record, context included."""
    node: Node = {
        "@context": context(),
        "@id": _iri_of_record(record),
        "@type": TYPES[record.kind],
        "recordIdentifier": record.identifier,
    }
    node |= {term: getattr(record, field) for field, term in TEXTS.items()}
    node |= {term: list(getattr(record, field)) for field, term in LISTS.items()}
    node |= {
        "identifier": [_identifier_node(item) for item in record.identifiers],
        "creator": [_creator_node(item) for item in record.creators],
        "publisher": _prune({"@type": "Organization", "name": record.publisher}),
        "distribution": [_distribution_node(item) for item in record.distributions],
        "hasEvaluation": [_evaluation_node(item) for item in record.evaluations],
        "input": [_tensor_node(item) for item in record.inputs],
        "output": [_tensor_node(item) for item in record.outputs],
        "access": _access_node(record.access) if record.access else None,
        "provenance": _provenance_node(record.provenance),
    }
    node |= _license_terms(record.license)
    node |= _relation_terms(record.relations)
    return _prune(node)


def to_turtle(record: ModelRecord) -> str:
    """The record's triples in Turtle."""
    import json

    from rdflib import Graph

    graph = Graph()
    graph.parse(data=json.dumps(to_jsonld(record)), format="json-ld")
    return graph.serialize(format="turtle")


def _identifier_node(item: Identifier) -> Node:
    return _prune(
        {"@type": "PropertyValue", "propertyID": item.scheme, "value": item.value, "evidence": item.evidence}
    )


def _creator_node(item: Creator) -> Node:
    affiliation = (
        {"@type": "Organization", "name": item.affiliation} if item.affiliation is not None else None
    )
    return _prune(
        {
            "@type": "Person" if item.kind == "person" else "Organization",
            "@id": ORCID + item.orcid if item.orcid else None,
            "name": item.name,
            "affiliation": affiliation,
        }
    )


def _distribution_node(item: Distribution) -> Node:
    return _prune(
        {
            "@type": "DataDownload",
            "name": item.name,
            "contentUrl": item.url,
            "contentSize": item.size,
            "digest": list(item.checksums),
            "encodingFormat": item.media_type,
            "format": item.format,
            "path": item.path,
        }
    )


def _relation_terms(relations: tuple[Relation, ...]) -> Node:
    terms: dict[str, list[Node]] = {}
    for position, item in enumerate(relations):
        url = item.target.url
        node = {
            "@type": "RelatedObject",
            "@id": url if url and _IRI.fullmatch(url) else None,
            "identifier": _identifier_node(item.target),
            "targetKind": item.target_kind,
            "position": position,
        }
        terms.setdefault(RELATION_TERMS[item.type], []).append(_prune(node))
    return terms


def _license_terms(license_id: str | None) -> Node:
    if license_id is None:
        return {}
    if SPDX_ID.fullmatch(license_id):
        return {"license": SPDX + license_id}
    return {"licenseExpression": license_id}


def _evaluation_node(item: Evaluation) -> Node:
    return _prune(
        {
            "@type": "Evaluation",
            "metric": item.metric,
            "value": item.value,
            "evaluationDataset": item.dataset,
            "split": item.split,
        }
    )


def _tensor_node(item: Tensor) -> Node:
    features = [
        _prune({"@type": "Feature", "name": f.name, "unitText": f.unit, "description": f.description})
        for f in item.features
    ]
    return _prune(
        {
            "@type": "Tensor",
            "name": item.name,
            "dtype": item.dtype,
            "shape": list(item.shape),
            "feature": features,
            "description": item.description,
        }
    )


def _access_node(item: Access) -> Node:
    return _prune(
        {
            "@type": "Access",
            "accessLevel": item.level,
            "accessConditions": item.conditions,
            "accessUntil": item.until,
        }
    )


def _provenance_node(item: Provenance) -> Node:
    origins = [
        _prune({"@type": "FieldOrigin", "field": o.field, "origin": o.origin, "evidence": o.evidence})
        for o in item.origins
    ]
    return _prune(
        {
            "@type": "Provenance",
            "source": item.source,
            "sourceId": item.source_id,
            "url": item.url,
            "generatedAtTime": item.retrieved,
            "payloadSha256": item.payload_sha256,
            "fieldOrigin": origins,
        }
    )


def _iri_of_record(record: ModelRecord) -> str:
    main = _parsed(record.identifier)
    if main is None or main.compact != record.identifier:
        main = next((item for item in record.identifiers if item.compact == record.identifier), None)
    url = main.url if main else None
    return url if url and _IRI.fullmatch(url) else "urn:fairreg:" + quote(record.identifier, safe=":")


def _prune(node: Node) -> Node:
    """Without empty members; a node that says nothing but its type is empty too."""
    kept = {key: value for key, value in node.items() if value is not None and value not in ([], {})}
    return kept if set(kept) - {"@type"} else {}


def _parsed(text: str) -> Identifier | None:
    try:
        return parse(text)
    except IdentifierError:
        return None
