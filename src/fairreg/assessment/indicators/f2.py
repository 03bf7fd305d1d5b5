# SPDX-License-Identifier: MIT
"""F2 (Duarte et al. 2023, Table 1).

The AI model is described with rich metadata.
"""

import re

from fairreg.assessment.base import Citation, Finding, indicator
from fairreg.assessment.content.packaged_metadata import stated_fields
from fairreg.assessment.content.prose import clean, is_placeholder, words
from fairreg.assessment.evidence import Evidence
from fairreg.assessment.findings import (
    cite_datacite,
    cite_document,
    cite_field,
    cite_model,
    cite_probe,
    cite_record,
    cite_text,
    failed,
    field_words,
    free_texts,
    graded,
    is_prose,
    origin_of,
    partial,
    passed,
    unknown,
    why_unregistered,
)
from fairreg.assessment.lineage import may_be_registered
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
    missing = [field_words(name) for name, citation in present.items() if citation is None]
    cited = [citation for citation in present.values() if citation is not None]
    remedy = f"Add {', '.join(missing) or 'the names of the persons who made it'} to the record at its host."
    reason = f"{_CORE - len(missing)} of {_CORE} core fields are stated"
    persons, unread = any(map(_is_person, _creators(evidence))), why_unregistered(evidence)
    if not missing and not persons and not unread:
        return partial(f"{reason}, but the creator is an account.", *cited, remedy=remedy)
    missed = f"; {', '.join(missing)} missing." if missing else "."
    found, full = _CORE - len(missing), _CORE if persons else _CORE + 1
    return graded(found, reason + missed, *cited, full=full, half=4, remedy=remedy, unread=unread)


def _core(evidence: Evidence) -> dict[str, Citation | None]:
    record = evidence.record
    named = not is_placeholder(record.name)
    stated = _records(evidence)
    found: dict[str, Citation | None] = {
        "creators": _cite_creators(evidence),
        "name": cite_record(evidence, "name", record.name) if named else None,
        "identifiers": next(
            (cite_record(evidence, "identifiers", item.compact) for item in record.identifiers), None
        ),
        "publisher": _first_stated(evidence, "publisher"),
        "date_published": next(
            (
                cite_field(evidence, item, name, getattr(item, name))
                for item in stated
                for name in ("date_published", "date_created")
                if getattr(item, name)
            ),
            None,
        ),
        "stated_type": _first_stated(evidence, "stated_type"),
    }
    types = evidence.datacite.types if evidence.datacite else ()
    if found["stated_type"] is None and types:
        found["stated_type"] = next(iter(cite_datacite(evidence, "types", types[0])))
    return found


def _records(evidence: Evidence) -> list[ModelRecord]:
    return [evidence.record, *([evidence.datacite.record] if evidence.datacite else [])]


def _first_stated(evidence: Evidence, field: str) -> Citation | None:
    stated = ((item, getattr(item, field)) for item in _records(evidence))
    return next((cite_field(evidence, item, field, value) for item, value in stated if value), None)


def _cite_creators(evidence: Evidence) -> Citation | None:
    creators = _creators(evidence)
    stated = next((item for item in _records(evidence) if set(creators) & set(item.creators)), None)
    names = [item.name for item in creators]
    return None if stated is None else cite_field(evidence, stated, "creators", names)


def _creators(evidence: Evidence) -> list[Creator]:
    """Return the record's creators, or DataCite's where the record has none or only the account."""
    both = [
        [item for item in record.creators if not is_placeholder(item.name)] for record in _records(evidence)
    ]
    persons = next((listed for listed in both if any(map(_is_person, listed))), None)
    return persons or next(filter(None, both), [])


def _is_person(creator: Creator) -> bool:
    return creator.kind == "person" and (
        creator.orcid is not None or bool({" ", ","} & set(creator.name.strip()))
    )


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
    both = _records(evidence)
    described = max(both, key=lambda item: words(clean(item.description)))
    indexed = max(both, key=lambda item: len(_keywords(item)))
    text, keywords = clean(described.description), _keywords(indexed)
    reason = (
        f"The abstract has {counted(words(text), 'word')}, and there "
        f"{'is' if len(keywords) == 1 else 'are'} {counted(len(keywords), 'keyword')}."
    )
    cited = [cite_field(evidence, described, "description", text)] if text else []
    cited += [cite_field(evidence, indexed, "keywords", keywords)] if keywords else []
    asked = [] if words(text) >= 50 else ["write an abstract of at least 50 words"]  # noqa: PLR2004 - the rule's
    asked += [] if len(keywords) >= 3 else ["give three keywords"]  # noqa: PLR2004 - the rule's number
    if not asked:
        return passed(reason, *cited)
    told = " and ".join(asked)
    remedy = f"{told[0].upper()}{told[1:]} in the record."
    if unread := why_unregistered(evidence):
        return unknown(f"{reason} {unread}", *cited)
    if words(text) >= 10 or keywords:  # noqa: PLR2004 - the rule's numbers
        return partial(reason, *cited, remedy=remedy)
    return failed(reason, *cited, remedy=remedy)


