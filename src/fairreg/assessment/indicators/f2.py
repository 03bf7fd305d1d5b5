# SPDX-License-Identifier: MIT
"""F2 (Duarte et al. 2023, Table 1).

The AI model is described with rich metadata.
"""

from fairreg.assessment.base import Citation, Finding, indicator
from fairreg.assessment.content.packaged_metadata import stated_fields
from fairreg.assessment.content.prose import clean, is_placeholder, words
from fairreg.assessment.evidence import Evidence
from fairreg.assessment.findings import (
    NOT_DOWNLOADED,
    cite_datacite,
    cite_document,
    cite_field,
    cite_model,
    cite_probe,
    cite_record,
    failed,
    graded,
    origin_of,
    partial,
    passed,
    unknown,
)
from fairreg.schemas.record import Creator, ModelRecord
from fairreg.schemas.text import counted

_CORE = 6
_MODEL_TYPES = frozenset({"model", "mlmodel", "aimodel", "machinelearningmodel", "ml-model"})
_STRUCTURED = 4
_SOME = 2


@indicator(
    "F2-1",
    weight=3,
    title="Core citation metadata",
    passes="all six of creators (persons), title, identifier, publisher, date, type",
    partial="four or five of them, or the creator is an account",
    fails="fewer than four",
    corresponds_to=("FsF-F2-01M-2", "FC F2A", "ML-F2-01M"),
)
def citation(evidence: Evidence) -> Finding:
    """Fields that a citation needs; a field that only DataCite has counts too."""
    present = _core(evidence)
    missing = [name for name, value in present.items() if not value]
    cited = [cite_field(evidence, name, value) for name, value in present.items() if value]
    remedy = f"Add {', '.join(missing) or 'the names of the persons who made it'} to the record at its host."
    reason = f"{_CORE - len(missing)} of {_CORE} core fields are stated"
    if not missing and not any(_is_person(item) for item in _creators(evidence)):
        return partial(f"{reason}, but the creator is an account.", *cited, remedy=remedy)
    missed = f"; {', '.join(missing)} missing." if missing else "."
    return graded(_CORE - len(missing), reason + missed, *cited, full=_CORE, half=4, remedy=remedy)


def _core(evidence: Evidence) -> dict[str, str]:
    record = evidence.record
    both = [record, *([evidence.datacite.record] if evidence.datacite else [])]
    types = evidence.datacite.types if evidence.datacite else ()
    return {
        "creators": ", ".join(item.name for item in _creators(evidence)),
        "name": "" if is_placeholder(record.name) else record.name,
        "identifiers": record.identifiers[0].compact if record.identifiers else "",
        "publisher": next((item.publisher for item in both if item.publisher), ""),
        "date_published": next((date for item in both if (date := _date(item))), ""),
        "stated_type": next((item.stated_type for item in both if item.stated_type), "")
        or " ".join(types[:1]),
    }


def _creators(evidence: Evidence) -> list[Creator]:
    """Return the record's creators, or DataCite's where the record has none or only the account."""
    registered = evidence.datacite.record.creators if evidence.datacite else ()
    both = [
        [item for item in stated if not is_placeholder(item.name)]
        for stated in (evidence.record.creators, registered)
    ]
    return next((listed for listed in both if any(map(_is_person, listed))), both[0] or both[1])


def _is_person(creator: Creator) -> bool:
    return creator.kind == "person" and (
        creator.orcid is not None or bool({" ", ","} & set(creator.name.strip()))
    )


def _date(record: ModelRecord) -> str:
    return record.date_published or record.date_created or ""


@indicator(
    "F2-2",
    weight=2,
    title="Core descriptive metadata",
    passes="an abstract of at least 50 words and at least 3 keywords",
    partial="at least 10 words or one keyword",
    fails="neither",
    corresponds_to=("FsF-F2-01M-3", "FRSM-04-F2-1", "FRSM-04-F2-2"),
)
def description(evidence: Evidence) -> Finding:
    """Words of the abstract without markup and template text, and number of keywords."""
    both = [evidence.record, *([evidence.datacite.record] if evidence.datacite else [])]
    text = max((clean(item.description) for item in both), key=words)
    keywords = max((item.keywords for item in both), key=len)
    reason = (
        f"The abstract has {counted(words(text), 'word')}, and there "
        f"{'is' if len(keywords) == 1 else 'are'} {counted(len(keywords), 'keyword')}."
    )
    cited = [cite_field(evidence, "description", text)] if text else []
    cited += [cite_field(evidence, "keywords", keywords)] if keywords else []
    remedy = "Write an abstract of at least 50 words and give three keywords in the record."
    if words(text) >= 50 and len(keywords) >= 3:  # noqa: PLR2004 - the rule's numbers
        return passed(reason, *cited)
    if words(text) >= 10 or keywords:  # noqa: PLR2004 - the rule's numbers
        return partial(reason, *cited, remedy=remedy)
    return failed(reason, *cited, remedy=remedy)


