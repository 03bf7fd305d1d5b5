# SPDX-License-Identifier: MIT
"""CodeMeta 2 and 3 (https://codemeta.github.io): software, whose type and keywords may be plain or left out."""

from fairreg.formats.base import Reading
from fairreg.formats.dialects.base import described_nodes
from fairreg.formats.linked_data.graph import Graph
from fairreg.formats.linked_data.record import Described, described
from fairreg.schemas.record import ModelRecord

__all__ = ["NAME", "VERSIONS", "read", "recognises"]

NAME = "CodeMeta"
VERSIONS = ("2.0", "3.0", "3.1")


def recognises(graph: Graph) -> bool:
    """Tell whether the context is CodeMeta's, by any of the addresses that it has had."""
    return any("codemeta" in address.lower() for address in graph.contexts)


def read(graph: Graph, *, name: str) -> Reading[ModelRecord]:
    """Read the record, with the names of what was not read. Raises RecordError."""
    if len(graph.top) == 1 and not graph.top[0].types:
        return Described(graph, graph.top[0], "software").read(name)
    node, kind = described(graph, described_nodes(graph), name=name)
    return Described(graph, node, kind).read(name)
