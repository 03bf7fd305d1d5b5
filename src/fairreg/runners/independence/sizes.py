# SPDX-License-Identifier: MIT
"""Lists of sizes that a graph computes from the shapes of its values, in order to reshape others.

Exporters write ``x.view(x.size(0), -1)`` as Shape, Gather, Concat and Reshape. A list holds numbers and, in
the place of the number of rows, `ROWS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairreg.runners.independence.graph import Graph

__all__ = ["ROWS", "Size", "Sizes"]

ROWS = "rows"
_INTEGERS = frozenset({6, 7})  # int32 and int64 of TensorProto.DataType: types that can hold a size
Size = int | str
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


def _products(parts: Parts) -> list[Size] | None:
    """Products of numbers, place by place; that of the number of rows is no size that the proof knows."""
    first, second = parts if len(parts) > 1 else (*parts, None)
    if first is None or second is None or len(first) != len(second):
        return None
    pairs = list(zip(first, second, strict=True))
    found = [one * other for one, other in pairs if isinstance(one, int) and isinstance(other, int)]
    return list(found) if len(found) == len(pairs) else None


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
        sizes[graph.rows[value]] = ROWS
    first, last = graph.attribute(node, "start", 0), graph.attribute(node, "end", len(sizes))
    chosen = [size for size in sizes[first:last] if size is not None]
    return chosen if len(chosen) == len(sizes[first:last]) else None


_COMBINED: Mapping[str, Callable[[Parts], list[Size] | None]] = {
    "Concat": _joined,
    "Gather": _chosen,
    "Mul": _products,
    "Slice": _part,
}
