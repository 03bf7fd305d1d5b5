# SPDX-License-Identifier: MIT
"""Comparison of an upgraded model with onnx's reference implementation of the original."""

import io
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners import onnx as engine
from fairreg.runners.converters.opset import isolation
from fairreg.schemas.record import Tensor

__all__ = ["compared"]

_TOLERANCE = 1e-5  # of the largest value of an output, at least of 1
_FREE = 4
_MAX_ELEMENTS = 1 << 22

Arrays = dict[str, NDArray[Any]]


def compared(original: bytes, upgraded: bytes, name: str) -> str:
    """A sentence on how far onnxruntime's outputs are from the reference's on generated inputs.

    Raises ModelError where they differ, and where onnxruntime does not run the upgraded model.
    """
    runner = engine.load(upgraded)
    try:
        arrays = _generated(runner.inputs)
        expected = _arrays(isolation.reference(original, list(arrays), _stored(arrays)))
    except (isolation.Fault, ModelError, ValueError) as error:
        reason = str(error).rstrip(".")
        return f"Not compared: onnxruntime does not run the original, nor does onnx's reference ({reason})."
    found = list(runner.run(arrays).values())
    largest = _largest(expected, found)
    if not largest <= _TOLERANCE:
        raise ModelError(
            f"{name} in its new operator set differs by {largest:.1e} from onnx's reference implementation "
            "of the original: it is unclear which of them is right.",
            hint="Export the model again, with a newer operator set.",
        )
    return (
        f"Compared with onnx's reference implementation of the original on generated inputs: the largest "
        f"difference is {largest:.1e} of the largest value."
    )


def _generated(inputs: tuple[Tensor, ...]) -> Arrays:
    """Normal numbers, 0 or 1 for integers and truths; free axes have one length. Raises ModelError."""
    random = np.random.default_rng(0)
    shapes = [[size if isinstance(size, int) else _FREE for size in item.shape] for item in inputs]
    if sum(map(prod, shapes)) > _MAX_ELEMENTS:
        raise ModelError("its inputs are too large")
    found: Arrays = {}
    for item, shape in zip(inputs, shapes, strict=True):
        if not item.dtype.startswith(("float", "int", "uint", "bool")):
            raise ModelError(f"its input {item.name!r} is of the type {item.dtype}")
        whole = not item.dtype.startswith("float")
        values = random.integers(0, 2, shape) if whole else random.normal(size=shape)
        found[item.name] = np.asarray(values).astype(item.dtype)
    return found


def _stored(arrays: Arrays) -> bytes:
    target = io.BytesIO()
    np.savez(target, *arrays.values())
    return target.getvalue()


def _arrays(stored: bytes) -> list[NDArray[Any]]:
    with np.load(io.BytesIO(stored), allow_pickle=False) as found:
        return [found[key] for key in found.files]


def _largest(expected: list[NDArray[Any]], found: list[NDArray[Any]]) -> float:
    """Largest difference over all outputs, relative to the largest value, at least 1; infinite for others."""
    if len(expected) != len(found):
        return float("inf")
    return max(map(_difference, expected, found), default=0.0)


def _difference(first: NDArray[Any], second: NDArray[Any]) -> float:
    if first.shape != second.shape or first.dtype.kind != second.dtype.kind:
        return float("inf")
    if first.dtype.kind not in "biuf":
        return 0.0 if np.array_equal(first, second) else float("inf")
    wide, other = first.astype(np.float64), second.astype(np.float64)
    if not np.array_equal(np.isfinite(wide), np.isfinite(other)):
        return float("inf")
    whole = np.isfinite(wide)
    scale = max(1.0, float(np.abs(wide[whole]).max(initial=0)))
    return float(np.abs(wide[whole] - other[whole]).max(initial=0)) / scale
