# SPDX-License-Identifier: MIT
"""Rules of operators that work along axes or change the layout of a value."""

from typing import Any

from fairreg.runners.independence.graph import Graph

__all__ = [
    "along_another_axis",
    "concatenation",
    "extremum",
    "feature_extraction",
    "flattening",
    "gathering",
    "gathering_elements",
    "layer_normalisation",
    "padding",
    "reduction",
    "slicing",
    "softmax",
    "splitting",
    "squeezing",
    "tiling",
    "top",
    "transposition",
    "triangle",
    "unsqueezing",
]

Axes = tuple[int | None, ...]

# Opsets with which the meaning of an operator changed.
_SOFTMAX_ALONG_ONE_AXIS = 13
_SLICE_BY_INPUTS = 10
_PAD_BY_INPUTS = 11


def _rows(graph: Graph, node: Any) -> tuple[int, int] | None:
    """Axis of the rows and number of axes of the first input, None where one is unknown."""
    value = node.input[0]
    rank = graph.rank(value)
    return (graph.rows[value], rank) if value in graph.rows and rank else None


def reduction(graph: Graph, node: Any) -> Axes:
    """The rows stay where their axis is not reduced; without axes all are."""
    known, axes = _rows(graph, node), graph.axes(node, 1)
    if known is None or not axes:
        return ()
    rows, rank = known
    reduced = {axis % rank for axis in axes}
    if rows in reduced:
        return ()
    kept = graph.attribute(node, "keepdims", 1)
    return (rows if kept else rows - sum(axis < rows for axis in reduced),)


def extremum(graph: Graph, node: Any) -> Axes:
    """ArgMax and ArgMin reduce one axis."""
    known = _rows(graph, node)
    if known is None or (axis := graph.attribute(node, "axis", 0) % known[1]) == known[0]:
        return ()
    kept = graph.attribute(node, "keepdims", 1)
    return (known[0] if kept else known[0] - (axis < known[0]),)


def top(graph: Graph, node: Any) -> Axes:
    """TopK: values and places along one axis."""
    known = _rows(graph, node)
    number_is_constant = all(value in graph.constants for value in node.input[1:])
    apart = known and graph.attribute(node, "axis", -1) % known[1] != known[0]
    return (known[0], known[0]) if known and number_is_constant and apart else ()


def softmax(graph: Graph, node: Any) -> Axes:
    """Normalised along one axis; before opset 13 over all axes from `axis` on."""
    known = _rows(graph, node)
    if known is None:
        return ()
    rows, rank = known
    if graph.opset >= _SOFTMAX_ALONG_ONE_AXIS:
        return (rows,) if graph.attribute(node, "axis", -1) % rank != rows else ()
    return (rows,) if rows < graph.attribute(node, "axis", 1) % rank else ()


def layer_normalisation(graph: Graph, node: Any) -> Axes:
    """Normalised over all axes from `axis` on, with constant scale and bias; mean and deviation also come."""
    known = _rows(graph, node)
    if known is None or any(value and value not in graph.constants for value in node.input[1:]):
        return ()
    rows, rank = known
    # The scale is broadcast: one with as many axes as the input could differ from row to row.
    shapes = [graph.shapes.get(value) for value in node.input[1:] if value]
    alike = all(shape is not None and len(shape) <= rank - 1 - rows for shape in shapes)
    return (rows,) * 3 if alike and rows < graph.attribute(node, "axis", -1) % rank else ()


def along_another_axis(graph: Graph, node: Any) -> Axes:
    """LpNormalization (attribute `axis`) and CumSum (second input), along another axis."""
    known = _rows(graph, node)
    if known is None:
        return ()
    named = graph.integers(node.input[1]) if len(node.input) > 1 else [graph.attribute(node, "axis", -1)]
    return (known[0],) if named and named[0] % known[1] != known[0] else ()


def transposition(graph: Graph, node: Any) -> Axes:
    """The axes in another order, by default the reverse."""
    known = _rows(graph, node)
    if known is None:
        return ()
    order = list(graph.attribute(node, "perm") or reversed(range(known[1])))
    # onnxruntime runs some graphs with an order of too few axes, because it merges operators first.
    return (order.index(known[0]),) if len(order) == known[1] else ()


def flattening(graph: Graph, node: Any) -> Axes:
    """To a matrix whose rows are those of the first axis."""
    return (0,) if _rows(graph, node) is not None and _first(graph, node) else ()


def _first(graph: Graph, node: Any) -> bool:
    return graph.rows[node.input[0]] == 0 and graph.attribute(node, "axis", 1) == 1