@indicator(
    "F2-3",
    weight=3,
    title="ML-specific metadata",
    passes="at least 4 of task, architecture, framework, signature and intended use as structured fields",
    partial="2 or 3 of them, or only inferable from the files",
    fails="at most 1",
    corresponds_to=("ML-R1.3-01M", "Chen F2 richness"),
)
def machine_learning(evidence: Evidence) -> Finding:
    """Fields stated by the record or a file beside the model; a field that must be inferred is a partial."""
    stated = _stated(evidence)
    inferable = _inferable(evidence, stated)
    cited = list(stated.values())
    both = [*cited, *inferable.values()]
    remedy = "State task, architecture, framework, inputs, outputs and intended use in the record or FAIR4ML."
    reason = f"{len(stated)} of 5 fields are structured ({', '.join(stated) or 'none'})"
    if len(stated) >= _STRUCTURED:
        return passed(f"{reason}.", *cited)
    if len(stated) >= _SOME:
        return partial(f"{reason}.", *cited, remedy=remedy)
    if len(stated) + len(inferable) >= _SOME:
        return partial(f"{reason}; the files tell {', '.join(inferable)}.", *both, remedy=remedy)
    if not evidence.downloaded:
        return unknown(f"{reason}. {NOT_DOWNLOADED}", *cited)
    return failed(f"{reason}.", *both, remedy=remedy)


def _stated(evidence: Evidence) -> dict[str, Citation]:
    record = evidence.record
    fields: dict[str, object] = {
        "ml_task": record.ml_task,
        "model_category": record.model_category,
        "frameworks": record.frameworks,
        "inputs": [item.name for item in record.inputs] if record.outputs else (),
        "intended_use": clean(record.intended_use),
    }
    own = {
        name: cite_record(evidence, name, value)
        for name, value in fields.items()
        if value and origin_of(record, name) == "stated"
    }
    shipped = {name: cite_document(*item) for name, item in stated_fields(evidence).items()}
    return shipped | own


def _inferable(evidence: Evidence, stated: dict[str, Citation]) -> dict[str, Citation]:
    record, found = evidence.record, {}
    for name in ("ml_task", "model_category", "frameworks", "inputs"):
        if getattr(record, name) and origin_of(record, name) != "stated":
            found[name] = cite_record(evidence, name, getattr(record, name))
    for model in evidence.models:
        found.setdefault("frameworks", cite_model(model, "a model file of a known format"))
        if model.inputs and model.outputs:
            found.setdefault(
                "inputs", cite_model(model, [item.name for item in (*model.inputs, *model.outputs)])
            )
    return {name: citation for name, citation in found.items() if name not in stated}


@indicator(
    "F2-4",
    weight=2,
    title="Machine-readable, typed as a model",
    passes="the metadata parses and its type is a model",
    partial="it parses, but its type is software, other or missing",
    fails="prose only",
    corresponds_to=("FsF-I1-01M", "Chen F2 machine-readability", "FRSM-04-F2-3"),
)
def typed(evidence: Evidence) -> Finding:
    """Type in the host's and DataCite's machine-readable record."""
    record, datacite = evidence.record, evidence.datacite
    if not record.provenance.payload_sha256 and not (datacite and datacite.state):
        probe = evidence.probe("source_api")
        if probe.outcome != "absent":
            return unknown("No machine-readable record was read.")
        remedy = "Publish the model where its metadata can be read by a machine, for example at Zenodo."
        return failed(
            "The host offers no machine-readable record.", cite_probe(evidence, "source_api"), remedy=remedy
        )
    types = [item for item in (record.stated_type, *(datacite.types if datacite else ())) if item]
    parses = cite_record(evidence, "provenance", "a payload that parses")
    cited = cite_field(evidence, "stated_type", types or "no type")
    registered = (
        parses,
        *cite_datacite(evidence, "types", types),
        *cite_datacite(evidence, "state", datacite.state if datacite else ""),
    )
    if any(item.lower().replace(" ", "") in _MODEL_TYPES for item in types):
        return passed("The record is machine-readable and typed as a model.", cited, *registered)
    remedy = "Set the resource type of the record to Model."
    reason = f"The record is machine-readable, but its type is {types[0] if types else 'not stated'}."
    return partial(reason, cited, *registered, remedy=remedy)
