# SPDX-License-Identifier: MIT
"""R1 (Duarte et al. 2023, Table 1).

The AI model is described with a plurality of accurate and relevant attributes.
"""

import re
from typing import get_args

from fairreg.assessment.base import Citation, Finding, indicator
from fairreg.assessment.content.packaged_metadata import (
    ENOUGH_WORDS,
    Topic,
    shipped_evaluations,
    shipped_records,
    stated_about,
)
from fairreg.assessment.content.prose import clean, words
from fairreg.assessment.evidence import Evidence, Role
from fairreg.assessment.findings import (
    cite_document,
    cite_file,
    cite_record,
    cite_text,
    failed,
    free_texts,
    is_prose,
    origin_of,
    partial,
    passed,
    unknown,
    unread_files,
)
from fairreg.assessment.lineage import weight_files, why_no_list
from fairreg.schemas.record import Evaluation
from fairreg.schemas.text import normal_form
from fairreg.sources import OWNER_SLASH_NAME

# Formats whose header states shape and type of each tensor, for anybody to read.
_STATE_TENSORS = frozenset({"onnx", "safetensors", "gguf", "tflite", "keras"})
_TEXTS: tuple[Role, ...] = ("standard", "readme", "model_card", "docs")
_PATH = re.compile(
    r"(?<![\w/.:-])((?:[\w.-]+/)*[\w.-]+\.(?:py|sh|ipynb|onnx|pth?|safetensors|h5|keras|tflite|gguf|ckpt|ya?ml|json))\b"
)
_UPWARDS = re.compile(r"^(?:\.{1,2}/)+")
_READERS = re.compile(r"(?:^|/)(?:your|my)[_-]", re.IGNORECASE)
_OWN = re.compile(
    r"from_pretrained\(\s*[\"']([\w./-]+)[\"']|pipeline\([^()]{0,200}model\s*=\s*[\"']([\w./-]+)[\"']"
)


@indicator(
    "R1-1",
    weight=3,
    title="Content described",
    passes="each model file with its size, and the number of parameters (also in an open header of the file)",
    partial="only an archive with its size, or only one of the two",
    fails="none",
    corresponds_to=("FsF-R1-01M-1", "FsF-R1-01M-2", "ML-R1-01M"),
)
def content(evidence: Evidence) -> Finding:
    """Sizes of the published files and the stated number of parameters."""
    record = evidence.record
    files = [item for item in weight_files(record) if item.size is not None]
    counted = record.parameter_count is not None and origin_of(record, "parameter_count") != "computed"
    listed = [item for item in record.distributions if item.size is not None]
    cited = [cite_record(evidence, "distributions", f"{item.name}: {item.size} bytes") for item in listed[:1]]
    cited += [cite_record(evidence, "parameter_count", record.parameter_count)] if counted else []
    asked = [] if files else ["list each model file with its size"]
    asked += [] if counted else ["state the number of parameters and their precision"]
    told = ", and ".join(asked)
    remedy = f"{told[:1].upper()}{told[1:]}."
    if files and counted:
        return passed("The record lists the model files with sizes and the number of parameters.", *cited)
    open_files = [file for file in evidence.model_files if file.format in _STATE_TENSORS and not file.archive]
    if files and open_files:
        reason = f"The model files are listed with sizes, and {open_files[0].path} states its tensors itself."
        return passed(reason, *cited, cite_file(open_files[0]))
    if listed or counted:
        missing = "the number of parameters" if files else "a size for each model file"
        return partial(f"The record does not state {missing}.", *cited, remedy=remedy)
    if why := why_no_list(record):
        return unknown(why)
    return failed("The record describes no file.", remedy=remedy)


