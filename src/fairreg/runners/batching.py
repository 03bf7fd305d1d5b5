# SPDX-License-Identifier: MIT
"""Cutting of the input of a model along its first axis: only where its rows are known to be independent."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from fairreg.errors import ModelError, UsageError
from fairreg.runners.signature import Array, Arrays
from fairreg.schemas.record import Tensor

__all__ = [
    "DEFAULT_BATCH",
    "Batching",
    "batches",
    "check_size",
    "counted",
    "decide",
    "fixed_rows",
    "joined",
    "row_count",
    "rows_of",
]

DEFAULT_BATCH = 128

_SENTENCES = {
    "unknown": "because the rows of the input are not known to be independent",
    "requested": "as requested",
    "stated": "because the model states that the rows of the input are independent",
    "proven": "because the graph computes each row by itself",
    "fixed": "because the model takes one row",
}


@dataclass(frozen=True)
class Batching:
    """Number of rows of one batch, None for all at once, and why.

    `reason` is ``unknown`` (nothing is known of the rows: they stay together), ``requested`` (by the user),
    ``stated`` (by the model package, the runner or the graph's denotation DATA_BATCH), ``proven`` (from the
    graph) or ``fixed`` (the model takes one row). `exact`: the model takes `size` rows, no other number.
    """

    size: int | None = None
    reason: Literal["unknown", "requested", "stated", "proven", "fixed"] = "unknown"
    exact: bool = False

    def __str__(self) -> str:
        """A clause for people: ``batches of 128, because the graph computes each row by itself``."""
        how = "in one piece" if self.size is None else f"in batches of {self.size}"
        return f"{how}, {_SENTENCES[self.reason]}"

    def to_json(self, *rows: int) -> dict[str, Any]:
        """``size`` (None: all rows at once), ``reason`` and ``batches``, how many for inputs of `rows`."""
        batches = sum(1 if self.size is None else max(-(-count // self.size), 1) for count in rows)
        return {"size": self.size, "reason": self.reason, "batches": batches}


def check_size(size: int) -> int:
    """Return a batch size. Raises UsageError for one below 1."""
    if size < 1:
        raise UsageError(f"The batch size is {size}; it must be at least 1.")
    return size


def counted(rows: int) -> str:
    """``1 row``, ``7 rows``."""
    return "1 row" if rows == 1 else f"{rows} rows"


def decide(
    inputs: tuple[Tensor, ...],
    outputs: tuple[Tensor, ...],
    *,
    size: int | None,
    stated: bool,
    proven: Callable[[], bool],
) -> Batching:
    """Decide for a graph with this signature.

    `size` is what a user asked for; `proven`, which may take long, is called only if it matters.
    Raises UsageError for a size that is not that of a fixed first axis.
    """
    fixed = fixed_rows(inputs, outputs)
    if fixed is None:
        if size is not None:
            return Batching(check_size(size), "requested")
        free = all(isinstance(_first(tensor), str) for tensor in inputs) and inputs != ()
        return (
            Batching(DEFAULT_BATCH, "stated" if stated else "proven")
            if free and (stated or proven())
            else Batching()
        )
    if size is not None:
        if size != fixed:
            raise UsageError(
                f"The batch size is {size}, but the model takes {counted(fixed)} at once.",
                hint=f"Use --batch-size {fixed}.",
            )
        return Batching(fixed, "requested", exact=True)
    if fixed == 1:
        return Batching(1, "fixed", exact=True)
    known = stated or proven()
    return Batching(fixed, "stated" if stated else "proven", exact=True) if known else Batching()


def row_count(arrays: Mapping[str, Array]) -> int | None:
    """The common length of the first axes, None where arrays differ in it or have none."""
    counts = {len(array) if getattr(array, "ndim", 0) else None for array in arrays.values()}
    return counts.pop() if len(counts) == 1 else None


def fixed_rows(inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]) -> int | None:
    """The number of rows that all inputs are fixed to, if no output is fixed to another one."""
    given, made = ({_first(tensor) for tensor in tensors} for tensors in (inputs, outputs))
    number = given.pop() if len(given) == 1 else None
    fits = isinstance(number, int) and all(isinstance(size, str) or size == number for size in made)
    return number if isinstance(number, int) and fits else None


def _first(tensor: Tensor) -> int | str | None:
    """Length of the first axis; None for a scalar, and for sequences, maps and optional values."""
    return tensor.shape[0] if tensor.shape and "(" not in tensor.dtype else None


def batches(arrays: Arrays, batching: Batching) -> Iterator[tuple[Arrays, int]]:
    """Yield the arrays of each batch with its number of rows; a fixed one is filled up with its last row."""
    rows, size = row_count(arrays) or 0, batching.size or 1
    for first in range(0, max(rows, 1), size):
        part = {name: array[first : first + size] for name, array in arrays.items()}
        whole = {name: _filled(array, size) for name, array in part.items()} if batching.exact else part
        yield whole, min(size, rows - first)


def _filled(array: Array, size: int) -> Array:
    if len(array) == size:
        return array
    last = array[-1:] if len(array) else np.zeros((1, *array.shape[1:]), array.dtype)
    return np.concatenate([array, np.repeat(last, size - len(array), axis=0)])


def rows_of(outputs: Arrays, given: int, rows: int) -> Arrays:
    """The first `rows` rows of the outputs of a batch of `given`.

    Raises ModelError for an output without a row for each row of the batch along its first axis.
    """
    for name, array in outputs.items():
        if not array.ndim or len(array) != given:
            raise ModelError(
                f"The output {name!r} has shape {array.shape} for {given} rows, so that this model cannot be "
                "run in batches.",
                hint="Use --batch-size whole.",
            )
    return {name: array[:rows] for name, array in outputs.items()}


def joined(parts: list[Arrays]) -> Arrays:
    """The outputs of all batches in one. Raises ModelError where a batch gives outputs that others do not."""
    if any(part.keys() != parts[0].keys() for part in parts):
        raise ModelError(
            "The batches give different outputs and cannot be joined.", hint="Use --batch-size whole."
        )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
