# SPDX-License-Identifier: MIT
"""Report of an assessment: every verdict with its evidence, and the resulting scores."""

import math
from typing import Any, Literal

import msgspec

from fairreg import rubrics
from fairreg.assessment import rubric
from fairreg.assessment.base import Citation, Rule, Verdict
from fairreg.assessment.enrichment import enriched
from fairreg.assessment.evidence import Evidence
from fairreg.assessment.open_tasks import judged
from fairreg.assessment.rubric import IndicatorScore, Rubric, Score

__all__ = [
    "AssessmentReport",
    "Badge",
    "Effort",
    "FirstStep",
    "IndicatorResult",
    "Interval",
    "PrincipleResult",
    "Undecided",
    "VerdictChange",
    "WithFairreg",
    "assess",
    "badge_line",
    "coverage_text",
    "interval_text",
    "lies",
    "no_overall",
    "not_enough",
    "why_no_overall",
]

# Least and greatest score, 0..1: unknown verdicts counted as fails and as passes.
Interval = tuple[float, float]
# What a remedy needs: a file that ``--fix`` drafts, a field in the form of the host, or other work.
Effort = Literal["file", "field", "work"]
_SAME = 1e-9
_NAMED = 4  # unknown indicators of a letter


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
    """Score (0..1) and maturity (0..3) of one principle; both None where too much is unknown.

    `interval` is None where no indicator applies.
    """

    score: float | None
    interval: Interval | None
    coverage: float
    maturity: int | None
    indicators: tuple[IndicatorResult, ...]


class Badge(msgspec.Struct, frozen=True):
    """Text of the badge, and why it is awarded or not."""

    awarded: bool
    label: str
    reason: str


class VerdictChange(msgspec.Struct, frozen=True):
    """An indicator whose verdict changes with fairreg's additions."""

    id: str
    published: Verdict
    with_fairreg: Verdict


class WithFairreg(msgspec.Struct, frozen=True):
    """Scores that the object would have with `added`, the fields from fairreg's catalogue."""

    overall: float | None
    interval: Interval | None
    coverage: float
    letters: dict[str, float | None]
    letter_intervals: dict[str, Interval | None]
    letter_coverage: dict[str, float]
    added: tuple[str, ...]
    changed: tuple[VerdictChange, ...]


class FirstStep(msgspec.Struct, frozen=True):
    """A remedy worth doing first.

    With the indicator passed the score `of` the object (its overall score, or the least one that is possible
    where too much is unknown) rises by `gain` to `reaches`, both 0..1. `effort` is what it needs; `file`
    is the name of the file that `--fix` drafts for it, None where there is none.
    """

    id: str
    title: str
    verdict: Verdict
    gain: float
    reaches: float
    of: Literal["overall", "least"]
    effort: Effort
    file: str | None
    remedy: str


class Undecided(msgspec.Struct, frozen=True):
    """Indicators without a verdict, and what makes it known."""

    ids: tuple[str, ...]
    how: str


