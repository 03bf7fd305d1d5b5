# SPDX-License-Identifier: MIT
"""FAIR letters of an object as four small bars with a text."""

from dataclasses import dataclass

from fairreg.assessment.principle_names import LETTER_NAMES
from fairreg.registry import Assessment
from fairreg.rubrics import reaches

__all__ = ["LetterBars"]

_GOOD, _FAIR = 0.75, 0.5
_TALL = 16  # pixels


@dataclass(frozen=True)
class _Bar:
    """One letter; `score` is 0..1, None where there is not enough evidence."""

    letter: str
    score: float | None
    left: int

    @property
    def height(self) -> float:
        return round(_TALL * (self.score or 0.0), 1)

    @property
    def top(self) -> float:
        return round(_TALL - self.height, 1)

    @property
    def level(self) -> str:
        if self.score is None:
            return "undecided"
        return "good" if reaches(self.score, _GOOD) else "fair" if reaches(self.score, _FAIR) else "poor"

    @property
    def said(self) -> str:
        score = "not enough evidence" if self.score is None else f"{100 * self.score:.0f} %"
        return f"{LETTER_NAMES[self.letter]} {score}"


@dataclass(frozen=True)
class LetterBars:
    """Scores of an assessment: `bars` from left to right, `overall` as text, None without a number."""

    bars: tuple[_Bar, ...]
    overall: str | None
    tall: int = _TALL

    @classmethod
    def of(cls, found: Assessment | None) -> "LetterBars | None":
        """Return the letters of an assessment, None where there is none."""
        if found is None:
            return None
        bars = (_Bar(name, found.letters.get(name), 18 * place) for place, name in enumerate(LETTER_NAMES))
        return cls(tuple(bars), None if found.overall is None else f"{100 * found.overall:.0f} %")

    @property
    def known(self) -> bool:
        """True where any letter has a number."""
        return any(bar.score is not None for bar in self.bars)

    @property
    def said(self) -> str:
        """All scores in words."""
        whole = f"FAIR {self.overall}" if self.overall else "FAIR: no overall score"
        return f"{whole}: {', '.join(bar.said for bar in self.bars)}"
