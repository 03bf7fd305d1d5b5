# SPDX-License-Identifier: MIT
"""Rules of operators that lay a value out by a list of sizes."""

from math import prod
from typing import Any

from fairreg.runners.independence.graph import Graph
from fairreg.runners.independence.sizes import RowCount, Size

__all__ = ["constant_of_shape", "expansion", "reshaping"]

Axes = tuple[int | None, ...]
_Sizes = list[Size | None]


def reshaping(graph: Graph, node: Any) -> Axes:
    """The rows stay in one axis, which may take in axes before and after them, or give them up.

    The axis of the rows in the input is (outer, rows, inner), with `before` entries in front of it and
    `after` behind it; in the result there are `ahead` and `behind`. Where these divide before * outer and
    inner * after, the axis is (before * outer / ahead, rows, inner * after / behind).
    """
    value, target = node.input[0], graph.sizes.of(graph, node.input[1])
    shape = graph.shapes.get(value)
    if shape is None or value not in graph.rows or target is None:
        return ()
    if 0 in target and graph.attribute(node, "allowzero", 0):
        return ()
    axis, (outer, inner) = graph.rows[value], graph.merged_of(value)
    before, after = _product(shape[:axis]), _product(shape[axis + 1 :])
    sizes = _copied(target, shape, axis, RowCount(outer * inner))
    if before is None or sum(isinstance(size, RowCount) for size in sizes) > 1:
        return ()
    behind = None if after is None else inner * after
    length = shape[axis]
    rows = None if length is None else length // (outer * inner)
    for place in range(len(sizes)):
        found = _merged(sizes, place, before * outer, behind, rows)
        if found is not None:
            # ONNX infers no shape where it does not compute the list of sizes.
            stated = tuple(size if isinstance(size, int) and size > 0 else None for size in sizes)
            graph.shapes.setdefault(node.output[0], stated)
            graph.merged[node.output[0]] = found
            return (place,)
    return ()


def _copied(target: list[Size], shape: tuple[int | None, ...], axis: int, own: RowCount) -> _Sizes:
    """The list with the sizes of the input in the places of zeros."""
    return [
        size if size != 0 else own if place == axis else shape[place] if place < len(shape) else None
        for place, size in enumerate(target)
    ]


def _merged(
    sizes: _Sizes, place: int, before: int, after: int | None, rows: int | None
) -> tuple[int, int] | None:
    """The entries before and after the rows in the axis at `place`, None if it does not hold the rows."""
    size, ahead, behind = sizes[place], _product(sizes[:place]), _product(sizes[place + 1 :])
    if ahead is None or before % ahead:
        return None
    outer = before // ahead
    if isinstance(size, RowCount):
        inner, rest = divmod(size.factor, outer)
        # Its own size settles the axis, also where the sizes behind it are open.
        fits = not rest and (behind is None or after is None or inner * behind == after)
        return (outer, inner) if fits else None
    if size is None or after is None or behind is None or after % behind:
        return None
    inner = after // behind
    return (outer, inner) if size == -1 or (rows is not None and size == outer * rows * inner) else None


def _product(sizes: Any) -> int | None:
    """Product of known sizes; None with one that is open, or is 0, for which everything fits."""
    listed = list(sizes)
    known = [size for size in listed if isinstance(size, int) and size > 0]
    return prod(known) if len(known) == len(listed) else None


def expansion(graph: Graph, node: Any) -> Axes:
    """Broadcast to a list of sizes: of rows, or of a constant to the number of rows."""
    value, target = node.input
    shape, sizes = graph.shapes.get(value), graph.sizes.of(graph, target)
    named = [place for place, size in enumerate(sizes or ()) if isinstance(size, RowCount)]
    if shape is None or sizes is None or len(named) > 1:
        return ()
    rank = max(len(shape), len(sizes))
    from_end = named[0] - len(sizes) if named else None
    if value in graph.rows:
        axis = graph.rows[value] - len(shape)
        allowed = {1, RowCount(prod(graph.merged_of(value))), shape[axis]}
        fits = from_end in {None, axis} and (-axis > len(sizes) or sizes[axis] in allowed)
        return (rank + axis,) if fits else ()
    once = from_end is not None and (-from_end > len(shape) or shape[from_end] == 1)
    if from_end is None or not once or value not in graph.constants:
        return ()
    return _made(graph, node, sizes[named[0]], rank + from_end)


def constant_of_shape(graph: Graph, node: Any) -> Axes:
    """The same number everywhere, for every row."""
    sizes = graph.sizes.of(graph, node.input[0])
    named = [place for place, size in enumerate(sizes or ()) if isinstance(size, RowCount)]
    return _made(graph, node, sizes[named[0]], named[0]) if sizes and len(named) == 1 else ()


def _made(graph: Graph, node: Any, size: Size, axis: int) -> Axes:
    """Rows that a list of sizes makes of a constant, all alike."""
    graph.merged[node.output[0]] = (1, size.factor if isinstance(size, RowCount) else 1)
    return (axis,)
