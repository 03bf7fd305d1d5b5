# SPDX-License-Identifier: MIT
"""Fitting of named arrays to a model's signature."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners.mismatch import (
    ArrayKind,
    castable,
    listed,
    named,
    renames,
    repair,
    saving,
    shape_fits,
)
from fairreg.schemas.record import Tensor

__all__ = ["LONGEST_AXIS", "Array", "Arrays", "fit"]

# Property of an ONNX model with the largest length of a free axis, by the axis' name; some engines need it.
LONGEST_AXIS = "fairreg.longest."

Array = NDArray[Any]
Arrays = dict[str, Array]


def fit(signature: tuple[Tensor, ...], arrays: Mapping[str, Array]) -> Arrays:
    """Return `arrays` in the order of `signature`, contiguous and of its element types.

    A free axis has the same length wherever its name occurs. Raises ModelError: the names differ, a shape
    does not fit, an element type cannot be cast, or a value leaves the range of the smaller type. The hint
    says what would fit, where that was found by testing it.
    """
    given = {name: np.asarray(array) for name, array in arrays.items()}
    _check_names(signature, given)
    axes: dict[str, int] = {}
    for tensor in signature:
        before = dict(axes)
        if not shape_fits(tensor, given[tensor.name].shape, axes):
            raise _misshapen(signature, given, tensor, before)
    return {tensor.name: _cast(tensor, given[tensor.name]) for tensor in signature}


def _check_names(signature: tuple[Tensor, ...], given: Mapping[str, Array]) -> None:
    expected = [item.name for item in signature]
    missing = [item for item in signature if item.name not in given]
    unknown = {name: _kind(array) for name, array in given.items() if name not in expected}
    if missing and unknown:
        axes = _axes_of([item for item in signature if item.name in given], given)
        for nearly in (False, True):
            found = renames(missing, unknown, axes, nearly=nearly)
            if found:
                raise _misnamed(missing, unknown, found, axes)
    takes = ", ".join(f"{item.name!r} {named(item)}" for item in signature) or "none"
    has = "".join(f", {name!r} {kind.shape}" for name, kind in unknown.items())
    hint = f"Its inputs are {takes}{f'; given are{has[1:]}' if has else ''}."
    if missing:
        raise ModelError(f"The model needs the {_inputs([item.name for item in missing])}.", hint=hint)
    if unknown:
        raise ModelError(f"The model has no {_inputs(list(unknown))}.", hint=hint)


def _inputs(names: Sequence[str]) -> str:
    return f"input{'s' if names[1:] else ''} {listed(names)}"


def _axes_of(tensors: Sequence[Tensor], given: Mapping[str, Array]) -> dict[str, int]:
    """The lengths of the free axes that these inputs set."""
    axes: dict[str, int] = {}
    for tensor in tensors:
        shape_fits(tensor, given[tensor.name].shape, axes)
    return axes


def _misnamed(
    missing: Sequence[Tensor],
    unknown: Mapping[str, ArrayKind],
    found: Mapping[str, str],
    axes: Mapping[str, int],
) -> ModelError:
    """The error for arrays that fit inputs of other names, as they are or after a repair."""
    said, steps, set_before = [], [], dict(axes)
    for item in missing:
        name, shape, axes = found[item.name], unknown[found[item.name]].shape, dict(set_before)
        fits = shape_fits(item, shape, set_before)
        verb = "fits" if fits else "does not fit as it is"
        said.append(f"it takes {item.name!r} of shape {named(item)}, which your {name!r} {shape} {verb}")
        step = None if fits else repair(item, shape, axes, name)
        steps += [f"{name!r}: {step.rstrip('.')}."] if step else []
    names = [name for name in unknown if name in found.values()]
    steps.append(f"Rename {'it' if len(names) == 1 else 'them'}, as in {saving(found)}")
    return ModelError(f"The model has no {_inputs(names)}; {'; '.join(said)}.", hint=" ".join(steps))


def _misshapen(
    signature: tuple[Tensor, ...], given: Mapping[str, Array], tensor: Tensor, axes: dict[str, int]
) -> ModelError:
    """The error for an array whose shape does not fit; `axes` are the lengths that earlier inputs set."""
    shape = given[tensor.name].shape
    seen = dict(axes)
    shape_fits(tensor, shape, seen)  # a length that the array itself sets is shown, too
    hint = _exchange(signature, given) or _disagreement(signature, given, tensor)
    described = f": {tensor.description}" if tensor.description else ""
    return ModelError(
        f"The input {tensor.name!r} has shape {shape}, but the model takes {named(tensor, seen)}{described}.",
        hint=hint or repair(tensor, shape, axes, tensor.name),
    )


def _exchange(signature: tuple[Tensor, ...], given: Mapping[str, Array]) -> str | None:
    """The step for arrays that fit one another's inputs, where they do in one way only."""
    found = renames(signature, {name: _kind(array) for name, array in given.items()}, {})
    moved = {name: array for name, array in found.items() if name != array}
    if not moved:
        return None
    fits = ", ".join(f"your {array!r} fits {name!r}" for name, array in moved.items())
    return f"The arrays are in another order: {fits}. Rename them, as in {saving(found)}"


