# SPDX-License-Identifier: MIT
"""Properties and types that are read, with the field or kind of a record that each gives.

docs/linked-data.md is written from `READS`.
"""

from collections.abc import Mapping

from fairreg.schemas.jsonld_terms import RELATION_TERMS
from fairreg.schemas.record import Kind, RelationType

__all__ = ["KINDS", "READS", "RELATIONS"]

# Types of schema.org, FAIR4ML and Bioschemas that are records here, the most specific kind first.
KINDS: Mapping[str, Kind] = {
    "MLModel": "model",
    "Dataset": "dataset",
    "SoftwareSourceCode": "software",
    "SoftwareApplication": "software",
    "ComputationalTool": "software",
    "ComputationalWorkflow": "software",
    "WebApplication": "software",
    "MobileApplication": "software",
}

RELATIONS: Mapping[str, RelationType] = {
    **{term: relation for relation, term in RELATION_TERMS.items()},
    "validatedOn": "related_to",
    "isBasedOn": "is_derived_from",
    "isBasedOnUrl": "is_derived_from",
    "referencePublication": "cites",
    "subjectOf": "is_described_by",
    "softwareRequirements": "requires",
    "supportingData": "requires",
    "isRelatedTo": "related_to",
}

# Property -> field of the record.
READS: Mapping[str, str] = {
    "name": "name",
    "alternateName": "alternate_names",
    "headline": "name",
    "description": "description",
    "abstract": "description",
    "identifier": "identifiers",
    "sameAs": "identifiers",
    "cite-as": "identifiers",
    "archivedAt": "identifiers",
    "url": "identifiers",
    "mainEntityOfPage": "identifiers",
    "version": "version",
    "softwareVersion": "version",
    "author": "creators",
    "creator": "creators",
    "publisher": "publisher",
    "sharedBy": "publisher",
    "license": "license",
    "keywords": "keywords",
    "inLanguage": "language",
    "dateCreated": "date_created",
    "datePublished": "date_published",
    "dateModified": "date_modified",
    "isAccessibleForFree": "access",
    "conditionsOfAccess": "access",
    "encodingFormat": "formats",
    "fileFormat": "formats",
    "distribution": "distributions",
    "encoding": "distributions",
    "associatedMedia": "distributions",
    "downloadUrl": "distributions",
    "downloadURL": "distributions",
    "contentUrl": "distributions",
    "mlTask": "ml_task",
    "modelCategory": "model_category",
    "framework": "frameworks",
    "intendedUse": "intended_use",
    "modelRisksBiasLimitations": "limitations",
    "modelRisks": "limitations",
    "usageInstructions": "usage",
    "hasEvaluation": "evaluations",
    "parameterCount": "parameter_count",
    "codeRepository": "relations",
    **dict.fromkeys(RELATIONS, "relations"),
}
