# SPDX-License-Identifier: MIT
"""Terminal output of an assessment: the scorecard, the comparison with other tools, the written fixes."""

from typing import TYPE_CHECKING

from fairreg.schemas.text import clean

if TYPE_CHECKING:
    from rich.table import Table

    from fairreg.assessment.remedies.base import Draft
    from fairreg.assessment.report import Interval, PrincipleResult
    from fairreg.services.assess.assess import AssessmentReport, IndicatorResult
    from fairreg.services.assess.outputs import FixReport

__all__ = ["fixed_lines", "overall_lines", "percent", "print_comparison", "print_report"]

_COLOURS = {"pass": "green", "partial": "yellow", "fail": "red", "unknown": "dim", "not_applicable": "dim"}
_MARKS = {"pass": "+", "partial": "~", "fail": "-", "unknown": "?", "not_applicable": " "}
_WEIGHTS = {3: "essential", 2: "important", 1: "useful"}
_SETTLED = ("pass", "not_applicable")
_BAR = 20
_LEGEND = "Bars without a number: # is known, = is what unknown verdicts can still add, . is lost."


def print_report(report: "AssessmentReport", *, brief: bool = False) -> None:
    """Print the scorecard; a brief one omits indicators with full points."""
    from fairreg.assessment.report import badge_line, coverage_text, not_enough
    from fairreg.cli.assess.first_steps import print_first_steps
    from fairreg.cli.output import console

    out = console()
    out.print(f"FAIR assessment of {report.id}", style="bold")
    out.print(f"rubric {report.rubric} {report.rubric_version}, {report.assessed_at}")
    if report.notice:
        out.print(clean(report.notice), style="yellow")
    between = {letter: _between(report.letters[letter], report.letter_intervals[letter]) for letter in "FAIR"}
    width = max(map(len, between.values()))
    for letter, score in report.letters.items():
        covered = coverage_text(report.letter_coverage[letter])
        bar = _bar(score, report.letter_intervals[letter])
        reason = not_enough(report, letter)
        told = f"{letter}  {bar} {percent(score):>5}{between[letter]:>{width}}   coverage {covered:>5}"
        out.print(f"{told}   {reason}" if reason else told)
    for line in overall_lines(report):
        out.print(line, style="bold")
    if report.badge is not None:
        out.print(badge_line(report.badge))
    if not report.notice:  # whose only step is said above
        print_first_steps(report)
    if any(found.score is None and found.interval for found in report.principles.values()):
        out.print(_LEGEND, style="dim")
    out.print(_verdicts(report, brief=brief), markup=True)


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


def _verdicts(report: "AssessmentReport", *, brief: bool) -> "Table":
    from rich.table import Table

    from fairreg.assessment.principle_names import principle_name
    from fairreg.assessment.report import interval_text

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    table.add_column("Indicator", no_wrap=True)
    table.add_column("Weight", no_wrap=True)
    table.add_column("Verdict, evidence and next step", overflow="fold")
    for name, found in report.principles.items():
        shown = percent(found.score) if found.score is not None else interval_text(found.interval)
        bar = f"{_bar(found.score, found.interval, '=')} " if found.interval else ""
        told = f"{principle_name(report.rubric, name)} {bar}{shown}".lstrip()
        unread = (brief or report.notice is not None) and _is_unread(found)
        more = f"   {_unread(found)}" if unread else f"   {_settled(found)}" if brief else ""
        table.add_row("", f"[bold]{name}[/bold]", "", f"[bold]{told}[/bold]{more.rstrip()}")
        for item in found.indicators:
            if not (unread or (brief and item.verdict in _SETTLED)):
                colour = _COLOURS[item.verdict]
                mark = f"[{colour}]{_MARKS[item.verdict]}[/{colour}]"
                table.add_row(mark, item.id, _WEIGHTS[item.weight], _verdict_line(item))
    return table


def _is_unread(found: "PrincipleResult") -> bool:
    """Tell whether nothing is known of a principle: one line says it for all its indicators."""
    return bool(found.indicators) and all(item.verdict == "unknown" for item in found.indicators)


def _unread(found: "PrincipleResult") -> str:
    """Return how many indicators are unknown, with the reason where all have the same."""
    reasons = {item.reason for item in found.indicators}
    why = f": {_plain(reasons.pop())}" if len(reasons) == 1 else ""
    count = len(found.indicators)
    return f"{'its indicator is' if count == 1 else f'all {count} are'} unknown{why}"


def _settled(found: "PrincipleResult") -> str:
    """Return how many indicators a brief scorecard leaves out, empty where it shows every one."""
    verdicts = [str(item.verdict) for item in found.indicators]
    passed, left_out = verdicts.count("pass"), verdicts.count("not_applicable")
    told = [f"{passed} of {len(verdicts)} met in full"] if passed else []
    told += [f"{left_out} not applicable"] if left_out else []
    return ", ".join(told)


def _verdict_line(item: "IndicatorResult") -> str:
    from fairreg.assessment.findings import cited_words

    colour = _COLOURS[item.verdict]
    lines = [f"[{colour}]{item.verdict}[/{colour}] {_plain(f'{item.title}: {item.reason}')}"]
    lines += [
        f"  [dim]{_plain(f'{cited.source} {cited_words(cited)}: {_short(cited.value)}')}[/dim]"
        for cited in item.evidence[:2]
    ]
    lines += [f"  -> {_plain(item.remedy)}"] if item.remedy else []
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Escape text of a record or a file for markup and terminal."""
    from rich.markup import escape

    return escape(clean(text))


def print_comparison(report: "AssessmentReport") -> None:
    """Print the verdicts under the metrics of other tools, one table per tool."""
    from rich.table import Table

    from fairreg.cli.output import console
    from fairreg.services.assess.outputs import compared

    for tool, rows in compared(report).items():
        table = Table(
            title=f"fairreg's verdicts under {tool}",
            title_justify="left",
            box=None,
            pad_edge=False,
            header_style="bold",
        )
        for heading in ("Metric", "Indicator", "Verdict", "Title"):
            table.add_column(heading, no_wrap=heading != "Title", overflow="fold")
        for row in rows:
            colour = _COLOURS[row.verdict]
            table.add_row(row.metric, row.indicator, f"[{colour}]{row.verdict}[/{colour}]", row.title)
        console().print(table, markup=True)


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


def _bar(score: float | None, interval: "Interval | None", possible: str = ".") -> str:
    """Return a bar up to the score; without a number up to the least one, `possible` on to the greatest."""
    low, high = interval or (0.0, 0.0)
    full = round(_BAR * (low if score is None else score))
    open_ = max(round(_BAR * high), full) - full if score is None else 0
    return "#" * full + possible * open_ + "." * (_BAR - full - open_)


def _short(value: str, limit: int = 100) -> str:
    flat = " ".join(value.split())
    return flat if len(flat) <= limit else flat[:limit] + "..."


def percent(score: float | None) -> str:
    """Format a score in 0..1 as a percentage; a question mark for None."""
    return "?" if score is None else f"{100 * score:.0f} %"
