# SPDX-License-Identifier: MIT
"""Render a report as one HTML file, by the template ``report.html``.

Content of a record or a file is escaped text, and only web addresses become links.
"""

from fairreg import pages
from fairreg.assessment.base import Verdict
from fairreg.assessment.rendering.comparison import compared
from fairreg.assessment.rendering.profile import percent, profile
from fairreg.assessment.report import AssessmentReport, coverage_text

__all__ = ["to_html"]

_WORDS = {verdict: verdict.value.replace("_", " ") for verdict in Verdict}


def to_html(report: AssessmentReport, *, name: str | None = None) -> str:
    """Render the page; `name` is the object's own, shown above its identifier."""
    return pages.render(
        "fairreg.assessment.rendering",
        "report.html",
        title=f"FAIR assessment of {name or report.id}",
        name=name,
        report=report,
        profile=profile(report),
        compared=compared(report),
        words=_WORDS,
        percent=percent,
        coverage_text=coverage_text,
    )