class AssessmentReport(msgspec.Struct, frozen=True):
    """Scores are 0..1, None where too much is unknown; `badge` is None when there is no overall score.

    Each has an interval, from all unknown verdicts counted as fails to all counted as passes, and a coverage:
    the weight of the indicators with a verdict over that of all that apply. A letter has a number from 80 %
    on, `overall` where each letter has one. `equal_weights`: that of a dataset with all weights equal.
    They rate the object as its author published it; `with_fairreg` is present where fairreg adds something.
    `do_first` are the remedies with the largest gain for the least work, `undecided` says how what is unknown
    becomes known; `priorities.with_priorities` fills both. `notice` says where only fairreg's own catalogue
    was read, and no record of the author. `evidence_digest` names the evidence, from which
    the same report can be computed again.
    """

    id: str
    rubric: str
    rubric_version: str
    overall: float | None
    interval: Interval | None
    coverage: float
    letters: dict[str, float | None]
    letter_intervals: dict[str, Interval | None]
    letter_coverage: dict[str, float]
    principles: dict[str, PrincipleResult]
    badge: Badge | None
    assessed_at: str
    evidence_digest: str
    equal_weights: float | None = None
    with_fairreg: WithFairreg | None = None
    do_first: tuple[FirstStep, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    notice: str | None = None

    def __repr__(self) -> str:
        from fairreg.assessment.rendering.notebook import summary
        from fairreg.schemas.notebook.one_line import named, represented

        return represented(self, f"{named(self.id)}:", summary(self))

    def _repr_html_(self) -> str:
        """View of the report in a notebook."""
        from fairreg.assessment.rendering.notebook import report_view

        return report_view(self)

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
    whole, letters = rules.scores(scored)
    counted = rules.pooled and whole.value is not None
    return AssessmentReport(
        id=evidence.record.identifier,
        rubric=rules.name,
        rubric_version=rules.version,
        **_scores(whole, letters),
        principles={name: _principle(rules, rubric.within(scored, name)) for name in rules.principles},
        badge=_badge(scored, whole),
        assessed_at=evidence.gathered_at,
        evidence_digest=evidence.digest,
        equal_weights=rubric.equal_weights(found.verdict for _, found in scored) if counted else None,
        with_fairreg=_with_fairreg(rules, evidence, scored),
        notice=_notice(evidence),
    )


def _notice(evidence: Evidence) -> str | None:
    if not evidence.only_catalogue:
        return None
    from fairreg.assessment.catalogue_entries import notice

    return notice(evidence)


def _scored(rules: Rubric, evidence: Evidence) -> list[IndicatorScore]:
    if evidence.only_catalogue:
        from fairreg.assessment.catalogue_entries import finding  # most commands meet none

        return [(item, finding(item, evidence)) for item in rubric.indicators(rules)]
    return [(item, judged(item, evidence)) for item in rubric.indicators(rules)]


def _scores(whole: Score, letters: dict[str, Score]) -> dict[str, Any]:
    """Return the fields of a report that hold scores."""
    return {
        "overall": whole.value,
        "interval": whole.interval,
        "coverage": whole.coverage,
        "letters": {letter: part.value for letter, part in letters.items()},
        "letter_intervals": {letter: part.interval for letter, part in letters.items()},
        "letter_coverage": {letter: part.coverage for letter, part in letters.items()},
    }


def _with_fairreg(rules: Rubric, evidence: Evidence, published: list[IndicatorScore]) -> WithFairreg | None:
    whole, added = enriched(evidence)
    if not added:
        return None
    scored = _scored(rules, whole)
    pairs = zip(published, scored, strict=True)
    verdicts = [(item.id, before.verdict, after.verdict) for (item, before), (_, after) in pairs]
    return WithFairreg(
        **_scores(*rules.scores(scored)),
        added=added,
        changed=tuple(VerdictChange(*item) for item in verdicts if item[1] != item[2]),
    )


def _principle(rules: Rubric, scored: list[IndicatorScore]) -> PrincipleResult:
    found = rules.score(scored)
    maturity = rubric.maturity(found.value)
    return PrincipleResult(found.value, found.interval, found.coverage, maturity, tuple(map(_result, scored)))


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

    It is rounded down: 79.9 % is not enough for a number, and must not read as the 80 % that is.

    >>> coverage_text(0.799), coverage_text(0.29)
    ('79 %', '29 %')
    """
    return f"{int(100 * covered + 1e-9)} %"  # 100 * 0.29 is less than 29


def interval_text(interval: Interval | None) -> str:
    """Format an interval of scores as percentages: least rounded down, greatest up.

    >>> interval_text((0.299, 0.701)), interval_text((0.29, 0.29)), interval_text(None)
    ('29-71 %', '29 %', 'not applicable')
    """
    if interval is None:
        return "not applicable"
    if _same(interval):
        return f"{100 * interval[0]:.0f} %"
    low, high = _percentages(interval)
    return f"{low}-{high} %"


def _same(interval: Interval) -> bool:
    return interval[1] - interval[0] < _SAME


def _percentages(interval: Interval) -> tuple[int, int]:
    """Return the ends as whole percentages: least rounded down, greatest up."""
    low, high = interval
    return math.floor(100 * low + _SAME), math.ceil(100 * high - _SAME)


def not_enough(report: AssessmentReport, start: str) -> str | None:
    """Return why the letter or principle `start` (``I``, ``I2``) has no number; None where it has one."""
    missing = _missing(report, start)
    return f"not enough evidence: {missing} unknown" if missing else None


def why_no_overall(report: AssessmentReport) -> str | None:
    """Return which letters have verdicts for too little of their weight, and what is unknown of them.

    None where there is an overall score, or nothing to score.
    """
    if report.notice and report.overall is None:
        return (
            "nothing of the published record was read; fairreg gives a number only where at least "
            f"{coverage_text(rubrics.ENOUGH)} of each letter is known"
        )
    lacking = [letter for letter in report.letters if _missing(report, letter)]
    if report.overall is not None or not lacking:
        return None
    needed = coverage_text(rubrics.ENOUGH)
    covered = [coverage_text(report.letter_coverage[letter]) for letter in lacking]
    unknown = [f"(unknown: {_some(_unknown(report, letter))})" for letter in lacking]
    if len(lacking) == 1:
        return f"{lacking[0]} has verdicts for {covered[0]} of its weight and needs {needed} {unknown[0]}"
    parts = [
        f"{letter} for {part} {ids}" for letter, part, ids in zip(lacking, covered, unknown, strict=True)
    ]
    parts[0] = f"{lacking[0]} has verdicts for {covered[0]} of its weight {unknown[0]}"
    return f"{', '.join(parts)}; each needs {needed}"


def no_overall(report: AssessmentReport) -> str | None:
    """Return the sentences on a missing overall score: the reason, and where it lies; None where it is there.

    No overall score: I has verdicts for 75 % of its weight and needs 80 % (unknown: I1-4, I2-2). It lies
    between 65 and 71 %.
    """
    why = why_no_overall(report)
    return f"No overall score: {why}. {lies(report)}" if why else None


def lies(report: AssessmentReport) -> str:
    """Return the sentence on where the overall score lies; empty where nothing applies."""
    if report.interval is None or _same(report.interval):
        return ""
    low, high = _percentages(report.interval)
    return f"It lies between {low} and {high} %."


def badge_line(badge: Badge) -> str:
    """Return whether the badge is awarded, and why.

    >>> badge_line(Badge(awarded=False, label="FAIR 59 %", reason="Essential indicators fail."))
    'No badge. Essential indicators fail.'
    """
    return f"Badge: {badge.label}. {badge.reason}" if badge.awarded else f"No badge. {badge.reason}"


def _unknown(report: AssessmentReport, letter: str) -> list[str]:
    parts = [part for name, part in report.principles.items() if name[0] == letter]
    return [item.id for part in parts for item in part.indicators if item.verdict is Verdict.UNKNOWN]


def _some(ids: list[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return ", ".join(ids[:_NAMED]) + more


def _missing(report: AssessmentReport, start: str) -> str | None:
    """Return how many indicators are unknown where that leaves no number."""
    letter = start in report.letters
    score = report.letters[start] if letter else report.principles[start].score
    parts = [
        part for name, part in report.principles.items() if name == start or (letter and name[0] == start)
    ]
    verdicts = [item.verdict for part in parts for item in part.indicators]
    applicable = [verdict for verdict in verdicts if verdict is not Verdict.NOT_APPLICABLE]
    if score is not None or not applicable:
        return None
    return f"{applicable.count(Verdict.UNKNOWN)} of {len(applicable)} indicators"


def _badge(scored: list[IndicatorScore], overall: Score) -> Badge | None:
    if overall.value is None:
        return None
    label = f"FAIR {overall.value:.0%}".replace("%", " %")
    failing = [item for item, found in scored if item.essential and found.verdict is Verdict.FAIL]
    if failing:
        needed = ", ".join(f"{item.id} ({item.title})" for item in failing)
        return Badge(awarded=False, label=label, reason=f"Essential indicators fail. For a badge: {needed}.")
    covered = coverage_text(overall.coverage)
    reason = f"No essential indicator fails, and {covered} of the weight has a verdict."
    return Badge(awarded=True, label=label, reason=reason)
