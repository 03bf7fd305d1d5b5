# SPDX-License-Identifier: MIT
"""Names and shapes of the tensors of layers, by which packages recognise their networks."""

from collections.abc import Collection, Iterable, Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError

__all__ = [
    "FLOATS",
    "Shapes",
    "batch_norm",
    "check",
    "check_values",
    "counters",
    "linear",
    "outputs",
    "size",
    "trainable",
    "widths_of",
]

Array = NDArray[Any]
Shapes = dict[str, tuple[int, ...]]
FLOATS = frozenset({"float16", "float32", "float64"})
_COUNTER = "num_batches_tracked"


def linear(name: str, taken: int, given: int) -> Shapes:
    """Tensors of a layer with a bias."""
    return {f"{name}.weight": (given, taken), f"{name}.bias": (given,)}


def batch_norm(name: str, channels: int, *, counted: bool = False) -> Shapes:
    """Tensors of a batch normalisation, with its counter of batches where `counted`."""
    kinds = ("weight", "bias", "running_mean", "running_var")
    found: Shapes = {f"{name}.{kind}": (channels,) for kind in kinds}
    return found | {f"{name}.{_COUNTER}": ()} if counted else found


def counters(shapes: Mapping[str, tuple[int, ...]]) -> frozenset[str]:
    """Names of the counters that belong to the batch normalisations, which no output depends on."""
    return frozenset(
        name.removesuffix("running_var") + _COUNTER for name in shapes if name.endswith("running_var")
    )


def trainable(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Number of trainable parameters: without the statistics of batches."""
    fixed = ("running_mean", "running_var", _COUNTER)
    return sum(prod(shape) for name, shape in shapes.items() if not name.endswith(fixed))


def size(tensors: Mapping[str, Array], name: str, axis: int, fault: str) -> int:
    """Length of an axis of a tensor; ModelError with its name and `fault` where it has none."""
    if name not in tensors or tensors[name].ndim <= axis:
        raise ModelError(fault.format(name))
    return int(tensors[name].shape[axis])


def outputs(
    tensors: Mapping[str, Array], pattern: str, fault: str, *, first: int = 0, step: int = 1
) -> tuple[int, ...]:
    """Numbers of outputs of the layers of one row, whose places are `first`, `first` + `step`, ..."""
    found: list[int] = []
    while (name := pattern.format(first + step * len(found))) in tensors:
        found.append(size(tensors, name, 0, fault))
    return tuple(found)


def check(tensors: Mapping[str, Array], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raise ModelError for a tensor of another shape, an empty one, and one of another element type.

    `shapes` are those of the floating-point tensors; the counters of batches may be there or not.
    """
    for name, shape in shapes.items():
        array = tensors[name]
        if array.shape != shape or 0 in shape:
            raise ModelError(f"The tensor {name} has shape {array.shape}; the other tensors require {shape}.")
        if array.dtype.name not in FLOATS:
            raise ModelError(
                f"The tensor {name} has element type {array.dtype}, not float16, float32 or float64."
            )
    for name in counters(shapes) & tensors.keys():
        if tensors[name].size != 1 or tensors[name].dtype.kind not in "iu":
            raise ModelError(f"The tensor {name} is not a single integer.")


def check_values(tensors: Mapping[str, Array], unused: Collection[str] = ()) -> None:
    """Raise ModelError for a tensor that is not finite in float32, and for variances below 0.

    Networks are computed in float32, in which every number would become NaN or infinite.
    """
    for name, array in tensors.items():
        if array.dtype.kind != "f" or name in unused:
            continue
        with np.errstate(over="ignore"):
            broken = ~np.isfinite(array.astype(np.float32, copy=False))
        said = "which is not finite in float32"
        if not broken.any() and name.endswith("running_var"):
            broken, said = array < 0, "below 0, which is no variance"
        if broken.any():
            raise ModelError(
                f"The tensor {name} has the value {array[broken][0]}, {said}.",
                hint="Get another copy of the file, or ask its authors.",
            )


def widths_of(widths: Iterable[int]) -> str:
    """Write widths of layers as the training programs do: ``100,100,64``; ``none`` without layers."""
    return ",".join(map(str, widths)) or "none"
