# SPDX-License-Identifier: MIT
"""Top of the scorecard: what to do first, and how what is unknown becomes known."""

from typing import TYPE_CHECKING

from fairreg.schemas.text import clean

if TYPE_CHECKING:
    from fairreg.services.assess.assess import AssessmentReport

__all__ = ["print_first_steps"]

_SHOWN = 8  # names of unknown indicators
_INDENT = 5


def print_first_steps(report: "AssessmentReport") -> None:
    """Print the remedies with the largest gain for the least work, and the ways to a verdict."""
    from fairreg.assessment.priorities import effort_text, heading, points
    from fairreg.cli.layout.lines import print_text

    least = " of the least possible score"
    if report.do_first or report.undecided:
        print_text(f"{heading(report.do_first)}:", style="bold")
    for number, step in enumerate(report.do_first, start=1):
        gain = f"+{points(step.gain)} points{least if step.of == 'least' else ''}"
        _print_beside(f"{number}.", f"{step.id} {step.title} ({gain})")
        _print_beside("", clean(step.remedy))
        _print_beside("", effort_text(step), style="dim")
    for group in report.undecided:
        more = f" and {len(group.ids) - _SHOWN} more" if len(group.ids) > _SHOWN else ""
        told = f"{len(group.ids)} unknown ({', '.join(group.ids[:_SHOWN])}{more}): {clean(group.how)}"
        _print_beside("?", told)


def _print_beside(mark: str, text: str, *, style: str = "") -> None:
    """Print a mark and the text beside it, whose further lines stand below its first one."""
    from fairreg.cli.layout.lines import line_width, print_line, wrapped

    start = f"  {mark}".ljust(_INDENT)
    for line in wrapped(text, line_width() - _INDENT):
        print_line((start + line, style))
        start = " " * _INDENT
