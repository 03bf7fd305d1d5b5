# SPDX-License-Identifier: MIT
"""Assessments in and out of the registry: the report, and the evidence to reproduce it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from fairreg.assessment.base import Verdict
from fairreg.assessment.evidence import DatasetScore, Evidence, Outcome, encoded
from fairreg.assessment.report import AssessmentReport, coverage_text, why_no_overall
from fairreg.assessment.report import assess as judge
from fairreg.assessment.rubric import DATASETS, Rubric, for_kind, indicators
from fairreg.assessment.training import is_current
from fairreg.errors import AccessDenied, FairregError, NotFound
from fairreg.registry import Assessment, Registry, subject
from fairreg.schemas.identifiers import Identifier, IdentifierLike

__all__ = [
    "AssessmentResult",
    "assessment_of",
    "dataset_score",
    "decoded_evidence",
    "is_stored",
    "newest_evidence",
    "rescored",
    "save",
    "unread_dataset",
]


class AssessmentResult(NamedTuple):
    """An assessment: `entry` is the identifier of the registry's entry, where the caller knows it."""

    evidence: Evidence
    report: AssessmentReport
    entry: str | None = None


def save(registry: Registry, result: Iterable[AssessmentResult]) -> None:
    """Store assessments with their evidence, in one transaction; search then shows the scores."""
    registry.assessments.save([assessment_of(registry, item) for item in result])


def assessment_of(registry: Registry, result: AssessmentResult) -> Assessment:
    """The assessment in the form that the registry stores."""
    evidence, report = result.evidence, result.report
    known = () if result.entry else registry.listing.entries_for(evidence.record.identifier)
    return Assessment(
        identifier=result.entry or next((item.identifier for item in known), evidence.record.identifier),
        subject=subject(evidence.record),
        rubric=report.rubric,
        rubric_version=report.rubric_version,
        assessed_at=report.assessed_at,
        offline=evidence.offline,
        overall=report.overall,
        coverage=report.coverage,
        letters=report.letters,
        evidence_sha256=report.evidence_digest.removeprefix("sha256:"),
        report=encoded(report),
        evidence=encoded(evidence),
    )


def is_stored(registry: Registry, result: AssessmentResult) -> bool:
    """Tell whether the newest stored assessment has these scores and this evidence, see `_timeless`."""
    evidence, report = result.evidence, result.report
    try:
        made = registry.assessments.history(result.entry or evidence.record.identifier, rubric=report.rubric)
        newest = next(iter(made), None)
        if newest is None or newest.offline != evidence.offline or _scores(newest) != _scores(report):
            return False
        known = decoded_evidence(registry.assessments.evidence(newest))
    except FairregError:
        return False
    return known is not None and _timeless(known) == _timeless(evidence)


def _scores(item: Assessment | AssessmentReport) -> tuple[object, ...]:
    return item.rubric_version, item.overall, item.coverage, dict(item.letters)


def _timeless(evidence: Evidence) -> Evidence:
    """Return evidence without its times, in the scores of training data as well, and without what was asked.

    The same object may be requested by each of its identifiers; a verdict that this changes changes scores.
    """
    replace = msgspec.structs.replace
    datasets = tuple(replace(item, when=None, evidence_digest=None) for item in evidence.datasets)
    return replace(evidence, gathered_at="", requested=_ANY, datasets=datasets)


_ANY = Identifier("", "")


def newest_evidence(
    registry: Registry, pid: IdentifierLike, rubric: Rubric | None = None, *, days: int | None = None
) -> Evidence | None:
    """Return the newest evidence about `pid` gathered online, under `rubric`, at most `days` old.

    Without `rubric`, that of its kind: what was gathered about it as the training data of others is less than
    an assessment of it needs. Evidence gathered offline does not count: gathering it again is as fast, and
    more recent.
    """
    oldest = (datetime.now(UTC) - timedelta(days=days)).isoformat() if days is not None else ""
    for item in registry.assessments.history(pid, rubric=rubric.name if rubric else None):
        if not item.offline and item.assessed_at >= oldest:
            found = decoded_evidence(registry.assessments.evidence(item))
            if rubric or found is None or for_kind(found.record.kind).name == item.rubric:
                return found
    return None


def dataset_score(dataset: Identifier, evidence: Evidence) -> DatasetScore:
    """Score a training dataset, named as the model names it, from the evidence about it."""
    report = judge(evidence, DATASETS)
    checks = [item for part in report.principles.values() for item in part.indicators]
    essential = {item.id for item in indicators(DATASETS) if item.essential}
    return DatasetScore(
        identifier=dataset,
        score=report.overall,
        coverage=report.coverage,
        rubric=f"{report.rubric} {report.rubric_version}",
        when=report.assessed_at,
        evidence_digest=report.evidence_digest,
        detail=None if report.overall is not None else _why_no_score(report),
        failed=tuple(item.id for item in checks if item.id in essential and item.verdict is Verdict.FAIL),
    )


def unread_dataset(dataset: Identifier, error: FairregError, when: str, *, offline: bool) -> DatasetScore:
    """Return the score of a dataset of which nothing could be read, with the reason."""
    outcome: Outcome = "absent" if isinstance(error, NotFound) else "failed"
    if isinstance(error, AccessDenied):
        outcome = "denied"
    return DatasetScore(
        identifier=dataset,
        rubric=_PRESENT,
        when=when,
        detail=error.message,
        outcome="not_probed" if offline else outcome,
    )


_PRESENT = f"{DATASETS.name} {DATASETS.version}"


def _why_no_score(report: AssessmentReport) -> str:
    return f"{why_no_overall(report)}; {coverage_text(report.coverage)} of the checks could be made"


def rescored(registry: Registry, evidence: Evidence) -> Evidence:
    """Score the training data of stored evidence anew where they have no score by the present rubric.

    They are scored from the stored evidence about the data that the score came from, else the newest; a
    score stays where the registry has none, and then decides nothing.
    """
    datasets = tuple(
        item if is_current(item) and not item.unread else _rescored(registry, item)
        for item in evidence.datasets
    )
    return evidence if datasets == evidence.datasets else msgspec.structs.replace(evidence, datasets=datasets)


def _rescored(registry: Registry, score: DatasetScore) -> DatasetScore:
    made = registry.assessments.history(score.identifier, rubric=DATASETS.name)
    digest = (score.evidence_digest or "").removeprefix("sha256:")
    same = (item for item in made if item.evidence_sha256 == digest)
    found = next(
        (known for item in same if (known := decoded_evidence(registry.assessments.evidence(item)))), None
    )
    known = found or newest_evidence(registry, score.identifier, DATASETS)
    return score if known is None else dataset_score(score.identifier, known)


def decoded_evidence(stored: bytes) -> Evidence | None:
    """Decode stored evidence; None for that of a release with another format."""
    try:
        return msgspec.json.decode(stored, type=Evidence)
    except (msgspec.DecodeError, RecursionError):
        return None
