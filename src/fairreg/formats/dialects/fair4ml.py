# SPDX-License-Identifier: MIT
"""FAIR4ML 0.1.0 (https://w3id.org/fair4ml): models, in every spelling of the namespace in circulation.

MLentory's documents state no type and no context, and wrap each value with the method that found it.
"""

from fairreg.formats.dialects.base import described_nodes
from fairreg.formats.linked_data.graph import DocumentGraph, LinkedNode
from fairreg.formats.linked_data.record import Described, described

__all__ = ["NAME", "VERSIONS", "describe", "recognises"]

NAME = "FAIR4ML"
VERSIONS = ("0.1.0", "0.1.0 with /", "MLentory")
_TYPE = "MLModel"
_TERMS = (
    "mlTask", "modelCategory", "trainedOn", "testedOn", "evaluatedOn", "validatedOn", "fineTunedFrom",
    "intendedUse", "usageInstructions", "sharedBy", "modelRisksBiasLimitations",
)  # fmt: skip


def recognises(graph: DocumentGraph) -> bool:
    """Tell whether the document lists a model, or a node without a type that has FAIR4ML's properties."""
    return any(_TYPE in node.types or _is_untyped_model(node) for node in described_nodes(graph))


def describe(graph: DocumentGraph, *, name: str) -> Described:
    """Return the described object. Raises RecordError where there is none."""
    nodes = list(described_nodes(graph))
    if not any(_TYPE in node.types for node in nodes):
        return Described(graph, next(filter(_is_untyped_model, nodes)), "model")
    node, kind = described(nodes, name=name)
    return Described(graph, node, kind)


def _is_untyped_model(node: LinkedNode) -> bool:
    return not node.types and node.states(*_TERMS)
