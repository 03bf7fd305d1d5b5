# SPDX-License-Identifier: MIT
"""A report as a notebook shows it."""

from collections.abc import Callable, Iterator, Sequence

from fairreg.assessment.principle_names import principle_name
from fairreg.assessment.report import (
    AssessmentReport,
    FirstStep,
    IndicatorResult,
    Interval,
    Undecided,
    badge_line,
    coverage_text,
    interval_text,
    no_overall,
    not_enough,
)
from fairreg.schemas.notebook.markup import Html, card, details, element, folded, joined, notes, quiet, table

__all__ = ["report_view", "summary"]

_WHOLE = 100


def summary(report: AssessmentReport) -> str:
    """Return the scores in a few words: ``overall 83 %, F 100 %, A 75-100 %, I 50 %, R 90 %``."""
    letters = [f"{letter} {_score(report, letter)}" for letter in report.letters]
    return ", ".join([f"overall {_number(report.overall, report.interval)}", *letters])


def report_view(report: AssessmentReport) -> str:
    """Return scores, what to do first, and the verdicts of each principle behind a click."""
    about = (
        f"overall {_number(report.overall, report.interval)}",
        f"rubric {report.rubric} {report.rubric_version}",
    )
    said = filter(None, (report.notice, no_overall(report)))
    return card(
        f"FAIR assessment of {report.id}",
        (*about, report.assessed_at),
        notes(said),
        table(
            ("letter", "range", "score#", "coverage#", "remark"),
            list(report.letters),
            "letters",
            row=_letter_of(report),
        ),
        element("div", badge_line(report.badge)) if report.badge else "",
        _steps(report.do_first),
        details("what is unknown", _unknown(report.undecided)),
        details(f"all verdicts ({_counts(report)})", _verdicts(report)),
    )


def _number(score: float | None, interval: Interval | None) -> str:
    return interval_text(interval) if score is None else interval_text((score, score))


def _score(report: AssessmentReport, letter: str) -> str:
    return _number(report.letters[letter], report.letter_intervals[letter])


def _letter_of(report: AssessmentReport) -> Callable[[str], Sequence[object]]:
    def row(letter: str) -> Sequence[object]:
        interval = report.letter_intervals[letter]
        covered = coverage_text(report.letter_coverage[letter])
        why = not_enough(report, letter) or ""
        return element("strong", letter), _bar(interval), _score(report, letter), covered, quiet(why)

    return row


def _bar(interval: Interval | None) -> Html:
    """Return a bar of the least score, and in a lighter shade of what unknown verdicts can add."""
    low, high = interval or (0.0, 0.0)
    widths = (int(_WHOLE * low), int(_WHOLE * high) - int(_WHOLE * low))
    parts = (element("span", style=f"width:{width}%") for width in widths)
    return element("span", *parts, class_="fr-bar", aria_hidden="true")


def _steps(steps: Sequence[FirstStep]) -> Html:
    return table(("do first", "points#", "how"), steps, "steps", row=_step)


def _step(step: FirstStep) -> Sequence[object]:
    name = joined((step.id, element("div", quiet(step.title))))
    return name, f"{100 * step.gain:+.1f}", step.remedy


def _unknown(groups: Sequence[Undecided]) -> Html:
    return table(
        ("indicators", "how it becomes known"),
        groups,
        "groups",
        row=lambda item: (folded(item.ids, "indicators", separator=", "), item.how),
    )


def _counts(report: AssessmentReport) -> str:
    verdicts = [str(item.verdict) for part in report.principles.values() for item in part.indicators]
    counted = ((name, verdicts.count(name)) for name in ("pass", "partial", "fail", "unknown"))
    return ", ".join(f"{count} {name}" for name, count in counted if count)


# Cells of the table of verdicts.
_Cells = tuple[object, object, object]


def _verdicts(report: AssessmentReport) -> Html:
    cells = list(_cells(report))
    return table(
        ("indicator|", "verdict|", "reason"), cells, "verdicts", row=lambda row: row, shown=len(cells)
    )


def _cells(report: AssessmentReport) -> Iterator[_Cells]:
    """Yield a row for each principle, and below it one for each of its indicators."""
    for name, found in report.principles.items():
        if found.indicators:
            title = principle_name(report.rubric, name)
            score = _number(found.score, found.interval)
            yield element("strong", name), element("strong", score), element("strong", title)
            yield from map(_verdict, found.indicators)


def _verdict(item: IndicatorResult) -> _Cells:
    next_step = element("div", quiet("Next step: ", item.remedy)) if item.remedy else ""
    return item.id, item.verdict.replace("_", " "), joined((item.reason, next_step))
