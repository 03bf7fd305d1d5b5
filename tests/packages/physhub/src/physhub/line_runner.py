# SPDX-License-Identifier: MIT
"""Runner of straight lines that are kept in a NumPy archive: ``y = slope * x + offset``."""

from pathlib import Path

import numpy as np

from fairreg.errors import ModelError
from fairreg.runners.base import DEFAULT_BATCH, Arrays, Runner
from fairreg.schemas.record import Tensor

RUNTIME = "line"
SUFFIXES = frozenset({".npz"})


def available() -> bool:
    """Return True: NumPy, which comes with fairreg, is all that it needs."""
    return True


def load(
    source: Path | bytes,
    *,
    batch_size: int | None = None,
    threads: int | None = None,
    engines: Path | None = None,
) -> "LineRunner":
    """Return the runner of an archive with the arrays `slope` and `offset`, both of shape (). ModelError."""
    if isinstance(source, bytes):
        raise ModelError("A line is loaded from its file.")
    try:
        with np.load(source, allow_pickle=False) as archive:
            slope, offset = float(archive["slope"]), float(archive["offset"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{source.name} does not hold a line: {error}.") from error
    # Every number has a result of its own, so that the runner may say: in batches.
    return LineRunner(slope, offset, batch_size=batch_size or DEFAULT_BATCH)


class LineRunner(Runner):
    """One line; input ``x`` and output ``y`` are float64 arrays of shape (n,)."""

    def __init__(self, slope: float, offset: float, *, batch_size: int) -> None:
        shape = ("n",)
        inputs = (Tensor(name="x", dtype="float64", shape=shape),)
        outputs = (Tensor(name="y", dtype="float64", shape=shape),)
        super().__init__(RUNTIME, inputs, outputs, precision="float64", batch_size=batch_size)
        self._slope, self._offset = slope, offset

    def compute(self, arrays: Arrays) -> Arrays:
        """Return ``y`` for one batch of ``x``."""
        return {"y": self._slope * arrays["x"] + self._offset}
