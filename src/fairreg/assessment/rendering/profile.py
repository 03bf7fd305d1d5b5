# SPDX-License-Identifier: MIT
"""Profile of an assessment as a bar chart: one bar per letter, and one per principle."""

from dataclasses import dataclass
from typing import ClassVar

from fairreg.assessment.report import AssessmentReport

__all__ = ["Bar", "Profile", "percent", "profile"]

_LINE, _LETTER, _PRINCIPLE = 22, 14, 8  # heights of a row and of the bars in it
_GOOD, _FAIR = 0.75, 0.5


@dataclass(frozen=True)
class Bar:
    """One bar in user units; `level` is good, fair or poor, `letter` tells a letter from a principle."""

    name: str
    score: float | None
    letter: bool
    place: int

    @property
    def level(self) -> str:
        """Class by which the page colours the bar; its length carries the same information."""
        if self.score is None or self.score < _FAIR:
            return "poor"
        return "good" if self.score >= _GOOD else "fair"

    @property
    def thickness(self) -> int:
        """Height of the bar."""
        return _LETTER if self.letter else _PRINCIPLE

    @property
    def top(self) -> int:
        """Upper edge of the bar, in the middle of its row."""
        return _LINE * self.place + (_LINE - self.thickness) // 2

    @property
    def baseline(self) -> int:
        """Foot of the words beside the bar."""
        return _LINE * self.place + 16

    @property
    def length(self) -> float:
        """Length of the bar."""
        return Profile.longest * (self.score or 0.0)


@dataclass(frozen=True)
class Profile:
    """The chart, as ``profile.svg`` draws it: `width` units wide, bars from `left` on."""

    bars: tuple[Bar, ...]
    width: ClassVar[int] = 640
    left: ClassVar[int] = 90
    longest: ClassVar[int] = 460

    @property
    def height(self) -> int:
        """Height of the chart."""
        return _LINE * len(self.bars)

    @property
    def said(self) -> str:
        """Scores of the letters, for screen readers."""
        return ", ".join(f"{bar.name} {percent(bar.score)}" for bar in self.bars if bar.letter)


def profile(report: AssessmentReport) -> Profile:
    """Return the scores of a report from top to bottom, each letter before its principles."""
    rows: list[tuple[str, float | None, bool]] = []
    for letter, score in report.letters.items():
        rows.append((letter, score, True))
        rows += [
            (name, found.score, False) for name, found in report.principles.items() if name.startswith(letter)
        ]
    return Profile(tuple(Bar(*row, place) for place, row in enumerate(rows)))


def percent(score: float | None) -> str:
    """Format a score in 0..1 for display."""
    return "unknown" if score is None else f"{100 * score:.0f} %"
