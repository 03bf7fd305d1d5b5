# SPDX-License-Identifier: MIT
"""R1.2 (Duarte et al. 2023, Table 1).

The AI model has detailed provenance, such as its input data preparation and training process.
"""

import re
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Literal

from fairreg.assessment.base import Citation, Finding, indicator
from fairreg.assessment.content.documents import parsed, recorded_commit, stated_in
from fairreg.assessment.content.environment import is_lock, pinned, requirements
from fairreg.assessment.content.packaged_metadata import shipped_signatures
from fairreg.assessment.evidence import Document, Evidence, Role
from fairreg.assessment.findings import (
    SIGNATURE_EXAMPLE,
    cite_document,
    cite_file,
    cite_record,
    cite_relation,
    cite_text,
    failed,
    free_texts,
    graded,
    origin_of,
    partial,
    passed,
    unknown,
    unread_files,
    why_unregistered,
)
from fairreg.assessment.lineage import relations
from fairreg.formats.related import source_revision
from fairreg.schemas.record import ModelRecord, Tensor
from fairreg.sources import source_named

if TYPE_CHECKING:
    from fairreg.assessment.content.training_settings import Setting

_PREPARE = re.compile(
    r"(?:make_dataset|pre_?process\w*|prepare\w*|build_features|feature_extract\w*|transforms?"
    r"|convert(?!\w*(?:onnx|model|weights|checkpoint|torch|keras|tf|pb|safetensors|h5))\w*)"
    r"\.(?:py|ipynb|ya?ml|json|sh)$",
    re.IGNORECASE,
)
_MANY = 4
_DEEPEST = 8
_GENERATION = frozenset({"wasGeneratedBy", "qualifiedGeneration", "generated"})
_SETTINGS: tuple[Role, ...] = ("hyperparameters", "model_card", "readme", "docs", "provenance")
_ON_INPUTS: tuple[Role, ...] = ("definitions", "hyperparameters", "docs", "model_card", "readme")
_CIRCUMSTANCES: tuple[Role, ...] = (*_SETTINGS, "requirements", "citation", "codemeta", "zenodo_json")


@indicator(
    "R1.2-1",
    weight=3,
    title="Training process recorded",
    passes="at least 4 of hyperparameters, optimiser, epochs, split, seed, as data",
    partial="1 to 3 of them, or in sentences only",
    fails="none",
    corresponds_to=("ML-R1.7-01M",),
)
def training(evidence: Evidence) -> Finding:
    """Settings as data (files, front matter, tables, "name: value" lines), else statements in sentences.

    Code does not count: it states possible settings rather than those of this training.
    """
    listed = evidence.of_role(*_SETTINGS)
    read = [document for document in listed if not _is_architecture(document)]
    from fairreg.assessment.content.training_settings import GROUPS, settings_of

    found: dict[str, tuple[Setting, Citation]] = {}
    for document in (*read, *free_texts(evidence)):
        for name, said in settings_of(document).items():
            if name not in found or (said.as_data and not found[name][0].as_data):
                found[name] = said, cite_text(evidence, document, said.shown)
    cited = [citation for _, citation in found.values()]
    prose = [name for name, (said, _) in found.items() if not said.as_data]
    reason = f"{len(found)} of 5 groups are recorded ({', '.join(found) or 'none'})"
    lacking = [name for name in GROUPS if name not in found or name in prose]
    remedy = f"Save {', '.join(lacking)} as hyperparameters.json beside the weights."
    if len(found) - len(prose) >= _MANY:
        return passed(f"{reason}.", *cited)
    unread = None if found else evidence.why_unread(*_SETTINGS)
    only = f", {', '.join(prose)} in prose only." if prose else "."
    return graded(
        min(len(found), _MANY - 1), reason + only, *cited, full=_MANY, half=1, remedy=remedy, unread=unread
    )


def _is_architecture(document: Document) -> bool:
    """Tell whether it is a Hub model's config.json: sizes of the network, but no training settings."""
    if document.path.rsplit("/", 1)[-1] != "config.json":
        return False
    content = parsed(document)
    return isinstance(content, dict) and bool({"architectures", "model_type"} & set(content))


