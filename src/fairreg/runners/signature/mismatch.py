# SPDX-License-Identifier: MIT
"""Explanations of arrays that do not fit a signature: what was tried on names, shapes and element types.

An explanation says only what was tested: that an array fits under another name, with its axes in another
order, with one axis more or less. Where two explanations hold equally well, neither is given.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations
from math import prod
from typing import Any, NamedTuple

import numpy as np

from fairreg.runners._casting import NARROW, TEXT, parted
from fairreg.schemas.record import ANY_AXES, Tensor

__all__ = ["ArrayKind", "listed", "named", "renames", "repair", "saving", "shape_fits"]

_MOST_AXES = 6  # 720 orders to test
_SWAPPED = 2  # axes that change places
# Nearness of an array to an input: it fits; with axes added, removed or reordered; but for one length.
_FITS, _REORDERED, _ONE_LENGTH = range(3)


class ArrayKind(NamedTuple):
    """Shape and element type of an array."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def shape_fits(tensor: Tensor, shape: tuple[int, ...], axes: dict[str, int]) -> bool:
    """Compare a shape with the signature; `axes` collects the lengths of the free axes."""
    stated = _stated(tensor.shape, shape)
    return len(shape) == len(stated) and all(
        (axes.setdefault(wanted, size) if isinstance(wanted, str) else wanted) == size
        for wanted, size in zip(stated, shape, strict=True)
    )


def _stated(axes: tuple[int | str, ...], shape: tuple[int, ...]) -> tuple[int | str, ...]:
    """Fill in the sizes of `shape` for the axes that are not stated."""
    if ANY_AXES not in axes:
        return axes
    first = axes.index(ANY_AXES)
    last = len(axes) - first - 1
    return (*axes[:first], *shape[first : max(first, len(shape) - last)], *axes[first + 1 :])


def castable(given: np.dtype[Any], wanted: str) -> bool:
    """Tell whether arrays of a type can become those of the element type `wanted`, as far as types tell."""
    outer, inner = parted(wanted)
    if outer == "optional":
        return castable(given, inner)
    if outer or inner == TEXT:
        return not outer and given.kind in "USTO"  # the values of an object array are checked when it is cast
    narrow = NARROW.get(inner)
    dtype = np.dtype(narrow.wide if narrow else inner)
    loose = (np.floating, np.integer) if narrow else (np.floating,)
    alike = any(np.issubdtype(given, kind) and np.issubdtype(dtype, kind) for kind in loose)
    return bool(alike or given.name in NARROW or np.can_cast(given, dtype, "safe"))


def listed(names: Iterable[str]) -> str:
    """Names in quotes, separated by commas."""
    return ", ".join(repr(name) for name in names) or "none"


def named(tensor: Tensor, axes: Mapping[str, int] | None = None) -> str:
    """The shape of an input as the signature states it, with the lengths of free axes that are known."""
    known = axes or {}
    sizes = [
        f"{item} = {known[item]}" if isinstance(item, str) and item in known else str(item)
        for item in tensor.shape
    ]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def saving(pairs: Mapping[str, str]) -> str:
    """The call of numpy that saves arrays (values) under other names (keys)."""
    if all(name.isidentifier() for pair in pairs.items() for name in pair):
        return f"numpy.savez(FILE, {', '.join(f'{name}={array}' for name, array in pairs.items())})"
    entries = ", ".join(f"{name!r}: {_variable(array)}" for name, array in pairs.items())
    return f"numpy.savez(FILE, **{{{entries}}})"


def _variable(name: str) -> str:
    return name if name.isidentifier() else f"arrays[{name!r}]"


def renames(
    missing: Sequence[Tensor],
    unknown: Mapping[str, ArrayKind],
    axes: Mapping[str, int],
    *,
    nearly: bool = False,
) -> dict[str, str]:
    """Map inputs to the arrays of other names that fit them, where only one such mapping exists; else empty.

    `axes` are the lengths of the free axes that other inputs set. `nearly` also takes arrays that fit with
    their axes in another order, or but for the length of one axis, where none fits better.
    """
    able = {tensor.name: _able(tensor, unknown, axes, nearly=nearly) for tensor in missing}
    found = _only_matching(able)
    together = dict(axes)
    if nearly or all(
        shape_fits(item, unknown[found[item.name]].shape, together) for item in missing if found
    ):
        return found
    return {}


def _able(
    tensor: Tensor, unknown: Mapping[str, ArrayKind], axes: Mapping[str, int], *, nearly: bool
) -> set[str]:
    """The arrays that fit an input best; of several, those whose name differs only in its spelling."""
    near = {name: _nearness(tensor, kind, axes) for name, kind in unknown.items()}
    best = min((value for value in near.values() if value is not None), default=None)
    if best is None or (best != _FITS and not nearly):
        return set()
    able = {name for name, value in near.items() if value == best}
    return {name for name in able if _folded(name) == _folded(tensor.name)} or able


