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

from fairreg.errors import MissingEngine, ModelError
from fairreg.runners._trees.ensemble import GraphWriter
from fairreg.runners._trees.forest import damaged, features_allowed
from fairreg.runners._trees.sklearn_outputs import refused
from fairreg.runners._trees.sklearn_trees import EnsembleWriter
from fairreg.runners._trees.skops_file import Instance, SkopsFile
from fairreg.runners._trees.wording import plain

__all__ = ["Writer", "written"]

# Modules of what a file of scikit-learn's models holds; an author's own classes compute anything.
_KNOWN = ("sklearn.", "numpy.", "scipy.", "builtins.", "collections.")
_FAULTS = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)
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
# Steps that let NaN through.
_TAKE_MISSING = frozenset({"StandardScaler", "RobustScaler", "MaxAbsScaler", "MinMaxScaler"})
_FORESTS = ("DecisionTree", "ExtraTree", "RandomForest", "ExtraTrees")


class Writer(EnsembleWriter):
    """Writes one model into a graph, in double."""

    def __init__(self, model: Instance, name: str, size: int) -> None:
        """Make the graph for a model of a file of `size` bytes. Raises ModelError, KeyError and TypeError."""
        self._steps = _steps(model)
        first = self._steps[0] if self._steps else model
        if not self._steps or not isinstance(first, Instance):
            raise refused(name, first, "" if self._steps else "no step")
        self.features = features_allowed(name, int(first["n_features_in_"]), size)
        super().__init__(name, GraphWriter(self.features, np.float64))

    def write(self) -> bytes:
        """The model as ONNX. Raises ModelError, with its name, for a class or setting that is not written."""
        value, width = "input", self.features
        *steps, model = self._steps
        for step in steps:
            value, width = self._transformed(value, step, width)
            self.scaled = True
        if isinstance(model, Instance) and model.name in self._transformers:
            value, width = self._transformed(value, model, width)
            self.graph.output(value, "transformed", np.float64, width)
        else:
            self._predicted(value, model)
        return self.graph.serialised("scikit-learn")

    def _transformed(self, value: str, step: Any, width: int) -> tuple[str, int]:
        """The value and the number of columns after a step."""
        if not isinstance(step, Instance) or step.name not in self._transformers:
            raise self._refused(step)
        if step.get("clip") or step.get("add_indicator") or step.get("whiten"):
            raise self._refused(step, "clip, add_indicator or whiten")
        self._refuse(value, missing=step.name in _TAKE_MISSING)
        found = self._transformers[step.name](self, value, step)
        return found, int(np.shape(step["components_"])[0]) if step.name == "PCA" else width

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
        self.rounded = True
        length = self.graph.node("ReduceL2", value, axes=[1], keepdims=1)
        zero = self.graph.node("Equal", length, self.graph.constant(0))
        return self.graph.node("Div", value, self.graph.node("Where", zero, self.graph.constant(1), length))

    def _components(self, value: str, step: Instance) -> str:
        self.rounded = True
        centred = self.graph.node("Sub", value, self.graph.constant(step["mean_"]))
        return self.graph.node("MatMul", centred, self.graph.constant(np.asarray(step["components_"]).T))

    def _predicted(self, value: str, model: Any) -> None:
        if not isinstance(model, Instance):
            raise self._refused(model)
        name = model.name
        if not name.startswith(("HistGradientBoosting", *_FORESTS)):
            single = name in {"GradientBoostingClassifier", "GradientBoostingRegressor"}
            self._refuse(value, missing=False, single=single)
        if name in _LINEAR or name in _EXPONENTIAL:
            self._linear_regression(value, model)
        elif name in _BY_SCORE:
            self._label(self._scores(value, model), self._classes(model), threshold=0)
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
        classes = self._classes(model)
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
        classes, scores = self._classes(model), self._scores(value, model)
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
        self._by_scores(self._scores(value, model), self._classes(model))

    def _gaussian(self, value: str, model: Instance) -> None:
        """log P(c) - sum log(2 pi var)/2 - sum (x - mean)^2 / (2 var), normalised."""
        graph, variance = self.graph, np.asarray(model["var_"], np.float64)
        constant = np.log(model["class_prior_"]) - 0.5 * np.log(2 * np.pi * variance).sum(axis=1)
        wide = graph.node("Unsqueeze", value, graph.constant([1], np.int64))
        distance = graph.node("Sub", wide, graph.constant(model["theta_"]))
        weighted = graph.node("Div", graph.node("Mul", distance, distance), graph.constant(2 * variance))
        summed = graph.node("ReduceSum", weighted, graph.constant([2], np.int64), keepdims=0)
        joint = graph.node("Sub", graph.constant(constant), summed)
        classes = self._classes(model)
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
        return self._network_classes(value, self._classes(model), last, columns)

    def _network_classes(self, value: str, classes: NDArray[Any], last: str, columns: int) -> None:
        if last == "logistic" and (len(classes), columns) != (2, 1):
            raise self._refused(self._steps[-1], "several labels per row")
        if last == "logistic":
            positive = self._sigmoid(value)
            self._label(positive, classes, threshold=0.5)
            return self._probabilities(self._both(positive), 2)
        self._label(value, classes, threshold=None)
        return self._probabilities(self.graph.node("Softmax", value, axis=1), len(classes))

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


def _steps(model: Any) -> list[Any]:
    """The steps of a pipeline and of pipelines in it, without those that pass features through."""
    if not isinstance(model, Instance) or model.name != "Pipeline":
        passed = model is None or (isinstance(model, str) and model == "passthrough")
        return [] if passed else [model]
    return [found for _, step in model["steps"] for found in _steps(step)]


def written(file: SkopsFile) -> tuple[Writer, bytes]:
    """Write the model of a file as ONNX; return the writer as well, which knows more about it.

    Raises ModelError for a damaged file, and by name for what is not written; MissingEngine without
    onnxruntime.
    """
    from fairreg.runners import onnx

    if foreign := [kind for kind in file.kinds if not kind.startswith(_KNOWN)]:
        raise ModelError(
            f"{file.name} holds {plain(foreign[0], 120)}, which is not of scikit-learn: only its "
            "author's code says what it computes.",
            hint="Ask its authors for the model as ONNX.",
        )
    model = file.values()
    if not isinstance(model, Instance):
        raise ModelError(f"{file.name} holds a {type(model).__name__}, not a model of scikit-learn.")
    try:
        with np.errstate(all="ignore"):
            writer = Writer(model, file.name, file.size)
            content = writer.write()
    except _FAULTS as error:
        fault = f"it has no attribute {error}" if isinstance(error, KeyError) else f"{error}"
        raise ModelError(
            f"{file.name} cannot be written as ONNX: {plain(fault or type(error).__name__).rstrip('.')}.",
            hint="It may be damaged, or of another version of scikit-learn; ask its authors for ONNX.",
        ) from error
    try:
        onnx.load(content).run({"input": np.zeros((2, writer.features))})
    except MissingEngine:
        raise
    except ModelError as error:
        raise damaged(file.name, "the shapes of its numbers contradict each other") from error
    return writer, content
