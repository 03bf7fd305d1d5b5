# SPDX-License-Identifier: MIT
"""Comparison of the outputs of a run with the published ones."""

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from fairreg.services.run.vectors.base import RUBRIC_TOLERANCE, Array, Tolerance

__all__ = ["OutputCheck", "check_output"]

_MILLION = 1_000_000


@dataclass(frozen=True)
class OutputCheck:
    """Largest absolute difference of one output; infinite where the arrays cannot be compared.

    `tolerance` is the one that was applied.
    """

    name: str
    max_difference: float
    tolerance: Tolerance
    agrees: bool

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return {
            "name": self.name,
            "max_difference": self.max_difference,
            "absolute_tolerance": self.tolerance.absolute,
            "relative_tolerance": self.tolerance.relative,
            "tolerance_stated": self.tolerance.stated,
            "agrees": self.agrees,
        }


def check_output(name: str, expected: Array, found: Array, tolerance: Tolerance | None) -> OutputCheck:
    """Compare an output with the published one; without a `tolerance` fairreg's own holds.

    NaN equals NaN, and infinity equals infinity. Element types may differ: files of text have none.
    """
    expected, found = np.asarray(expected), np.asarray(found)
    chosen = tolerance or Tolerance(RUBRIC_TOLERANCE * _scale(expected), stated=False)
    if expected.shape != found.shape:
        return OutputCheck(name, inf, chosen, agrees=False)
    if not all(array.dtype.kind in "biufc" for array in (expected, found)):
        same = np.array_equal(expected.astype(str), found.astype(str))
        return OutputCheck(name, 0.0 if same else inf, chosen, agrees=bool(same))
    distance, size = _distance(expected, found)
    allowed = chosen.absolute + chosen.relative * size
    beyond = int(np.count_nonzero(~(distance <= allowed)))
    agrees = beyond * _MILLION <= chosen.exempt * distance.size
    return OutputCheck(name, float(distance.max(initial=0)), chosen, agrees)


def _distance(expected: Array, found: Array) -> tuple[Array, Array]:
    """Absolute differences, and sizes of the finite expected numbers, both in the widest type there is."""
    wide = [
        array.astype(np.clongdouble if array.dtype.kind == "c" else np.longdouble)
        for array in (expected, found)
    ]
    with np.errstate(invalid="ignore"):
        distance = np.where(wide[0] == wide[1], 0, np.abs(wide[0] - wide[1]))
    distance[np.isnan(wide[0]) & np.isnan(wide[1])] = 0
    distance[np.isnan(distance)] = inf
    return distance, np.where(np.isfinite(wide[0]), np.abs(wide[0]), 0)


def _scale(array: Array) -> float:
    """Largest finite number, at least 1."""
    if array.dtype.kind not in "fc":
        return 1.0
    sizes = np.abs(array[np.isfinite(array)])
    return max(1.0, float(sizes.max(initial=0)))
