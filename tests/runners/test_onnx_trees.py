# SPDX-License-Identifier: MIT
"""Decision trees in ONNX graphs that an engine could not build are refused before it tries."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from fairreg.errors import ModelError
from fairreg.runners import load
from fairreg.runners._onnx_trees import check_trees

FLOAT = TensorProto.FLOAT


def regressor(children, leaves):
    """A graph of one tree: inner nodes by number with their children, and the leaves."""
    nodes = [*children, *leaves]
    modes = ["BRANCH_LEQ"] * len(children) + ["LEAF"] * len(leaves)
    yes = [children[node][0] if node in children else 0 for node in nodes]
    no = [children[node][1] if node in children else 0 for node in nodes]
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["x"],
        ["y"],
        domain="ai.onnx.ml",
        n_targets=1,
        nodes_treeids=[0] * len(nodes),
        nodes_nodeids=nodes,
        nodes_featureids=[0] * len(nodes),
        nodes_values=[float(node) for node in nodes],
        nodes_modes=modes,
        nodes_truenodeids=yes,
        nodes_falsenodeids=no,
        target_treeids=[0] * len(leaves),
        target_nodeids=leaves,
        target_ids=[0] * len(leaves),
        target_weights=[float(leaf) for leaf in leaves],
    )
    values = [helper.make_tensor_value_info(name, FLOAT, ["rows", 1]) for name in "xy"]
    graph = helper.make_graph([node], "trees", values[:1], values[1:])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def chained(depth):
    """A tree in which every inner node has a leaf and the next inner node."""
    inner = {n: (depth + n, n + 1 if n + 1 < depth else 2 * depth) for n in range(depth)}
    return regressor(inner, list(range(depth, 2 * depth + 1)))


def test_a_tree_that_is_whole_runs():
    runner = load("onnx", chained(3).SerializeToString())
    assert runner.run({"x": np.zeros((2, 1), np.float32)})["y"].tolist() == [[3], [3]]


def test_a_deep_tree_runs_and_a_deeper_one_is_refused():
    check_trees(chained(9_999), "deep.onnx")
    with pytest.raises(ModelError, match="nested deeper than 10000 levels"):
        load("onnx", chained(100_000).SerializeToString())


@pytest.mark.parametrize("children", [{0: (0, 9)}, {0: (1, 9), 1: (0, 9)}, {0: (1, 9), 1: (2, 9), 2: (1, 9)}])
def test_a_tree_that_leads_back_to_itself_is_refused(children):
    with pytest.raises(ModelError, match="leads back to itself"):
        load("onnx", regressor(children, [9]).SerializeToString())


def test_the_operator_of_newer_graphs_is_looked_at_too():
    node = helper.make_node(
        "TreeEnsemble",
        ["x"],
        ["y"],
        domain="ai.onnx.ml",
        nodes_truenodeids=[1, 0],
        nodes_trueleafs=[0, 0],
        nodes_falsenodeids=[0, 0],
        nodes_falseleafs=[1, 1],
    )
    model = onnx.ModelProto()
    model.graph.node.append(node)
    with pytest.raises(ModelError, match="leads back to itself"):
        check_trees(model, "new.onnx")
