# SPDX-License-Identifier: MIT
"""A look at batches that a user asked for: computed with other rows, does a row come out the same?

A few rows can show that rows depend on each other, never that they do not.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.runners import Runner
from fairreg.runners.batching import row_count

__all__ = ["ROWS", "dependence_warnings"]

Array = NDArray[Any]
ROWS = 16  # that are looked at
# Relative to the largest value: far above what the order of a sum changes in float32.
_TOLERANCE = 1e-3


def dependence_warnings(runner: Runner, arrays: Mapping[str, Array]) -> tuple[str, ...]:
    """A sentence if the requested batches of `arrays` would change the outputs, else nothing.

    Raises the errors of `Runner.run`.
    """
    size, rows = runner.batching.size, row_count(arrays)
    if runner.batching.reason != "requested" or size is None or rows is None or rows <= size:
        return ()
    several = min(rows, max(size, 2), ROWS)
    few = max(several // 2, 1)
    together = runner.run({name: array[:several] for name, array in arrays.items()})
    apart = runner.run({name: array[:few] for name, array in arrays.items()})
    for name, array in apart.items():
        gap = _gap(array, _first(together[name], array)) if name in together else float("inf")
        if gap > _TOLERANCE:
            sentence = (
                f"The rows of this model depend on each other: the output {name!r} of the first rows differs "
                f"by {gap:.2g} of its largest value between a run on {few} rows and one on {several}. In "
                f"batches of {size} it is not that of the whole input; --batch-size whole keeps all rows "
                "together."
            )
            return (sentence,)
    return ()


def _first(array: Array, other: Array) -> Array:
    """As many rows as `other` has; a scalar has none."""
    return array[: len(other)] if array.ndim and other.ndim else array


def _gap(first: Array, second: Array) -> float:
    """Largest difference, relative to the largest value; infinite for arrays that cannot be compared."""
    if first.shape != second.shape:
        return float("inf")
    if first.dtype.kind not in "fc" or not first.size:
        return 0.0  # labels may flip where two scores are equal
    scale = float(np.nanmax(np.abs(second), initial=0.0)) or 1.0
    both = np.isfinite(first) & np.isfinite(second)
    return float(np.max(np.abs(np.where(both, first, 0) - np.where(both, second, 0)))) / scale
