# SPDX-License-Identifier: MIT
"""Render a report as one HTML file, by the template ``report.html``; its content is ``scorecard.html``.

Content of a record or a file is escaped text, and only web addresses become links.
"""

from functools import partial
from shlex import quote
from typing import Any

from fairreg import pages
from fairreg.assessment.base import Verdict
from fairreg.assessment.findings import cited_words
from fairreg.assessment.principle_names import named_principle
from fairreg.assessment.priorities import effort_text, heading, points
from fairreg.assessment.rendering.citations import address_of, grouped, readable_time
from fairreg.assessment.rendering.comparison import compared
from fairreg.assessment.rendering.profile import HATCHING, percent, profile
from fairreg.assessment.report import (
    AssessmentReport,
    badge_line,
    coverage_text,
    interval_text,
    not_enough,
    why_no_overall,
)

__all__ = ["report_values", "to_html"]

# Verdicts that ask nothing of the keeper of a record: their indicators are folded.
_SETTLED = frozenset({Verdict.PASS, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE})
_WORDS = {verdict: verdict.value.replace("_", " ") for verdict in Verdict}


def to_html(report: AssessmentReport, *, name: str | None = None) -> str:
    """Render the page; `name` is the object's own, shown above its identifier."""
    return pages.render(__package__, "report.html", **report_values(report, name=name))


def report_values(report: AssessmentReport, *, name: str | None = None) -> dict[str, Any]:
    """Return the values that ``scorecard.html`` needs, and the title of a page with it."""
    asked = [item for found in report.principles.values() for item in found.indicators]
    titles = {item.id: item.title for item in asked}
    return {
        "title": f"FAIR assessment of {name or report.id}",
        "name": name or report.id,
        "report": report,
        "address": address_of(report.id),
        "cited_words": cited_words,
        "command": f"fairreg assess {quote(report.id)} --fix FOLDER",
        "profile": profile(report),
        "hatching": HATCHING,
        "heading": heading(report.do_first),
        "compared": compared(report),
        "words": _WORDS,
        "across": _across,
        "titles": titles,
        "settled": _SETTLED,
        "unknown_words": _unknown_words(report),
        "badge_line": badge_line,
        "coverage_text": coverage_text,
        "effort_text": effort_text,
        "grouped": grouped,
        "interval_text": interval_text,
        "not_enough": partial(not_enough, report),
        "percent": percent,
        "points": points,
        "principle": partial(named_principle, report.rubric),
        "readable_time": readable_time,
        "why_no_overall": why_no_overall,
    }


def _unknown_words(report: AssessmentReport) -> str:
    """Return how many checks have no verdict, in a sentence; empty where every one has."""
    found = [item.verdict for part in report.principles.values() for item in part.indicators]
    unknown = found.count(Verdict.UNKNOWN)
    return f"{unknown} of {len(found)} checks could not be made" if unknown else ""


def _across(part: float) -> str:
    """Format a part of the width as SVG has it, to a tenth of a per cent."""
    return f"{100 * part:.1f}%"