@indicator(
    "R1-2",
    weight=2,
    title="Performance reported as data",
    passes="metric, value, dataset and split as structured fields",
    partial="incomplete, or numbers in prose or a notebook",
    fails="none",
    corresponds_to=("ML-R1.7-02M",),
)
def performance(evidence: Evidence) -> Finding:
    """Evaluations of the record, a FAIR4ML file or a card's model-index, else a metric with its number."""
    remedy = (
        "State metric, value, dataset and split of each result: as model-index in the front matter of "
        "MODEL_CARD.md, or as hasEvaluation in fair4ml.jsonld."
    )
    results = _results(evidence)
    complete = [one for one in results if one[0].value and one[0].dataset and one[0].split]
    if results:
        _, cited = (complete or results)[0]
        if complete:
            are = "result is" if len(complete) == 1 else "results are"
            return passed(f"{len(complete)} {are} stated with metric, value, dataset and split.", cited)
        return partial("The results lack their dataset or split.", cited, remedy=remedy)
    for document in free_texts(evidence, "model_card", "readme", "docs", "notebook"):
        from fairreg.assessment.content.reported import figures

        if said := figures(document):
            reason = f"Results are stated in prose only, in {document.path}."
            return partial(reason, cite_text(evidence, document, said), remedy=remedy)
    return unread_files(evidence, "a measured performance", remedy=remedy, roles=(*_TEXTS, "notebook"))


def _results(evidence: Evidence) -> list[tuple[Evaluation, Citation]]:
    own = [
        (item, cite_record(evidence, "evaluations", _told_as(item))) for item in evidence.record.evaluations
    ]
    shipped = shipped_evaluations(evidence)
    found = own + [(item, cite_document(document, _told_as(item))) for document, item in shipped]
    once: dict[tuple[str, ...], tuple[Evaluation, Citation]] = {}
    for one in found:
        once.setdefault(_same(one[0]), one)  # the first place is cited
    return [one for one in once.values() if not _NO_RESULT.fullmatch(one[0].value or "")]


def _same(item: Evaluation) -> tuple[str, ...]:
    """Return what the same result has in common in two files: 0.950 is 0.95, and roc_auc ROC AUC."""
    try:
        value = str(float(item.value))
    except ValueError:
        value = item.value
    stated = (item.metric.replace("_", " "), value, item.dataset or "", item.split or "")
    return tuple(" ".join(normal_form(text).casefold().split()) for text in stated)


# Neither a number nor words about one.
_NO_RESULT = re.compile(r"[+-]?\.?(?:nan|inf(?:inity)?)|tbd|todo|\?+|n/?a", re.IGNORECASE)


def _told_as(item: Evaluation) -> str:
    value = f" = {item.value}" if item.value else ""
    return f"{item.metric}{value} on {item.dataset}" if item.dataset else f"{item.metric}{value}"


@indicator(
    "R1-3",
    weight=2,
    title="Use and limits stated",
    passes="intended use and limits in fields of the record, FAIR4ML or front matter, at least 30 words each",
    partial="one of the two, or in sections of a text",
    fails="neither",
    corresponds_to=("FAIR4ML intendedUse", "FAIR4ML modelRisksBiasLimitations"),
)
def use_and_limits(evidence: Evidence) -> Finding:
    """Fields of the record and named keys of files, else a heading with content of its own below it."""
    fields = {topic: _stated(evidence, topic) for topic in _TOPICS}
    told = {topic: _told(evidence, topic) for topic in _TOPICS if not fields[topic]}
    found = [item for topic in _TOPICS for item in (fields[topic] or told[topic])]
    lacking = [topic for topic in _TOPICS if not fields[topic]]
    each = "30 words each" if lacking[1:] else "30 words"
    remedy = (
        f"Write {' and '.join(_PURPOSES[topic] for topic in lacking)}, in {each}: "
        f"as {' and '.join(lacking)} in the card's front matter, or as "
        f"{' and '.join(_TERMS[topic] for topic in lacking)} in FAIR4ML."
    )
    if all(fields.values()):
        return passed("Intended use and limits are stated in fields of their own.", *found)
    if found:
        known = [topic for topic in _TOPICS if fields[topic] or told[topic]]
        prose = [topic for topic in known if not fields[topic]]
        only = "" if len(known) == len(_TOPICS) else f"Only {_NAMES[known[0]]} are stated. "
        read = f"Stated in prose only: {' and '.join(_NAMES[topic] for topic in prose)}." if prose else ""
        return partial((only + read).strip(), *found, remedy=remedy)
    return unread_files(evidence, "a statement of intended use or limits", remedy=remedy, roles=_TEXTS)


