# SPDX-License-Identifier: MIT
"""Stored evidence scored again by the rubrics of this release. The older scores stay in the history."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from fairreg.assessment.report import assess as judge
from fairreg.assessment.rubric import DATASETS, MODELS
from fairreg.errors import RecordError
from fairreg.registry import Assessment, Registry
from fairreg.services.assess.store import AssessmentResult, assessment_of, decoded_evidence, rescored

__all__ = ["Rescored", "rescore"]

_RUBRICS = {item.name: item for item in (MODELS, DATASETS)}
# Assessments per transaction.
_BATCH = 50


@dataclass(frozen=True)
class Rescored:
    """Numbers of assessments that were scored again, and of those whose evidence cannot be read."""

    scored: int = 0
    unreadable: int = 0


def rescore(
    registry: Registry, progress: Callable[[int, int | None], None] = lambda _done, _total: None
) -> Rescored:
    """Score the evidence of assessments by an older rubric again, and store the new reports.

    Evidence that was scored by the present rubric is left as it is, so that an interrupted run is continued.
    """
    listed = registry.assessments.older()
    scored, unreadable, made = 0, 0, list[Assessment]()
    for done, item in enumerate(listed, 1):
        found = _again(registry, item)
        if found is None:
            unreadable += 1
        else:
            made.append(found)
            scored += 1
        if len(made) >= _BATCH or done == len(listed):
            registry.assessments.save(made)
            made = []
        progress(done, len(listed))
    registry.upkeep.refresh_scores()  # also where an interrupted run, or an earlier release, left them
    return Rescored(scored, unreadable)


def _again(registry: Registry, item: Assessment) -> Assessment | None:
    """Return the assessment by the present rubric; None where the evidence cannot be read."""
    try:
        known = decoded_evidence(registry.assessments.evidence(item))
    except RecordError:
        return None
    if known is None:
        return None
    evidence = rescored(registry, known)
    report = judge(evidence, _RUBRICS[item.rubric])
    made = assessment_of(registry, AssessmentResult(evidence, report, item.identifier))
    return replace(made, judged_at=item.judged_at)  # it was not assessed again: `--since` goes by this time
