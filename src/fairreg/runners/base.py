# SPDX-License-Identifier: MIT
"""What a runner is, and what a module must define to be one.

A runner module (``fairreg/runners/<runtime>.py``, or an entry point in the group ``fairreg.runners``) defines

- ``RUNTIME``: the word a user types, equal to the module's name in the room;
- ``SUFFIXES``: suffixes of the files that it loads by themselves, lower-case with the dot: such files can
  be run, by this runner where the default runtime does not take them;
- ``available() -> bool``: whether its engine is installed, found out without importing the engine;
- ``load(source, *, batch_size=DEFAULT_BATCH, threads=None, engines=None) -> Runner``: `source` is a path or
  the bytes of an ONNX model, `engines` a folder for what is built from it and may be used again. It raises
  MissingEngine without its engine and ModelError for what it cannot load.

An engine is imported inside functions, never when the module is.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from fairreg.errors import UsageError
from fairreg.runners.signature import Array, Arrays, fit
from fairreg.schemas.record import Tensor

__all__ = ["DEFAULT_BATCH", "Array", "Arrays", "Runner", "RunnerModule"]

DEFAULT_BATCH = 128


class RunnerModule(Protocol):
    """The module-level interface described above."""

    RUNTIME: str
    SUFFIXES: frozenset[str]

    def available(self) -> bool:
        """Whether the engine is installed."""
        ...

    def load(
        self,
        source: Path | bytes,
        /,
        *,
        batch_size: int = ...,
        threads: int | None = ...,
        engines: Path | None = ...,
    ) -> "Runner":
        """A runner of a file or of the bytes of an ONNX model."""
        ...


class Runner(ABC):
    """A loaded model: named arrays in, named arrays out.

    `inputs` and `outputs` are the signature, `name` is the runtime, `device` where it computes ("cpu",
    "cuda:0"), `precision` in what ("float32"). A subclass defines `compute` and nothing else.
    """

    def __init__(
        self,
        name: str,
        inputs: tuple[Tensor, ...],
        outputs: tuple[Tensor, ...],
        *,
        device: str = "cpu",
        precision: str = "float32",
        batch_size: int = DEFAULT_BATCH,
    ) -> None:
        if batch_size < 1:
            raise UsageError(f"The batch size is {batch_size}; it must be at least 1.")
        self.name, self.device, self.precision = name, device, precision
        self.inputs, self.outputs, self.batch_size = inputs, outputs, batch_size

    @abstractmethod
    def compute(self, arrays: Arrays) -> Arrays:
        """Outputs for one batch of arrays that fit the signature exactly; ModelError if the engine fails."""

    def run(self, arrays: Mapping[str, Array]) -> Arrays:
        """Outputs by name for inputs by name, in batches of `batch_size` along a free first axis.

        Raises ModelError for a missing or unknown name, for a shape that does not fit and for an element type
        that cannot become the signature's: floating-point numbers may lose precision, nothing else may.
        """
        fitted = fit(self.inputs, arrays)
        count = len(next(iter(fitted.values()))) if self.batched else 0
        if count <= self.batch_size:
            return self.compute(fitted)
        parts = [
            self.compute(_part(fitted, first, self.batch_size)) for first in range(0, count, self.batch_size)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    @property
    def batched(self) -> bool:
        """Whether every input and output has one and the same free first axis."""
        first = {item.shape[0] if item.shape else 0 for item in (*self.inputs, *self.outputs)}
        return len(first) == 1 and isinstance(first.pop(), str)


def _part(arrays: Arrays, first: int, size: int) -> Arrays:
    return {name: array[first : first + size] for name, array in arrays.items()}