_TOPICS: tuple[Topic, ...] = get_args(Topic)
_NAMES: dict[Topic, str] = {"intended_use": "intended use", "limitations": "limits"}
_PURPOSES: dict[Topic, str] = {
    "intended_use": "what the model is for",
    "limitations": "where it must not be used",
}
_TERMS: dict[Topic, str] = {"intended_use": "intendedUse", "limitations": "modelRisksBiasLimitations"}


def _stated(evidence: Evidence, topic: Topic) -> list[Citation]:
    """Return the statement in a field of the record, of a FAIR4ML file or of front matter."""
    own = getattr(evidence.record, topic)
    if _says(own) and not is_prose(evidence.record, topic):
        return [cite_record(evidence, topic, clean(own))]
    shipped = [
        (document, getattr(record, topic))
        for document, record in shipped_records(evidence)
        if origin_of(record, topic) == "stated"
    ]
    cards = [(item, stated_about(item, topic)) for item in evidence.of_role("model_card", "readme")]
    return [cite_document(document, clean(text)) for document, text in (*shipped, *cards) if _says(text)][:1]


def _says(text: str | None) -> bool:
    from fairreg.assessment.content.claims import is_no_answer  # for models with such a text

    return words(text) >= ENOUGH_WORDS and not is_no_answer(text or "")


def _told(evidence: Evidence, topic: Topic) -> list[Citation]:
    """Return a section of the documents, or of the card that the record was read from."""
    for document in free_texts(evidence, "model_card", "readme", "docs"):
        from fairreg.assessment.content.purpose import section_about

        if said := section_about(document, topic):
            return [cite_text(evidence, document, said)]
    own = getattr(evidence.record, topic)
    return [cite_record(evidence, topic, clean(own))] if _says(own) else []


@indicator(
    "R1-4",
    weight=2,
    title="Inference instructions work",
    passes="a command or code block for inference, and each file that it refers to exists",
    partial="instructions that are generic, or refer to a file that is missing",
    fails="none",
    corresponds_to=("FRSM-13-R1-1",),
)
def instructions(evidence: Evidence) -> Finding:
    """Commands and calls of README, card and docs; files named in them must be among the published ones."""
    from fairreg.assessment.content.purpose import instructions as shown  # for models with a text

    read = evidence.of_role("model_card", "readme", "docs")
    found = [(document, item) for document in read for item in shown(document) if item.instructs]
    if not found:
        return unread_files(
            evidence,
            "instructions for use",
            remedy="Show in the README how to run the model.",
            roles=("readme", "model_card", "docs"),
        )
    remedy = "Show a command that runs the published model on the published sample, and test it."
    running = [(document, item) for document, item in found if item.runs_the_model]
    for document, item in running:
        named = _named(item.lines)
        if named and not _missing(evidence, named):
            return passed(f"{document.path} shows how to run it.", cite_document(document, item.block))
    missing = [name for _, item in running for name in _missing(evidence, _named(item.lines))]
    lost = "is not known to exist" if evidence.why_unread() else "is missing"
    reason = (
        f"The instructions refer to {missing[0]}, which {lost}."
        if missing
        else "The instructions are generic."
    )
    shown_first = {document.path: (document, item.block) for document, item in reversed(running or found)}
    cited = [
        cite_document(*shown_first[path])
        for path in dict.fromkeys(one.path for one, _ in found)
        if path in shown_first
    ]
    return partial(reason, *cited, remedy=remedy)


def _named(lines: str) -> list[str]:
    """Return the files and models that instructions name, but not the reader's own data."""
    own = [one or two for one, two in _OWN.findall(lines)]
    return [*own, *(path for path in _PATH.findall(lines) if not _READERS.search(path))]


def _missing(evidence: Evidence, named: list[str]) -> list[str]:
    repository = evidence.record.value_of(OWNER_SLASH_NAME.name)
    paths = [f"/{file.path}" for file in evidence.files]
    return [
        name
        for name in named
        if name != repository and not any(path.endswith(f"/{_UPWARDS.sub('', name)}") for path in paths)
    ]
