# SPDX-License-Identifier: MIT
"""The report of an assessment: every verdict with what it rests on, and the scores that follow."""

from typing import Any

import msgspec

from fairreg.assessment import rubric
from fairreg.assessment.base import Citation, Rule, Verdict
from fairreg.assessment.evidence import Evidence
from fairreg.assessment.rubric import Scored

__all__ = ["COVERAGE_FOR_BADGE", "Badge", "IndicatorResult", "PrincipleResult", "Report", "assess"]

COVERAGE_FOR_BADGE = 0.8


class IndicatorResult(msgspec.Struct, frozen=True):
    """One verdict; `remedy` is None where no points are missing."""

    id: str
    weight: int
    verdict: Verdict
    reason: str
    evidence: tuple[Citation, ...]
    remedy: str | None
    title: str
    rule: Rule
    corresponds_to: tuple[str, ...]


class PrincipleResult(msgspec.Struct, frozen=True):
    """Score (0..1) and maturity (0..3) of one principle; both None when nothing has a verdict."""

    score: float | None
    maturity: int | None
    indicators: tuple[IndicatorResult, ...]


class Badge(msgspec.Struct, frozen=True):
    """What a badge may say, and why it is given or not."""

    awarded: bool
    label: str
    reason: str


class Report(msgspec.Struct, frozen=True):
    """Scores are 0..1, None where nothing has a verdict; `badge` is None when there is no overall score."""

    id: str
    rubric: str
    rubric_version: str
    overall: float | None
    coverage: float
    letters: dict[str, float | None]
    principles: dict[str, PrincipleResult]
    badge: Badge | None
    assessed_at: str

    def to_json(self) -> dict[str, Any]:
        """The document that ``fairreg assess --json`` prints."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def assess(evidence: Evidence) -> Report:
    """Ask every indicator about the evidence; pure, so stored evidence gives the same report again."""
    scored = [(item, item.assess(evidence)) for item in rubric.indicators()]
    by_principle = {name: [one for one in scored if one[0].principle == name] for name in rubric.PRINCIPLES}
    principles = {name: _principle(found) for name, found in by_principle.items()}
    overall = rubric.mean(item.score for item in principles.values())
    covered = rubric.coverage(scored)
    return Report(
        id=evidence.record.identifier,
        rubric=rubric.RUBRIC,
        rubric_version=rubric.VERSION,
        overall=overall,
        coverage=covered,
        letters={letter: _letter(principles, letter) for letter in rubric.LETTERS},
        principles=principles,
        badge=_badge(scored, overall, covered),
        assessed_at=evidence.gathered_at,
    )


def _principle(scored: list[Scored]) -> PrincipleResult:
    score = rubric.weighted_mean(scored)
    return PrincipleResult(score, rubric.maturity(score), tuple(map(_result, scored)))


def _result(one: Scored) -> IndicatorResult:
    item, found = one
    return IndicatorResult(
        id=item.id,
        weight=item.weight,
        verdict=found.verdict,
        reason=found.reason,
        evidence=found.evidence,
        remedy=found.remedy,
        title=item.title,
        rule=item.rule,
        corresponds_to=item.corresponds_to,
    )


def _letter(principles: dict[str, PrincipleResult], letter: str) -> float | None:
    return rubric.mean(item.score for name, item in principles.items() if name.startswith(letter))


def _badge(scored: list[Scored], overall: float | None, covered: float) -> Badge | None:
    if overall is None:
        return None
    label = f"FAIR {overall:.0%}".replace("%", " %")
    failing = [item.id for item, found in scored if item.essential and found.verdict is Verdict.FAIL]
    if failing:
        return Badge(awarded=False, label=label, reason=f"Essential indicators fail: {', '.join(failing)}.")
    if covered < COVERAGE_FOR_BADGE:
        reason = f"Only {covered:.0%} of the rubric's weight has a verdict; 80 % are needed."
        return Badge(awarded=False, label=label, reason=reason)
    reason = f"No essential indicator fails, and {covered:.0%} of the weight has a verdict."
    return Badge(awarded=True, label=label, reason=reason)
