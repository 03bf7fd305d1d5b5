# SPDX-License-Identifier: MIT
"""fair4ml.jsonld: the record in FAIR4ML 0.1, completed from the catalogue and the model files.

Additions are marked in the document itself, as inferred or computed, until the author confirms them.
"""

from pathlib import PurePosixPath

import msgspec

from fairreg.assessment.evidence import ModelFact
from fairreg.assessment.findings import origin_of
from fairreg.assessment.remedies.base import Draft
from fairreg.assessment.remedies.facts import Facts
from fairreg.formats import fair4ml
from fairreg.schemas.record import FieldOrigin, ModelRecord, Relation

__all__ = ["NAME", "SERVES", "draft"]

NAME = fair4ml.FILE_NAME
SERVES = ("F2-3", "I2-1", "R1-2", "R3-1")
_ADDED = (
    "description", "creators", "license", "keywords", "ml_task", "model_category", "frameworks",
    "date_published", "intended_use", "limitations",
)  # fmt: skip
_SPECIFIC = (
    "ml_task",
    "model_category",
    "frameworks",
    "inputs",
    "parameter_count",
    "intended_use",
    "evaluations",
)
_WANTED = {
    "ml_task": "mlTask",
    "model_category": "modelCategory",
    "frameworks": "framework",
    "intended_use": "intendedUse",
    "limitations": "modelRisksBiasLimitations",
    "evaluations": "hasEvaluation (metric, value, evaluationDataset and split of each result)",
}


def draft(facts: Facts) -> Draft | None:
    """Draft the file; unknown terms are left out and listed for the author.

    None without a fact specific to FAIR4ML: the file would only look like metadata. None, too, where one was
    published, which only its author can complete.
    """
    if any(PurePosixPath(item.path).name == NAME for item in facts.evidence.documents):
        return None
    record = _record(facts)
    if not (record.related("trained_on") or any(getattr(record, name) for name in _SPECIFIC)):
        return None
    missing = [term for name, term in _WANTED.items() if not getattr(record, name)]
    missing += [] if record.related("trained_on") else ["trainedOn"]
    asked = [f"Add {', '.join(missing)}."] if missing else []
    marked = sorted({item.field for item in record.provenance.origins if item.origin == "inferred"})
    confirm = [f"Confirm {', '.join(marked)}, and then delete their fieldOrigin entries."] if marked else []
    return Draft(NAME, fair4ml.write(record), SERVES, (*asked, *confirm))


def _record(facts: Facts) -> ModelRecord:
    record = facts.record
    added = {name: facts.first(name) for name in _ADDED if not getattr(record, name) and facts.first(name)}
    if facts.added("license"):  # the catalogue alone knows it, but its author is to grant it
        added.pop("license", None)
    read = _read_in(facts.graph) if facts.graph and not (record.inputs or record.outputs) else {}
    if facts.parameter_count and record.parameter_count is None:
        read["parameter_count"] = facts.parameter_count
    trained = _trained_on(facts)
    origins = [FieldOrigin(field=name, origin="inferred", evidence=_source(facts, name)) for name in added]
    origins += [FieldOrigin(field=name, origin="computed", evidence=_measured(facts)) for name in read]
    if trained and origin_of(record, "relations") == "stated":
        origins.append(
            FieldOrigin(field="relations", origin="inferred", evidence="trained_on: " + _why(facts))
        )
    whole = {**added, **read, "relations": (*record.relations, *trained)}
    origin = msgspec.structs.replace(record.provenance, origins=(*record.provenance.origins, *origins))
    return msgspec.structs.replace(record, provenance=origin, **whole)


def _read_in(graph: ModelFact) -> dict[str, object]:
    return {"inputs": graph.inputs, "outputs": graph.outputs}


def _trained_on(facts: Facts) -> tuple[Relation, ...]:
    held = {item.key for item in facts.record.related("trained_on")}
    return tuple(
        Relation(type="trained_on", target=item, target_kind="dataset")
        for item in facts.training_data
        if item.key not in held
    )


def _source(facts: Facts, name: str) -> str:
    return "fairreg's catalogue" if facts.added(name) else "DataCite"


def _measured(facts: Facts) -> str:
    file = facts.graph or next(item for item in facts.evidence.models if item.parameter_count)
    return f"read in {facts.inside(file.file)}"


def _why(facts: Facts) -> str:
    return facts.training_data[0].evidence or "what the published files say"
