# SPDX-License-Identifier: MIT
"""Scores as figures: a percentage, and a bar of plain signs."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fairreg.assessment.report import Interval

__all__ = ["bar", "percent"]

_LENGTH = 20


def bar(score: float | None, interval: "Interval | None", possible: str = ".") -> str:
    """Return a bar up to the score; without a number up to the least one, `possible` on to the greatest."""
    low, high = interval or (0.0, 0.0)
    full = round(_LENGTH * (low if score is None else score))
    open_ = max(round(_LENGTH * high), full) - full if score is None else 0
    return "#" * full + possible * open_ + "." * (_LENGTH - full - open_)


def percent(score: float | None) -> str:
    """Format a score in 0..1 as a percentage; a question mark for None."""
    return "?" if score is None else f"{100 * score:.0f} %"
