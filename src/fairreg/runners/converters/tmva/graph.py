# SPDX-License-Identifier: MIT
"""A forest of TMVA as an ONNX graph: a TreeEnsembleRegressor in float64, then the response's formula.

Source of the cut: root-project/root, tmva/tmva/src/DecisionTreeNode.cxx, GoesRight: right where value >= Cut
in float32, the other way round with cType 0. NaN is never >= Cut: it goes left, right with cType 0. Older
releases and the C++ classes that TMVA writes (MethodBDT.cxx, MakeClassSpecificHeader) compare with > instead.
"""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners.converters.tmva.forest import Forest
from fairreg.runners.converters.tmva.response import Formula
from fairreg.runners.signature import COLUMNS

__all__ = ["edges", "graph", "variables"]

_OPSET, _ML_OPSET, _IR = 17, 3, 8
_MAX_EDGES = 2048
# Far beyond any sum of trees that means something; sums of these do not overflow float32.
_LARGEST = 1e30

Columns = dict[str, NDArray[Any]]


def variables(forest: Forest, name: str) -> list[str]:
    """Expressions of the variables in order. Raises ModelError where their numbers have gaps."""
    setup = forest.setup
    if not setup.variables or sorted(setup.variables) != list(range(setup.variable_count or 0)):
        raise ModelError(
            f"{name} states {setup.variable_count} variables and has {len(setup.variables)}, "
            "or their numbers have gaps."
        )
    return [setup.variables[number] for number in range(len(setup.variables))]


def graph(forest: Forest, formula: Formula, expressions: list[str], name: str) -> bytes:
    """Write the model, serialised; `name` is the file's. Raises ModelError for trees that are not whole."""
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("Cast", ["input"], ["values"], to=TensorProto.DOUBLE),
        helper.make_node(
            "TreeEnsembleRegressor",
            ["values"],
            ["sums" if formula.link else formula.output],
            domain="ai.onnx.ml",
            **_trees(forest, formula, name),
        ),
        *_link(formula),
    ]
    taken = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["rows", len(expressions)])
    given = helper.make_tensor_value_info(formula.output, TensorProto.FLOAT, ["rows", formula.outputs])
    body = helper.make_graph(nodes, "tmva", [taken], [given], _constants(formula))
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("ai.onnx.ml", _ML_OPSET)]
    model = helper.make_model(body, opset_imports=opsets, ir_version=_IR, producer_name="fairreg")
    stated = {"input": expressions, formula.output: forest.setup.classes if formula.outputs > 1 else []}
    helper.set_model_props(
        model, {f"{COLUMNS}{key}": json.dumps(value) for key, value in stated.items() if value}
    )
    return bytes(model.SerializeToString())


