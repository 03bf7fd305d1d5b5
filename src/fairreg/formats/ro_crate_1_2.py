# SPDX-License-Identifier: MIT
"""RO-Crate 1.2 with the terms of FAIR4ML, and the training of a model as a Process Run Crate.

https://w3id.org/ro/crate/1.2, https://w3id.org/fair4ml, https://w3id.org/ro/wfrun/process/0.5. Terms that
RO-Crate's context lacks are defined by an inline one.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fairreg.formats import jsonld
from fairreg.formats.base import Reading, filled_members, json_text
from fairreg.formats.crates.data import DESCRIPTOR, add_files
from fairreg.formats.crates.entities import Entities, Entity, Reference
from fairreg.formats.crates.related import add_object, add_related
from fairreg.formats.crates.root import REQUIRED, crate, described
from fairreg.formats.crates.training import add_training
from fairreg.formats.related import papers_of
from fairreg.formats.requirements import require
from fairreg.schemas.contexts import context
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.jsonld_terms import RELATION_TERMS
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.runs import has_weights
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

NAME = "ro-crate-1.2"
FILE_NAME = DESCRIPTOR
MEDIA_TYPES = ('application/ld+json; profile="https://w3id.org/ro/crate/1.2"',)
KEEPS = frozenset(
    {
        *("name", "description", "alternate_names", "version", "publisher", "language"),
        *("frameworks", "formats", "parameter_count", "intended_use", "limitations", "usage", "evaluations"),
    }
)
NARROWS: Mapping[str, str] = {
    "identifier": "among the identifiers",
    "kind": "a model or a dataset; software is read as a dataset",
    "provenance": "the address of the page",
    "identifiers": "those of the object itself and of publications, without evidence; "
    "the DOI of all versions is a relation",
    "creators": "names, ORCID, affiliation; a single ROR of the affiliation names it",
    "license": "read back where it is SPDX",
    "license_stated": "where there is no SPDX identifier",
    "keywords": "each once; a single keyword must not hold a comma",
    "ml_task": "a single one must not hold a comma",
    "model_category": "a single one must not hold a comma",
    "date_created": "an ISO 8601 date",
    "date_published": "an ISO 8601 date",
    "date_modified": "an ISO 8601 date",
    "distributions": "files outside archives: name, address, size, media type and digests",
    "relations": "their types and targets; training also as an action with its code, data and weights",
    "access": "its level, gated as restricted, the end of an embargo, and conditions",
}
_CONTEXT = "https://w3id.org/ro/crate/1.2/context"
# Software in a crate is a file of it (RO-Crate 1.2, section "Scripts"), which its root is not.
_TYPES = {"model": ("Dataset", "MLModel"), "dataset": ("Dataset",), "software": ("Dataset",)}
# In the context of RO-Crate itself.
_CRATE_TERMS = frozenset({"citation", "isPartOf", "hasPart"})
# Others that a crate is described with, from the context of fairreg.
_FACTS = (
    *("MLModel", "Evaluation", "mlTask", "modelCategory", "framework", "parameterCount", "intendedUse"),
    *("modelRisksBiasLimitations", "usageInstructions", "hasEvaluation", "metric", "split"),
    *("evaluationDataset", "md5", "digest"),
)
_PUBLICATION = "referencePublication"


def write(record: ModelRecord) -> str:
    """Return the file's text. Raises Inexpressible without what RO-Crate requires."""
    return json_text(document(record))


def document(record: ModelRecord) -> Entity:
    """Return the crate as JSON-LD. Raises Inexpressible."""
    require_expressible(record)
    entities = Entities()
    root = described(entities, record, _TYPES[record.kind])
    weights = "MLModel" if record.kind == "model" else None
    files = add_files(entities, record.distributions, weights=weights, digests=True)
    # Before other relations, so that code is told as such.
    root |= add_training(entities, record, [found for item, found in files if has_weights(item)])
    root |= _of_models(entities, record) | _relations(entities, record)
    root["hasPart"] = [*(reference for _, reference in files), *root.get("hasPart", [])]
    used = {"@graph": [filled_members(root), *entities.listed()]}
    return crate([_CONTEXT, dict(_terms(used))], "1.2", root, entities)


def require_expressible(record: ModelRecord) -> None:
    """Raise Inexpressible without what RO-Crate requires."""
    require(record, "RO-Crate 1.2", REQUIRED)


def _terms(used: Entity) -> Iterator[tuple[str, str]]:
    """Yield the inline context: terms in use that RO-Crate's own lacks, with their IRIs."""
    known = context()
    words = {word for entity in used["@graph"] for word in (*entity, *_types_of(entity))}
    for term in (*_FACTS, *RELATION_TERMS.values()):
        if term in words and term not in _CRATE_TERMS:
            definition = known[term]
            yield term, definition["@id"] if isinstance(definition, dict) else definition
    if _PUBLICATION in words:
        yield _PUBLICATION, f"{known['codemeta']}{_PUBLICATION}"


def _types_of(entity: Entity) -> list[str]:
    types = entity["@type"]
    return types if isinstance(types, list) else [types]


def _of_models(entities: Entities, record: ModelRecord) -> Entity:
    """Return the properties of the root that FAIR4ML and fairreg define."""
    return {
        "encodingFormat": list(record.formats),
        "mlTask": list(record.ml_task),
        "modelCategory": list(record.model_category),
        "framework": list(record.frameworks),
        "parameterCount": record.parameter_count,
        "intendedUse": record.intended_use,
        "modelRisksBiasLimitations": record.limitations,
        "usageInstructions": record.usage,
        "hasEvaluation": [
            entities.add_local(
                "evaluation",
                {
                    "@type": "Evaluation",
                    "metric": item.metric,
                    "value": item.value,
                    "evaluationDataset": item.dataset,
                    "split": item.split,
                },
                again=True,
            )
            for item in record.evaluations
        ],
    }


def _relations(entities: Entities, record: ModelRecord) -> dict[str, list[Reference]]:
    found = add_related(entities, record, RELATION_TERMS)
    found[_PUBLICATION] = [add_object(entities, item, "ScholarlyArticle") for item in papers_of(record)]
    if record.concept_doi and one_line(record.concept_doi):
        whole = add_object(entities, Identifier("doi", record.concept_doi))
        found["isVersionOf"] = [*found.get("isVersionOf", []), whole]
    return found


def read(document: str | bytes, *, name: str = FILE_NAME) -> Reading[Any]:
    """Read the record, and the names of properties without a field in it. Raises RecordError."""
    return jsonld.read(document, name=name)
