# SPDX-License-Identifier: MIT
"""Scores of a model as they are assessed now, and what of the locked ones has changed."""

from dataclasses import dataclass
from typing import Any

from fairreg.assessment.evidence import Evidence
from fairreg.assessment.report import AssessmentReport
from fairreg.errors import BelowThreshold, Unreachable
from fairreg.schemas.documents.changes.locks import LockedScores
from fairreg.services.assess.assess import examine
from fairreg.services.diff.scores import ScoreState, VerdictDifference, compare_verdicts
from fairreg.services.lock.soundness import almost_equal
from fairreg.services.registry.lazy_registry import LazyRegistry
from fairreg.settings import Settings
from fairreg.web import Log

__all__ = ["AssessedScores", "VerifiedScores", "assessed", "locked_scores", "verified"]

_UNKNOWN = "unknown"


@dataclass(frozen=True)
class AssessedScores:
    """Scores of an assessment; `is_partial` where a service did not answer: verdicts may be missing."""

    state: ScoreState
    is_partial: bool


@dataclass(frozen=True)
class VerifiedScores:
    """Scores today beside the locked ones: changed, known only now, and not judged."""

    locked: ScoreState
    today: ScoreState
    changed: tuple[VerdictDifference, ...]
    newly_known: tuple[VerdictDifference, ...]
    not_checked: tuple[VerdictDifference, ...]

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the scores that are others today although no verdict is, and of another rubric."""
        if self.changed or self.newly_known or self.not_checked:
            return ()
        before, now = self.locked, self.today
        letters = dict.fromkeys((*before.letters, *now.letters))
        pairs = {"overall": (before.overall, now.overall)}
        pairs |= {name: (before.letters.get(name), now.letters.get(name)) for name in letters}
        found = [name for name, (first, second) in pairs.items() if not almost_equal(first, second)]
        return (*found, *(["rubric"] if before.rubric != now.rubric else []))

    @property
    def codes(self) -> frozenset[int]:
        """Exit codes of what was found."""
        changed = {BelowThreshold.exit_code} if self.changed or self.figures else set()
        return frozenset(changed | ({Unreachable.exit_code} if self.not_checked else set()))

    def to_json(self) -> dict[str, Any]:
        """The entry ``scores`` of a model in the document."""
        return {
            "rubric": " ".join(self.today.rules),
            "locked_rubric": " ".join(self.locked.rules),
            "overall": self.today.overall,
            "locked_overall": self.locked.overall,
            "locked_letters": dict(self.locked.letters),
            "letters": dict(self.today.letters),
            "figures": list(self.figures),
            "changed": [item.to_json() for item in self.changed],
            "newly_known": [item.to_json() for item in self.newly_known],
            "not_checked": [item.to_json() for item in self.not_checked],
        }


def assessed(settings: Settings, pid: str, registry: LazyRegistry, log: Log) -> AssessedScores:
    """Assess the model `pid` now, as ``fairreg assess`` does. Raises its errors."""
    evidence, report = examine(settings, pid, log=log, registry=registry.open(log))
    return AssessedScores(_state(report), _is_partial(evidence))


def locked_scores(state: ScoreState) -> LockedScores:
    """Return scores in the form of a lock."""
    return LockedScores(
        rubric=state.rubric,
        rubric_version=state.rubric_version,
        overall=state.overall,
        letters=dict(state.letters),
        verdicts=dict(state.verdicts),  # type: ignore[arg-type]
    )


def verified(locked: LockedScores, today: AssessedScores) -> VerifiedScores:
    """Compare locked scores with those of today.

    A verdict that was unknown when the lock was made is no change when it is known. One that is unknown today
    is a change, unless a service did not answer: then it was not checked.
    """
    before = ScoreState(
        locked.rubric, locked.rubric_version, locked.overall, locked.letters, dict(locked.verdicts), {}
    )
    found = compare_verdicts(before, today.state)
    new = tuple(item for item in found if item.first == _UNKNOWN)
    silent = tuple(item for item in found if item.second == _UNKNOWN and today.is_partial)
    changed = tuple(item for item in found if item not in new and item not in silent)
    return VerifiedScores(before, today.state, changed, new, silent)


def _state(report: AssessmentReport) -> ScoreState:
    judged = [item for part in report.principles.values() for item in part.indicators]
    return ScoreState(
        rubric=report.rubric,
        rubric_version=report.rubric_version,
        overall=report.overall,
        letters=report.letters,
        verdicts={item.id: item.verdict.value for item in judged},
        titles={item.id: item.title for item in judged},
        assessed_at=report.assessed_at,
    )


def _is_partial(evidence: Evidence) -> bool:
    return evidence.offline or any(item.outcome == "failed" for item in evidence.probes)
