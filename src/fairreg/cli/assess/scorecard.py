# SPDX-License-Identifier: MIT
"""Terminal output of an assessment: the scorecard, the comparison with other tools, the written fixes."""

from typing import TYPE_CHECKING

from fairreg.cli.assess.figures import bar, percent
from fairreg.schemas.text import clean

if TYPE_CHECKING:
    from fairreg.assessment.remedies.base import Draft
    from fairreg.services.assess.assess import AssessmentReport
    from fairreg.services.assess.outputs import FixReport

__all__ = ["fixed_lines", "overall_lines", "print_comparison", "print_report"]

_LEGEND = "Bars without a number: # is known, = is what unknown verdicts can still add, . is lost."


def print_report(report: "AssessmentReport", *, brief: bool = False) -> None:
    """Print the scorecard; a brief one omits indicators with full points."""
    from fairreg.assessment.report import badge_line
    from fairreg.cli.assess.first_steps import print_first_steps
    from fairreg.cli.assess.verdicts import print_verdicts
    from fairreg.cli.layout.lines import print_text

    print_text(f"FAIR assessment of {report.id}", style="bold")
    print_text(f"rubric {report.rubric} {report.rubric_version}, {report.assessed_at}")
    if report.notice:
        print_text(clean(report.notice), style="yellow")
    _print_letters(report)
    for line in overall_lines(report):
        print_text(line, style="bold")
    if report.badge is not None:
        print_text(badge_line(report.badge))
    if not report.notice:  # whose only step is said above
        print_first_steps(report)
    if any(found.score is None and found.interval for found in report.principles.values()):
        print_text(_LEGEND, style="dim")
    print_verdicts(report, brief=brief)


def _print_letters(report: "AssessmentReport") -> None:
    """Print a bar for each letter, with its coverage and, where it has no number, the reason."""
    from fairreg.assessment.report import coverage_text, not_enough
    from fairreg.cli.layout.lines import print_hanging

    between = {letter: _between(report.letters[letter], report.letter_intervals[letter]) for letter in "FAIR"}
    width = max(map(len, between.values()))
    for letter, score in report.letters.items():
        covered = coverage_text(report.letter_coverage[letter])
        drawn = bar(score, report.letter_intervals[letter])
        figures = f"{letter}  {drawn} {percent(score):>5}{between[letter]:>{width}}"
        reason = not_enough(report, letter)
        print_hanging(figures, f"coverage {covered:>5}", *([reason] if reason else []))


def _between(score: float | None, interval: "tuple[float, float] | None") -> str:
    """Return the interval of a score as it stands beside it: empty where it is the number itself."""
    from fairreg.assessment.report import interval_text

    between = interval_text(interval)
    return "" if between == percent(score) else f"   {between}"


def overall_lines(report: "AssessmentReport") -> list[str]:
    """Return the lines on the overall score: number, interval and coverage, or why there is no number."""
    from fairreg.assessment.priorities import advice
    from fairreg.assessment.report import coverage_text, no_overall, why_no_overall

    between, covered = _between(report.overall, report.interval), coverage_text(report.coverage)
    lines = [f"overall {percent(report.overall)}{between}   coverage {covered}"]
    if report.equal_weights is not None:
        lines.append(f"with all weights equal, as Chen et al. count: {percent(report.equal_weights)}")
    if report.notice and (why := why_no_overall(report)):
        return [*lines, " ".join((f"No overall score: {why}.", advice(report)))]
    reason = no_overall(report)
    return lines if reason is None else [*lines, reason]


def print_comparison(report: "AssessmentReport") -> None:
    """Print the verdicts under the metrics of other tools, one table per tool."""
    from fairreg.cli.layout.tables import print_table
    from fairreg.services.assess.outputs import compared

    for tool, rows in compared(report).items():
        cells = [(row.metric, row.indicator, row.verdict, row.title) for row in rows]
        titles = ("Metric", "Indicator", "Verdict", "Title")
        print_table(titles, cells, title=f"fairreg's verdicts under {tool}")


def fixed_lines(fixed: "FixReport") -> list[str]:
    """Return lines on the written files with their indicators, and on the indicators left to the author."""
    if not (fixed.written or fixed.kept):
        return ["No file can raise this score."]
    lines = [f"wrote {fixed.folder / item.name}{_served(item)}" for item in fixed.written]
    lines += [
        f"kept the existing {fixed.folder / item.name}{_served(item)}; --force replaces it"
        for item in fixed.kept
    ]
    if fixed.unlisted:
        lines.append("The list of to-dos was edited and lacks these:")
        lines += [f"  {sentence}" for sentence in fixed.unlisted]
    for item in fixed.written:
        lines += [f"  {item.name}: {sentence}" for sentence in item.remains]
    lines += (
        [f"These files cannot fix {', '.join(fixed.unresolved)}; see the next steps in the scorecard."]
        if fixed.unresolved
        else []
    )
    return lines


def _served(item: "Draft") -> str:
    return f" for {item.purpose}" if item.purpose else ""
