# SPDX-License-Identifier: MIT
"""FAIR4ML 0.1.0 (https://w3id.org/fair4ml): models, in every spelling of the namespace that is in circulation.

MLentory's documents state no type and no context, and wrap each value with the method that found it.
"""

from fairreg.formats.base import Reading
from fairreg.formats.dialects.base import described_nodes
from fairreg.formats.linked_data.graph import Graph, Node
from fairreg.formats.linked_data.record import Described, described
from fairreg.schemas.record import ModelRecord

__all__ = ["NAME", "VERSIONS", "read", "recognises"]

NAME = "FAIR4ML"
VERSIONS = ("0.1.0", "0.1.0 with /", "MLentory")
_TYPE = "MLModel"
_TERMS = (
    "mlTask", "modelCategory", "trainedOn", "testedOn", "evaluatedOn", "validatedOn", "fineTunedFrom",
    "intendedUse", "usageInstructions", "sharedBy", "modelRisksBiasLimitations",
)  # fmt: skip


def recognises(graph: Graph) -> bool:
    """Tell whether the document lists a model, or a node without a type that has FAIR4ML's properties."""
    return any(_TYPE in node.types or _is_untyped_model(node) for node in described_nodes(graph))


def read(graph: Graph, *, name: str) -> Reading[ModelRecord]:
    """Read the record, with the names of what was not read. Raises RecordError."""
    nodes = list(described_nodes(graph))
    if not any(_TYPE in node.types for node in nodes):
        return Described(graph, next(filter(_is_untyped_model, nodes)), "model").read(name)
    node, kind = described(graph, nodes, name=name)
    return Described(graph, node, kind).read(name)


def _is_untyped_model(node: Node) -> bool:
    return not node.types and node.states(*_TERMS)
