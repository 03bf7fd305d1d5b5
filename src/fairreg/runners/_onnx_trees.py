# SPDX-License-Identifier: MIT
"""Check of the decision trees in an ONNX graph before an engine builds them.

onnxruntime builds trees by recursion and ends the process where one is nested too deeply; children that lead
back to an ancestor are a tree without an end.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fairreg.errors import ModelError

__all__ = ["check_trees"]

_DOMAIN = "ai.onnx.ml"
_DEEPEST = 10_000  # measured: onnxruntime 1.32 builds a tree of this depth, and not one of 100,000
_OLD = frozenset({"TreeEnsembleClassifier", "TreeEnsembleRegressor"})
_LEAF = b"LEAF"


def check_trees(model: Any, name: str) -> None:
    """Raise ModelError for a tree that is nested too deeply or has no end; `name` is the model's."""
    for node in model.graph.node:
        if node.domain == _DOMAIN and (node.op_type in _OLD or node.op_type == "TreeEnsemble"):
            values = {item.name: item for item in node.attribute}
            edges = _old_edges(values) if node.op_type in _OLD else _new_edges(values)
            if not _ends(dict(edges)):
                raise ModelError(
                    f"{name} has a decision tree that is nested deeper than {_DEEPEST} levels or leads back "
                    "to itself.",
                    hint="Nothing was run. Ask its authors for a model that is whole.",
                )


def _old_edges(values: Mapping[str, Any]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Nodes, as (tree, number), with their children."""
    parts = [
        list(values[f"nodes_{part}"].ints) if f"nodes_{part}" in values else []
        for part in ("treeids", "nodeids", "truenodeids", "falsenodeids")
    ]
    modes = list(values["nodes_modes"].strings) if "nodes_modes" in values else []
    for tree, node, yes, no, mode in zip(*parts, modes, strict=False):
        yield (tree, node), () if mode == _LEAF else ((tree, yes), (tree, no))


def _new_edges(values: Mapping[str, Any]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Inner nodes by their index, with those of their children that are inner nodes."""
    parts = [
        list(values[name].ints) if name in values else []
        for name in ("nodes_truenodeids", "nodes_trueleafs", "nodes_falsenodeids", "nodes_falseleafs")
    ]
    for number, (yes, yes_leaf, no, no_leaf) in enumerate(zip(*parts, strict=False)):
        children = ((yes, yes_leaf), (no, no_leaf))
        yield number, tuple(child for child, leaf in children if not leaf)


def _ends(edges: Mapping[Any, tuple[Any, ...]]) -> bool:
    """Tell whether every path from every node ends within the depth: levels are peeled off from the roots.

    A node is reached once from each of its parents; nodes on a cycle never lose their last one.
    """
    parents = dict.fromkeys(edges, 0)
    for children in edges.values():
        for child in children:
            if child in parents:
                parents[child] += 1
    level = [node for node, count in parents.items() if not count]
    seen = 0
    for _ in range(_DEEPEST + 1):
        if not level:
            break
        seen += len(level)
        below = [child for node in level for child in edges[node] if child in parents]
        for child in below:
            parents[child] -= 1
        level = [child for child in dict.fromkeys(below) if not parents[child]]
    return seen == len(edges)
