# SPDX-License-Identifier: MIT
"""Fitting of named arrays to a model's signature."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners._casting import NARROW, TEXT, as_array, cast, is_array, is_optional, parted
from fairreg.runners.signature.mismatch import (
    ArrayKind,
    listed,
    named,
    renames,
    repair,
    saving,
    shape_fits,
)
from fairreg.schemas.record import ANY_AXES, Tensor

__all__ = [
    "COLUMNS",
    "LONGEST_AXIS",
    "NARROW",
    "Array",
    "Arrays",
    "disagreement",
    "fit",
    "is_optional",
    "parted",
]

# Property of an ONNX model with the largest length of a free axis, by the axis' name; some engines need it.
LONGEST_AXIS = "fairreg.longest."
# Property with the names of the columns of an input or output, by its name, as a JSON list.
COLUMNS = "fairreg.columns."

Array = NDArray[Any]
Arrays = dict[str, Array]


def fit(signature: tuple[Tensor, ...], arrays: Mapping[str, Any], *, strict: bool = True) -> Arrays:
    """Return `arrays` in the order of `signature`, contiguous and of its element types.

    A free axis has the same length wherever its name occurs; if not `strict`, only where it occurs as a first
    axis or twice in one input. An optional input may be missing or None. Raises ModelError: the names differ,
    a shape does not fit, an element type cannot be cast, or a value leaves the range of the smaller type. The
    hint says what would fit, where that was found by testing it.
    """
    if (unchanged := _unchanged(signature, arrays)) is not None:
        return unchanged
    absent = {item.name for item in signature if arrays.get(item.name) is None}
    present = tuple(item for item in signature if item.name not in absent or not is_optional(item.dtype))
    given = {name: value for name, value in arrays.items() if name not in absent}
    _check_names(present, given)
    plain = tuple(item for item in present if is_array(item.dtype))
    given |= {item.name: as_array(item.name, given[item.name]) for item in plain}
    axes: dict[str, int] = {}
    for tensor in plain:
        before = dict(axes) if strict else _length_of_first(tensor, axes)
        known = dict(before)
        if not shape_fits(tensor, given[tensor.name].shape, known):
            raise _misshapen(plain, given, tensor, before)
        axes |= known
    return {item.name: cast(item.name, item.dtype, given[item.name]) for item in present}


def _unchanged(signature: tuple[Tensor, ...], arrays: Mapping[str, Any]) -> Arrays | None:
    """The arrays in order where they are already what the engine takes, else None: one jet takes 50 us."""
    axes: dict[str, int] = {}
    found: Arrays = {}
    for tensor in signature:
        array, wanted = arrays.get(tensor.name), _numpy_type(tensor.dtype)
        if type(array) is not np.ndarray or wanted is None or array.dtype != wanted:
            return None
        if not array.flags.c_contiguous or not shape_fits(tensor, array.shape, axes):
            return None
        found[tensor.name] = array
    return found if len(found) == len(arrays) else None


@cache
def _numpy_type(dtype: str) -> np.dtype[Any] | None:
    """The type of the arrays of an element type, None where values have to be looked at."""
    outer, inner = parted(dtype)
    return None if outer or inner in NARROW or inner == TEXT else np.dtype(inner)


def _length_of_first(tensor: Tensor, axes: Mapping[str, int]) -> dict[str, int]:
    """The length of the first axis of an input, where another one has set it."""
    return {name: axes[name] for name in tensor.shape[:1] if isinstance(name, str) and name in axes}


def disagreement(signature: Sequence[Tensor], arrays: Mapping[str, Any]) -> str | None:
    """The free axes of one name that differ in length between arrays, None where all agree."""
    seen: dict[str, tuple[str, int]] = {}
    for tensor in (item for item in signature if item.name in arrays and is_array(item.dtype)):
        for axis, size in zip(tensor.shape, arrays[tensor.name].shape, strict=False):
            if isinstance(axis, str) and axis != ANY_AXES:
                other, length = seen.setdefault(axis, (tensor.name, size))
                if length != size:
                    return (
                        f"The axis {axis!r} has length {length} in {other!r}, but {size} in {tensor.name!r}."
                    )
    return None


def _check_names(signature: tuple[Tensor, ...], given: Mapping[str, Any]) -> None:
    expected = [item.name for item in signature]
    missing = [item for item in signature if item.name not in given]
    unknown = [name for name in given if name not in expected]
    kinds = {name: kind for name in unknown if (kind := _kind_of(given[name])) is not None}
    if missing and kinds:
        axes = _axes_of([item for item in signature if item.name in given], given)
        for nearly in (False, True):
            found = renames(missing, kinds, axes, nearly=nearly)
            if found:
                raise _misnamed(missing, kinds, found, axes)
    takes = ", ".join(f"{item.name!r} {named(item)}" for item in signature) or "none"
    has = "".join(f", {name!r} {kind.shape}" for name, kind in kinds.items())
    hint = f"Its inputs are {takes}{f'; given are{has[1:]}' if has else ''}."
    if missing:
        raise ModelError(f"The model needs the {_inputs([item.name for item in missing])}.", hint=hint)
    if unknown:
        leave = f"Leave {'them' if unknown[1:] else 'it'} out."
        raise ModelError(f"The model has no {_inputs(unknown)}.", hint=f"{leave} The inputs are {takes}.")


def _inputs(names: Sequence[str]) -> str:
    return f"input{'s' if names[1:] else ''} {listed(names)}"


def _axes_of(tensors: Sequence[Tensor], given: Mapping[str, Any]) -> dict[str, int]:
    """The lengths of the free axes that these inputs set."""
    axes: dict[str, int] = {}
    for tensor in tensors:
        kind = _kind_of(given[tensor.name])
        if kind is not None:
            shape_fits(tensor, kind.shape, axes)
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
    signature: tuple[Tensor, ...], given: Mapping[str, Any], tensor: Tensor, axes: dict[str, int]
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


def _exchange(signature: tuple[Tensor, ...], given: Mapping[str, Any]) -> str | None:
    """The step for arrays that fit one another's inputs, where they do in one way only."""
    found = renames(
        signature,
        {item.name: ArrayKind(given[item.name].shape, given[item.name].dtype) for item in signature},
        {},
    )
    moved = {name: array for name, array in found.items() if name != array}
    if not moved:
        return None
    fits = ", ".join(f"your {array!r} fits {name!r}" for name, array in moved.items())
    return f"The arrays are in another order: {fits}. Rename them, as in {saving(found)}"


def _disagreement(signature: tuple[Tensor, ...], given: Mapping[str, Any], tensor: Tensor) -> str | None:
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


def _kind_of(value: Any) -> ArrayKind | None:
    """Shape and element type of a value that is one array, None for others."""
    try:
        array = np.asarray(value)
    except ValueError:  # nested lists of unequal lengths
        return None
    return ArrayKind(array.shape, array.dtype)
