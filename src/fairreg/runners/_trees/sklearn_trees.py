# SPDX-License-Identifier: MIT
"""Trees and forests of scikit-learn, from the plain values of a skops file.

Sources (scikit-learn/scikit-learn): sklearn/tree/_tree.pyx (features are float32, ``<=`` goes left, -1 is no
child, missing_go_to_left since 1.3; leaves held counts before 1.3 and hold fractions since),
sklearn/ensemble/_forest.py (means), _gb.py (init_ and learning_rate), and
_hist_gradient_boosting/predictor.py with common.pyx (features are float64).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners._trees.forest import Tree, damaged, reached
from fairreg.runners._trees.skops_file import Instance

__all__ = ["histogram_tree", "node_tree", "trees_of"]


def node_tree(owner: Instance, features: int, name: str, *, classes: int = 0) -> Tree:
    """The tree of a decision tree, its leaves with one value, or with a fraction for each of `classes`."""
    inner = owner["tree_"]
    nodes, values = inner["nodes"], np.asarray(inner["values"], np.float64)
    width = max(classes, 1)
    if values.shape != (len(nodes), 1, width):
        raise damaged(name, f"the leaves of a tree have the shape {values.shape}")
    leaves = values[:, 0, :] if classes else values[:, 0, 0]
    if classes:
        total = leaves.sum(axis=1, keepdims=True)
        leaves = np.divide(leaves, total, out=np.zeros_like(leaves), where=total != 0)
    left, right = (nodes[key].astype(np.int64) for key in ("left_child", "right_child"))
    missing = (
        nodes["missing_go_to_left"] if "missing_go_to_left" in nodes.dtype.names else np.zeros(len(nodes))
    )
    columns = nodes["feature"], nodes["threshold"], missing
    return _tree((left, right), columns, leaves, features, name)


def histogram_tree(predictor: Instance, features: int, name: str) -> Tree:
    """The tree of a predictor of histogram gradient boosting. Raises ModelError for categorical features."""
    nodes = predictor["nodes"]
    inner = nodes["is_leaf"] == 0
    if nodes["is_categorical"][inner].any():
        raise ModelError(
            f"{name} has splits by category (HistGradientBoosting with categorical_features), which are not "
            "written as ONNX.",
            hint="Ask its authors for the model as ONNX.",
        )
    left, right = (np.where(inner, nodes[key].astype(np.int64), -1) for key in ("left", "right"))
    columns = nodes["feature_idx"], nodes["num_threshold"], nodes["missing_go_to_left"]
    return _tree((left, right), columns, nodes["value"].astype(np.float64), features, name)


def _tree(
    children: tuple[NDArray[np.int64], NDArray[np.int64]],
    columns: tuple[NDArray[Any], NDArray[Any], NDArray[Any]],
    values: NDArray[np.float64],
    features: int,
    name: str,
) -> Tree:
    """A checked tree of its children, and of features, thresholds and directions of missing values."""
    left, right = children
    feature, threshold, missing = columns
    if np.any((left < 0) != (right < 0)) or (left < -1).any() or (right < -1).any() or not left.size:
        raise damaged(name, "a node of a tree has one child")
    if reached(name, left, right).size != left.size:
        raise damaged(name, "a node of a tree is reached by no other")
    inner = left >= 0
    asked = feature[inner].astype(np.int64)
    if asked.size and not (asked.min() >= 0 and asked.max() < features):
        raise damaged(name, f"a tree asks for a feature beyond its {features}")
    return Tree(
        left=left,
        right=right,
        feature=np.where(inner, feature, 0).astype(np.int64),
        threshold=np.where(inner, threshold, 0).astype(np.float64),
        default_left=missing.astype(bool),
        value=values,
    )


def trees_of(owner: Instance) -> Sequence[Instance]:
    """The decision trees of a tree or a forest, or the rounds of a boosted ensemble, one after the other."""
    if "tree_" in owner.attributes:
        return [owner]
    found: list[Instance] = []
    for item in owner["estimators_"]:
        found += item if isinstance(item, list) else [item]
    return found
