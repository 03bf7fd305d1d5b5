# SPDX-License-Identifier: MIT
"""Linked-data view of a record: FAIR4ML, schema.org, CodeMeta, DCT and PROV terms.

``from_jsonld(to_jsonld(record)) == record`` holds for every record. The context stands in the document, so
that any JSON-LD processor reads the same triples without a request. Creators stand under `author`, too:
schema.org has both, and many tools read that one alone.
"""

import re
from collections.abc import Iterator
from itertools import count
from urllib.parse import quote

from fairreg.schemas.contexts import context
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.jsonld_terms import (
    LISTS,
    ORCID,
    RELATION_TERMS,
    ROR,
    SPDX,
    TEXTS,
    TYPES,
    Node,
    identifier_in,
    prune,
)
from fairreg.schemas.licenses import is_listed
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
from fairreg.sources import is_from_files, source_named

__all__ = ["iri_of_record", "to_jsonld", "to_turtle"]

_IRI = re.compile(r"https?://[^\s<>\"{}|\\^`\x00-\x20]+")


def to_jsonld(record: ModelRecord) -> Node:
    """Return the JSON-LD document of a record, context included."""
    creators = [_creator_node(item, number) for number, item in enumerate(record.creators, 1)]
    node: Node = {
        "@context": context(),
        "@id": iri_of_record(record),
        "@type": TYPES[record.kind],
        "recordIdentifier": record.identifier,
    }
    node |= {term: getattr(record, field) for field, term in TEXTS.items()}
    node |= {term: list(getattr(record, field)) for field, term in LISTS.items()}
    node |= {
        "identifier": [_identifier_node(item) for item in record.identifiers],
        "creator": creators,
        "author": creators,
        "publisher": prune({"@type": "Organization", "name": record.publisher}),
        "distribution": [_distribution_node(item) for item in record.distributions],
        "hasEvaluation": [_evaluation_node(item) for item in record.evaluations],
        "input": [_tensor_node(item) for item in record.inputs],
        "output": [_tensor_node(item) for item in record.outputs],
        "access": _access_node(record.access) if record.access else None,
        "provenance": _provenance_node(record.provenance),
    }
    node["sdLicense"] = _metadata_terms(record.provenance)
    node |= _license_terms(record.license)
    node |= _relation_terms(record.relations)
    return prune(node)


def to_turtle(record: ModelRecord) -> str:
    """Return the record's triples in Turtle, the same bytes for the same record."""
    import json

    from rdflib import Graph

    document = to_jsonld(record)
    # rdflib gives a blank node a random name and sorts by it, so that output would differ between runs.
    _name_nodes({term: value for term, value in document.items() if term != "@context"}, count())
    graph = Graph()
    graph.parse(data=json.dumps(document), format="json-ld")
    return graph.serialize(format="turtle")


def _name_nodes(value: object, numbers: Iterator[int]) -> None:
    if isinstance(value, list):
        for item in value:
            _name_nodes(item, numbers)
    elif isinstance(value, dict):
        for item in list(value.values()):
            _name_nodes(item, numbers)
        if "@type" in value:
            value.setdefault("@id", f"_:n{next(numbers):06}")


def _metadata_terms(provenance: Provenance) -> str | None:
    """Return the address of the licence, or of the terms, that all sources of the metadata have."""
    # What fairreg computes itself is under no terms.
    others = {name for name in provenance.merged_from if not is_from_files(name)}
    terms = {_terms_of(source) for source in (provenance.source, *others)}
    # Several in one document would read as if each held for all of it.
    return terms.pop() if len(terms) == 1 else None


def _terms_of(source: str) -> str | None:
    terms = source_named(source).metadata_terms
    if terms is None or terms.license is not None:
        return SPDX + terms.license if terms and terms.license else None
    return terms.url if terms.date else None  # else it is where to look for terms


def _identifier_node(item: Identifier) -> Node:
    return prune(
        {"@type": "PropertyValue", "propertyID": item.scheme, "value": item.value, "evidence": item.evidence}
    )


def _creator_node(item: Creator, number: int) -> Node:
    """Return the node of a creator. It has a name of its own, as two lists hold it and it is one person."""
    ror = ROR + item.ror if item.ror else None
    rors = [ROR + ror for ror in item.affiliation_rors]
    affiliation = {"@type": "Organization", "name": item.affiliation, "identifier": rors}
    if prune(affiliation):
        affiliation["@id"] = f"_:affiliation{number}"
    return prune(
        {
            "@type": "Person" if item.kind == "person" else "Organization",
            "@id": ORCID + item.orcid if item.orcid else ror or f"_:creator{number}",
            "name": item.name,
            "identifier": ror if item.orcid else None,
            "affiliation": prune(affiliation),
        }
    )


def _distribution_node(item: Distribution) -> Node:
    return prune(
        {
            "@type": "DataDownload",
            "name": item.name,
            "contentUrl": item.url,
            "contentSize": item.size,
            "sizeIsRounded": item.size_is_rounded or None,
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
            "statedType": item.stated_type,
            "position": position,
        }
        terms.setdefault(RELATION_TERMS[item.type], []).append(prune(node))
    return terms


def _license_terms(license_id: str | None) -> Node:
    if license_id is None:
        return {}
    if is_listed(license_id):
        return {"license": SPDX + license_id}
    return {"licenseExpression": license_id}


def _evaluation_node(item: Evaluation) -> Node:
    return prune(
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
        prune({"@type": "Feature", "name": f.name, "unitText": f.unit, "description": f.description})
        for f in item.features
    ]
    return prune(
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
    return prune(
        {
            "@type": "Access",
            "accessLevel": item.level,
            "accessConditions": item.conditions,
            "accessUntil": item.until,
        }
    )


def _provenance_node(item: Provenance) -> Node:
    origins = [
        prune({"@type": "FieldOrigin", "field": o.field, "origin": o.origin, "evidence": o.evidence})
        for o in item.origins
    ]
    return prune(
        {
            "@type": "Provenance",
            "source": item.source,
            "sourceId": item.source_id,
            "url": item.url,
            "generatedAtTime": item.retrieved,
            "payloadSha256": item.payload_sha256,
            "fieldOrigin": origins,
            "mergedFrom": list(item.merged_from),
        }
    )


def iri_of_record(record: ModelRecord) -> str:
    """Return the IRI of the described object: where its identifier resolves, else a URN."""
    main = next((item for item in record.identifiers if item.compact == record.identifier), None)
    if main is None and (parsed := identifier_in(record.identifier)) and parsed.compact == record.identifier:
        main = parsed
    url = main.url if main else None
    return url if url and _IRI.fullmatch(url) else "urn:fairreg:" + quote(record.identifier, safe=":")
