# SPDX-License-Identifier: MIT
"""fairreg's own terms: those that the packaged context and an assessment as linked data write.

Terms of schema.org, FAIR4ML, Croissant, Dublin Core and PROV-O are used wherever they exist. docs/terms.md
and docs/terms.ttl are written from this table (``scripts/build_terms.py``).
"""

from typing import Final, NamedTuple

__all__ = ["AGENTS", "CLASSES", "PROPERTIES", "Property"]


class Property(NamedTuple):
    """A property: the type of its values as a prefixed name (``xsd:string``), and its definition."""

    values: str
    definition: str


CLASSES: Final = {
    "Access": "Access to the files of an object: who may have them, under which conditions.",
    "Evaluation": "One reported result of a model: a metric and its value on a part of a dataset.",
    "Feature": "One quantity along an axis of a tensor, with its unit.",
    "FieldOrigin": "Method by which one field of a record was obtained, with its evidence.",
    "Provenance": "Origin of a record: its source, when it was retrieved, and which fields were added.",
    "SourceStatement": "What one source states of an object, as one registry tells another.",
    "RelatedObject": "Another object that a record refers to, in a relation with a type.",
    "Tensor": "Signature of one input or output of a model: name, element type, shape and features.",
}

_TEXT = "xsd:string"
_RELATED = "fairreg:RelatedObject"

