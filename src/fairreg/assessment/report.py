# SPDX-License-Identifier: MIT
"""Report of an assessment: every verdict with its evidence, and the resulting scores."""

from typing import Any

import msgspec

from fairreg.assessment import rubric
from fairreg.assessment.base import Citation, Rule, Verdict
from fairreg.assessment.enrichment import enriched
from fairreg.assessment.evidence import Evidence
from fairreg.assessment.rubric import IndicatorScore, Rubric

__all__ = [
    "COVERAGE_FOR_BADGE",
    "AssessmentReport",
    "Badge",
    "Change",
    "IndicatorResult",
    "PrincipleResult",
    "WithFairreg",
    "assess",
    "coverage_text",
]

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
    """Score (0..1) and maturity (0..3) of one principle; both None without a verdict."""

    score: float | None
    maturity: int | None
    indicators: tuple[IndicatorResult, ...]


class Badge(msgspec.Struct, frozen=True):
    """Text of the badge, and why it is awarded or not."""

    awarded: bool
    label: str
    reason: str


class Change(msgspec.Struct, frozen=True):
    """An indicator whose verdict changes with fairreg's additions."""

    id: str
    published: Verdict
    with_fairreg: Verdict


class WithFairreg(msgspec.Struct, frozen=True):
    """Scores that the object would have with `added`, the fields from fairreg's catalogue."""

    overall: float | None
    coverage: float
    letters: dict[str, float | None]
    added: tuple[str, ...]
    changed: tuple[Change, ...]


class AssessmentReport(msgspec.Struct, frozen=True):
    """Scores are 0..1, None without a verdict; `badge` is None when there is no overall score.

    They rate the object as its author published it; `with_fairreg` is present where fairreg adds something.
    `evidence_digest` names the evidence, from which the same report can be computed again.
    """

    id: str
    rubric: str
    rubric_version: str
    overall: float | None
    coverage: float
    letters: dict[str, float | None]
    principles: dict[str, PrincipleResult]
    badge: Badge | None
    assessed_at: str
    evidence_digest: str
    with_fairreg: WithFairreg | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the document that ``fairreg assess --json`` prints."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def assess(evidence: Evidence, chosen: Rubric | None = None) -> AssessmentReport:
    """Apply every indicator to the evidence; pure, so stored evidence gives the same report again.

    The rubric is the one for the record's kind, or `chosen`.
    """
    rules = chosen or rubric.for_kind(evidence.record.kind)
    scored = _scored(rules, evidence)
    overall, covered = rules.score(scored), rubric.coverage(scored)
    return AssessmentReport(
        id=evidence.record.identifier,
        rubric=rules.name,
        rubric_version=rules.version,
        overall=overall,
        coverage=covered,
        letters=_letters(rules, scored),
        principles={name: _principle(rubric.within(scored, name)) for name in rules.principles},
        badge=_badge(scored, overall, covered),
        assessed_at=evidence.gathered_at,
        evidence_digest=evidence.digest,
        with_fairreg=_with_fairreg(rules, evidence, scored),
    )


def _scored(rules: Rubric, evidence: Evidence) -> list[IndicatorScore]:
    return [(item, item.assess(evidence)) for item in rubric.indicators(rules)]


def _letters(rules: Rubric, scored: list[IndicatorScore]) -> dict[str, float | None]:
    return {letter: rules.score(rubric.within(scored, letter)) for letter in rubric.LETTERS}


def _with_fairreg(rules: Rubric, evidence: Evidence, published: list[IndicatorScore]) -> WithFairreg | None:
    whole, added = enriched(evidence)
    if not added:
        return None
    scored = _scored(rules, whole)
    pairs = zip(published, scored, strict=True)
    verdicts = [(item.id, before.verdict, after.verdict) for (item, before), (_, after) in pairs]
    return WithFairreg(
        overall=rules.score(scored),
        coverage=rubric.coverage(scored),
        letters=_letters(rules, scored),
        added=added,
        changed=tuple(Change(*item) for item in verdicts if item[1] != item[2]),
    )


def _principle(scored: list[IndicatorScore]) -> PrincipleResult:
    score = rubric.weighted_mean(scored)
    return PrincipleResult(score, rubric.maturity(score), tuple(map(_result, scored)))


def _result(one: IndicatorScore) -> IndicatorResult:
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


def coverage_text(covered: float) -> str:
    """Format a coverage in 0..1 as a percentage.

    It is rounded down: 79.9 % is not enough for a badge, and must not read as the 80 % that is.

    >>> coverage_text(0.799), coverage_text(0.29)
    ('79 %', '29 %')
    """
    return f"{int(100 * covered + 1e-9)} %"  # 100 * 0.29 is less than 29


def _badge(scored: list[IndicatorScore], overall: float | None, covered: float) -> Badge | None:
    if overall is None:
        return None
    label = f"FAIR {overall:.0%}".replace("%", " %")
    failing = [item.id for item, found in scored if item.essential and found.verdict is Verdict.FAIL]
    if failing:
        return Badge(awarded=False, label=label, reason=f"Essential indicators fail: {', '.join(failing)}.")
    if covered < COVERAGE_FOR_BADGE:
        reason = f"Only {coverage_text(covered)} of the rubric's weight has a verdict; 80 % are needed."
        return Badge(awarded=False, label=label, reason=reason)
    reason = f"No essential indicator fails, and {coverage_text(covered)} of the weight has a verdict."
    return Badge(awarded=True, label=label, reason=reason)
