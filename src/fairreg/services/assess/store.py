# SPDX-License-Identifier: MIT
"""Assessments in and out of the registry: the report, and the evidence to reproduce it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from fairreg.assessment.evidence import Evidence, encoded
from fairreg.assessment.report import AssessmentReport
from fairreg.assessment.rubric import Rubric
from fairreg.registry import Assessment, Registry, subject
from fairreg.schemas.identifiers import IdentifierLike

__all__ = ["AssessmentResult", "assessment_of", "newest_evidence", "save"]


class AssessmentResult(NamedTuple):
    """An assessment: `entry` is the identifier of the registry's entry, where the caller knows it."""

    evidence: Evidence
    report: AssessmentReport
    entry: str | None = None


def save(registry: Registry, result: Iterable[AssessmentResult]) -> None:
    """Store assessments with their evidence, in one transaction; search then shows the scores."""
    registry.save_assessments([assessment_of(registry, item) for item in result])


def assessment_of(registry: Registry, result: AssessmentResult) -> Assessment:
    """The assessment in the form that the registry stores."""
    evidence, report = result.evidence, result.report
    known = () if result.entry else registry.entries_for(evidence.record.identifier)
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


def newest_evidence(
    registry: Registry, pid: IdentifierLike, rubric: Rubric | None = None, *, days: int | None = None
) -> Evidence | None:
    """Return the newest evidence about `pid` gathered online, under `rubric` (any), at most `days` old.

    Evidence gathered offline does not count: gathering it again is as fast, and more recent.
    """
    oldest = (datetime.now(UTC) - timedelta(days=days)).isoformat() if days is not None else ""
    for item in registry.assessments(pid, rubric=rubric.name if rubric else None):
        if not item.offline and item.assessed_at >= oldest:
            return _read(registry.assessment_evidence(item))
    return None


def _read(stored: bytes) -> Evidence | None:
    """Decode stored evidence; None for that of a release with another format."""
    try:
        return msgspec.json.decode(stored, type=Evidence)
    except msgspec.DecodeError:
        return None
