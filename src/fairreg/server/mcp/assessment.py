# SPDX-License-Identifier: MIT
"""The tool ``assess_model``, and the rubric by which it scores. Nothing is assessed here, or asked online."""

from collections.abc import Iterator
from shlex import quote
from typing import Any

from fairreg.assessment import rubric
from fairreg.assessment.base import Indicator, Verdict
from fairreg.assessment.report import AssessmentReport, IndicatorResult, Interval, no_overall
from fairreg.registry import Registry
from fairreg.server.mcp.answers import AssessedModel, FailedEssential, LetterScore, SuggestedRemedy
from fairreg.server.mcp.arguments import PidArguments
from fairreg.server.mcp.foreign_text import SENTENCE, line
from fairreg.server.mcp.records import entry_of, pid_of
from fairreg.services.assess.shown import shown_report

__all__ = ["assess_model", "rubric_document"]

_RUBRICS = (rubric.MODELS, rubric.DATASETS)


def assess_model(registry: Registry, asked: PidArguments) -> AssessedModel:
    """Return the stored assessment whose score the search shows. Raises NotFound and RecordError."""
    entry = entry_of(registry, asked.pid)
    report = shown_report(registry, entry)
    if report is None:
        return AssessedModel(
            identifier=pid_of(registry, entry),
            assessed=False,
            why_not="It has not been assessed in this registry by the rubric of this release.",
            how_to=f"Where the registry is kept, run: fairreg assess {quote(asked.pid.strip())}",
        )
    lowest, highest = _ends(report.interval)
    return AssessedModel(
        identifier=pid_of(registry, entry),
        assessed=True,
        why_not=line(no_overall(report), SENTENCE),
        rubric=f"{report.rubric} {report.rubric_version}",
        assessed_at=report.assessed_at,
        overall=report.overall,
        lowest=lowest,
        highest=highest,
        coverage=report.coverage,
        letters={letter: _letter(report, letter) for letter in report.letters},
        badge=None if report.badge is None else report.badge.awarded,
        failed_essentials=_failed_essentials(report),
        remedies=_remedies(report),
        unknown=tuple(item.id for item in _verdicts(report) if item.verdict is Verdict.UNKNOWN),
        notice=line(report.notice, SENTENCE),
    )


def _ends(interval: Interval | None) -> tuple[float | None, float | None]:
    return (None, None) if interval is None else interval


def _letter(report: AssessmentReport, letter: str) -> LetterScore:
    lowest, highest = _ends(report.letter_intervals[letter])
    return LetterScore(
        coverage=report.letter_coverage[letter],
        score=report.letters[letter],
        lowest=lowest,
        highest=highest,
    )


def _verdicts(report: AssessmentReport) -> Iterator[IndicatorResult]:
    for principle in report.principles.values():
        yield from principle.indicators


def _failed_essentials(report: AssessmentReport) -> tuple[FailedEssential, ...]:
    rules = next(item for item in _RUBRICS if item.name == report.rubric)
    essential = {item.id for item in rubric.indicators(rules) if item.essential}
    return tuple(
        FailedEssential(id=item.id, title=item.title, reason=line(item.reason, SENTENCE) or "")
        for item in _verdicts(report)
        if item.id in essential and item.verdict is Verdict.FAIL
    )


def _remedies(report: AssessmentReport) -> tuple[SuggestedRemedy, ...]:
    """Return what to do first, then the other remedies in the order of the rubric."""
    first = {step.id: step for step in report.do_first}
    found = {item.id: item for item in _verdicts(report) if item.remedy}
    ordered = [*(found[name] for name in first if name in found), *found.values()]
    return tuple(
        SuggestedRemedy(
            id=item.id,
            title=item.title,
            verdict=item.verdict,
            remedy=line(item.remedy, SENTENCE) or "",
            first=item.id in first,
            gain=round(first[item.id].gain, 4) if item.id in first else None,
            effort=first[item.id].effort if item.id in first else None,
        )
        for item in dict.fromkeys(ordered)
    )


def rubric_document() -> dict[str, Any]:
    """Return both rubrics with the rules of their indicators, as a JSON document."""
    return {
        "rubrics": [
            {
                "name": rules.name,
                "version": rules.version,
                "for": "datasets" if rules is rubric.DATASETS else "models and software",
                "indicators": [_indicator(item) for item in rubric.indicators(rules)],
            }
            for rules in _RUBRICS
        ],
        "points": {"pass": 1, "partial": 0.5, "fail": 0},
        "weights": {"3": "essential: a fail forbids the badge", "2": "important", "1": "useful"},
    }


def _indicator(item: Indicator) -> dict[str, Any]:
    rule = {"pass": item.rule.passes, "partial": item.rule.partial, "fail": item.rule.fails}
    return {
        "id": item.id,
        "title": item.title,
        "principle": item.principle,
        "weight": item.weight,
        "rule": {verdict: words for verdict, words in rule.items() if words},
        "corresponds_to": list(item.corresponds_to),
    }
