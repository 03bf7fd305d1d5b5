# SPDX-License-Identifier: MIT
"""Numbers of two models of one architecture, compared by value: a change of the element type is no training.

Numbers are the same if they are equal: 0.0 is -0.0, any NaN is NaN, and 1.0 is 1. They are rounded if those
of the wider type become those of the narrower one by its cast (to whole numbers by cutting or rounding).
Tensors belong together by their names, else by their place and shape.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from fairreg.errors import FairregError
from fairreg.runners.weights import dtype_name, view_tensors
from fairreg.runners.weights.tensors import Array, Tensors

__all__ = ["NumbersRelation", "NumbersStatus", "compare_numbers"]

NumbersStatus = Literal["same numbers", "rounded", "other types", "retrained"]

_STEP = 1 << 20  # elements at a time
_BFLOAT16 = "bfloat16"
_MOST_TYPES = 3


class NumbersRelation(NamedTuple):
    """The relation of the numbers of two models, and a clause on it."""

    status: NumbersStatus
    clause: str | None


def compare_numbers(first: Path, second: Path) -> NumbersRelation:
    """Compare the numbers in two files whose tensors have the same shapes, and another fingerprint."""
    try:
        mine, others = view_tensors(first), view_tensors(second)
        pairs = _pairs(mine, others)
        before, now = _types(mine), _types(others)
        stored = "" if before == now else f", stored as {now} instead of {before}"
        if pairs is None or not all(_is_numeric(array) for pair in pairs for array in pair):
            return NumbersRelation("other types" if stored else "retrained", stored.lstrip(", ") or None)
        return _relation(pairs, before, now, stored)
    except (FairregError, OSError, MemoryError):
        return NumbersRelation("retrained", None)  # they were read before: something else has the file now


def _relation(pairs: list[tuple[Array, Array]], before: str, now: str, stored: str) -> NumbersRelation:
    found = {_of_pair(*pair) for pair in pairs}
    if found <= {"same"}:
        bits = "" if stored else " in other bits (signs of zeros or NaN)"
        return NumbersRelation("same numbers", f"the same numbers{bits}{stored}")
    if found <= {"same", "second"}:
        return NumbersRelation("rounded", f"the numbers of the first, rounded to {now}")
    if found <= {"same", "first"}:
        return NumbersRelation(
            "rounded", f"the numbers of the second; the first has them rounded to {before}"
        )
    return NumbersRelation("retrained", f"other numbers{stored}" if stored else None)


def _pairs(first: Tensors, second: Tensors) -> list[tuple[Array, Array]] | None:
    """The tensors that belong together, None where neither names nor places tell."""
    if first.keys() == second.keys():
        pairs = [(array, second[name]) for name, array in first.items()]
    else:
        pairs = list(zip(first.values(), second.values(), strict=False))
    alike = len(first) == len(second) and all(mine.shape == other.shape for mine, other in pairs)
    return pairs if alike else None


def _of_pair(first: Array, second: Array) -> Literal["same", "first", "second", "other"]:
    """The relation of two tensors: the side whose numbers are those of the other, rounded."""
    same = cut_first = cut_second = True
    for mine, other in zip(_blocks(first), _blocks(second), strict=True):
        values, others = _values(mine), _values(other)
        same = same and _equal(values, others)
        cut_first = cut_first and _is_cast(others, values, first)
        cut_second = cut_second and _is_cast(values, others, second)
        if not (same or cut_first or cut_second):
            return "other"
    return "same" if same else "second" if cut_second else "first"


def _is_numeric(array: Array) -> bool:
    return dtype_name(array.dtype) == _BFLOAT16 or array.dtype.kind in "fiubc"


def _blocks(array: Array) -> Iterator[Array]:
    flat = array.reshape(-1)
    for start in range(0, flat.size, _STEP):
        yield flat[start : start + _STEP]


def _values(block: Array) -> Array:
    """The numbers of a block in a type of numpy: bfloat16 is the upper half of float32."""
    if dtype_name(block.dtype) != _BFLOAT16:
        return block
    bits = np.ascontiguousarray(block).view("<u2").astype(np.uint32) << 16
    return bits.view(np.float32)


def _equal(first: Array, second: Array) -> bool:
    if {first.dtype.kind, second.dtype.kind} & set("iu") and "f" in (first.dtype.kind, second.dtype.kind):
        # Whole numbers of 64 bits are more exact than float64.
        first, second = first.astype(np.longdouble), second.astype(np.longdouble)
    return bool(np.all((first == second) | ((first != first) & (second != second))))  # noqa: PLR0124  NaN


def _is_cast(wide: Array, narrow: Array, target: Array) -> bool:
    """Tell whether the numbers `narrow` of the type of `target` are those of `wide` by its cast."""
    if dtype_name(target.dtype) == _BFLOAT16:
        return wide.dtype.kind == "f" and _equal(_to_bfloat16(wide), narrow)
    if not _is_narrower(narrow.dtype, wide.dtype):
        return False
    with np.errstate(all="ignore"):
        if narrow.dtype.kind in "iub" and wide.dtype.kind == "f":
            return _equal(np.trunc(wide), narrow) or _equal(np.rint(wide), narrow)
        return _equal(wide.astype(narrow.dtype), narrow)


def _is_narrower(narrow: np.dtype[Any], wide: np.dtype[Any]) -> bool:
    if narrow.kind in "iub" and wide.kind == "f":
        return True
    return narrow.kind == wide.kind and narrow.itemsize < wide.itemsize


def _to_bfloat16(wide: Array) -> Array:
    """Round to the nearest bfloat16, to even, as float32."""
    with np.errstate(all="ignore"):
        bits = np.ascontiguousarray(wide, dtype=np.float32).view(np.uint32).astype(np.uint64)
    rounded = bits + 0x7FFF + ((bits >> np.uint64(16)) & np.uint64(1))
    found = (rounded & np.uint64(0xFFFF0000)).astype(np.uint32).view(np.float32)
    return np.where(np.isnan(wide), np.float32("nan"), found)


def _types(tensors: Tensors) -> str:
    names = list(dict.fromkeys(dtype_name(array.dtype) for array in tensors.values()))
    more = " and others" if len(names) > _MOST_TYPES else ""
    return ", ".join(names[:_MOST_TYPES]) + more
