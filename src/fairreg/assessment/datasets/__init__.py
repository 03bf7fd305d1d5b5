# SPDX-License-Identifier: MIT
"""Checks of the rubric ``fair-datasets``, after Tables 1 and 2 of Chen et al., Sci. Data 9 (2022) 31.

The authors count every check once; in the rubric the six essential ones have the weight 3. `equal_weights` is
the score in the authors' way, for comparison.
"""

from collections.abc import Iterable

from fairreg.assessment.base import Verdict
from fairreg.rubrics import ENOUGH

__all__ = ["equal_weights"]


def equal_weights(verdicts: Iterable[Verdict]) -> float | None:
    """Return the mean over the checks that have a verdict, 0..1; None where these are fewer than 80 %.

    >>> equal_weights([Verdict.PASS] * 13 + [Verdict.PARTIAL] * 3)
    0.90625
    """
    applicable = [item for item in verdicts if item is not Verdict.NOT_APPLICABLE]
    points = [item.points for item in applicable if item.points is not None]
    enough = points and len(points) >= ENOUGH * len(applicable)
    return sum(points) / len(points) if enough else None
