# SPDX-License-Identifier: MIT
"""Fitting of named arrays to a model's signature."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.schemas.record import Tensor

__all__ = ["LONGEST_AXIS", "Array", "Arrays", "fit"]

# Property of an ONNX model with the largest length of a free axis, by the axis' name; some engines need it.
LONGEST_AXIS = "fairreg.longest."

Array = NDArray[Any]
Arrays = dict[str, Array]


def fit(signature: tuple[Tensor, ...], arrays: Mapping[str, Array]) -> Arrays:
    """Return `arrays` in the order of `signature`, contiguous and of its element types.

    A free axis has the same length wherever its name occurs. Raises ModelError: the names differ, a shape
    does not fit, an element type cannot be cast, or a value leaves the range of the smaller type.
    """
    _check_names([item.name for item in signature], list(arrays))
    axes: dict[str, int] = {}
    fitted: Arrays = {}
    for tensor in signature:
        array = np.asarray(arrays[tensor.name])
        _check_shape(tensor, array.shape, axes)
        fitted[tensor.name] = _cast(tensor, array)
    return fitted


def _check_names(expected: list[str], given: list[str]) -> None:
    if missing := [name for name in expected if name not in given]:
        raise ModelError(
            f"The model needs the input {_listed(missing)}.", hint=f"Its inputs are {_listed(expected)}."
        )
    if unknown := [name for name in given if name not in expected]:
        raise ModelError(
            f"The model has no input {_listed(unknown)}.", hint=f"Its inputs are {_listed(expected)}."
        )


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names) or "none"


def _check_shape(tensor: Tensor, shape: tuple[int, ...], axes: dict[str, int]) -> None:
    """Compare with the signature; `axes` collects the lengths of the free axes."""
    fits = len(shape) == len(tensor.shape) and all(
        (axes.setdefault(wanted, size) if isinstance(wanted, str) else wanted) == size
        for wanted, size in zip(tensor.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join(_axis(item, axes) for item in tensor.shape)
        raise ModelError(f"The input {tensor.name!r} has shape {shape}, but the model takes ({wanted}).")


def _axis(item: int | str, axes: Mapping[str, int]) -> str:
    return f"{item} = {axes[item]}" if isinstance(item, str) and item in axes else str(item)


def _cast(tensor: Tensor, array: Array) -> Array:
    wanted = np.dtype(tensor.dtype)
    floating = np.issubdtype(array.dtype, np.floating) and np.issubdtype(wanted, np.floating)
    if not floating and not np.can_cast(array.dtype, wanted, "safe"):
        raise ModelError(
            f"The input {tensor.name!r} has element type {array.dtype}, which cannot safely become {wanted}.",
            hint=f"To convert it nevertheless, use .astype({str(wanted)!r}).",
        )
    with np.errstate(over="ignore"):
        cast = np.ascontiguousarray(array, dtype=wanted).reshape(array.shape)
    if floating and cast.dtype.itemsize < array.dtype.itemsize and (np.isinf(cast) & ~np.isinf(array)).any():
        raise ModelError(f"The input {tensor.name!r} has values beyond the range of {wanted}.")
    return cast