def _keywords(record: ModelRecord) -> tuple[str, ...]:
    """Return the keywords that say something, without those of a form."""
    return tuple(word for word in record.keywords if not (_FORM.fullmatch(word) or is_placeholder(word)))


_FORM = re.compile(r"(?:key ?words?|tags?|terms?|subjects?|none|n/?a|xxx|\.{3})[ _-]?\d*", re.IGNORECASE)


@indicator(
    "F2-3",
    weight=3,
    title="ML-specific metadata",
    passes="at least 4 of task, architecture, framework, signature and intended use as structured fields",
    partial="2 or 3 of them, or only inferable from the files or named in prose",
    fails="at most 1",
    corresponds_to=("ML-R1.3-01M", "Chen F2 richness"),
)
def machine_learning(evidence: Evidence) -> Finding:
    """Fields stated by the record or a file beside the model; inferred ones and prose give a partial."""
    stated = _stated(evidence)
    inferable = _inferable(evidence, stated)
    cited = list(stated.values())
    both = [*cited, *inferable.values()]
    lacking = ", ".join(words for name, words in _ASKED.items() if name not in stated)
    remedy = f"State {lacking} in the record, in fair4ml.jsonld or in the front matter of MODEL_CARD.md."
    named = ", ".join(map(field_words, stated)) or "none"
    reason = f"{len(stated)} of 5 fields are structured ({named})"
    if len(stated) >= _STRUCTURED:
        return passed(f"{reason}.", *cited)
    if inferable:
        reason = f"{reason}; inferred, not stated: {', '.join(map(field_words, inferable))}"
    if len(stated) >= _SOME:
        return partial(f"{reason}.", *cited, remedy=remedy)
    if len(stated) + len(inferable) >= _SOME:
        return partial(f"{reason}.", *both, remedy=remedy)
    told = {name: item for name, item in _told(evidence).items() if name not in stated | inferable}
    if len(stated) + len(inferable) + len(told) >= _SOME:
        return partial(
            f"{reason}; stated in prose only: {', '.join(told)}.", *both, *told.values(), remedy=remedy
        )
    if unread := evidence.why_unread("standard", "definitions", "readme", "model_card", "docs"):
        return unknown(f"{reason}. {unread}", *cited)
    return failed(f"{reason}.", *both, remedy=remedy)


# Fields of a record, as a remedy asks for them.
_ASKED = {
    "ml_task": "task",
    "model_category": "architecture",
    "frameworks": "framework",
    "inputs": "inputs and outputs",
    "intended_use": "intended use",
}


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
        if value and origin_of(record, name) == "stated" and not is_prose(record, name)
    }
    shipped = {name: cite_document(*item) for name, item in stated_fields(evidence).items()}
    return shipped | own


def _told(evidence: Evidence) -> dict[str, Citation]:
    found: dict[str, Citation] = {}
    for document in free_texts(evidence, "model_card", "readme", "docs"):
        from fairreg.assessment.content.reported import described_fields

        for name, said in described_fields(document).items():
            found.setdefault(name, cite_text(evidence, document, said))
    return found


def _inferable(evidence: Evidence, stated: dict[str, Citation]) -> dict[str, Citation]:
    record, found = evidence.record, {}
    for name in ("ml_task", "model_category", "frameworks", "inputs", "intended_use"):
        if getattr(record, name) and (origin_of(record, name) != "stated" or is_prose(record, name)):
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
        if probe.outcome != "absent" or may_be_registered(evidence):
            return unknown("No machine-readable record was read.")
        remedy = "Publish the model where its metadata can be read by a machine, for example at Zenodo."
        return failed(
            "The host offers no machine-readable record.", cite_probe(evidence, "source_api"), remedy=remedy
        )
    types = [item for item in (record.stated_type, *(datacite.types if datacite else ())) if item]
    cited = _cite_type(evidence)
    if any(item.lower().replace(" ", "") in _MODEL_TYPES for item in types):
        return passed("The record is machine-readable and typed as a model.", *cited)
    if unread := why_unregistered(evidence):
        return unknown(f"The record is not typed as a model. {unread}", *cited)
    remedy = "Set the resource type of the record to Model."
    reason = f"The record is machine-readable, but its type is {types[0] if types else 'not stated'}."
    return partial(reason, *cited, remedy=remedy)


def _cite_type(evidence: Evidence) -> list[Citation]:
    """Cite the documents that parse, and the types that they state."""
    record, datacite = evidence.record, evidence.datacite
    read = record.provenance.payload_sha256
    cited = [cite_record(evidence, "provenance", record.provenance.source)] if read else []
    cited += [cite_record(evidence, "stated_type", record.stated_type)] if record.stated_type else []
    if datacite is not None:
        cited += cite_datacite(evidence, "types", datacite.types) if datacite.types else ()
        cited += cite_datacite(evidence, "state", datacite.state) if datacite.state else ()
    return cited
