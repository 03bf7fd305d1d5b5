# SPDX-License-Identifier: MIT
"""Lists of sizes that a graph computes from the shapes of its values, in order to reshape others.

Exporters write ``x.view(x.size(0), -1)`` as Shape, Gather, Concat and Reshape. A list holds numbers and, in
the place of a multiple of the number of rows, `RowCount`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from fairreg.runners.independence.graph import Graph

__all__ = ["RowCount", "Size", "Sizes"]

_INTEGERS = frozenset({6, 7})  # int32 and int64 of TensorProto.DataType: types that can hold a size


class RowCount(NamedTuple):
    """`factor` times the number of rows."""

    factor: int = 1


Size = int | RowCount
Parts = list[list[Size] | None]

_BOUNDS = range(2, 5)  # inputs of Slice beside its data

# Operators that leave the sizes as they are, whatever the number of axes of the list.
_UNCHANGED = frozenset({"Identity", "Reshape", "Squeeze", "Unsqueeze"})


@dataclass
class Sizes:
    """Lists of sizes by the name of their value; a scalar is a list of one."""

    lists: dict[str, list[Size]] = field(default_factory=dict)

    def integers(self, value: str) -> list[int] | None:
        """A list without the number of rows, None for others."""
        numbers = [size for size in self.lists.get(value, ()) if isinstance(size, int)]
        return numbers if value in self.lists and len(numbers) == len(self.lists[value]) else None

    def of(self, graph: "Graph", value: str) -> list[Size] | None:
        """A list that is computed or constant."""
        if value in self.lists:
            return self.lists[value]
        found = graph.integers(value)
        return None if found is None else list(found)

    def follow(self, graph: "Graph", node: Any) -> None:
        """Note the list that a node computes, if it is one of the operators that exporters use for them."""
        found = self._list(graph, node)
        if found is None:
            return
        self.lists[node.output[0]] = found
        if all(isinstance(size, int) for size in found):
            graph.constants.add(node.output[0])

    def _list(self, graph: "Graph", node: Any) -> list[Size] | None:
        if node.op_type == "Shape":
            return _shape(graph, node)
        if node.op_type == "Constant":
            number = graph.attribute(node, "value_int")
            return graph.attribute(node, "value_ints") if number is None else [number]
        return self._combined(graph, node)

    def _combined(self, graph: "Graph", node: Any) -> list[Size] | None:
        # An input that is left out would move those behind it.
        parts = [self.of(graph, value) if value else None for value in node.input]
        if not parts or parts[0] is None or graph.rank(node.output[0]) not in {0, 1}:
            return None
        if node.op_type in _UNCHANGED or (
            node.op_type == "Cast" and graph.attribute(node, "to") in _INTEGERS
        ):
            return parts[0]
        combine = _COMBINED.get(node.op_type)
        return None if combine is None else combine(parts)


def _joined(parts: Parts) -> list[Size] | None:
    known = [part for part in parts if part is not None]
    return [size for part in known for size in part] if len(known) == len(parts) else None


def _chosen(parts: Parts) -> list[Size] | None:
    """Gather: the sizes at constant places."""
    sizes, places = parts if len(parts) > 1 else (*parts, None)
    numbers = [place for place in places or () if isinstance(place, int)]
    if sizes is None or places is None or len(numbers) != len(places):
        return None
    inside = all(-len(sizes) <= place < len(sizes) for place in numbers)
    return [sizes[place] for place in numbers] if inside else None


def _by_place(operation: Callable[[Size, Size], Size | None]) -> Callable[[Parts], list[Size] | None]:
    """An operation on two lists of one length, place by place."""

    def combined(parts: Parts) -> list[Size] | None:
        first, second = parts if len(parts) > 1 else (*parts, None)
        if first is None or second is None or len(first) != len(second):
            return None
        found = [operation(one, other) for one, other in zip(first, second, strict=True)]
        known = [size for size in found if size is not None]
        return known if len(known) == len(found) else None

    return combined


def _sum(one: Size, other: Size) -> Size | None:
    return one + other if isinstance(one, int) and isinstance(other, int) else None


def _product(one: Size, other: Size) -> Size | None:
    """The square of the number of rows is no size that the proof knows."""
    if isinstance(one, RowCount):
        return RowCount(one.factor * other) if isinstance(other, int) and other > 0 else None
    return _product(other, one) if isinstance(other, RowCount) else one * other


def _quotient(one: Size, other: Size) -> Size | None:
    """Of positive numbers; that of the number of rows only without a remainder."""
    if not isinstance(other, int) or other < 1:
        return None
    if isinstance(one, RowCount):
        return None if one.factor % other else RowCount(one.factor // other)
    return one // other if one >= 0 else None


def _remainder(one: Size, other: Size) -> Size | None:
    if isinstance(one, RowCount) or isinstance(other, RowCount) or one < 0 or other < 1:
        return None
    return one % other


def _part(parts: Parts) -> list[Size] | None:
    """Slice: starts, ends, axes and steps are inputs since opset 10; the last two have defaults."""
    sizes, *bounds = parts
    single = [bound[0] for bound in bounds if bound is not None and len(bound) == 1]
    numbers = [number for number in single if isinstance(number, int)]
    if sizes is None or len(numbers) != len(bounds) or len(numbers) not in _BOUNDS:
        return None
    starts, ends, axis, step = (*numbers, *(0, 1)[len(numbers) - 2 :])
    return sizes[starts:ends:step] if axis in {0, -1} and step > 0 else None


def _shape(graph: "Graph", node: Any) -> list[Size] | None:
    value = node.input[0]
    shape = graph.shapes.get(value)
    if shape is None or (value not in graph.rows and value not in graph.constants):
        return None
    sizes: list[Size | None] = list(shape)
    if value in graph.rows:
        sizes[graph.rows[value]] = RowCount(prod(graph.merged_of(value)))
    first, last = graph.attribute(node, "start", 0), graph.attribute(node, "end", len(sizes))
    chosen = [size for size in sizes[first:last] if size is not None]
    return chosen if len(chosen) == len(sizes[first:last]) else None


_COMBINED: Mapping[str, Callable[[Parts], list[Size] | None]] = {
    "Add": _by_place(_sum),
    "Concat": _joined,
    "Div": _by_place(_quotient),
    "Gather": _chosen,
    "Mod": _by_place(_remainder),
    "Mul": _by_place(_product),
    "Slice": _part,
}