def edges(forest: Forest, width: int) -> NDArray[np.float32]:
    """Rows at which the trees decide: each variable at its cuts and one float32 below and above them."""
    columns = _columns(forest)
    inner = columns["kind"] == 0
    cuts = [np.unique(columns["cut"][inner & (columns["variable"] == item)]) for item in range(width)]
    rows = min(max((3 * len(item) for item in cuts), default=0), _MAX_EDGES)
    found = np.zeros((max(rows, 1), width), np.float32)
    sides = np.array([-np.inf, np.inf], np.float32)
    for number, values in enumerate(cuts):
        if not len(values):
            continue
        steps = np.arange(len(found)) + number
        at = values[(steps // 3) % len(values)].astype(np.float32)
        found[:, number] = np.where(steps % 3 == 0, at, np.nextafter(at, sides[(steps % 3) - 1]))
    return found


def _columns(forest: Forest) -> Columns:
    return {key: np.array(values) for key, values in vars(forest.nodes).items()}


def _trees(forest: Forest, formula: Formula, name: str) -> dict[str, Any]:
    """Attributes of the ensemble; its true branch, value >= cut, is the right child, or left with cType 0."""
    from onnx import numpy_helper

    columns = _columns(forest)
    leaf = columns["kind"] != 0
    _check(columns, leaf, len(forest.setup.variables), name)
    true, false = (
        np.where(leaf, 0, np.where(columns["cut_type"] == 1, columns[first], columns[second]))
        for first, second in (("right", "left"), ("left", "right"))
    )
    trees = columns["tree"]
    weights = _leaves(columns, leaf, formula, name) * np.array(formula.factors)[trees[leaf]]
    weights[trees[leaf] == 0] += formula.offset
    if not (np.abs(weights) < _LARGEST).all():
        raise ModelError(f"{name} has boost weights that leave leaves of {_LARGEST:.0e} or more.")
    return {
        "nodes_treeids": trees.tolist(),
        "nodes_nodeids": columns["number"].tolist(),
        "nodes_featureids": columns["variable"].tolist(),
        "nodes_values_as_tensor": numpy_helper.from_array(columns["cut"], "cuts"),
        "nodes_modes": np.where(leaf, "LEAF", "BRANCH_GTE").tolist(),
        "nodes_truenodeids": true.tolist(),
        "nodes_falsenodeids": false.tolist(),
        "target_treeids": trees[leaf].tolist(),
        "target_nodeids": columns["number"][leaf].tolist(),
        "target_ids": (trees[leaf] % formula.outputs).tolist(),
        "target_weights_as_tensor": numpy_helper.from_array(weights, "leaves"),
        "n_targets": formula.outputs,
        "aggregate_function": "SUM",
        "post_transform": "NONE",
    }


def _check(columns: Columns, leaf: NDArray[np.bool_], width: int, name: str) -> None:
    alone = ~leaf & ((columns["left"] < 0) | (columns["right"] < 0))
    if alone.any():
        tree = int(columns["tree"][alone][0])
        raise ModelError(f"{name} has a node without two children, which is no leaf, in tree {tree}.")
    outside = ~leaf & ((columns["variable"] < 0) | (columns["variable"] >= width))
    if outside.any():
        number = int(columns["variable"][outside][0])
        raise ModelError(f"{name} cuts on the variable {number} of {width} (IVar counts from 0).")


def _leaves(columns: Columns, leaf: NDArray[np.bool_], formula: Formula, name: str) -> NDArray[np.float64]:
    """Values of the leaves in order. Raises ModelError for a value that is missing or out of proportion."""
    values: NDArray[np.float64] = columns[formula.leaf][leaf].astype(np.float64)
    word = {"response": "res", "purity": "purity", "kind": "nType"}[formula.leaf]
    if np.isnan(values).any():
        raise ModelError(f"{name} has a leaf without the attribute {word}.")
    if not (np.abs(values) < _LARGEST).all():
        raise ModelError(f"{name} has a leaf with a {word} of {_LARGEST:.0e} or more.")
    return values


def _constants(formula: Formula) -> list[Any]:
    from onnx import numpy_helper

    values = {"minus_two": -2.0, "one": 1.0, "two": 2.0} if formula.link == "sigmoid" else {}
    return [numpy_helper.from_array(np.array(value), key) for key, value in values.items()]


def _link(formula: Formula) -> list[Any]:
    """The steps from the sums of the trees to the output, in float64; none without a link."""
    from onnx import TensorProto, helper

    if formula.link is None:
        return []
    sigmoid = [
        ("Mul", ["wide", "minus_two"], "scaled"),
        ("Exp", ["scaled"], "power"),
        ("Add", ["power", "one"], "raised"),
        ("Div", ["two", "raised"], "ratio"),
        ("Sub", ["ratio", "one"], "last"),
    ]
    steps = sigmoid if formula.link == "sigmoid" else [("Softmax", ["wide"], "last")]
    return [
        helper.make_node("Cast", ["sums"], ["wide"], to=TensorProto.DOUBLE),
        *(helper.make_node(operator, taken, [given]) for operator, taken, given in steps),
        helper.make_node("Cast", ["last"], [formula.output], to=TensorProto.FLOAT),
    ]
