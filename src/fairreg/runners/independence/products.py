# SPDX-License-Identifier: MIT
"""Rules of operators that combine several values: with broadcasting, products of matrices, recurrences."""

from collections.abc import Iterable
from typing import Any

from fairreg.runners.independence.graph import Graph

__all__ = ["broadcast", "einstein_sum", "elementwise", "general_product", "matrix_product", "recurrence"]

Axes = tuple[int | None, ...]
_MATRIX = 2  # axes of a matrix


def elementwise(graph: Graph, node: Any) -> Axes:
    """Element by element with broadcasting as in NumPy: shapes are aligned at their last axes."""
    given = [value for value in node.input if value and not _is_number(graph, value)]
    if len(given) == 1:
        if given[0] in graph.shapes:  # ONNX infers none behind operators of ai.onnx.ml
            graph.shapes.setdefault(node.output[0], graph.shapes[given[0]])
        return (graph.rows.get(given[0]),)
    ranks = [graph.rank(value) for value in given]
    if None in ranks:
        return ()
    return (broadcast(graph, given, max(rank for rank in ranks if rank is not None)),)


def _is_number(graph: Graph, value: str) -> bool:
    return value in graph.constants and graph.shapes.get(value) in {(), (1,)}


def broadcast(graph: Graph, values: Iterable[str], rank: int) -> int | None:
    """The axis of the rows in the broadcast of these values to `rank` axes; all that have rows must agree.

    A constant must be the same for all rows: of length 1 along their axis, or without that axis.
    """
    listed = list(values)
    axes = {rank - len(graph.shapes[value]) + graph.rows[value] for value in listed if value in graph.rows}
    if len(axes) != 1:
        return None
    axis = axes.pop()
    alike = (value in graph.rows or _alike(graph, value, axis - rank) for value in listed)
    return axis if all(alike) else None


def _alike(graph: Graph, value: str, axis: int) -> bool:
    """Tell whether a constant has length 1 along `axis`, which counts from the end, or no such axis."""
    shape = graph.shapes.get(value)
    return value in graph.constants and shape is not None and (-axis > len(shape) or shape[axis] == 1)


def matrix_product(graph: Graph, node: Any) -> Axes:
    """The last axis of the first value and the last but one of the second are summed over."""
    left, right = node.input
    ranks = graph.rank(left), graph.rank(right)
    if ranks[0] is None or ranks[1] is None or min(ranks[0], ranks[1]) < _MATRIX:
        return ()
    rank = max(ranks[0], ranks[1])
    from_end = {
        value: graph.rows[value] - len(graph.shapes[value]) for value in node.input if value in graph.rows
    }
    if from_end.get(left) == -1 or from_end.get(right) == -_MATRIX:
        return ()
    if left in from_end and right in from_end:
        together = from_end[left] == from_end[right] < -_MATRIX
        return (rank + from_end[left],) if together else ()
    rows, other = (left, right) if left in from_end else (right, left)
    axis = from_end[rows]
    if axis >= -_MATRIX:  # a row or column of the product; the other value only has to be a constant
        return (rank + axis,) if other in graph.constants else ()
    return (rank + axis,) if _alike(graph, other, axis) else ()


def general_product(graph: Graph, node: Any) -> Axes:
    """Gemm: rows of the first matrix, with constant second matrix and bias."""
    rows = graph.rows.get(node.input[0])
    wanted = 1 if graph.attribute(node, "transA", 0) else 0
    if rows != wanted or node.input[1] not in graph.constants:
        return ()
    bias = node.input[2] if len(node.input) > _MATRIX else ""
    fits = (
        not bias
        or _alike(graph, bias, -_MATRIX)
        or (graph.rows.get(bias) == 0 and graph.rank(bias) == _MATRIX)
    )
    return (0,) if fits else ()


def einstein_sum(graph: Graph, node: Any) -> Axes:
    """The letter of the rows must be in the result and nowhere else among the values without rows."""
    equation = graph.attribute(node, "equation", b"").decode().replace(" ", "")
    terms, arrow, result = equation.partition("->")
    letters = terms.split(",")
    if not arrow or "." in equation or len(letters) != len(node.input):
        return ()
    pairs = list(zip(node.input, letters, strict=True))
    named = {
        term[graph.rows[value]]
        for value, term in pairs
        if value in graph.rows and graph.rank(value) == len(term)
    }
    known = all(value in graph.constants or graph.rank(value) == len(term) for value, term in pairs)
    if len(named) != 1 or not known:
        return ()
    letter = named.pop()
    apart = all(
        (letter in term) == (value in graph.rows) and term.count(letter) <= 1 for value, term in pairs
    )
    constant = all(value in graph.rows or value in graph.constants for value in node.input)
    return (result.index(letter),) if apart and constant and result.count(letter) == 1 else ()


def recurrence(graph: Graph, node: Any) -> Axes:
    """LSTM, GRU, RNN: the steps of time see each other, the items of a batch do not."""
    first = bool(
        graph.attribute(node, "layout", 0)
    )  # (batch, time, features) instead of (time, batch, features)
    if graph.rows.get(node.input[0]) != (0 if first else 1):
        return ()
    inputs = [*node.input, *[""] * (8 - len(node.input))]
    _, weights, recurrent, bias, lengths, *states, peepholes = inputs
    constant = all(not value or value in graph.constants for value in (weights, recurrent, bias, peepholes))
    by_item = not lengths or graph.rows.get(lengths) == 0
    begun = all(not value or graph.rows.get(value) == (0 if first else 1) for value in states)
    if not (constant and by_item and begun):
        return ()
    return (0, 0, 0) if first else (2, 1, 1)
