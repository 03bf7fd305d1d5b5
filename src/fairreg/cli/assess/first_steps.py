# SPDX-License-Identifier: MIT
"""Top of the scorecard: what to do first, and how what is unknown becomes known."""

from textwrap import wrap
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
    from fairreg.cli.output import console

    out, least = console(), " of the least possible score"
    if report.do_first or report.undecided:
        out.print(f"{heading(report.do_first)}:", style="bold")
    for number, step in enumerate(report.do_first, start=1):
        gain = f"+{points(step.gain)} points{least if step.of == 'least' else ''}"
        out.print(_hanging(f"{number}.", f"{step.id} {step.title} ({gain})", out.width))
        out.print(_hanging("", clean(step.remedy), out.width))
        out.print(_hanging("", effort_text(step), out.width), style="dim")
    for group in report.undecided:
        more = f" and {len(group.ids) - _SHOWN} more" if len(group.ids) > _SHOWN else ""
        told = f"{len(group.ids)} unknown ({', '.join(group.ids[:_SHOWN])}{more}): {clean(group.how)}"
        out.print(_hanging("?", told, out.width))


def _hanging(mark: str, text: str, width: int) -> str:
    """Return a mark and the text beside it, whose further lines stand below its first one.

    >>> print(_hanging("1.", "R2-1 Dependencies", 18))
      1. R2-1
         Dependencies
    """
    first, others = f"  {mark}".ljust(_INDENT), " " * _INDENT
    lines = wrap(text, width, initial_indent=first, subsequent_indent=others, break_on_hyphens=False)
    return "\n".join(lines)
