# SPDX-License-Identifier: MIT
"""Interface of a runner, and of a runner module.

A runner module (``fairreg/runners/<runtime>.py``, or an entry point in the group ``fairreg.runners``) defines

- ``RUNTIME``: the name that a user types, equal to the module's name in the room;
- ``SUFFIXES``: suffixes of the files that it loads by themselves, lower-case with the dot: such files can
  be run, by this runner if the default runtime does not load them;
- ``available() -> bool``: true if its engine is installed, determined without importing the engine;
- ``load(source, *, batch_size=None, threads=None, engines=None, device=None) -> Runner``: `source` is a path
  or the bytes of an ONNX model, `engines` a folder for reusable engines built from it, `device` where to
  compute (``cpu``, ``cuda:1``; None: the runner's choice). Arguments that nobody asked for are not passed.
  It raises MissingEngine without its engine and ModelError for a model that it cannot load;
- ``check_device(device: Device) -> None``, optional: raises what `load` would raise for that device.

An engine is imported inside functions, never at the import of the module.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np

from fairreg.errors import UsageError
from fairreg.runners.signature import Array, Arrays, fit
from fairreg.schemas.record import Tensor

__all__ = ["DEFAULT_BATCH", "Array", "Arrays", "Runner", "RunnerModule", "accepted", "requested"]

DEFAULT_BATCH = 128


def requested(**options: Any) -> dict[str, Any]:
    """The options of a `load` that somebody asked for: a plugin need not know those that came after it."""
    return {name: value for name, value in options.items() if value is not None}


def accepted(load: Callable[..., Any], owner: str, **options: Any) -> dict[str, Any]:
    """The options that somebody asked for; UsageError for one that the `load` of `owner` does not have."""
    given, known = requested(**options), inspect.signature(load).parameters
    takes_all = any(item.kind is inspect.Parameter.VAR_KEYWORD for item in known.values())
    if unknown := [name for name in given if name not in known and not takes_all]:
        raise UsageError(f"{owner} takes no {unknown[0].replace('_', ' ')}.", hint="Leave that option out.")
    return given


class RunnerModule(Protocol):
    """The module-level interface described above."""

    RUNTIME: str
    SUFFIXES: frozenset[str]

    def available(self) -> bool:
        """Tell whether the engine is installed."""
        ...

    def load(
        self,
        source: Path | bytes,
        /,
        *,
        batch_size: int | None = ...,
        threads: int | None = ...,
        engines: Path | None = ...,
        device: str | None = ...,
    ) -> "Runner":
        """Load a runner of a file or of the bytes of an ONNX model."""
        ...


class Runner(ABC):
    """A loaded model: named arrays in, named arrays out.

    `inputs` and `outputs` are the signature, `name` is the runtime, `device` that of the computation ("cpu",
    "cuda:0"), `precision` its element type ("float32"). A subclass defines `compute`, and `close` where its
    engine holds memory of a device. As a context manager a runner closes itself.
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
        """Compute one batch of arrays that fit the signature exactly; ModelError if the engine fails."""

    def close(self) -> None:  # noqa: B027  most engines have nothing to release
        """Release the memory that the engine holds now rather than with the last reference to the runner."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, arrays: Mapping[str, Array]) -> Arrays:
        """Compute outputs by name for inputs by name, in batches of `batch_size` along a free first axis.

        Raises ModelError for a missing or unknown name, for a shape that does not fit and for an element type
        that cannot be cast to the signature's: only floating-point numbers may lose precision.
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
        """True if every input and output has the same free first axis."""
        first = {item.shape[0] if item.shape else 0 for item in (*self.inputs, *self.outputs)}
        return len(first) == 1 and isinstance(first.pop(), str)


def _part(arrays: Arrays, first: int, size: int) -> Arrays:
    return {name: array[first : first + size] for name, array in arrays.items()}
