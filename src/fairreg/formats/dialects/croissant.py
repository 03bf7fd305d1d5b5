# SPDX-License-Identifier: MIT
"""Croissant 1.0 and 1.1 (https://docs.mlcommons.org/croissant): datasets with their files.

Record sets describe the rows inside the files; a record has no field for them, so they count as not read.
"""

from fairreg.formats.dialects.base import conforms_to, described_nodes
from fairreg.formats.linked_data.graph import DocumentGraph, LinkedNode
from fairreg.formats.linked_data.record import Described, described

__all__ = ["NAME", "VERSIONS", "describe", "recognises"]

NAME = "Croissant"
VERSIONS = ("1.0", "1.1")
_SPECIFICATION = "mlcommons.org/croissant"
_FILES = frozenset({"FileObject", "FileSet"})


def recognises(graph: DocumentGraph) -> bool:
    """Tell whether a node conforms to the specification, or its files are of Croissant's types."""
    return any(map(_is_croissant, graph.top))


def describe(graph: DocumentGraph, *, name: str) -> Described:
    """Return the described object. Raises RecordError where there is none."""
    if len(graph.top) == 1 and not graph.top[0].types:
        return _described(graph, graph.top[0])
    node, _ = described(described_nodes(graph), name=name)
    return _described(graph, node)


def _described(graph: DocumentGraph, node: LinkedNode) -> Described:
    node.values("conformsTo")
    return Described(graph, node, "dataset")


def _is_croissant(node: LinkedNode) -> bool:
    if any(_SPECIFICATION in address.lower() for address in conforms_to(node)):
        return True
    files = (item for item in node.peek("distribution") if isinstance(item, LinkedNode))
    return any(_FILES & set(item.types) for item in files)
