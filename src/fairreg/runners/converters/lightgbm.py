# SPDX-License-Identifier: MIT
"""LightGBM's models as text in ONNX.

The trees go into one TreeEnsembleRegressor in double with LightGBM's own comparison, ``<=``; operators before
it treat small numbers, zeros and categories as the library does, and the link of the objective follows.
LightGBM itself is not needed. Its sums come in float32, as the operator gives them. Measured against LightGBM
in docs/trees.md.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from fairreg.errors import ModelError
from fairreg.runners._trees.ensemble import GraphWriter, Rules, add_members, add_trees, edges
from fairreg.runners._trees.lightgbm_model import ZERO, LightGBMModel, read
from fairreg.runners.converters.base import Conversion
from fairreg.storage.formats import FileFormat
from fairreg.storage.recognition import FormatDescription

__all__ = ["FORMATS", "accepts", "convert"]

FORMATS: frozenset[FileFormat] = frozenset({"lightgbm"})


def accepts(described: FormatDescription) -> bool:
    """Tell whether the file is a LightGBM model."""
    return described.format in FORMATS


def convert(path: Path) -> Conversion:
    """Write a model as ONNX. Raises ModelError for a damaged file, and by name for what is not written."""
    model = read(path)
    if model.linear:
        raise ModelError(
            f"{model.name} has linear functions at its leaves (linear_tree), which ONNX's trees do not have.",
            hint="Run it with --runtime lightgbm.",
        )
    graph = GraphWriter(model.features, np.float64)
    _link(graph, _margin(graph, model), model)
    small = float(np.nextafter(ZERO, 1))
    around = (ZERO, -ZERO, small, -small, 1e-36, -1e-36, 1e10, 2.0**31, -(2.0**31), 2.0**32)
    rows = edges(model.trees, model.features, np.float64, infinities=True, more=around)
    return Conversion(
        graph.serialised("lightgbm"),
        f"LightGBM (format {model.version})",
        "lightgbm",
        {"input": rows},
        ("Features are float64, as in LightGBM; outputs are float32, where LightGBM gives float64.",),
    )


def _margin(graph: GraphWriter, model: LightGBMModel) -> str:
    """The sum of the trees, (rows, groups), in float32."""
    small = graph.node("LessOrEqual", graph.node("Abs", "input"), graph.constant(ZERO))
    clean = graph.node("Where", small, graph.constant(0), "input")
    blocks = [clean]
    rules = Rules("BRANCH_LEQ", members_left=True)
    if any(tree.zero is not None and tree.zero[tree.splits].any() for tree in model.trees):
        rules = replace(rules, zeros=model.features)
        blocks.append(graph.node("Where", small, graph.constant(np.nan), "input"))
    if any(tree.sets for tree in model.trees):
        first = len(blocks) * model.features
        found, members = add_members(graph, _categories(graph, clean), model.trees, first)
        rules = replace(rules, members=members)
        blocks.append(found)
    value = graph.node("Concat", *blocks, axis=1) if len(blocks) > 1 else clean
    targets = [number % model.groups for number in range(len(model.trees))]
    total = add_trees(graph, value, model.trees, targets, rules, outputs=model.groups)
    if model.average and model.rounds:
        return graph.node("Div", total, graph.constant(model.rounds, np.float32))
    return total


def _categories(graph: GraphWriter, clean: str) -> str:
    """Columns of categories: whole numbers towards zero; what is below 0 is no category."""
    return graph.node("Mul", graph.node("Sign", clean), graph.node("Floor", graph.node("Abs", clean)))


def _link(graph: GraphWriter, margin: str, model: LightGBMModel) -> None:
    one = graph.constant(1, np.float32)
    value = margin
    if model.link == "sigmoid":
        scaled = graph.node("Mul", margin, graph.constant(-model.slope, np.float32))
        value = graph.node("Reciprocal", graph.node("Add", graph.node("Exp", scaled), one))
    elif model.link == "softmax":
        value = graph.node("Softmax", margin, axis=1)
    elif model.link == "exp":
        value = graph.node("Exp", margin)
    elif model.link == "log1p(exp)":
        value = graph.node("Softplus", margin)
    elif model.link == "square":
        value = graph.node("Mul", margin, graph.node("Abs", margin))
    name = model.output
    if model.groups > 1:
        return graph.output(value, name, np.float32, model.groups)
    if model.is_classifier:
        other = graph.node("Sub", one, value)
        return graph.output(graph.node("Concat", other, value, axis=1), name, np.float32, 2)
    column = graph.node("Squeeze", value, graph.constant([1], np.int64))
    return graph.output(column, name, np.float32)
