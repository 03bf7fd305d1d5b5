# SPDX-License-Identifier: MIT
"""Verdicts of a scorecard, each a mark and a word with evidence and next step; colour only repeats it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fairreg.cli.assess.figures import bar, percent
from fairreg.cli.layout.lines import NARROWEST_TABLE, Piece, line_width, print_line, wrapped
from fairreg.schemas.text import clean

if TYPE_CHECKING:
    from fairreg.assessment.report import PrincipleResult
    from fairreg.services.assess.assess import AssessmentReport, IndicatorResult

__all__ = ["print_verdicts"]

_COLOURS = {"pass": "green", "partial": "yellow", "fail": "red", "unknown": "dim", "not_applicable": "dim"}
_MARKS = {"pass": "+", "partial": "~", "fail": "-", "unknown": "?", "not_applicable": " "}
_WEIGHTS = {3: "essential", 2: "important", 1: "useful"}
_SETTLED = ("pass", "not_applicable")
# Places of the indicator, of its weight, and of the sentences; in a narrow terminal these stand below.
_INDICATOR, _WEIGHT, _SENTENCES = 3, 14, 25
_TITLES = ("", "Indicator", "Weight", "Verdict, evidence and next step")
# Place of the name of a principle behind its number; in a wide terminal it stands above the sentences.
_PRINCIPLE, _WIDE = 6, 100
_LONGEST_EVIDENCE = 100


def print_verdicts(report: "AssessmentReport", *, brief: bool) -> None:
    """Print the verdicts by principle; a brief list omits those with full points."""
    width = line_width()
    if width >= NARROWEST_TABLE:
        print_line((_row(*_TITLES), "bold"))
    for name, found in report.principles.items():
        unread = (brief or report.notice is not None) and _is_unread(found)
        _print_heading(report, name, width, found, unread=unread, brief=brief)
        for item in found.indicators:
            if not (unread or (brief and item.verdict in _SETTLED)):
                _print_verdict(item, width)


def _print_heading(
    report: "AssessmentReport", name: str, width: int, found: "PrincipleResult", *, unread: bool, brief: bool
) -> None:
    from fairreg.assessment.principle_names import principle_name
    from fairreg.assessment.report import interval_text

    shown = percent(found.score) if found.score is not None else interval_text(found.interval)
    drawn = f"{bar(found.score, found.interval, '=')} " if found.interval else ""
    place = _SENTENCES - _INDICATOR if width >= _WIDE else _PRINCIPLE
    told = f"{name:<{place}}{principle_name(report.rubric, name)} {drawn}{shown}".rstrip()
    more = _unread(found) if unread else _settled(found) if brief else ""
    indent = " " * _INDICATOR
    *lines, last = wrapped(indent + told, width)
    for line in lines:
        print_line((line, "bold"))
    beside = next(
        (part for part in (more, more.partition(":")[0]) if len(f"{last}{indent}{part}") <= width), ""
    )
    print_line((last, "bold"), (f"{indent}{beside}", ""))
    rest = more[len(beside) :].lstrip(": ")
    for line in wrapped(rest, width - 2 * _INDICATOR) if rest else ():
        print_line((f"{2 * indent}{line}", ""))


def _print_verdict(item: "IndicatorResult", width: int) -> None:
    colour, mark, weight = _COLOURS[item.verdict], _MARKS[item.verdict], _WEIGHTS[item.weight]
    start, place = _row(mark, item.id, weight, ""), _SENTENCES
    if width < NARROWEST_TABLE:
        print_line((mark, colour), (f"  {item.id} {weight}", ""))
        start, place = "", _INDICATOR
    for line in _sentences(item, width - place, colour):
        blanks = " " * (place - len(start))
        print_line((start[:1], colour), (start[1:] + blanks, ""), *line)
        start = ""


def _row(mark: str, indicator: str, weight: str, sentence: str) -> str:
    return f"{f'{mark:<{_INDICATOR}}{indicator}':<{_WEIGHT}}{weight:<{_SENTENCES - _WEIGHT}}{sentence}"


def _sentences(item: "IndicatorResult", room: int, colour: str) -> Iterator[tuple[Piece, ...]]:
    from fairreg.assessment.findings import cited_words

    first, *others = wrapped(clean(f"{item.verdict} {item.title}: {item.reason}"), room)
    yield (str(item.verdict), colour), (first[len(item.verdict) :], "")
    yield from (((line, ""),) for line in others)
    for cited in item.evidence[:2]:
        told = clean(f"{cited.source} {cited_words(cited)}: {_short(cited.value)}")
        yield from (((f"  {line}", "dim"),) for line in wrapped(told, room - 2))
    for number, line in enumerate(wrapped(clean(item.remedy), room - 5) if item.remedy else ()):
        yield ((f"     {line}" if number else f"  -> {line}", ""),)


def _is_unread(found: "PrincipleResult") -> bool:
    """Tell whether nothing is known of a principle: one line says it for all its indicators."""
    return bool(found.indicators) and all(item.verdict == "unknown" for item in found.indicators)


def _unread(found: "PrincipleResult") -> str:
    """Return how many indicators are unknown, with the reason where all have the same."""
    reasons = {item.reason for item in found.indicators}
    why = f": {clean(reasons.pop())}" if len(reasons) == 1 else ""
    count = len(found.indicators)
    return f"{'its indicator is' if count == 1 else f'all {count} are'} unknown{why}"


def _settled(found: "PrincipleResult") -> str:
    """Return how many indicators a brief scorecard leaves out, empty where it shows every one."""
    verdicts = [str(item.verdict) for item in found.indicators]
    passed, left_out = verdicts.count("pass"), verdicts.count("not_applicable")
    told = [f"{passed} of {len(verdicts)} met in full"] if passed else []
    told += [f"{left_out} not applicable"] if left_out else []
    return ", ".join(told)


def _short(value: str) -> str:
    flat = " ".join(value.split())
    return flat if len(flat) <= _LONGEST_EVIDENCE else flat[:_LONGEST_EVIDENCE] + "..."
