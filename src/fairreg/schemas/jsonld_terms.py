# SPDX-License-Identifier: MIT
"""Terms of the context for each field and relation, shared by writing and reading."""

import re
from typing import Any

from fairreg import sources
from fairreg.errors import IdentifierError
from fairreg.schemas.identifiers import Identifier, parse
from fairreg.schemas.record import RelationType

__all__ = [
    "KINDS",
    "LISTS",
    "ORCID",
    "RELATION_TERMS",
    "ROR",
    "SPDX",
    "SPDX_ID",
    "TEXTS",
    "TYPES",
    "Node",
    "identifier_in",
    "prune",
]

Node = dict[str, Any]

SPDX = "https://spdx.org/licenses/"
SPDX_ID = re.compile(r"(?!.*\.(?:html|json)$)[A-Za-z0-9.+-]+")
ORCID = str(sources.ORCID.resolver)
ROR = str(sources.ROR.resolver)
TYPES = {"model": "MLModel", "dataset": "Dataset", "software": "SoftwareSourceCode"}
KINDS = {
    **{term: kind for kind, term in TYPES.items()},
    "SoftwareApplication": "software",
}

RELATION_TERMS: dict[RelationType, str] = {
    "trained_on": "trainedOn",
    "tested_on": "testedOn",
    "evaluated_on": "evaluatedOn",
    "fine_tuned_from": "fineTunedFrom",
    "is_version_of": "isVersionOf",
    "has_version": "hasVersion",
    "is_new_version_of": "isNewVersionOf",
    "is_previous_version_of": "isPreviousVersionOf",
    "is_supplement_to": "isSupplementTo",
    "is_supplemented_by": "isSupplementedBy",
    "is_derived_from": "wasDerivedFrom",
    "is_source_of": "isSourceOf",
    "is_part_of": "isPartOf",
    "has_part": "hasPart",
    "is_identical_to": "isIdenticalTo",
    "is_variant_of": "isVariantOf",
    "cites": "citation",
    "is_cited_by": "isCitedBy",
    "references": "references",
    "is_referenced_by": "isReferencedBy",
    "is_documented_by": "isDocumentedBy",
    "documents": "documents",
    "requires": "requires",
    "is_compiled_by": "isCompiledBy",
    "is_described_by": "isDescribedBy",
    "collects": "collects",
    "is_collected_by": "isCollectedBy",
    "related_to": "relatedTo",
}

# Fields that are a text, a number or a list of texts in both views.
TEXTS = {
    "name": "name",
    "description": "description",
    "version": "version",
    "stated_type": "statedType",
    "license_stated": "licenseStated",
    "language": "inLanguage",
    "date_created": "dateCreated",
    "date_published": "datePublished",
    "date_modified": "dateModified",
    "parameter_count": "parameterCount",
    "intended_use": "intendedUse",
    "limitations": "modelRisksBiasLimitations",
    "usage": "usageInstructions",
    "notes": "notes",
}
LISTS = {
    "alternate_names": "alternateName",
    "keywords": "keywords",
    "ml_task": "mlTask",
    "model_category": "modelCategory",
    "frameworks": "framework",
    "formats": "encodingFormat",
}


def prune(node: Node) -> Node:
    """Return `node` without empty members; a node with only its type counts as empty."""
    kept = {key: value for key, value in node.items() if value is not None and value not in ([], {})}
    return kept if set(kept) - {"@type"} else {}


def identifier_in(text: str) -> Identifier | None:
    """Return the identifier that `text` spells, None for an unknown one."""
    try:
        return parse(text)
    except IdentifierError:
        return None