def squeezing(graph: Graph, node: Any) -> Axes:
    """Without axes of length 1; only where they are named, because the rows could be of that number."""
    known, axes = _rows(graph, node), graph.axes(node, 1)
    if known is None or not axes:
        return ()
    gone = {axis % known[1] for axis in axes}
    return () if known[0] in gone else (known[0] - sum(axis < known[0] for axis in gone),)


def unsqueezing(graph: Graph, node: Any) -> Axes:
    """With new axes, which are counted in the result."""
    known, axes = _rows(graph, node), graph.axes(node, 1)
    if known is None or axes is None:
        return ()
    rank = known[1] + len(axes)
    new = {axis % rank for axis in axes}
    return ([axis for axis in range(rank) if axis not in new][known[0]],)


def concatenation(graph: Graph, node: Any) -> Axes:
    """Along another axis, all values with the same rows."""
    known = _rows(graph, node)
    alike = known and all(graph.rows.get(value) == known[0] for value in node.input)
    return (known[0],) if known and alike and graph.attribute(node, "axis") % known[1] != known[0] else ()


def splitting(graph: Graph, node: Any) -> Axes:
    """Along another axis, into parts of constant lengths."""
    known = _rows(graph, node)
    lengths_are_constant = all(not value or value in graph.constants for value in node.input[1:])
    apart = known and graph.attribute(node, "axis", 0) % known[1] != known[0]
    return (known[0],) * len(node.output) if known and lengths_are_constant and apart else ()


def slicing(graph: Graph, node: Any) -> Axes:
    """Along other axes; without axes, along as many as there are starts."""
    known = _rows(graph, node)
    if known is None or any(value and value not in graph.constants for value in node.input[1:]):
        return ()
    axes = graph.axes(node, 3)
    if axes is None:
        by_inputs = graph.opset >= _SLICE_BY_INPUTS
        if by_inputs and len(node.input) > 3 and node.input[3]:  # noqa: PLR2004  data, starts, ends, axes
            return ()
        starts = graph.integers(node.input[1]) if by_inputs else graph.attribute(node, "starts")
        axes = None if starts is None else list(range(len(starts)))
    apart = axes is not None and known[0] not in {axis % known[1] for axis in axes}
    return (known[0],) if apart else ()


def gathering(graph: Graph, node: Any) -> Axes:
    """Constant places in other axes of rows, or places with rows in a constant table (an embedding)."""
    data, places = node.input
    axis, rank, width = graph.attribute(node, "axis", 0), graph.rank(data), graph.rank(places)
    if not rank or width is None:
        return ()
    axis %= rank
    if data in graph.constants and places in graph.rows:
        return (axis + graph.rows[places],)
    if data not in graph.rows or places not in graph.constants or graph.rows[data] == axis:
        return ()
    rows = graph.rows[data]
    return (rows if rows < axis else rows + width - 1,)


def gathering_elements(graph: Graph, node: Any) -> Axes:
    """Places along another axis, given for each row."""
    known, places = _rows(graph, node), node.input[1]
    if known is None or graph.rows.get(places) != known[0]:
        return ()
    return (known[0],) if graph.attribute(node, "axis", 0) % known[1] != known[0] else ()


def feature_extraction(graph: Graph, node: Any) -> Axes:
    """Constant places along the last axis."""
    known = _rows(graph, node)
    return (known[0],) if known and node.input[1] in graph.constants and known[0] != known[1] - 1 else ()


def padding(graph: Graph, node: Any) -> Axes:
    """Nothing is added along the axis of the rows."""
    known = _rows(graph, node)
    by_inputs = graph.opset >= _PAD_BY_INPUTS
    pads = graph.integers(node.input[1]) if by_inputs else graph.attribute(node, "pads")
    if known is None or pads is None or len(pads) != 2 * known[1] or len(node.input) > 3:  # noqa: PLR2004
        return ()
    constant = all(not value or value in graph.constants for value in node.input[1:])
    return (known[0],) if constant and pads[known[0]] == pads[known[0] + known[1]] == 0 else ()


def tiling(graph: Graph, node: Any) -> Axes:
    """Repeated along other axes."""
    known, repeats = _rows(graph, node), graph.integers(node.input[1])
    once = known and repeats and len(repeats) == known[1] and repeats[known[0]] == 1
    return (known[0],) if known and once else ()


def triangle(graph: Graph, node: Any) -> Axes:
    """Trilu acts on the last two axes."""
    known = _rows(graph, node)
    constant = all(not value or value in graph.constants for value in node.input[1:])
    return (known[0],) if known and constant and known[0] < known[1] - 2 else ()