def _disagreement(signature: tuple[Tensor, ...], given: Mapping[str, Array], tensor: Tensor) -> str | None:
    """The inputs that differ in a free axis, for an array that fits by itself."""
    own: dict[str, int] = {}
    if not shape_fits(tensor, given[tensor.name].shape, own):
        return None
    for item in signature[: signature.index(tensor)]:
        axes = _axes_of([item], given)
        for axis in own.keys() & axes.keys():
            if own[axis] != axes[axis]:
                said = f"{axis} is {axes[axis]} in {item.name!r}, but {own[axis]} in {tensor.name!r}"
                return f"The inputs must agree: {said}."
    return None


def _kind(array: Array) -> ArrayKind:
    return ArrayKind(array.shape, array.dtype)


def _cast(tensor: Tensor, array: Array) -> Array:
    wanted = np.dtype(tensor.dtype)
    if wanted.kind == "U" and array.dtype.kind in "UO":
        return _text(tensor, array)
    if not castable(array.dtype, wanted):
        raise ModelError(
            f"The input {tensor.name!r} has element type {array.dtype}, which cannot safely become "
            f"{'text' if wanted.kind == 'U' else wanted}.",
            hint=_conversion(array.dtype, wanted),
        )
    with np.errstate(over="ignore"):
        cast = np.ascontiguousarray(array, dtype=wanted).reshape(array.shape)
    narrower = wanted.kind == "f" and cast.dtype.itemsize < array.dtype.itemsize
    if narrower and (np.isinf(cast) & ~np.isinf(array)).any():
        raise ModelError(f"The input {tensor.name!r} has values beyond the range of {wanted}.")
    return cast


def _conversion(given: np.dtype[Any], wanted: np.dtype[Any]) -> str:
    """The next step for an element type that is not cast."""
    if given.kind == "S" and wanted.kind == "U":
        return "Decode the bytes: numpy.char.decode(array, 'utf-8')"
    if wanted.kind == "U":
        return "To convert it nevertheless, use .astype(str)."
    if given.kind == "O":
        return (
            f"The array holds Python objects; make an array of one type: numpy.array(values, {str(wanted)!r})"
        )
    return f"To convert it nevertheless, use .astype({str(wanted)!r})."


def _text(tensor: Tensor, array: Array) -> Array:
    """Text as it is given, in numpy's type or as str objects. Raises ModelError for other objects."""
    other = next((item for item in array.flat if not isinstance(item, str)), None)
    if other is not None:
        raise ModelError(
            f"The input {tensor.name!r} is text, but has a value of the type {type(other).__name__}.",
            hint="Convert the values with str().",
        )
    return np.ascontiguousarray(array).reshape(array.shape)
