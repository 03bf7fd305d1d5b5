# SPDX-License-Identifier: MIT
"""Bioschemas (https://bioschemas.org/profiles): computational tools and workflows, as tool registries embed them."""

from fairreg.formats.base import Reading
from fairreg.formats.dialects.base import conforms_to, described_nodes
from fairreg.formats.linked_data.graph import Graph
from fairreg.formats.linked_data.record import Described, described
from fairreg.schemas.record import ModelRecord

__all__ = ["NAME", "VERSIONS", "read", "recognises"]

NAME = "Bioschemas"
VERSIONS = ("ComputationalTool 1.0",)
_PROFILES = "bioschemas.org/profiles/"
_TYPES = frozenset({"ComputationalTool", "ComputationalWorkflow"})


def recognises(graph: Graph) -> bool:
    """Tell whether a node is of a Bioschemas type or conforms to one of its profiles."""
    return any(
        _TYPES & set(node.types) or any(_PROFILES in address for address in conforms_to(node))
        for node in graph.top
    )


def read(graph: Graph, *, name: str) -> Reading[ModelRecord]:
    """Read the record, with the names of what was not read. Raises RecordError."""
    node, kind = described(graph, described_nodes(graph), name=name)
    node.values("conformsTo")
    return Described(graph, node, kind).read(name)
