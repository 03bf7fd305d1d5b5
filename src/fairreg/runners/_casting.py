# SPDX-License-Identifier: MIT
"""Casting of values to the element types of a signature.

An element type is numpy's name ("float32"), "str" for text, the name of an 8-bit or smaller type of machine
learning as PyTorch and ml_dtypes spell it ("bfloat16", "float8_e4m3fn", "int4"), or one of these inside
"optional(T)", "sequence(T)" and "map(K, T)", the other kinds of values of ONNX (IR specification, "Types").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError

__all__ = ["NARROW", "TEXT", "NarrowType", "as_array", "cast", "is_array", "is_optional", "parted"]

TEXT = "str"


@dataclass(frozen=True)
class NarrowType:
    """A type that numpy lacks: the numpy type that carries its values, its range, and its infinities.

    `digits` are the binary ones of a floating-point number, None for integers.
    """

    wide: str
    lowest: float
    highest: float
    digits: int | None = None
    infinite: bool = False


def _floating(highest: float, digits: int, *, infinite: bool = False) -> NarrowType:
    return NarrowType("float32", -highest, highest, digits, infinite)


# Ranges: ONNX, "Float stored in 8 bits" and "4bit integer types"; OCP Microscaling Formats 1.0 for e8m0.
NARROW: Mapping[str, NarrowType] = {
    "bfloat16": _floating((2 - 2.0**-7) * 2.0**127, 8, infinite=True),
    "float8_e4m3fn": _floating(448.0, 4),
    "float8_e4m3fnuz": _floating(240.0, 4),
    "float8_e5m2": _floating(57344.0, 3, infinite=True),
    "float8_e5m2fnuz": _floating(57344.0, 3),
    "float8_e8m0fnu": NarrowType("float32", 2.0**-127, 2.0**127, 1),
    "int4": NarrowType("int8", -8, 7),
    "uint4": NarrowType("uint8", 0, 15),
    "int2": NarrowType("int8", -2, 1),
    "uint2": NarrowType("uint8", 0, 3),
}


def parted(dtype: str) -> tuple[str, str]:
    """Split "sequence(float32)" into "sequence" and "float32"; the first part is empty for a plain type."""
    outer, found, inner = dtype.partition("(")
    return (outer, inner.removesuffix(")")) if found else ("", dtype)


def is_optional(dtype: str) -> bool:
    """Tell whether a value of this type may be left out."""
    return parted(dtype)[0] == "optional"


def is_array(dtype: str) -> bool:
    """Tell whether a value of this type is one array, and not a sequence or a map."""
    outer, inner = parted(dtype)
    return is_array(inner) if outer == "optional" else not outer


def cast(name: str, dtype: str, value: Any) -> Any:
    """Cast the value of the input `name` to `dtype`, or to the numpy type that carries its values.

    A sequence becomes a list of arrays, a map a dictionary, text an array of objects of str. Raises
    ModelError where the type cannot be cast safely, or a value leaves the range of the type.
    """
    outer, inner = parted(dtype)
    if outer == "optional":
        return cast(name, inner, value)
    if outer == "sequence":
        return [cast(f"{name}[{number}]", inner, item) for number, item in enumerate(_items(name, value))]
    if outer == "map":
        return _map(name, inner, value)
    array = as_array(name, value)
    return _text(name, array) if dtype == TEXT else _numbers(name, dtype, array)


def _items(name: str, value: Any) -> Sequence[Any] | NDArray[Any]:
    if isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim):
        return value
    raise ModelError(
        f"The input {name!r} takes a sequence of values, but was given one {type(value).__name__}.",
        hint="Pass a list with a value for each item, or an array with the items along its first axis.",
    )


def _map(name: str, inner: str, value: Any) -> dict[Any, Any]:
    key, _, item = inner.partition(", ")
    if not isinstance(value, Mapping):
        raise ModelError(
            f"The input {name!r} takes a map from {key} to {item}, but was given a {type(value).__name__}.",
            hint="Pass a dictionary, from Python: files of arrays hold none.",
        )
    if not value:
        return {}
    keys, items = cast(name, key, list(value)), cast(name, item, list(value.values()))
    return dict(zip(keys.tolist(), items.tolist(), strict=True))


def as_array(name: str, value: Any) -> NDArray[Any]:
    """Return the value as an array. Raises ModelError for lists of unequal lengths and masked values."""
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ModelError(
            f"The input {name!r} has masked values, which models do not know.",
            hint="Fill them with a number, as in numpy.ma.filled(array, 0).",
        )
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ModelError(
            f"The input {name!r} is not one array: its parts have different shapes.",
            hint="Pad them to one shape.",
        ) from error


def _numbers(name: str, dtype: str, array: NDArray[Any]) -> NDArray[Any]:
    if given := NARROW.get(array.dtype.name):
        array = array.astype(given.wide)
    narrow = NARROW.get(dtype)
    wanted = np.dtype(narrow.wide if narrow else dtype)
    if narrow is not None:
        _check_range(name, dtype, narrow, array)
    cast = _cast_safely(name, wanted, array, integers=narrow is not None)
    if wanted.kind == "f":
        digits = narrow.digits if narrow is not None else np.finfo(wanted).nmant + 1
        _check_digits(name, dtype, digits or 0, array)
    return cast


def _check_digits(name: str, dtype: str, digits: int, array: NDArray[Any]) -> None:
    """Raise ModelError for integers that need more than `digits` binary digits, as they would be rounded."""
    if array.dtype.kind not in "iu" or not array.size or 8 * array.dtype.itemsize <= digits:
        return
    if max(int(array.max()), -int(array.min())) <= 1 << digits:
        return
    # The lowest integer has no opposite, but the bits of it.
    size = np.abs(array).astype(f"u{array.dtype.itemsize}", copy=False).astype(np.uint64, copy=False)
    lowest_bit = size & (~size + np.uint64(1))
    rounded = (size >> np.uint64(digits)) >= np.maximum(lowest_bit, np.uint64(1))
    if rounded.any():
        raise ModelError(
            f"The input {name!r} has integers that {dtype} would round, such as {array[rounded].flat[0]}.",
            hint=f"To round them nevertheless, use .astype({dtype!r})."
            if dtype not in NARROW
            else "Pass floating-point numbers to round them nevertheless.",
        )


def _cast_safely(name: str, wanted: np.dtype[Any], array: NDArray[Any], *, integers: bool) -> NDArray[Any]:
    """Cast; floating-point numbers may lose digits. `integers`: their range has been compared already."""
    floating = np.issubdtype(array.dtype, np.floating) and np.issubdtype(wanted, np.floating)
    known = floating or (integers and array.dtype.kind in "iu" and wanted.kind in "iu")
    if not known and not np.can_cast(array.dtype, wanted, "safe"):
        raise ModelError(
            f"The input {name!r} has element type {array.dtype}, which cannot safely become {wanted}.",
            hint=f"The array holds Python objects; make one of numbers: numpy.array(values, {str(wanted)!r})"
            if array.dtype.hasobject
            else f"To convert it nevertheless, use .astype({str(wanted)!r}).",
        )
    with np.errstate(over="ignore"):
        cast = np.ascontiguousarray(array, dtype=wanted).reshape(array.shape)
    if floating and cast.dtype.itemsize < array.dtype.itemsize and (np.isinf(cast) & ~np.isinf(array)).any():
        raise ModelError(f"The input {name!r} has values beyond the range of {wanted}.")
    return cast


def _check_range(name: str, dtype: str, narrow: NarrowType, array: NDArray[Any]) -> None:
    if array.dtype.kind not in "fiub":
        return
    out = (array < narrow.lowest) | (array > narrow.highest)
    if (out & ~np.isinf(array) if narrow.infinite else out).any():
        raise ModelError(
            f"The input {name!r} has values beyond the range of {dtype},"
            f" {narrow.lowest:.6g} to {narrow.highest:.6g}."
        )


def _text(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Return text as objects of str, which onnxruntime takes; bytes are UTF-8, as in ONNX."""
    if array.dtype.kind not in "USTO" and array.size:
        raise ModelError(
            f"The input {name!r} takes text, but has element type {array.dtype}.",
            hint="To pass the numbers as text, use .astype(str).",
        )
    words = np.empty(array.size, dtype=object)
    for number, item in enumerate(array.ravel().tolist()):
        words[number] = _word(name, item, number)
    return words.reshape(array.shape)


def _word(name: str, item: object, number: int) -> str:
    if not isinstance(item, (str, bytes)):
        raise ModelError(
            f"The input {name!r} takes text, but its item {number} is a {type(item).__name__}.",
            hint="Pass an array of text: numpy.array(words, dtype=str).",
        )
    try:
        if isinstance(item, bytes):
            return item.decode()
        item.encode()
    except UnicodeError as error:
        raise ModelError(
            f"The input {name!r} takes text, but its item {number} is not valid UTF-8."
        ) from error
    return str(item)
