# SPDX-License-Identifier: MIT
"""The rubrics: their indicators, and the computation of scores from verdicts.

``fair-ai-models`` follows Table 1 of Duarte et al., Mach. Learn.: Sci. Technol. 4 (2023) 045062;
``fair-datasets`` Tables 1 and 2 of Chen et al., Sci. Data 9 (2022) 31. A verdict counts 1, 0.5 or 0;
`not_applicable` leaves every mean. `unknown` spans an interval, and where too much is unknown there is no
number.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import msgspec

from fairreg import plugins, rubrics
from fairreg.assessment.base import Finding, Indicator, Verdict
from fairreg.errors import FairregError
from fairreg.schemas.record import Kind

__all__ = [
    "DATASETS",
    "LETTERS",
    "MODELS",
    "PRINCIPLES",
    "IndicatorScore",
    "Rubric",
    "Score",
    "checked",
    "coverage",
    "equal_weights",
    "for_kind",
    "indicators",
    "maturity",
    "mean",
    "weighted_mean",
    "within",
]

PRINCIPLES = (
    "F1",
    "F2",
    "F3",
    "F4",
    "A1",
    "A1.1",
    "A1.2",
    "A2",
    "I1",
    "I2",
    "R1",
    "R1.1",
    "R1.2",
    "R2",
    "R3",
)
LETTERS = ("F", "A", "I", "R")
_WEIGHTS = (1, 2, 3)
_MATURITY = (0.25, 0.5, 0.75)

IndicatorScore = tuple[Indicator, Finding]


class Score(msgspec.Struct, frozen=True):
    """Score of several indicators together, 0..1.

    `interval` counts unknown verdicts as fails and as passes; None where nothing applies. `value` is the mean
    over what is known, None where `coverage` is below `fairreg.rubrics.ENOUGH`.
    """

    value: float | None
    interval: tuple[float, float] | None
    coverage: float


@dataclass(frozen=True)
class Rubric:
    """A rubric: its indicators are the plugins of `room`.

    Letters and overall score of a `pooled` rubric are means over all indicators, else over the principles.
    """

    name: str
    version: str
    principles: tuple[str, ...]
    room: str
    pooled: bool = False

    def score(self, scored: Sequence[IndicatorScore]) -> Score:
        """Return the score of a principle or of several together."""
        parts = [scored] if self.pooled else [within(scored, name) for name in self.principles]
        known, low, high = (mean(weighted_mean(part, unknown) for part in parts) for unknown in _READINGS)
        covered = coverage(scored)
        if low is None or high is None:
            return Score(None, None, covered)
        return Score(known if covered >= rubrics.ENOUGH else None, (low, high), covered)

    def letters(self, scored: Sequence[IndicatorScore]) -> dict[str, Score]:
        """Return the score of each letter."""
        return {letter: self.score(within(scored, letter)) for letter in LETTERS}

    def overall(self, scored: Sequence[IndicatorScore]) -> Score:
        """Return the score over all principles; no number where a letter has none."""
        return self.scores(scored)[0]

    def scores(self, scored: Sequence[IndicatorScore]) -> tuple[Score, dict[str, Score]]:
        """Return the overall score and those of the letters, each computed once."""
        whole, letters = self.score(scored), self.letters(scored)
        if any(part.value is None and part.interval for part in letters.values()):
            whole = msgspec.structs.replace(whole, value=None)
        return whole, letters


# Points of an unknown verdict: left out, none, full.
_READINGS = (None, 0.0, 1.0)
MODELS = Rubric(rubrics.MODELS, rubrics.VERSIONS[rubrics.MODELS], PRINCIPLES, "fairreg.assessment.indicators")
DATASETS = Rubric(
    rubrics.DATASETS,
    rubrics.VERSIONS[rubrics.DATASETS],
    ("F1", "F2", "F3", "F4", "A1", "A1.2", "A2", "I1", "I2", "I3", "R1.1", "R1.2", "R1.3"),
    "fairreg.assessment.datasets",
    pooled=True,
)


def for_kind(kind: Kind) -> Rubric:
    """Return the rubric for an object of this kind; software is assessed like a model."""
    return DATASETS if rubrics.for_kind(kind) == DATASETS.name else MODELS


@cache
def indicators(rubric: Rubric = MODELS) -> tuple[Indicator, ...]:
    """Return every discovered indicator of a rubric, in the order of the principles and their numbers.

    Raises PluginError where an installed package takes the number of another indicator.
    """
    found = {name: _defined_in(plugins.load(rubric.room, name)) for name in plugins.names(rubric.room)}
    for point in plugins.entry_points_of(rubric.room):
        others = {item.id for name, items in found.items() if name != point.name for item in items}
        for item in found[point.name]:
            if item.id in others:
                raise plugins.refusal(point, f"the rubric already has an indicator {item.id}")
    return checked((item for items in found.values() for item in items), rubric.principles)


def _defined_in(module: ModuleType) -> list[Indicator]:
    return [value for value in vars(module).values() if isinstance(value, Indicator)]


def checked(found: Iterable[Indicator], principles: tuple[str, ...] = PRINCIPLES) -> tuple[Indicator, ...]:
    """Sort the indicators; FairregError where an id is used twice, or principle or weight is unknown."""
    listed = list(found)
    twice = [name for name, times in Counter(item.id for item in listed).items() if times > 1]
    strange = [item.id for item in listed if item.principle not in principles or item.weight not in _WEIGHTS]
    if twice or strange:
        raise FairregError(
            f"The rubric does not hold together: {', '.join([*twice, *strange])}.",
            hint="Each indicator needs its own id, a principle of the rubric, and a weight of 1, 2 or 3.",
        )
    return tuple(sorted(listed, key=lambda item: _place(item, principles)))


def within(scored: Iterable[IndicatorScore], start: str) -> list[IndicatorScore]:
    """Return the indicators of one principle (``A1.2``) or of one letter (``A``)."""
    letter = start in LETTERS
    return [one for one in scored if (one[0].id.startswith(start) if letter else one[0].principle == start)]


def weighted_mean(scored: Sequence[IndicatorScore], unknown: float | None = None) -> float | None:
    """Return the mean of the verdicts by weight, 0..1; None without a verdict.

    `unknown` are the points of an unknown verdict, which None leaves out.
    """
    counted = [
        (item.weight, points)
        for item, found in scored
        if (points := unknown if found.verdict is Verdict.UNKNOWN else found.verdict.points) is not None
    ]
    total = sum(weight for weight, _ in counted)
    return sum(weight * points for weight, points in counted) / total if total else None


def equal_weights(verdicts: Iterable[Verdict]) -> float | None:
    """Return the mean over the verdicts, as Chen et al. count; None where less than 80 % are known.

    >>> equal_weights([Verdict.PASS] * 13 + [Verdict.PARTIAL] * 3)
    0.90625
    """
    applicable = [item for item in verdicts if item is not Verdict.NOT_APPLICABLE]
    points = [item.points for item in applicable if item.points is not None]
    enough = points and len(points) >= rubrics.ENOUGH * len(applicable)
    return sum(points) / len(points) if enough else None


def mean(values: Iterable[float | None]) -> float | None:
    """Return the plain mean of the values other than None."""
    present = [value for value in values if value is not None]
    return sum(present) / len(present) if present else None


def coverage(scored: Sequence[IndicatorScore]) -> float:
    """Return the weight of the indicators with a verdict over the weight of all applicable ones."""
    applicable = [(item, found) for item, found in scored if found.verdict is not Verdict.NOT_APPLICABLE]
    total = sum(item.weight for item, _ in applicable)
    decided = sum(item.weight for item, found in applicable if found.verdict is not Verdict.UNKNOWN)
    return decided / total if total else 0.0


def maturity(score: float | None) -> int | None:
    """Return 0 below 25 %, then 1, 2 from 50 % and 3 from 75 %; None without a score."""
    return None if score is None else sum(rubrics.reaches(score, limit) for limit in _MATURITY)


def _place(item: Indicator, principles: tuple[str, ...]) -> tuple[int, int, str]:
    number = item.id.removeprefix(item.principle).removeprefix("-")
    return principles.index(item.principle), int(number) if number.isdigit() else 0, number
