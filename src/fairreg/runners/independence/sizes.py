# SPDX-License-Identifier: MIT
"""Lists of sizes that a graph computes from the shapes of its values, in order to reshape others.

Exporters write ``x.view(x.size(0), -1)`` as Shape, Gather, Concat and Reshape. A list holds numbers and, in
the place of the number of rows, `ROWS`.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairreg.runners.independence.graph import Graph

__all__ = ["ROWS", "Size", "Sizes"]

ROWS = "rows"
_INTEGERS = frozenset({6, 7})  # int32 and int64 of TensorProto.DataType: types that can hold a size
Size = int | str


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
        parts = [self.of(graph, value) for value in node.input if value]
        if not parts or parts[0] is None or graph.rank(node.output[0]) not in {0, 1}:
            return None
        to_size = node.op_type == "Cast" and graph.attribute(node, "to") in _INTEGERS
        if to_size or node.op_type in {"Identity", "Squeeze", "Unsqueeze"}:
            return parts[0]
        if node.op_type == "Concat" and all(part is not None for part in parts):
            return [size for part in parts if part is not None for size in part]
        places = graph.integers(node.input[1]) if node.op_type == "Gather" else None
        if places is None or not all(-len(parts[0]) <= place < len(parts[0]) for place in places):
            return None
        return [parts[0][place] for place in places]


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
