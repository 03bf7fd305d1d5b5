# SPDX-License-Identifier: MIT
"""Constructors of findings: one function per verdict, one per source of evidence.

The signatures enforce a remedy for a fail or partial, and only a reason for an `unknown`.
"""

import re
from typing import Literal, get_args

from fairreg.assessment.base import Citation, Finding, Verdict
from fairreg.assessment.evidence import (
    NOT_DOWNLOADED,
    DatasetScore,
    Document,
    Evidence,
    FileFact,
    ModelFact,
    ProbeKind,
    Role,
)
from fairreg.assessment.lineage import may_be_registered
from fairreg.schemas.record import ModelRecord, Origin, Relation, public_text
from fairreg.schemas.text import shortened
from fairreg.sources import source_named

__all__ = [
    "HOLD_NOTHING",
    "NOT_DOWNLOADED",
    "SIGNATURE_EXAMPLE",
    "cite_access",
    "cite_address",
    "cite_datacite",
    "cite_dataset",
    "cite_document",
    "cite_field",
    "cite_file",
    "cite_model",
    "cite_probe",
    "cite_record",
    "cite_relation",
    "cite_text",
    "cited_words",
    "failed",
    "field_words",
    "free_texts",
    "graded",
    "is_prose",
    "not_applicable",
    "origin_of",
    "partial",
    "passed",
    "unknown",
    "unread_files",
    "why_unembedded",
    "why_unregistered",
]

HOLD_NOTHING = "Neither the record nor the published files hold"
# Where a person who writes the file by hand finds its form.
SIGNATURE_EXAMPLE = "docs/assessment.md shows one"
_EXCERPT = 160
_DESCRIPTION = "the description"
# Fields that no source of cards has as such.
_OF_A_CARD = frozenset({"intended_use", "limitations", "usage"})


def passed(reason: str, *evidence: Citation) -> Finding:
    """Full points."""
    return Finding(Verdict.PASS, reason, evidence)


def partial(reason: str, *evidence: Citation, remedy: str) -> Finding:
    """Half the points, with the step to the other half."""
    return Finding(Verdict.PARTIAL, reason, evidence, remedy)


def failed(reason: str, *evidence: Citation, remedy: str) -> Finding:
    """No points, with the next step."""
    return Finding(Verdict.FAIL, reason, evidence, remedy)


def unknown(reason: str, *evidence: Citation) -> Finding:
    """No verdict: the evidence was not read, or the network failed."""
    return Finding(Verdict.UNKNOWN, reason, evidence)


def not_applicable(reason: str, *evidence: Citation) -> Finding:
    """The indicator does not apply to this model."""
    return Finding(Verdict.NOT_APPLICABLE, reason, evidence)


def unread_files(
    evidence: Evidence,
    what: str,
    *,
    remedy: str,
    roles: tuple[Role, ...] = get_args(Role),
    registered: bool = False,
) -> Finding:
    """Fail when files of these roles were read and hold no `what`, `unknown` when one was not read.

    Where DataCite's record could hold it as well (`registered`), also when that was not read.
    """
    unread = evidence.why_unread(*roles) or (why_unregistered(evidence) if registered else None)
    if unread:
        return unknown(unread)
    return failed(f"{HOLD_NOTHING} {what}.", remedy=remedy)


def why_unregistered(evidence: Evidence) -> str | None:
    """Return why what only DataCite may state is not known, as a sentence; None where its record was read.

    An indicator that reads DataCite's record asks this before it fails.
    """
    return evidence.why_unknown("datacite") if may_be_registered(evidence) else None


def why_unembedded(evidence: Evidence) -> str | None:
    """Return why metadata in a standard beside or about data is not known; None where it was looked for.

    It stands in a file, or in the landing page as JSON-LD.
    """
    if any(item.role == "standard" for item in evidence.unread):
        return evidence.why_unread("standard")
    page = evidence.probe("landing_page")
    return evidence.why_unknown("landing_page") if page.outcome in {"failed", "denied"} else None


def graded(
    count: int,
    reason: str,
    *evidence: Citation,
    full: int,
    half: int,
    remedy: str,
    unread: str | None = None,
) -> Finding:
    """Pass from `full` on, partial from `half` on, else fail.

    Where something is `unread` (the sentence says why) that could raise the count, anything below a pass is
    unknown.
    """
    if count >= full:
        return passed(reason, *evidence)
    if unread:
        return unknown(f"{reason} {unread}", *evidence)
    verdict = partial if count >= half else failed
    return verdict(reason, *evidence, remedy=remedy)


def field_words(field: str) -> str:
    """Return a field of the record, or another part of the evidence, as people call it.

    >>> field_words("stated_type"), field_words("ml_task"), field_words("src/train_net.py")
    ('resource type', 'task', 'src/train_net.py')
    """
    return _FIELD_WORDS.get(field, field)


def cited_words(cited: Citation) -> str:
    """Return what a citation names as people call it; the path of a file is its name."""
    return cited.what if cited.source in _BY_PATH else field_words(cited.what)


_BY_PATH = frozenset({"document", "file", "model"})
_FIELD_WORDS = {
    "name": "title",
    "stated_type": "resource type",
    "date_published": "date of publication",
    "date_created": "date of creation",
    "license_stated": "licence as stated",
    "license": "licence",
    "ml_task": "task",
    "model_category": "architecture",
    "distributions": "files",
    "parameter_count": "number of parameters",
    "intended_use": "intended use",
}


def origin_of(record: ModelRecord, field: str) -> Origin:
    """Return how the record obtained a field; one that its provenance does not list is stated."""
    return next((item.origin for item in record.provenance.origins if item.field == field), "stated")