_OF_RECORDS = {
    "recordIdentifier": Property(
        _TEXT,
        "Main identifier of the described object in compact form, such as `doi:10.5281/zenodo.7305227`.",
    ),
    "statedType": Property(_TEXT, "The source's own word for the type of an object or of a relation."),
    "licenseExpression": Property(
        _TEXT, "Licence as an SPDX expression, where it is not one identifier of the SPDX License List."
    ),
    "licenseStated": Property(_TEXT, "Licence in the words of the source."),
    "framework": Property(_TEXT, "Software framework that a model was made with."),
    "parameterCount": Property("xsd:integer", "Number of parameters of a model."),
    "notes": Property(_TEXT, "Further remarks that have no field of their own."),
    "evidence": Property(_TEXT, "Place or words that show where a value was found."),
}
_OF_FILES = {
    "format": Property(_TEXT, "Name of the format of a file."),
    "digest": Property(_TEXT, "Checksum of a file as `algorithm:hexadecimal`, such as `sha256:...`."),
    "path": Property(_TEXT, "Path of a file inside the archive that contains it."),
    "sizeIsRounded": Property(
        "xsd:boolean",
        "True where the source states a rounded size, which a download cannot be checked against.",
    ),
}
_OF_ACCESS = {
    "access": Property("fairreg:Access", "Access to the files of an object."),
    "accessLevel": Property(
        _TEXT, "Level of access: `open`, `restricted`, `gated`, `embargoed` or `closed`."
    ),
    "accessConditions": Property(_TEXT, "Conditions of access in the words of the source."),
    "accessUntil": Property(_TEXT, "Last day of an embargo, as an ISO 8601 date."),
}
_OF_ORIGINS = {
    "provenance": Property("fairreg:Provenance", "Origin of a record."),
    "source": Property(_TEXT, "Name of the source of a record."),
    "sourceId": Property(_TEXT, "Identifier of the object at the source."),
    "payloadSha256": Property(_TEXT, "SHA-256 digest, in hexadecimal, of what the source answered."),
    "mergedFrom": Property(_TEXT, "Name of another source that gave a field of a merged record."),
    "fieldOrigin": Property(
        "fairreg:FieldOrigin", "Origin of a field that the source does not state itself."
    ),
    "field": Property(_TEXT, "Name of the field of a record that an origin is about."),
    "origin": Property(_TEXT, "Method by which a field was obtained: `stated`, `inferred` or `computed`."),
}
_OF_MODELS = {
    "input": Property("rdf:List", "Inputs of a model in order, each a Tensor."),
    "output": Property("rdf:List", "Outputs of a model in order, each a Tensor."),
    "dtype": Property(_TEXT, "Type of the elements of a tensor, such as `float32`."),
    "shape": Property("rdf:List", "Dimensions of a tensor in order, each a size or the name of a free axis."),
    "feature": Property("rdf:List", "Features along an axis of a tensor in order, each a Feature."),
    "metric": Property(_TEXT, "Name of the metric of an evaluation."),
    "split": Property(_TEXT, "Part of the dataset on which a model was evaluated."),
    "evaluationDataset": Property(_TEXT, "Dataset on which a model was evaluated, as the source names it."),
}
# Relations of DataCite (Metadata Schema 4, appendix 1) that no vocabulary of this context has.
_RELATIONS = {
    "isNewVersionOf": Property(_RELATED, "The object is a newer version of the other (IsNewVersionOf)."),
    "isPreviousVersionOf": Property(_RELATED, "The object is an older version of it (IsPreviousVersionOf)."),
    "isSupplementTo": Property(_RELATED, "The object supplements the other (IsSupplementTo)."),
    "isSupplementedBy": Property(_RELATED, "The other supplements the object (IsSupplementedBy)."),
    "isSourceOf": Property(_RELATED, "The other is derived from the object (IsSourceOf)."),
    "isIdenticalTo": Property(_RELATED, "Both are the same object at two places (IsIdenticalTo)."),
    "isVariantOf": Property(_RELATED, "The object is a variant form of the other (IsVariantFormOf)."),
    "isCitedBy": Property(_RELATED, "The other cites the object (IsCitedBy)."),
    "isDocumentedBy": Property(_RELATED, "The other documents the object (IsDocumentedBy)."),
    "documents": Property(_RELATED, "The object documents the other (Documents)."),
    "isCompiledBy": Property(_RELATED, "The other compiles or makes the object (IsCompiledBy)."),
    "isDescribedBy": Property(_RELATED, "The other describes the object (IsDescribedBy)."),
    "collects": Property(_RELATED, "The object is a collection that has the other (Collects)."),
    "isCollectedBy": Property(_RELATED, "The other is a collection that has the object (IsCollectedBy)."),
    "relatedTo": Property(
        _RELATED, "The other is related in a way that has no term here; `statedType` gives the source's word."
    ),
    "targetKind": Property(_TEXT, "Type of a related object as the source states it."),
}
_OF_ASSESSMENTS = {
    "verdict": Property(
        _TEXT, "Verdict of an indicator: `pass`, `partial`, `fail`, `not_applicable` or `unknown`."
    ),
    "reason": Property(_TEXT, "Reason of a verdict in one sentence."),
    "remedy": Property(_TEXT, "Next step that would raise the score."),
    "weight": Property(
        "xsd:integer", "Weight of an indicator: 3 for an essential property, 2 an important, 1 a useful one."
    ),
    "coverage": Property(
        "xsd:double", "Share, by weight and from 0 to 1, of the applicable indicators that have a verdict."
    ),
    "lowest": Property(
        "xsd:double", "Score from 0 to 1 where every indicator of which too little is known counts as failed."
    ),
    "highest": Property(
        "xsd:double", "Score from 0 to 1 where every indicator of which too little is known counts as passed."
    ),
    "correspondsTo": Property(_TEXT, "Metric of another FAIR assessment that an indicator corresponds to."),
    "evidenceDigest": Property(_TEXT, "SHA-256 digest of the evidence that an assessment rests on."),
}

_OF_STATEMENTS = {
    "statedRecord": Property(
        "rdf:XMLLiteral",
        "RDF/XML of the record that a source states, where it differs from the record that is merged.",
    ),
    "withdrawalReason": Property(_TEXT, "Reason for which a source withdrew its record, in its words."),
}

# By the heading under which docs/terms.md lists them.
PROPERTIES: Final = {
    "Records": _OF_RECORDS,
    "Files": _OF_FILES,
    "Access": _OF_ACCESS,
    "Origins": _OF_ORIGINS,
    "Statements of sources": _OF_STATEMENTS,
    "Inputs, outputs and results": _OF_MODELS,
    "Relations": _RELATIONS,
    "Assessments": _OF_ASSESSMENTS,
}

# Software agents (PROV-O) that an assessment is associated with.
AGENTS: Final = {"fairreg": "The software that made an assessment."}
