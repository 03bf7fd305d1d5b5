# SPDX-License-Identifier: MIT
"""XGBoost's models in JSON and UBJ as ONNX.

The trees go into one TreeEnsembleRegressor with XGBoost's own comparison, ``<`` in float32; the link of the
objective follows in plain operators. XGBoost itself is not needed. Measured against it in docs/trees.md.
"""

from pathlib import Path

import numpy as np

from fairreg.errors import ModelError
from fairreg.runners._trees.ensemble import NO_LABEL, GraphWriter, Rules, add_members, add_trees, edges
from fairreg.runners._trees.forest import Tree
from fairreg.runners._trees.xgboost_model import XGBoostModel, early_stopping, objective_of, read
from fairreg.runners.converters.base import Conversion
from fairreg.storage.formats import FileFormat
from fairreg.storage.recognition import FormatDescription

__all__ = ["FORMATS", "accepts", "convert"]

FORMATS: frozenset[FileFormat] = frozenset({"xgboost"})

_LOGARITHMIC = frozenset({"count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft"})
_LOGISTIC = frozenset({"binary:logistic", "reg:logistic"})
_NEAR = np.float32(1e-6)


def accepts(described: FormatDescription) -> bool:
    """Tell whether the file is one that XGBoost 3 reads: its old binary format is not."""
    return described.format in FORMATS and described.next_step is None


def convert(path: Path) -> Conversion:
    """Write a model as ONNX. Raises ModelError for a damaged file, and by name for what is not written."""
    model = read(path)
    graph = GraphWriter(model.features, np.float32)
    graph.refuse("input", missing=True)
    margin = _linear(graph, model) if model.linear is not None else _trees(graph, model)
    _link(graph, margin, model)
    label = objective_of(model).output == "label"
    remark = (
        "Features are float32 and NaN is a missing value, as in XGBoost; a row with an infinity, which "
        f"XGBoost refuses, gives {f'the label {NO_LABEL}' if label else 'NaN'}."
    )
    return Conversion(
        graph.serialised("xgboost"),
        f"XGBoost {model.version}".strip(),
        "xgboost",
        {"input": _edges(model)},
        (remark, *early_stopping(model)),
    )


def _edges(model: XGBoostModel) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    if model.linear is None:
        return edges(model.trees, model.features, np.float32, infinities=False)
    # Sums of the largest numbers overflow in an order that is not stated.
    rows = np.random.default_rng(0).normal(size=(64, model.features)).astype(np.float32)
    rows[::7, 0] = np.nan
    rows[-1] = 0
    return rows


def base_margin(model: XGBoostModel) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """``base_score`` as a margin: the inverse of the objective's link, per output.

    XGBoost takes it for a margin in a model without rounds whose base_score was to be estimated, and for 0
    and 1 the logit of the numbers 1e-6 away (measured with XGBoost 3.2).
    """
    score = np.asarray(model.base, np.float32)
    untrained = not model.trained and model.estimated
    if model.objective in _LOGISTIC and not untrained:
        if not ((score >= 0) & (score <= 1)).all():
            raise ModelError(f"{model.name} has a base_score outside [0, 1], which its objective excludes.")
        score = np.clip(score, _NEAR, np.float32(1) - _NEAR)
        score = -np.log(np.float32(1) / score - np.float32(1))
    if model.objective in _LOGARITHMIC and not untrained:
        if not (score >= 0).all():
            raise ModelError(f"{model.name} has a base_score below 0, which has no logarithm.")
        with np.errstate(divide="ignore"):
            score = np.log(score)
    if model.linear is not None:
        score = score[:1]  # the linear booster of XGBoost 3 adds the first number to all outputs
    return np.broadcast_to(score, (model.groups,)).astype(np.float32)


def _trees(graph: GraphWriter, model: XGBoostModel) -> str:
    value = "input"
    members: dict[tuple[int, int], int] = {}
    if model.categorical:
        found, members = add_members(graph, _categories(graph), model.trees, model.features)
        value = graph.node("Concat", value, found, axis=1)
    weights = np.ones(len(model.trees), np.float32) if model.weights is None else model.weights
    trees = [_weighted(tree, weight) for tree, weight in zip(model.trees, weights, strict=True)]
    rules = Rules("BRANCH_LT", members_left=False, members=members)
    total = add_trees(graph, value, trees, model.targets, rules, outputs=model.groups)
    return graph.node("Add", total, graph.constant(base_margin(model)))


def _weighted(tree: Tree, weight: np.float32) -> Tree:
    from dataclasses import replace

    return tree if weight == 1 else replace(tree, value=tree.value * weight)


def _categories(graph: GraphWriter) -> str:
    """Columns of categories: whole numbers, -1 for what is none, which XGBoost sends left."""
    below = graph.node("Less", "input", graph.constant(0))
    return graph.node("Where", below, graph.constant(-1), graph.node("Floor", "input"))


def _linear(graph: GraphWriter, model: XGBoostModel) -> str:
    """Weighted sum of the features; a missing value adds nothing."""
    assert model.linear is not None  # noqa: S101  narrowed by the caller
    missing = graph.node("IsNaN", "input")
    present = graph.node("Where", missing, graph.constant(0), "input")
    summed = graph.node("MatMul", present, graph.constant(model.linear[:-1]))
    return graph.node("Add", summed, graph.constant(model.linear[-1] + base_margin(model)))


def _link(graph: GraphWriter, margin: str, model: XGBoostModel) -> None:
    objective = objective_of(model)
    name, groups = objective.output, model.groups
    if objective.link == "argmax":
        label = graph.node("ArgMax", margin, axis=1, keepdims=0)
        return graph.output(label, name, np.int64)
    if objective.link == "hinge":
        positive = graph.node("Cast", graph.node("Greater", margin, graph.constant(0)), to=7)
        if groups > 1:
            return graph.output(positive, name, np.int64, groups)
        return graph.output(_column(graph, positive), name, np.int64)
    value = margin
    if objective.link == "softmax":
        value = graph.node("Softmax", margin, axis=1)
    elif objective.link == "sigmoid":
        value = sigmoid(graph, margin)
    elif objective.link == "exp":
        value = graph.node("Exp", margin)
    if name == "probabilities" and groups == 1:
        other = graph.node("Sub", graph.constant(1), value)
        return graph.output(graph.node("Concat", other, value, axis=1), name, np.float32, 2)
    if groups == 1:
        return graph.output(_column(graph, value), name, np.float32)
    return graph.output(value, name, np.float32, groups)


def sigmoid(graph: GraphWriter, value: str) -> str:
    """1 / (1 + exp(-x)): onnxruntime's Sigmoid ends at 1.5e-8, where these tails go on."""
    grown = graph.node("Add", graph.node("Exp", graph.node("Neg", value)), graph.constant(1))
    return graph.node("Reciprocal", grown)


def _column(graph: GraphWriter, value: str) -> str:
    """The only column of (rows, 1) as (rows,)."""
    return graph.node("Squeeze", value, graph.constant([1], np.int64))
