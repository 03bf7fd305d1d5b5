# SPDX-License-Identifier: MIT
"""Profile of an assessment as a chart: one bar per letter, with what is known and what is not."""

from dataclasses import dataclass

from fairreg.assessment.principle_names import LETTER_NAMES
from fairreg.assessment.report import AssessmentReport, interval_text, not_enough
from fairreg.rubrics import reaches

__all__ = ["HATCHING", "Bar", "Profile", "percent", "profile"]

_ROW, _NOTE, _AXIS = 50, 32, 22  # heights in pixels: of a letter, of the two lines below it, of the scale
_TITLE, _BAR, _THICK = 14, 21, 14  # baseline of the words, top and height of the bar, from the row's top
_GOOD, _FAIR = 0.75, 0.5
_WIDEST, _STEP = 1000, 7  # pixels
# Diagonal lines of the unknown part; the bar cuts them off. (A pattern would need an address in the page.)
HATCHING = " ".join(f"M{x} {_THICK}L{x + _THICK} 0" for x in range(-_THICK, _WIDEST, _STEP))


@dataclass(frozen=True)
class Bar:
    """One letter. Scores are 0..1, `top` is in pixels; `score` is None where there is not enough evidence.

    From 0 to `low` all is known, from `low` to `high` the unknown verdicts decide.
    """

    letter: str
    score: float | None
    low: float
    high: float
    note: str | None
    top: int

    @property
    def name(self) -> str:
        """The letter's word."""
        return LETTER_NAMES[self.letter]

    @property
    def level(self) -> str:
        """Class by which the page colours the bar; its length carries the same information."""
        if self.score is None:
            return "undecided"
        return "good" if reaches(self.score, _GOOD) else "fair" if reaches(self.score, _FAIR) else "poor"

    @property
    def shown(self) -> str:
        """Text at the end of the row: the number, else the interval."""
        if self.score is not None:
            return percent(self.score)
        return interval_text((self.low, self.high) if self.note else None)

    @property
    def said(self) -> str:
        """The letter in words: its number, or why it has none."""
        return f"{self.letter} {self.note or self.shown}"

    @property
    def open(self) -> bool:
        """True where verdicts are unknown."""
        return self.high > self.low

    @property
    def height(self) -> int:
        """Height of the row."""
        return _ROW + (_NOTE if self.note else 0)

    @property
    def baseline(self) -> int:
        """Foot of the words above the bar."""
        return self.top + _TITLE

    @property
    def bar(self) -> int:
        """Upper edge of the bar."""
        return self.top + _BAR

    @property
    def middle(self) -> float:
        """Middle of the bar, where its whisker lies."""
        return self.bar + _THICK / 2


@dataclass(frozen=True)
class Profile:
    """The chart, as ``profile.svg`` draws it: as wide as the page, places across in per cent."""

    bars: tuple[Bar, ...]
    thickness: int = _THICK
    ticks: tuple[int, ...] = (0, 25, 50, 75, 100)

    @property
    def open(self) -> bool:
        """True where a letter has a hatched part."""
        return any(bar.open for bar in self.bars)

    @property
    def marked(self) -> bool:
        """True where such a letter has a number all the same."""
        return any(bar.open and bar.score is not None for bar in self.bars)

    @property
    def foot(self) -> int:
        """Lower edge of the rows."""
        last = self.bars[-1]
        return last.top + last.height

    @property
    def height(self) -> int:
        """Height of the chart."""
        return self.foot + _AXIS

    @property
    def said(self) -> str:
        """Scores of the letters, for screen readers."""
        return ", ".join(
            f"{bar.said}, possible {interval_text((bar.low, bar.high))}" if bar.open else bar.said
            for bar in self.bars
        )


def profile(report: AssessmentReport) -> Profile:
    """Return the letters of a report from top to bottom."""
    bars: list[Bar] = []
    for letter, score in report.letters.items():
        low, high = report.letter_intervals[letter] or (0.0, 0.0)
        top = bars[-1].top + bars[-1].height if bars else 0
        bars.append(Bar(letter, score, low, high, not_enough(report, letter), top))
    return Profile(tuple(bars))


def percent(score: float | None) -> str:
    """Format a score in 0..1 for display."""
    return "no number" if score is None else f"{100 * score:.0f} %"
