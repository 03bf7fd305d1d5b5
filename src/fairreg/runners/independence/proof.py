# SPDX-License-Identifier: MIT
"""Proof that an ONNX graph computes every row of its inputs by itself.

A row is an entry along the first axis. The proof follows each value through the graph: it is a constant, or
it has the rows along one of its axes, or nothing is known of it. An operator keeps the rows apart only if a
rule of `rules` says so after the operator's specification (https://onnx.ai/onnx/operators/), so that an
operator without a rule ends the proof. Graphs for which it succeeds give the same numbers in batches as in
one piece, up to rounding. No conclusion follows where it fails.
"""

from typing import Any

from fairreg.runners.independence.graph import STANDARD, Graph
from fairreg.runners.independence.rules import RULES

__all__ = ["is_proven"]

_DOMAINS = STANDARD | {"ai.onnx.ml"}
_OLDEST_OPSET = 7  # broadcasting, Dropout and BatchNormalization meant something else before


def is_proven(model: Any) -> bool:
    """Tell whether the ModelProto `model` provably computes each row by itself.

    Every input and every output must have the rows along its first axis. False means: not proven.
    """
    graph = Graph.of(model)
    if graph is None or not graph.inputs:
        return False
    for value in graph.inputs:
        if not graph.rank(value):
            return False
        graph.rows[value] = 0
    for node in graph.nodes:
        _follow(graph, node)
    return all(graph.rows.get(value) == 0 and graph.merged_of(value) == (1, 1) for value in graph.outputs)


def _follow(graph: Graph, node: Any) -> None:
    """Note what is known of the outputs of a node."""
    if node.domain not in _DOMAINS or (node.domain in STANDARD and graph.opset < _OLDEST_OPSET):
        return
    graph.sizes.follow(graph, node)
    if graph.is_constant(node):
        graph.constants.update(node.output)
        return
    rule = RULES.get(node.op_type)
    given = [value for value in node.input if value in graph.rows]
    layouts = {graph.merged_of(value) for value in given}
    if rule is None or len(layouts) > 1 or (not given and node.op_type not in _FROM_SIZES):
        return
    for value, axis in zip(node.output, rule(graph, node), strict=False):
        if axis is not None:
            graph.rows[value] = axis
            graph.merged.setdefault(value, next(iter(layouts), (1, 1)))


# Operators whose result has rows although only a list of sizes that names their number enters.
_FROM_SIZES = frozenset({"ConstantOfShape", "Expand"})
