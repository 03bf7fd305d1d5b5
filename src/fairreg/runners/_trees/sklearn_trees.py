# SPDX-License-Identifier: MIT
"""Trees, forests and boosting of scikit-learn in ONNX, from the plain values of a skops file.

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
from fairreg.runners._trees.ensemble import Rules, add_trees
from fairreg.runners._trees.forest import Tree, damaged, reached
from fairreg.runners._trees.sklearn_outputs import OutputWriter
from fairreg.runners._trees.skops_file import Instance
from fairreg.runners._trees.wording import plain

__all__ = ["EnsembleWriter"]

_FLOAT, _DOUBLE = 1, 11  # of TensorProto

_TREES = frozenset(
    {"DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor"}
)


def _node_tree(owner: Instance, features: int, name: str, *, classes: int = 0, outputs: int = 1) -> Tree:
    """The tree of a decision tree; a leaf holds a value for each of `outputs`, or fractions of `classes`."""
    if owner.name not in _TREES or owner["tree_"].name != "Tree":
        raise ModelError(
            f"{name} has {plain(owner.kind, 120)} in a forest, which is not written as ONNX.",
            hint="Ask its authors for the model as ONNX.",
        )
    inner = owner["tree_"]
    nodes, values = inner["nodes"], np.asarray(inner["values"], np.float64)
    if values.shape != (len(nodes), outputs, max(classes, 1)):
        raise damaged(name, f"the leaves of a tree have the shape {values.shape}")
    leaves = values[:, 0, :] if classes else values[:, 0, 0] if outputs == 1 else values[:, :, 0]
    if classes:
        total = leaves.sum(axis=1, keepdims=True)
        leaves = np.divide(leaves, total, out=np.zeros_like(leaves), where=total != 0)
    left, right = (nodes[key].astype(np.int64) for key in ("left_child", "right_child"))
    missing = (
        nodes["missing_go_to_left"] if "missing_go_to_left" in nodes.dtype.names else np.zeros(len(nodes))
    )
    columns = nodes["feature"], nodes["threshold"], missing
    return _tree((left, right), columns, leaves, features, name)


def _takes_missing(trees: Sequence[Instance]) -> bool:
    """Tell whether scikit-learn 1.9 takes NaN in a tree or a forest, which asks its first tree.

    Source: __sklearn_tags__ in sklearn/tree/_classes.py. Trees from before 1.3 do not say where NaN goes.
    """
    if not trees:
        return False
    first = trees[0]
    extra = first.name.startswith("ExtraTree")
    return "missing_go_to_left" in first["tree_"]["nodes"].dtype.names and (
        not extra or first.get("splitter") == "random"
    )


def _histogram_tree(predictor: Instance, features: int, name: str) -> Tree:
    """The tree of a predictor of histogram gradient boosting. Raises ModelError for categorical features."""
    if predictor.name != "TreePredictor":
        raise ModelError(f"{name} has {plain(predictor.kind, 120)}, which is not written as ONNX.")
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


def _trees_of(owner: Instance) -> Sequence[Instance]:
    """The decision trees of a tree or a forest, or the rounds of a boosted ensemble, one after the other."""
    if "tree_" in owner.attributes:
        return [owner]
    found: list[Instance] = []
    for item in owner["estimators_"]:
        found += item if isinstance(item, list) else [item]
    return found


class EnsembleWriter(OutputWriter):
    """Writes ensembles of trees into `graph`."""

    def _single(self, value: str) -> str:
        """Features rounded to float32, as scikit-learn's trees compare them."""
        return self.graph.node("Cast", self.graph.node("Cast", value, to=_FLOAT), to=_DOUBLE)

    def _summed(self, value: str, trees: list[Tree], targets: list[int], outputs: int) -> str:
        rules = Rules("BRANCH_LEQ", members_left=True)
        self.trees += trees
        total = add_trees(self.graph, value, trees, targets, rules, outputs=outputs)
        return self.graph.node("Cast", total, to=_DOUBLE)

    def _forest(self, value: str, model: Instance) -> None:
        classes = self._classes(model) if model.name.endswith("Classifier") else np.zeros(0)
        parts = _trees_of(model)
        count, features = len(parts), int(model["n_features_in_"])
        outputs = 1 if len(classes) else int(model.get("n_outputs_", 1))
        trees = [
            _node_tree(part, features, self._name, classes=len(classes), outputs=outputs) for part in parts
        ]
        if model.get("monotonic_cst") is not None and len(classes):
            raise self._refused(model, "monotonic_cst")
        self._refuse(value, missing=_takes_missing(parts), single=True)
        total = self._summed(self._single(value), trees, [0] * count, max(len(classes), outputs))
        mean = self.graph.node("Div", total, self.graph.constant(max(count, 1)))
        if not len(classes):
            return self._regression(mean, None if outputs == 1 else outputs)
        self._label(mean, classes, threshold=None)
        return self._probabilities(mean, len(classes))

    def _boosting(self, value: str, model: Instance) -> None:
        classifier = model.name.endswith("Classifier")
        classes = self._classes(model) if classifier else np.zeros(0)
        groups = len(classes) if len(classes) > 2 else 1  # noqa: PLR2004
        loss = model.get("loss")
        if classifier and loss not in {"log_loss", "deviance"}:
            raise self._refused(model, f"loss={loss!r}")
        features = int(model["n_features_in_"])
        trees = [_node_tree(part, features, self._name) for part in _trees_of(model)]
        targets = [number % groups for number in range(len(trees))]
        total = self._summed(self._single(value), trees, targets, groups)
        rate = self.graph.constant(float(model["learning_rate"]))
        start = self.graph.constant(self._start(model, classes, groups))
        raw = self.graph.node("Add", self.graph.node("Mul", total, rate), start)
        if not classifier:
            return self._regression(raw, None)
        return self._boosted_classes(raw, classes, inclusive=True)

    def _start(self, model: Instance, classes: NDArray[Any], groups: int) -> NDArray[np.float64]:
        """The constant that boosting starts from: that of a dummy estimator, or zero."""
        first = model["init_"]
        if first == "zero":
            return np.zeros(groups)
        if not isinstance(first, Instance) or first.name not in {"DummyClassifier", "DummyRegressor"}:
            raise self._refused(model, "an init estimator of its own")
        if not len(classes):
            return np.asarray(first["constant_"], np.float64).reshape(-1)[:1]
        if first.get("strategy") != "prior":
            raise self._refused(first, f"strategy={first.get('strategy')!r}")
        margin = float(np.finfo(np.float32).eps)
        prior = np.clip(np.asarray(first["class_prior_"], np.float64), margin, 1 - margin)
        if prior.shape != (len(classes),):
            raise damaged(self._name, "its classes have other numbers")
        return np.log(prior[1:] / prior[:1]) if groups == 1 else np.log(prior)

    def _boosted_classes(self, raw: str, classes: NDArray[Any], *, inclusive: bool) -> None:
        self._label(raw, classes, threshold=0, inclusive=inclusive)
        if len(classes) == 2:  # noqa: PLR2004
            return self._probabilities(self._both(self._sigmoid(raw)), 2)
        return self._probabilities(self.graph.node("Softmax", raw, axis=1), len(classes))

    def _histogram_boosting(self, value: str, model: Instance) -> None:
        classifier = model.name.endswith("Classifier")
        classes = self._classes(model) if classifier else np.zeros(0)
        groups = len(classes) if len(classes) > 2 else 1  # noqa: PLR2004
        if self.rounded:
            raise self._refused(
                model, "features of Normalizer or PCA, whose last digits decide at its thresholds"
            )
        if model.get("_preprocessor") is not None:
            raise self._refused(model, "categorical_features")
        known = {"squared_error", "absolute_error", "quantile", "poisson", "gamma", "log_loss", "auto"}
        if model["loss"] not in known:
            raise self._refused(model, f"loss={model['loss']!r}")
        rounds, features = model["_predictors"], int(model["n_features_in_"])
        if any(len(part) != groups for part in rounds):
            raise damaged(self._name, "a round of it has another number of trees")
        trees = [_histogram_tree(tree, features, self._name) for part in rounds for tree in part]
        targets = [number % groups for number in range(len(trees))]
        start = np.asarray(model["_baseline_prediction"], np.float64).reshape(-1)
        total = self._summed(value, trees, targets, groups)
        raw = self.graph.node("Add", total, self.graph.constant(np.broadcast_to(start, (groups,))))
        if classifier:
            return self._boosted_classes(raw, classes, inclusive=False)
        raw = self.graph.node("Exp", raw) if model["loss"] in {"poisson", "gamma"} else raw
        return self._regression(raw, None)