def is_prose(record: ModelRecord, field: str) -> bool:
    """Tell whether the source took a field from the free text of a card, as the Hub's harvester does."""
    return field in _OF_A_CARD and bool(source_named(record.provenance.source).card)


def cite_record(evidence: Evidence, field: str, value: object) -> Citation:
    """Cite a field of the published record."""
    return _cite_record(evidence.record, "record", field, value)


def cite_datacite(evidence: Evidence, field: str, value: object) -> tuple[Citation, ...]:
    """Cite a field of DataCite's record; empty where that record was not read."""
    if evidence.datacite is None:
        return ()
    return (_cite_record(evidence.datacite.record, "datacite", field, value),)


def cite_field(evidence: Evidence, record: ModelRecord, field: str, value: object) -> Citation:
    """Cite a field of `record`, which is the published record or DataCite's."""
    return _cite_record(record, "record" if record is evidence.record else "datacite", field, value)


def cite_address(evidence: Evidence, address: str) -> Citation:
    """Cite an address of the published record, that of a file or of the record's page."""
    of_file = any(item.url == address for item in evidence.record.distributions)
    return cite_record(evidence, "distributions" if of_file else "provenance", address)


def cite_access(evidence: Evidence, value: object) -> Citation:
    """Cite the access of the published record, else of DataCite's."""
    stated = evidence.record.access or evidence.datacite is None
    return cite_record(evidence, "access", value) if stated else cite_datacite(evidence, "access", value)[0]


def cite_relation(evidence: Evidence, relation: Relation) -> Citation:
    """Cite a typed relation, from the record that states it."""
    value = f"{relation.type} {relation.target.compact}"
    if relation in evidence.record.relations or evidence.datacite is None:
        return cite_record(evidence, "relations", value)
    return _cite_record(evidence.datacite.record, "datacite", "relations", value)


def _cite_record(
    record: ModelRecord, source: Literal["record", "datacite"], field: str, value: object
) -> Citation:
    seen = record.provenance
    digest = _digest(seen.payload_sha256)
    return Citation(
        source=source,
        what=field,
        value=_excerpt(value),
        where=seen.url,
        digest=digest,
        when=seen.retrieved,
        origin=origin_of(record, field),
    )


def cite_probe(evidence: Evidence, kind: ProbeKind) -> Citation:
    """Cite a probe's answer."""
    probe = evidence.probe(kind)
    found, detail = ", ".join(probe.found), probe.detail or ""
    words = [probe.outcome, str(probe.status or ""), probe.file or "", found, detail]
    value = _excerpt(" ".join(word for word in words if word))
    return Citation("probe", kind, value, probe.url, probe.digest, probe.when, "computed")


def cite_file(file: FileFact) -> Citation:
    """Cite a file that was found, with its format."""
    digest = _digest(file.sha256)
    checked = f", {file.verified}" if file.verified else ""
    return Citation("file", file.path, f"{file.format}{checked}", file.archive, digest, origin="computed")


def cite_document(document: Document, value: object) -> Citation:
    """Cite a passage of a text file."""
    digest = _digest(document.sha256)
    return Citation("document", document.path, _excerpt(value), document.path, digest)


def free_texts(evidence: Evidence, *roles: Role) -> tuple[Document, ...]:
    """Return documents of the given roles, then the record's description: its words count alike."""
    told = evidence.record.description
    described = (Document(role="docs", path=_DESCRIPTION, text=_laid_out(told)),) if told else ()
    return (*evidence.of_role(*roles), *described)


def _laid_out(text: str) -> str:
    """Return a description with its headings and lists marked, which are plain lines once HTML is gone."""
    blocks = re.split(r"\n[ \t]*\n\s*", text.strip())
    laid: list[str] = []
    for block, following in zip(blocks, [*blocks[1:], ""], strict=True):
        lines = block.split("\n")
        if following and _TITLE.fullmatch(block):
            laid.append(f"## {block.rstrip(':')}")
        elif len(lines) > 1 and all(map(_ITEM.fullmatch, lines)):
            laid.append("\n".join(f"- {line.strip()}" for line in lines))
        else:
            laid.append(block)
    return "\n\n".join(laid)


_TITLE = re.compile(r"[A-Z][\w'/&()-]{0,30}(?: [\w'/&()-]{1,30}){0,3}:?")
_ITEM = re.compile(r"[ \t]*[^\s#|>*+-][^\n]{0,80}")


def cite_text(evidence: Evidence, document: Document, value: object) -> Citation:
    """Cite a passage of one of the `free_texts`."""
    if document.path == _DESCRIPTION:
        return cite_record(evidence, "description", value)
    return cite_document(document, value)


def cite_model(model: ModelFact, value: object) -> Citation:
    """Cite the result of reading or running a model."""
    return Citation("model", model.file, _excerpt(value), model.file, model.fingerprint, origin="computed")


def cite_dataset(dataset: DatasetScore) -> Citation:
    """Cite the assessment of the training data."""
    score = dataset.detail or "no score" if dataset.score is None else f"{dataset.score:.0%}"
    told = f"not read: {dataset.detail or 'no reason is known'}" if dataset.unread else None
    value, where = _excerpt(told or f"{score} under {dataset.rubric}"), dataset.identifier.url
    digest = dataset.evidence_digest
    return Citation("dataset", dataset.identifier.compact, value, where, digest, dataset.when, "computed")


def _digest(sha256: str | None) -> str | None:
    return f"sha256:{sha256.removeprefix('sha256:')}" if sha256 else None


def _excerpt(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    text = public_text(" ".join(text.split()))
    return shortened(text, _EXCERPT)