@indicator(
    "R1.2-2",
    weight=3,
    title="Input preparation recorded",
    passes="code or settings that prepare inputs, an ordered feature list, and units or definitions",
    partial="code or list",
    fails="none",
    corresponds_to=("Duarte R1.2", "ML-R1.4-02M"),
)
def preparation(evidence: Evidence) -> Finding:
    """Preparation code among the files, feature list and definitions in record and documents."""
    code = [cite_file(file) for file in evidence.files if _PREPARE.search(file.path)]
    features, listed = _feature_list(evidence)
    defined = _definitions(evidence, features)
    prose = {
        "list": [] if listed else _order_told(evidence),
        "definitions": [] if defined else _units_told(evidence),
    }
    present = {"code": code, "list": listed or prose["list"], "definitions": defined or prose["definitions"]}
    names = [name for name, citations in present.items() if citations]
    cited = [item for citations in present.values() for item in citations]
    told = [name for name, citations in prose.items() if citations]
    asked = [] if code else ["the code that prepares the inputs"]
    lacks_list = not (listed and defined)
    asked += (
        [f"the features, in order and with units, as signature.json ({SIGNATURE_EXAMPLE})"]
        if lacks_list
        else []
    )
    remedy = f"Publish {', and '.join(asked)}."
    if len(names) == len(present) and not told:
        return passed("Code, ordered features and their definitions are all there.", *cited)
    if unread := evidence.why_unread(*_ON_INPUTS):
        return unknown(unread, *cited)
    if code or present["list"]:
        missing = ", ".join(name for name in present if name not in names)
        lacks = f"Of code, list and definitions there is no {missing}." if missing else ""
        only = f"Stated in prose only: {' and '.join(told)}." if told else ""
        return partial(f"{lacks} {only}".strip(), *cited, remedy=remedy)
    return failed("Nothing says how the inputs are prepared.", *cited, remedy=remedy)


def _feature_list(evidence: Evidence) -> tuple[list[str], list[Citation]]:
    stated = [feature.name for tensor in evidence.record.inputs for feature in tensor.features]
    if stated:
        return stated, [cite_record(evidence, "inputs", stated)]
    for document, signature in shipped_signatures(evidence):
        if named := [feature.name for tensor in signature.inputs for feature in tensor.features]:
            return named, [cite_document(document, named)]
    for document, names, _ in _stated_features(evidence):
        if len(names) > 1 and not _inputs().is_metadata(names):
            return names, [cite_text(evidence, document, names)]
    return [], []


def _stated_features(evidence: Evidence) -> Iterator[tuple[Document, list[str], list[str]]]:
    """Yield names of features that a file, table or list states as data, and those of them it defines."""
    for document in evidence.of_role("definitions", "hyperparameters"):
        from fairreg.assessment.content.feature_files import features_of  # few models have such files

        found = features_of(document)
        if len(found) > 1:
            yield document, [item.name for item in found], [item.name for item in found if item.defined]
    for document in free_texts(evidence, "docs", "model_card", "readme"):
        listed = _inputs().listed_inputs(document)
        if listed:
            yield document, [item.name for item in listed], [item.name for item in listed if item.defined]


def _definitions(evidence: Evidence, features: list[str]) -> list[Citation]:
    if told := _described(evidence.record.inputs):
        return [cite_record(evidence, "inputs", told)]
    for document, signature in shipped_signatures(evidence):
        told = _described(signature.inputs)
        if len(told) * 2 >= len(features) > 0:
            return [cite_text(evidence, document, told)]
    for document, names, told in _stated_features(evidence):
        if len(told) * 2 >= len(names):
            return [cite_text(evidence, document, told)]
    for document in free_texts(evidence, "docs", "model_card", "readme"):
        known = _inputs().defined_names(document, features)
        if len(known) * 2 >= len(features) > 0:
            return [cite_text(evidence, document, known)]
    for document in free_texts(evidence, "definitions", "docs", "model_card", "readme"):
        if said := _inputs().units(document, as_data=True):
            return [cite_text(evidence, document, said)]
    return []


def _described(inputs: tuple[Tensor, ...]) -> list[str]:
    """Return the features with a unit or a description."""
    found = [item for tensor in inputs for item in tensor.features if item.unit or item.description]
    return [f"{item.name} [{item.unit}]" if item.unit else item.name for item in found]


def _order_told(evidence: Evidence) -> list[Citation]:
    for document in free_texts(evidence, "docs", "model_card", "readme"):
        if names := _inputs().ordered_names(document):
            return [cite_text(evidence, document, names)]
    return []


def _units_told(evidence: Evidence) -> list[Citation]:
    for document in free_texts(evidence, "docs", "model_card", "readme"):
        if said := _inputs().units(document, as_data=False):
            return [cite_text(evidence, document, said)]
    return []


@indicator(
    "R1.2-3",
    weight=2,
    title="Who, when, with what",
    passes="at least 4 of ORCIDs, dates, commit, software versions, hardware, in fields and files",
    partial="2 or 3 of them, or the rest in sentences only",
    fails="at most 1",
    corresponds_to=("FsF-R1.2-01M-1", "FRSM-06", "FRSM-17", "Chen R1.2"),
)
def circumstances(evidence: Evidence) -> Finding:
    """People, dates, code revision, versions and hardware, in fields and files, else in sentences."""
    present = {
        "ORCIDs": _orcids(evidence),
        "dates": _dates(evidence),
        "commit": _commit(evidence),
        "software versions": _versions(evidence),
        "hardware": _hardware(evidence),
    }
    told = {"software versions": _told(evidence, "versions"), "hardware": _told(evidence, "hardware")}
    prose = {name: citations for name, citations in told.items() if citations and not present[name]}
    found = {name: citations for name, citations in (present | prose).items() if citations}
    missing = [name for name in present if name not in found or name in prose]
    cited = [citation for citations in found.values() for citation in citations]
    only = f", {' and '.join(prose)} in prose only." if prose else "."
    reason = f"{len(found)} of 5 are stated ({', '.join(found) or 'none'}){only}"
    remedy = f"State {', '.join(missing)} of the training, in the record and in hyperparameters.json."
    if len(found) - len(prose) >= _MANY:
        return passed(reason, *cited)
    unread = evidence.why_unread(*_CIRCUMSTANCES) or why_unregistered(evidence)
    count = min(len(found), _MANY - 1)
    return graded(count, reason, *cited, full=_MANY, half=2, remedy=remedy, unread=unread)


