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
- ``FORMATS``, optional: formats (`storage.formats.FileFormat`) of such files whatever their names;
- ``ANY_NETWORK``, optional: False for a runner of networks that it knows one by one, which is not asked to
  run others for comparison;
- ``check_device(device: Device) -> None``, optional: raises what `load` would raise for that device.

An engine is imported inside functions, never at the import of the module.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, Self

from msgspec import structs

from fairreg.errors import ModelError, UsageError
from fairreg.runners.batching import (
    DEFAULT_BATCH,
    Batching,
    batches,
    check_size,
    counted,
    fixed_rows,
    joined,
    row_count,
    rows_of,
)
from fairreg.runners.signature import Array, Arrays, disagreement, fit
from fairreg.schemas.record import Tensor

__all__ = ["DEFAULT_BATCH", "Array", "Arrays", "Runner", "RunnerModule", "accepted"]


def accepted(load: Callable[..., Any], owner: str, **options: Any) -> dict[str, Any]:
    """The options that somebody asked for; a plugin need not know those that came after it.

    Raises UsageError for one that the `load` of `owner` does not have.
    """
    given = {name: value for name, value in options.items() if value is not None}
    known = inspect.signature(load).parameters
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
    engine holds memory of a device; one that passes a `batch_size` states that the rows of its inputs, along
    their first axis, are independent of each other. As a context manager a runner closes itself.
    """

    def __init__(
        self,
        name: str,
        inputs: tuple[Tensor, ...],
        outputs: tuple[Tensor, ...],
        *,
        device: str = "cpu",
        precision: str = "float32",
        batch_size: int | None = None,
        batching: Batching | None = None,
    ) -> None:
        stated = Batching() if batch_size is None else Batching(check_size(batch_size), "stated")
        self.name, self.device, self.precision = name, device, precision
        self.inputs, self.outputs = inputs, outputs
        self.batching = batching or stated

    @property
    def batch_size(self) -> int | None:
        """Rows of one batch; None where all rows are computed at once."""
        return self.batching.size

    def __repr__(self) -> str:
        from fairreg.schemas.notebook.one_line import named, represented
        from fairreg.schemas.notebook.tensors import listed

        signature = f"{listed(self.inputs)} -> {listed(self.outputs)}"
        return represented(self, f"{named(self.name)} on {named(self.device)}:", signature)

    def _repr_html_(self) -> str:
        """View of the runner in a notebook."""
        from fairreg.schemas.notebook.markup import card, facts, folded
        from fairreg.schemas.notebook.tensors import signature

        remarks = folded(self.remarks, "remarks")
        return card(
            type(self).__name__,
            (self.engine or self.name, self.device, self.precision),
            signature(self.inputs, self.outputs, self.defaults),
            facts((("computes", str(self.batching)), ("remarks", remarks))),
        )

    # Name and version of the library that computes, such as "onnxruntime 1.20.0".
    engine: str | None = None
    # Sentences on what the model leaves out or takes for granted.
    remarks: tuple[str, ...] = ()
    # Inputs that the model has a default for: not in `inputs`. Where one is given, the input is not cut.
    defaults: tuple[Tensor, ...] = ()
    # Whether free axes of one name have one length in all inputs, as the engine demands, or only first axes.
    axes_agree = True

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
        """Compute outputs by name for inputs by name: all rows at once, or in batches as `batching` says.

        Raises ModelError for a missing or unknown name, for a shape that does not fit, for an element type
        that cannot be cast to the signature's (only floating-point numbers may lose precision), and for an
        output that cannot be cut like the input.
        """
        fixed = fixed_rows(self.inputs, self.outputs)
        inputs = self.inputs if fixed is None else _freed(self.inputs)
        fitted = fit((*inputs, *self.defaults), arrays, strict=self.axes_agree)
        rows = self._rows(fitted)
        if fixed is not None and not self.batching.exact:
            if rows not in {fixed, None}:
                raise ModelError(
                    f"The model takes {counted(fixed)} at once, and the input has {rows}.",
                    hint=f"If rows do not depend on each other, use --batch-size {fixed} "
                    f"(batch_size={fixed} in Python).",
                )
            return self._computed(fitted)
        if not self._cuts(rows):
            return self._computed(fitted)
        parts = [
            rows_of(self._computed(part), row_count(part) or 0, count)
            for part, count in batches(fitted, self.batching)
        ]
        return joined(parts)

    def _computed(self, arrays: Arrays) -> Arrays:
        """Compute one batch; where an engine fails on axes of one name that differ, the hint says so."""
        try:
            return self.compute(arrays)
        except ModelError as error:
            error.hint = error.hint or disagreement(self.inputs, arrays)
            raise

    def cutting(self, arrays: Mapping[str, Array]) -> Batching:
        """The batching of these arrays: as `batching` says, but not where they have no rows in common.

        That is so where their first axes have different lengths, and where one of `defaults` is given.
        """
        whole = self._rows(arrays) is None and self.batching.reason != "requested"
        return Batching() if whole else self.batching

    def _rows(self, arrays: Mapping[str, Array]) -> int | None:
        return None if any(item.name in arrays for item in self.defaults) else row_count(arrays)

    def _cuts(self, rows: int | None) -> bool:
        """Tell whether an input with so many rows is cut; None: its arrays have none in common."""
        size = self.batching.size
        if size is None or (rows is None and self.batching.reason != "requested"):
            return False
        if rows is None:
            raise ModelError(
                "The inputs have no rows in common (one has none or another number of them, or takes the "
                "place of a default of the model) and cannot be cut into batches.",
                hint="Leave out --batch-size.",
            )
        return rows != size if self.batching.exact else rows > size


class EngineRunner(Runner):
    """A runner of another signature on an `engine`, which computes; `precision` and `batch_size` are its own
    where none are given."""

    def __init__(
        self,
        engine: Runner,
        inputs: tuple[Tensor, ...],
        outputs: tuple[Tensor, ...],
        *,
        precision: str | None = None,
        batch_size: int | None = None,
    ) -> None:
        super().__init__(
            engine.name,
            inputs,
            outputs,
            device=engine.device,
            precision=precision or engine.precision,
            batch_size=batch_size or engine.batch_size,
        )
        self._engine, self.engine = engine, engine.engine

    def compute(self, arrays: Arrays) -> Arrays:
        """Outputs of one batch."""
        return self._engine.compute(arrays)

    def close(self) -> None:
        """Close the engine."""
        self._engine.close()


def _freed(inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The signature with any number of rows along the first axes."""
    return tuple(structs.replace(tensor, shape=("rows", *tensor.shape[1:])) for tensor in inputs)
