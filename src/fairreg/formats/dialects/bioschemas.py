# SPDX-License-Identifier: MIT
"""Bioschemas (https://bioschemas.org/profiles): computational tools and workflows of tool registries."""

from fairreg.formats.dialects.base import conforms_to, described_nodes
from fairreg.formats.linked_data.graph import DocumentGraph
from fairreg.formats.linked_data.record import Described, described

__all__ = ["NAME", "VERSIONS", "describe", "recognises"]

NAME = "Bioschemas"
VERSIONS = ("ComputationalTool 1.0",)
_PROFILES = "bioschemas.org/profiles/"
_TYPES = frozenset({"ComputationalTool", "ComputationalWorkflow"})


def recognises(graph: DocumentGraph) -> bool:
    """Tell whether a node is of a Bioschemas type or conforms to one of its profiles."""
    return any(
        _TYPES & set(node.types) or any(_PROFILES in address for address in conforms_to(node))
        for node in graph.top
    )


def describe(graph: DocumentGraph, *, name: str) -> Described:
    """Return the described object. Raises RecordError where there is none."""
    node, kind = described(described_nodes(graph), name=name)
    node.values("conformsTo")
    return Described(graph, node, kind)
