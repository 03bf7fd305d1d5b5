# SPDX-License-Identifier: MIT
"""Content of jets apart from the last digits: a digest for a quick check, and the comparison that decides.

The same seed and versions give the same bytes on processors of one family. Elsewhere mathematical functions
round differently, so that a digest of bytes tells nothing. `content_digest` hashes values rounded to
`MANTISSA_BITS`. Equal digests: all values are in the same cells of rounding, no further apart than one part
in 1,024. Different digests say nothing by themselves: a value at the edge of a cell changes cells with its
last digit, and no rounding is without edges. `compare_jets` has none; it tells how many jets agree.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError

__all__ = [
    "MANTISSA_BITS",
    "ORDER",
    "TOLERANCE",
    "SampleAgreement",
    "compare_jets",
    "content_digest",
    "rounded",
]

Array = NDArray[Any]
MANTISSA_BITS = 10  # of the 23 of float32: three significant digits
ORDER = ("tracks", "vertices", "labels", "weights")
# Relative: half a cell, because packaged jets are rounded, and a hundred times the last digit of float32.
TOLERANCE = 2.0 ** -(MANTISSA_BITS + 1) + 1e-5
_LITTLE_ENDIAN = "<f4"


def rounded(array: Array) -> NDArray[np.float32]:
    """Return the nearest float32 with `MANTISSA_BITS` of mantissa, ties away from zero; 0 for -0."""
    cut = np.uint32(23 - MANTISSA_BITS)
    bits = np.ascontiguousarray(array, dtype=np.float32).view(np.uint32)
    half, mask = np.uint32(1) << (cut - np.uint32(1)), ~((np.uint32(1) << cut) - np.uint32(1))
    found: NDArray[np.float32] = ((bits + half) & mask).view(np.float32) + np.float32(0)
    return found


def content_digest(parts: Iterable[Mapping[str, Array]]) -> str:
    """Digest of the jets in `parts`, mappings with the arrays of `ORDER`; their division does not matter.

    SHA-256 over the digests of the arrays in that order, each the SHA-256 of the values rounded by `rounded`
    as little-endian float32 in C order. Raises ModelError for values that are not finite.
    """
    hashes = {name: sha256() for name in ORDER}
    for part in parts:
        for name, of_array in hashes.items():
            of_array.update(_checked(name, part[name]).astype(_LITTLE_ENDIAN).tobytes())
    joined = "\n".join(f"{name} {of_array.hexdigest()}" for name, of_array in hashes.items())
    return f"sha256:{sha256(joined.encode()).hexdigest()}"


def _checked(name: str, array: Array) -> NDArray[np.float32]:
    if not np.isfinite(array).all():
        raise ModelError(f"{name} has a value that is not finite (NaN or infinite).")
    return rounded(array)


@dataclass(frozen=True)
class SampleAgreement:
    """Comparison of two samples: the number of jets, of those that agree, the largest relative difference."""

    jets: int
    agreeing: int
    largest_difference: float


def compare_jets(
    reference: Mapping[str, Array], other: Mapping[str, Array], tolerance: float = TOLERANCE
) -> SampleAgreement:
    """Compare the arrays of `reference` with those of the same name, jet by jet along the first axis.

    A jet agrees if each value differs by at most `tolerance` times the larger of the two, so that zeros agree
    with zeros only. Raises ModelError for arrays of different shapes.
    """
    jets = len(next(iter(reference.values())))
    worst = np.zeros(jets)
    for name, array in reference.items():
        if array.shape != other[name].shape:
            raise ModelError(f"{name} has shape {other[name].shape} instead of {array.shape}.")
        rows = _relative(array.astype(np.float64), other[name].astype(np.float64)).reshape(jets, -1)
        worst = np.maximum(worst, rows.max(axis=1))
    return SampleAgreement(jets, int((worst <= tolerance).sum()), float(worst.max(initial=0.0)))


def _relative(one: Array, other: Array) -> Array:
    """Differences over the larger value; 0 where both are 0."""
    larger = np.maximum(np.abs(one), np.abs(other))
    found: Array = np.divide(np.abs(one - other), larger, out=np.zeros_like(larger), where=larger > 0)
    return found
