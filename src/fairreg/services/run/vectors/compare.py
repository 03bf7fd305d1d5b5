# SPDX-License-Identifier: MIT
"""Comparison of the outputs of a run with the published ones."""

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from fairreg.services.run.vectors.base import RUBRIC_TOLERANCE, Array, Tolerance

__all__ = ["OutputCheck", "check_output"]

_MILLION = 1_000_000
# Numbers so many times larger than the median, such as those of a mask, are measured by themselves.
_OUTLYING = 1e4
_WIDE = 1e-2
_WIDE_OF_LARGEST = 1e-4
_WIDEST_RELATIVE = 0.5  # a number of half the size, or of the double, would agree


@dataclass(frozen=True)
class OutputCheck:
    """Largest absolute difference of one output; infinite where the arrays cannot be compared.

    `tolerance` is the one that was applied. Without `measured` agreement says nothing: there are no numbers,
    or the tolerance is `loose`, so wide that zeros, or one number alone, would agree as well.
    """

    name: str
    max_difference: float
    tolerance: Tolerance
    agrees: bool
    measured: bool = True
    loose: bool = False

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
    chosen = tolerance or _own(expected)
    if expected.shape != found.shape:
        return OutputCheck(name, inf, chosen, agrees=False)
    if not all(array.dtype.kind in "biufc" for array in (expected, found)):
        same = np.array_equal(expected.astype(str), found.astype(str))
        return OutputCheck(name, 0.0 if same else inf, chosen, bool(same), measured=expected.size > 0)
    distance, size = _distance(expected, found)
    allowed = chosen.absolute + chosen.relative * size
    agrees = _is_within(distance, allowed, chosen)
    has_numbers = bool(np.isfinite(expected).any())
    measured = has_numbers and _measures(expected, size, allowed, chosen)
    loose = has_numbers and not measured
    return OutputCheck(name, float(distance.max(initial=0)), chosen, agrees, measured, loose)


def _is_within(distance: Array, allowed: Array, chosen: Tolerance) -> bool:
    beyond = int(np.count_nonzero(~(distance <= allowed)))
    return beyond * _MILLION <= chosen.exempt * distance.size


def _measures(expected: Array, size: Array, allowed: Array, chosen: Tolerance) -> bool:
    """Tell whether an output of zeros, or of one number everywhere, would not agree.

    Numbers that are almost the same are measured all the same, by a tolerance far below their size. Neither
    does one large number in each row make a tolerance narrow that is wide for all others, but where all are
    probabilities.
    """
    if chosen.relative > _WIDEST_RELATIVE:
        return False
    finite = np.isfinite(expected)
    numbers = np.where(finite, expected, 0).astype(np.clongdouble).real
    allowed = np.broadcast_to(allowed, size.shape)
    if _is_loose(numbers[finite], size[finite], allowed[finite], chosen):
        return False
    largest = size.max()
    if largest <= 1 or chosen.absolute <= _WIDE_OF_LARGEST * largest:
        return True
    rest = finite & ~_largest_of_rows(size)
    if not size[rest].any():
        return True
    return not _is_loose(numbers[rest], size[rest], allowed[rest], chosen)


def _is_loose(numbers: Array, size: Array, allowed: Array, chosen: Tolerance) -> bool:
    """Tell whether zeros, or one number everywhere, would agree with finite numbers."""
    largest = size.max()
    if _is_within(size if largest else np.ones_like(size), allowed, chosen):
        return True
    lowest, highest = numbers.min(), numbers.max()
    is_wide = chosen.absolute > _WIDE * largest or chosen.relative > _WIDE
    if not is_wide or lowest == highest:
        return False
    between = (numbers - allowed).max() <= (numbers + allowed).min()
    return bool(between) or _is_within(np.abs(numbers - (lowest + highest) / 2), allowed, chosen)


def _largest_of_rows(size: Array) -> Array:
    """Tell of each number whether it is the largest of its row; a vector is one row."""
    rows = size.reshape(-1, size.shape[-1]) if size.ndim > 1 and size.shape[-1] > 1 else size.reshape(1, -1)
    found = np.zeros(rows.shape, bool)
    found[np.arange(len(rows)), rows.argmax(axis=1)] = True
    return found.reshape(size.shape)


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


def _own(expected: Array) -> Tolerance:
    """Return fairreg's own tolerance: of the largest number, at least of 1, unless all are far smaller."""
    sizes = np.abs(expected[np.isfinite(expected)]) if expected.dtype.kind in "fc" else np.zeros(0)
    largest = float(sizes.max(initial=0))
    if largest <= RUBRIC_TOLERANCE:
        return Tolerance(RUBRIC_TOLERANCE * (largest or 1.0), stated=False)
    usual = sizes[sizes <= _OUTLYING * max(1.0, float(np.median(sizes)))]
    scale = max(1.0, float(usual.max(initial=0)))
    return Tolerance(RUBRIC_TOLERANCE * scale, RUBRIC_TOLERANCE * (usual.size < sizes.size), stated=False)
