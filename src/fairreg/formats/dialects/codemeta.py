# SPDX-License-Identifier: MIT
"""CodeMeta 2 and 3 (https://codemeta.github.io): software, its type and keywords in any spelling."""

from fairreg.formats.dialects.base import described_nodes
from fairreg.formats.linked_data.graph import DocumentGraph
from fairreg.formats.linked_data.record import Described, described

__all__ = ["NAME", "VERSIONS", "describe", "recognises"]

NAME = "CodeMeta"
VERSIONS = ("2.0", "3.0", "3.1")


def recognises(graph: DocumentGraph) -> bool:
    """Tell whether the context is CodeMeta's, by any of the addresses that it has had."""
    return any("codemeta" in address.lower() for address in graph.contexts)


def describe(graph: DocumentGraph, *, name: str) -> Described:
    """Return the described object. Raises RecordError where there is none."""
    if len(graph.top) == 1 and not graph.top[0].types:
        return Described(graph, graph.top[0], "software")
    node, kind = described(described_nodes(graph), name=name)
    return Described(graph, node, kind)