def _orcids(evidence: Evidence) -> list[Citation]:
    own = [item.orcid for item in evidence.record.creators if item.orcid]
    found = [cite_record(evidence, "creators", own)] if own else []
    return found + [
        cite_document(item.document, item.facts.orcids) for item in stated_in(evidence) if item.facts.orcids
    ]


def _dates(evidence: Evidence) -> list[Citation]:
    fields = ("date_created", "date_published")
    return [
        cite_record(evidence, name, value) for name in fields if (value := getattr(evidence.record, name))
    ]


def _commit(evidence: Evidence) -> list[Citation]:
    targets = relations(evidence, "is_supplement_to", "is_derived_from", "requires")
    found = [cite_relation(evidence, item) for item in targets if source_revision(item.target)]
    own = [item for item in evidence.record.identifiers if source_revision(item)]
    found += [cite_record(evidence, "identifiers", item.compact) for item in own]
    if _is_commit(evidence.record):
        found.append(cite_record(evidence, "version", evidence.record.version))
    read = evidence.of_role("hyperparameters", "provenance")
    found += [cite_document(item, commit) for item in read if (commit := recorded_commit(item))]
    return found + [
        cite_document(item.document, item.facts.commit) for item in stated_in(evidence) if item.facts.commit
    ]


def _is_commit(record: ModelRecord) -> bool:
    """Tell whether the authors call the version by a commit; a host's own revision is of the upload."""
    by_host = bool(source_named(record.provenance.source).card) or origin_of(record, "version") != "stated"
    return not by_host and bool(re.fullmatch(r"[0-9a-f]{7,40}", record.version or ""))


def _versions(evidence: Evidence) -> list[Citation]:
    for document in evidence.of_role("requirements"):
        exact = [line for line in requirements(document) if pinned(line)]
        if exact or is_lock(document):
            return [cite_document(document, exact or "lock file")]
    for document in evidence.of_role("hyperparameters", "provenance"):
        if said := _reported().versions_as_data(document):
            return [cite_document(document, said)]
    return []


def _hardware(evidence: Evidence) -> list[Citation]:
    for document in evidence.of_role("hyperparameters", "provenance", "model_card", "readme"):
        if said := _reported().hardware_as_data(document):
            return [cite_document(document, said)]
    return []


def _told(evidence: Evidence, what: Literal["versions", "hardware"]) -> list[Citation]:
    for document in free_texts(evidence, "model_card", "readme", "docs"):
        asked = _reported().versions if what == "versions" else _reported().hardware
        if said := asked(document):
            return [cite_text(evidence, document, said)]
    return []


def _generates(value: object, depth: int) -> bool:
    """Tell whether a document says by which activity something was made: in PROV, or an action's result."""
    if isinstance(value, list):
        return depth > 0 and any(_generates(item, depth - 1) for item in value)
    if not isinstance(value, dict) or depth == 0:
        return False
    stated = {re.split(r"[:/#]", str(key))[-1] for key, item in value.items() if item}
    acts = "Action" in str(value.get("@type", value.get("type", "")))
    if stated & _GENERATION or (acts and "result" in stated):
        return True
    return any(_generates(item, depth - 1) for key, item in value.items() if key != "@context")


def _inputs() -> ModuleType:
    from fairreg.assessment.content import inputs  # patterns of English, for models with a text

    return inputs


def _reported() -> ModuleType:
    from fairreg.assessment.content import reported  # patterns of English, for models with a text

    return reported


@indicator(
    "R1.2-4",
    weight=1,
    title="Formal provenance",
    passes="PROV or RO-Crate that parses, with the activity that made the model",
    fails="none",
    corresponds_to=("FsF-R1.2-01M-2", "FRSM-17-R1.2-3"),
)
def formal(evidence: Evidence) -> Finding:
    """A provenance document that parses, and names an activity that made the model."""
    remedy = (
        "Name the training run, its inputs, its outputs and when it ran, in prov.jsonld or "
        "ro-crate-metadata.json."
    )
    read = evidence.of_role("provenance")
    for document in read:
        if _generates(parsed(document), _DEEPEST):
            return passed(f"{document.path} records the provenance.", cite_document(document, document.text))
    if read and evidence.downloaded and not evidence.why_unread("provenance"):
        reason = f"{read[0].path} names no activity that made the model."
        return failed(reason, cite_document(read[0], read[0].text), remedy=remedy)
    return unread_files(
        evidence, "a formal provenance record that parses", remedy=remedy, roles=("provenance",)
    )
