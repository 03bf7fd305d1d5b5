# SPDX-License-Identifier: MIT
"""Fitting of named arrays to a model's signature."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners._casting import as_array, cast, is_array, is_optional
from fairreg.schemas.record import ANY_AXES, Tensor

__all__ = ["LONGEST_AXIS", "Array", "Arrays", "fit"]

# Property of an ONNX model with the largest length of a free axis, by the axis' name; some engines need it.
LONGEST_AXIS = "fairreg.longest."

Array = NDArray[Any]
Arrays = dict[str, Array]


def fit(signature: tuple[Tensor, ...], arrays: Mapping[str, Array]) -> Arrays:
    """Return `arrays` in the order of `signature`, contiguous and of its element types.

    A free axis has the same length wherever its name occurs; an optional input may be missing or None. Raises
    ModelError: the names differ, a shape does not fit, an element type cannot be cast, or a value leaves the
    range of the smaller type.
    """
    absent = {item.name for item in signature if arrays.get(item.name) is None}
    present = tuple(item for item in signature if item.name not in absent or not is_optional(item.dtype))
    _check_names([item.name for item in present], [name for name in arrays if name not in absent])
    axes: dict[str, int] = {}
    return {item.name: _fitted(item, arrays[item.name], axes) for item in present}


def _fitted(tensor: Tensor, value: Any, axes: dict[str, int]) -> Any:
    if is_array(tensor.dtype):
        value = as_array(tensor.name, value)
        _check_shape(tensor, value.shape, axes)
    return cast(tensor.name, tensor.dtype, value)


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
    stated = _stated(tensor.shape, shape)
    fits = len(shape) == len(stated) and all(
        (axes.setdefault(wanted, size) if isinstance(wanted, str) else wanted) == size
        for wanted, size in zip(stated, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join(_axis(item, axes) for item in tensor.shape)
        raise ModelError(f"The input {tensor.name!r} has shape {shape}, but the model takes ({wanted}).")


def _stated(axes: tuple[int | str, ...], shape: tuple[int, ...]) -> tuple[int | str, ...]:
    """Fill in the sizes of `shape` for the axes that are not stated."""
    if ANY_AXES not in axes:
        return axes
    first = axes.index(ANY_AXES)
    last = len(axes) - first - 1
    return (*axes[:first], *shape[first : max(first, len(shape) - last)], *axes[first + 1 :])


def _axis(item: int | str, axes: Mapping[str, int]) -> str:
    return f"{item} = {axes[item]}" if isinstance(item, str) and item in axes else str(item)