def _folded(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _nearness(tensor: Tensor, kind: ArrayKind, axes: Mapping[str, int]) -> int | None:
    if not castable(kind.dtype, tensor.dtype):
        return None
    if _fits(tensor, kind.shape, axes):
        return _FITS
    if ANY_AXES in tensor.shape:
        return None
    if any(step(tensor, kind.shape, axes, "") for step in (_added_axis, _dropped_axis, _reordered)):
        return _REORDERED
    return _ONE_LENGTH if len(_differing(tensor, kind.shape, axes)) == 1 else None


def _only_matching(able: Mapping[str, set[str]]) -> dict[str, str]:
    """The only one-to-one choice of a candidate each; empty where there is none or more than one.

    As long as one is left with a single candidate it takes that from the others. A choice that is the only
    one is found so: a bipartite graph with a single perfect matching has a vertex of degree one on each side.
    """
    left, found = {name: set(candidates) for name, candidates in able.items()}, dict[str, str]()
    while left:
        name = next((name for name, candidates in left.items() if len(candidates) == 1), None)
        if name is None:
            return {}
        (taken,) = left.pop(name)
        found[name] = taken
        for candidates in left.values():
            candidates.discard(taken)
    return {name: found[name] for name in able}


def repair(tensor: Tensor, shape: tuple[int, ...], axes: Mapping[str, int], name: str) -> str | None:
    """The next step for the array `name` of this shape, from what makes it fit; None where nothing does."""
    if ANY_AXES in tensor.shape:
        return None
    steps = (_added_axis, _dropped_axis, _reordered, _flattened, _shorter, _other_shape)
    found = (step(tensor, shape, axes, _variable(name)) for step in steps)
    return next((step for step in found if step), None)


def _fits(tensor: Tensor, shape: Iterable[int], axes: Mapping[str, int]) -> bool:
    return shape_fits(tensor, tuple(shape), dict(axes))


def _added_axis(tensor: Tensor, shape: tuple[int, ...], axes: Mapping[str, int], array: str) -> str | None:
    single = tensor.shape and (isinstance(tensor.shape[0], str) or tensor.shape[0] == 1)
    if not single or not _fits(tensor, (1, *shape), axes):
        return None
    return f"The first axis is missing; for a single item add it: {array}[numpy.newaxis]"


def _dropped_axis(tensor: Tensor, shape: tuple[int, ...], axes: Mapping[str, int], array: str) -> str | None:
    ones = [axis for axis, size in enumerate(shape) if size == 1]
    found = [axis for axis in ones if _fits(tensor, (*shape[:axis], *shape[axis + 1 :]), axes)]
    if not found:
        return None
    return f"It fits without axis {found[-1]}, whose length is 1: numpy.squeeze({array}, {found[-1]})"


def _reordered(tensor: Tensor, shape: tuple[int, ...], axes: Mapping[str, int], array: str) -> str | None:
    """The order of the axes that fits, if it is the only one.

    Orders that leave the first axis in its place come before others, then those that move a single axis.
    """
    if len(shape) != len(tensor.shape) or len(shape) > _MOST_AXES:
        return None
    orders = [order for order in _orders(len(shape)) if _fits(tensor, (shape[i] for i in order), axes)]
    orders = [order for order in orders if order[0] == 0] or orders
    orders = [order for order in orders if _moved(order) is not None] or orders
    if len(orders) != 1:
        return None
    (order,) = orders
    changed, moved = [axis for axis, place in enumerate(order) if axis != place], _moved(order)
    if len(changed) == _SWAPPED:
        one, other = changed
        return f"It fits with axes {one} and {other} swapped: numpy.swapaxes({array}, {one}, {other})"
    if moved is not None:
        place = order.index(moved)
        return f"It fits with axis {moved} moved to place {place}: numpy.moveaxis({array}, {moved}, {place})"
    return f"It fits with its axes in another order: numpy.transpose({array}, {order})"


def _orders(count: int) -> Iterator[tuple[int, ...]]:
    return (order for order in permutations(range(count)) if order != tuple(range(count)))


def _moved(order: tuple[int, ...]) -> int | None:
    """The axis that alone was moved, None if more were."""
    for axis in order:
        rest = [item for item in order if item != axis]
        if rest == sorted(rest):
            return axis
    return None


def _flattened(tensor: Tensor, shape: tuple[int, ...], axes: Mapping[str, int], array: str) -> str | None:
    if len(shape) <= len(tensor.shape) or not _fits(tensor, (shape[0], prod(shape[1:])), axes):
        return None
    return f"It fits with the values of each item in a row: {array}.reshape({shape[0]}, {prod(shape[1:])})"


def _shorter(tensor: Tensor, shape: tuple[int, ...], axes: Mapping[str, int], array: str) -> str | None:
    """Axes that are shorter than the model's, neither items nor features: padding may be meant."""
    short = _differing(tensor, shape, axes)
    others = 0 in short or len(tensor.features) in short.values()
    if not short or others or any(shape[axis] > size for axis, size in short.items()):
        return None
    widths = ", ".join(f"(0, {short.get(axis, size) - size})" for axis, size in enumerate(shape))
    known = "zero-padded" in (tensor.description or "")
    means = "pad it with zeros" if known else "if the model takes inputs padded with zeros"
    return f"{_compared(shape, short)}; {means}: numpy.pad({array}, ({widths}))"


def _other_shape(
    tensor: Tensor,
    shape: tuple[int, ...],
    axes: Mapping[str, int],
    array: str,  # noqa: ARG001 - one signature for all steps
) -> str | None:
    if len(shape) != len(tensor.shape):
        return f"Its number of axes is {len(shape)} instead of {len(tensor.shape)}."
    other = _differing(tensor, shape, axes)
    return f"{_compared(shape, other)}." if other else None


def _compared(shape: tuple[int, ...], wanted: Mapping[int, int]) -> str:
    said = " and ".join(
        f"axis {axis} has length {shape[axis]} instead of {size}" for axis, size in wanted.items()
    )
    return f"{said[0].upper()}{said[1:]}"


def _differing(tensor: Tensor, shape: tuple[int, ...], axes: Mapping[str, int]) -> dict[int, int]:
    """The lengths that the model takes, by axis, where the array has others; empty for another rank."""
    if len(shape) != len(tensor.shape):
        return {}
    known = dict(axes)
    wanted = [
        known.setdefault(item, size) if isinstance(item, str) else item
        for item, size in zip(tensor.shape, shape, strict=True)
    ]
    return {axis: size for axis, size in enumerate(wanted) if size != shape[axis]}
