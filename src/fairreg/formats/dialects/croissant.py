# SPDX-License-Identifier: MIT
"""Croissant 1.0 and 1.1 (https://docs.mlcommons.org/croissant): datasets with their files.

Record sets describe the rows inside the files; a record has no field for them, so they count as not read.
"""

from fairreg.formats.base import Reading
from fairreg.formats.dialects.base import conforms_to, described_nodes
from fairreg.formats.linked_data.graph import Graph, Node
from fairreg.formats.linked_data.record import Described, described
from fairreg.schemas.record import ModelRecord

__all__ = ["NAME", "VERSIONS", "read", "recognises"]

NAME = "Croissant"
VERSIONS = ("1.0", "1.1")
_SPECIFICATION = "mlcommons.org/croissant"
_FILES = frozenset({"FileObject", "FileSet"})


def recognises(graph: Graph) -> bool:
    """Tell whether a node conforms to the specification, or its files are of Croissant's types."""
    return any(map(_is_croissant, graph.top))


def read(graph: Graph, *, name: str) -> Reading[ModelRecord]:
    """Read the record, with the names of what was not read. Raises RecordError."""
    if len(graph.top) == 1 and not graph.top[0].types:
        return _described(graph, graph.top[0]).read(name)
    node, _ = described(graph, described_nodes(graph), name=name)
    return _described(graph, node).read(name)


def _described(graph: Graph, node: Node) -> Described:
    node.values("conformsTo")
    return Described(graph, node, "dataset")


def _is_croissant(node: Node) -> bool:
    if any(_SPECIFICATION in address.lower() for address in conforms_to(node)):
        return True
    files = (item for item in node.peek("distribution") if isinstance(item, Node))
    return any(_FILES & set(item.types) for item in files)
