# SPDX-License-Identifier: MIT
"""Models of scikit-learn as ONNX, from the plain values of a skops file.

Sources (scikit-learn/scikit-learn): the predict and transform methods of sklearn/linear_model/_base.py,
_logistic.py, _stochastic_gradient.py and _glm/glm.py, discriminant_analysis.py, naive_bayes.py,
neural_network/_multilayer_perceptron.py, preprocessing/_data.py, decomposition/_base.py and
ensemble/_gb.py and _hist_gradient_boosting/gradient_boosting.py.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners._trees.ensemble import GraphWriter, Rules, add_trees
from fairreg.runners._trees.forest import Tree, damaged
from fairreg.runners._trees.sklearn_trees import histogram_tree, node_tree, trees_of
from fairreg.runners._trees.skops_file import Instance

__all__ = ["Writer", "labels"]

_FLOAT, _INT64, _DOUBLE = 1, 7, 11  # of TensorProto
_LINEAR = frozenset(
    {
        *("LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV"),
        *(
            "BayesianRidge",
            "ARDRegression",
            "HuberRegressor",
            "SGDRegressor",
            "LinearSVR",
            "QuantileRegressor",
        ),
    }
)
_EXPONENTIAL = frozenset({"PoissonRegressor", "GammaRegressor"})
_BY_SCORE = frozenset({"Perceptron", "RidgeClassifier", "RidgeClassifierCV", "LinearSVC"})
_FORESTS = ("DecisionTree", "ExtraTree", "RandomForest", "ExtraTrees")


def labels(values: NDArray[Any]) -> NDArray[Any]:
    """Labels as ONNX has them: whole numbers as int64, texts as objects. Raises ValueError for others."""
    if values.dtype.kind in "iub":
        return values.astype(np.int64)
    if values.dtype.kind == "f" and (values == np.floor(values)).all():
        return values.astype(np.int64)
    if values.dtype.kind in "UO" and all(isinstance(item, str) for item in values.ravel().tolist()):
        return values.astype(object)
    raise ValueError(f"its labels have the type {values.dtype}")


class Writer:
    """Writes one model into a graph; `trees` are those that it wrote, `remarks` sentences about it."""

    def __init__(self, model: Instance, name: str, features: int) -> None:
        self._name, self._model = name, model
        self.graph = GraphWriter(features, np.float64)
        self._features = features
        self.trees: list[Tree] = []
        self.scaled = False

    def write(self) -> bytes:
        """The model as ONNX. Raises ModelError, with its name, for a class or setting that is not written."""
        value, model = "input", self._model
        if model.name == "Pipeline":
            found = [step for _, step in model["steps"]]
            *steps, last = [step for step in found if not isinstance(step, str | None)]
            for step in steps:
                value = self._transformed(value, step)
                self.scaled = True
            model = last
        if model.name in self._transformers:
            value = self._transformed(value, model)
            width = int(np.shape(model["components_"])[0]) if model.name == "PCA" else self._features
            self.graph.output(value, "transformed", np.float64, width)
        else:
            self._predicted(value, model)
        return self.graph.serialised("scikit-learn")

    def _refused(self, model: Any, setting: str = "") -> ModelError:
        kind = model.kind[:120] if isinstance(model, Instance) else repr(model)[:80]
        return ModelError(
            f"{self._name} has {kind}{f' with {setting}' if setting else ''}, which is not written as ONNX.",
            hint="Ask its authors for the model as ONNX.",
        )

    def _transformed(self, value: str, step: Any) -> str:
        if not isinstance(step, Instance) or step.name not in self._transformers:
            raise self._refused(step)
        if step.get("clip") or step.get("add_indicator") or step.get("whiten"):
            raise self._refused(step, "clip, add_indicator or whiten")
        return self._transformers[step.name](self, value, step)

    def _scaled(self, value: str, step: Instance, centre: str, scale: str) -> str:
        """(x - centre) / scale, each where the scaler has it."""
        if step.get(centre) is not None:
            value = self.graph.node("Sub", value, self.graph.constant(step[centre]))
        if step.get(scale) is not None:
            value = self.graph.node("Div", value, self.graph.constant(step[scale]))
        return value

    def _standard(self, value: str, step: Instance) -> str:
        centre = "mean_" if step.get("with_mean", True) else ""
        return self._scaled(value, step, centre, "scale_")

    def _robust(self, value: str, step: Instance) -> str:
        return self._scaled(value, step, "center_", "scale_")

    def _divided(self, value: str, step: Instance) -> str:
        return self._scaled(value, step, "", "scale_")

    def _min_max(self, value: str, step: Instance) -> str:
        product = self.graph.node("Mul", value, self.graph.constant(step["scale_"]))
        return self.graph.node("Add", product, self.graph.constant(step["min_"]))

    def _normalised(self, value: str, step: Instance) -> str:
        if step.get("norm") != "l2":
            raise self._refused(step, f"norm={step.get('norm')!r}")
        length = self.graph.node("ReduceL2", value, axes=[1], keepdims=1)
        zero = self.graph.node("Equal", length, self.graph.constant(0))
        return self.graph.node("Div", value, self.graph.node("Where", zero, self.graph.constant(1), length))

    def _components(self, value: str, step: Instance) -> str:
        centred = self.graph.node("Sub", value, self.graph.constant(step["mean_"]))
        return self.graph.node("MatMul", centred, self.graph.constant(np.asarray(step["components_"]).T))

    def _predicted(self, value: str, model: Any) -> None:
        if not isinstance(model, Instance):
            raise self._refused(model)
        name = model.name
        if name in _LINEAR or name in _EXPONENTIAL:
            self._linear_regression(value, model)
        elif name in _BY_SCORE:
            self._label(self._scores(value, model), _classes(model), threshold=0)
        elif name in self._classifiers:
            self._classifiers[name](self, value, model)
        elif name.startswith("MLP"):
            self._network(value, model)
        elif name.startswith("HistGradientBoosting"):
            self._histogram_boosting(value, model)
        elif name.startswith("GradientBoosting"):
            self._boosting(value, model)
        elif name.removesuffix("Classifier").removesuffix("Regressor") in _FORESTS:
            self._forest(value, model)
        else:
            raise self._refused(model)

    def _regression(self, value: str, columns: int | None) -> None:
        """Give a prediction of shape (rows, columns), or (rows,) of (rows, 1) for None."""
        if columns is None:
            column = self.graph.node("Squeeze", value, self.graph.constant([1], np.int64))
            return self.graph.output(column, "prediction", np.float64)
        return self.graph.output(value, "prediction", np.float64, columns)

    def _label(
        self, scores: str, classes: NDArray[Any], *, threshold: float | None, inclusive: bool = False
    ) -> None:
        """Give the label of the largest score, or of one score above a threshold for two classes."""
        graph, known = self.graph, labels(classes)
        if threshold is not None and len(classes) == 2:  # noqa: PLR2004
            above = "GreaterOrEqual" if inclusive else "Greater"
            index = graph.node("Cast", graph.node(above, scores, graph.constant(threshold)), to=_INT64)
            index = graph.node("Squeeze", index, graph.constant([1], np.int64))
        else:
            index = graph.node("ArgMax", scores, axis=1, keepdims=0)
        graph.output(graph.node("Gather", graph.constant(known, known.dtype), index), "label", known.dtype)

    def _probabilities(self, value: str, count: int) -> None:
        self.graph.output(value, "probabilities", np.float64, count)

    def _both(self, positive: str) -> str:
        """The probabilities of both classes from that of the second."""
        other = self.graph.node("Sub", self.graph.constant(1), positive)
        return self.graph.node("Concat", other, positive, axis=1)

    def _sigmoid(self, value: str) -> str:
        grown = self.graph.node(
            "Add", self.graph.node("Exp", self.graph.node("Neg", value)), self.graph.constant(1)
        )
        return self.graph.node("Reciprocal", grown)

    def _scores(self, value: str, model: Instance) -> str:
        """x W^T + b, (rows, outputs)."""
        weights = np.atleast_2d(np.asarray(model["coef_"], np.float64))
        bias = np.broadcast_to(np.asarray(model["intercept_"], np.float64).ravel(), (len(weights),))
        product = self.graph.node("MatMul", value, self.graph.constant(weights.T))
        return self.graph.node("Add", product, self.graph.constant(bias))

    def _linear_regression(self, value: str, model: Instance) -> None:
        scores = self._scores(value, model)
        if model.name in _EXPONENTIAL:
            scores = self.graph.node("Exp", scores)
        shape = np.shape(model["coef_"])
        self._regression(scores, None if len(shape) == 1 else int(shape[0]))

    def _logistic(self, value: str, model: Instance) -> None:
        classes = _classes(model)
        stated, binary = model.get("multi_class", "auto"), len(classes) == 2  # noqa: PLR2004
        if (stated in {"ovr", "warn"} and not binary) or (stated == "multinomial" and binary):
            raise self._refused(model, f"multi_class={stated!r}")
        if model.get("solver") == "liblinear" and not binary:
            raise self._refused(model, "solver='liblinear' and several classes")
        self._by_scores(self._scores(value, model), classes)

    def _by_scores(self, scores: str, classes: NDArray[Any]) -> None:
        """Label and probabilities of a linear classifier: sigmoid for two classes, softmax for more."""
        self._label(scores, classes, threshold=0)
        if len(classes) == 2:  # noqa: PLR2004
            return self._probabilities(self._both(self._sigmoid(scores)), 2)
        return self._probabilities(self.graph.node("Softmax", scores, axis=1), len(classes))

    def _stochastic(self, value: str, model: Instance) -> None:
        classes, scores = _classes(model), self._scores(value, model)
        self._label(scores, classes, threshold=0)
        if model.get("loss") == "modified_huber":
            raise self._refused(model, "loss='modified_huber'")
        if model.get("loss") not in {"log_loss", "log"}:
            return None
        positive = self._sigmoid(scores)
        if len(classes) == 2:  # noqa: PLR2004
            return self._probabilities(self._both(positive), 2)
        total = self.graph.node("ReduceSum", positive, self.graph.constant([1], np.int64), keepdims=1)
        return self._probabilities(self.graph.node("Div", positive, total), len(classes))

    def _discriminant(self, value: str, model: Instance) -> None:
        self._by_scores(self._scores(value, model), _classes(model))

    def _gaussian(self, value: str, model: Instance) -> None:
        """log P(c) - sum log(2 pi var)/2 - sum (x - mean)^2 / (2 var), normalised."""
        graph, variance = self.graph, np.asarray(model["var_"], np.float64)
        constant = np.log(model["class_prior_"]) - 0.5 * np.log(2 * np.pi * variance).sum(axis=1)
        wide = graph.node("Unsqueeze", value, graph.constant([1], np.int64))
        distance = graph.node("Sub", wide, graph.constant(model["theta_"]))
        weighted = graph.node("Div", graph.node("Mul", distance, distance), graph.constant(2 * variance))
        summed = graph.node("ReduceSum", weighted, graph.constant([2], np.int64), keepdims=0)
        joint = graph.node("Sub", graph.constant(constant), summed)
        classes = _classes(model)
        self._label(joint, classes, threshold=None)
        self._probabilities(graph.node("Softmax", joint, axis=1), len(classes))

    def _network(self, value: str, model: Instance) -> None:
        layers = list(zip(model["coefs_"], model["intercepts_"], strict=True))
        hidden = {"relu": "Relu", "tanh": "Tanh", "identity": "Identity"}
        activation = model["activation"]
        if activation not in {*hidden, "logistic"}:
            raise self._refused(model, f"activation={activation!r}")
        for number, (weights, bias) in enumerate(layers):
            product = self.graph.node("MatMul", value, self.graph.constant(weights))
            value = self.graph.node("Add", product, self.graph.constant(bias))
            if number < len(layers) - 1:
                logistic = activation == "logistic"
                value = self._sigmoid(value) if logistic else self.graph.node(hidden[activation], value)
        last, columns = model["out_activation_"], int(np.shape(layers[-1][1])[0])
        if model.name == "MLPRegressor" and last in {"identity", "exp"}:
            value = self.graph.node("Exp", value) if last == "exp" else value
            return self._regression(value, None if columns == 1 else columns)
        if model.name != "MLPClassifier" or last not in {"softmax", "logistic"}:
            raise self._refused(model, f"out_activation_={last!r}")
        return self._network_classes(value, _classes(model), last, columns)

    def _network_classes(self, value: str, classes: NDArray[Any], last: str, columns: int) -> None:
        if last == "logistic" and (len(classes), columns) != (2, 1):
            raise self._refused(self._model, "several labels per row")
        if last == "logistic":
            positive = self._sigmoid(value)
            self._label(positive, classes, threshold=0.5)
            return self._probabilities(self._both(positive), 2)
        self._label(value, classes, threshold=None)
        return self._probabilities(self.graph.node("Softmax", value, axis=1), len(classes))

    def _single(self, value: str) -> str:
        """Features rounded to float32, as scikit-learn's trees compare them."""
        return self.graph.node("Cast", self.graph.node("Cast", value, to=_FLOAT), to=_DOUBLE)

    def _summed(self, value: str, trees: list[Tree], targets: list[int], outputs: int) -> str:
        rules = Rules("BRANCH_LEQ", members_left=True)
        self.trees += trees
        total = add_trees(self.graph, value, trees, targets, rules, outputs=outputs)
        return self.graph.node("Cast", total, to=_DOUBLE)

    def _forest(self, value: str, model: Instance) -> None:
        classes = _classes(model) if model.name.endswith("Classifier") else np.zeros(0)
        parts = trees_of(model)
        count, features = len(parts), int(model["n_features_in_"])
        trees = [node_tree(part, features, self._name, classes=len(classes)) for part in parts]
        if model.get("monotonic_cst") is not None and len(classes):
            raise self._refused(model, "monotonic_cst")
        total = self._summed(self._single(value), trees, [0] * count, max(len(classes), 1))
        mean = self.graph.node("Div", total, self.graph.constant(max(count, 1)))
        if not len(classes):
            return self._regression(mean, None)
        self._label(mean, classes, threshold=None)
        return self._probabilities(mean, len(classes))

    def _boosting(self, value: str, model: Instance) -> None:
        classifier = model.name.endswith("Classifier")
        classes = _classes(model) if classifier else np.zeros(0)
        groups = len(classes) if len(classes) > 2 else 1  # noqa: PLR2004
        loss = model.get("loss")
        if classifier and loss not in {"log_loss", "deviance"}:
            raise self._refused(model, f"loss={loss!r}")
        features = int(model["n_features_in_"])
        trees = [node_tree(part, features, self._name) for part in trees_of(model)]
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
        classes = _classes(model) if classifier else np.zeros(0)
        groups = len(classes) if len(classes) > 2 else 1  # noqa: PLR2004
        if model.get("_preprocessor") is not None:
            raise self._refused(model, "categorical_features")
        known = {"squared_error", "absolute_error", "quantile", "poisson", "gamma", "log_loss", "auto"}
        if model["loss"] not in known:
            raise self._refused(model, f"loss={model['loss']!r}")
        rounds, features = model["_predictors"], int(model["n_features_in_"])
        if any(len(part) != groups for part in rounds):
            raise damaged(self._name, "a round of it has another number of trees")
        trees = [histogram_tree(tree, features, self._name) for part in rounds for tree in part]
        targets = [number % groups for number in range(len(trees))]
        start = np.asarray(model["_baseline_prediction"], np.float64).reshape(-1)
        total = self._summed(value, trees, targets, groups)
        raw = self.graph.node("Add", total, self.graph.constant(np.broadcast_to(start, (groups,))))
        if classifier:
            return self._boosted_classes(raw, classes, inclusive=False)
        raw = self.graph.node("Exp", raw) if model["loss"] in {"poisson", "gamma"} else raw
        return self._regression(raw, None)

    _transformers: ClassVar[Mapping[str, Callable[["Writer", str, Instance], str]]] = {
        "StandardScaler": _standard,
        "RobustScaler": _robust,
        "MaxAbsScaler": _divided,
        "MinMaxScaler": _min_max,
        "Normalizer": _normalised,
        "PCA": _components,
    }
    _classifiers: ClassVar[Mapping[str, Callable[["Writer", str, Instance], None]]] = {
        "LogisticRegression": _logistic,
        "LogisticRegressionCV": _logistic,
        "SGDClassifier": _stochastic,
        "LinearDiscriminantAnalysis": _discriminant,
        "GaussianNB": _gaussian,
    }


def _classes(model: Instance) -> NDArray[Any]:
    """The classes of a classifier. Raises ValueError for those of several outputs."""
    owner = model if "classes_" in model.attributes else model["_label_binarizer"]
    found = np.asarray(owner["classes_"])
    if found.ndim != 1 or len(found) < 2:  # noqa: PLR2004
        raise ValueError("it has several outputs with classes of their own, or a single class")
    return found
