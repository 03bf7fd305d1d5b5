# SPDX-License-Identifier: MIT
"""Models of scikit-learn that skops trusts, in scikit-learn.

Of the types that skops trusts those run whose predictions are NumPy's arithmetic: compiled code would follow
what the file says unchecked.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError, SecurityRefusal
from fairreg.runners._trees.forest import features_allowed, rows_at_once
from fairreg.runners._trees.sklearn_graph import written
from fairreg.runners._trees.sklearn_outputs import labels
from fairreg.runners._trees.skops_file import SkopsFile
from fairreg.runners._trees.wording import plain
from fairreg.runners.base import Arrays, Runner
from fairreg.schemas.record import Feature, Tensor

__all__ = ["SkopsRunner", "loaded"]

# Classes whose predictions need NumPy and SciPy alone, however wrong their attributes are.
_ESTIMATORS = frozenset(
    {
        *("Pipeline", "StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "Normalizer", "PCA"),
        *("PowerTransformer", "SimpleImputer", "LabelBinarizer", "LabelEncoder"),
        *("LogisticRegression", "LogisticRegressionCV", "SGDClassifier", "Perceptron", "RidgeClassifier"),
        *("RidgeClassifierCV", "LinearSVC", "LinearDiscriminantAnalysis", "QuadraticDiscriminantAnalysis"),
        *("GaussianNB", "BernoulliNB", "MultinomialNB", "ComplementNB", "MLPClassifier", "MLPRegressor"),
        *("LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV"),
        *("BayesianRidge", "ARDRegression", "HuberRegressor", "SGDRegressor", "LinearSVR"),
        *("PoissonRegressor", "GammaRegressor", "QuantileRegressor"),
    }
)
# Losses and links that belong to linear models, and random numbers that are not drawn.
_PARTS = (
    *("sklearn._loss.", "sklearn.linear_model._sgd_fast.", "sklearn.utils._bunch."),
    *("numpy.", "builtins.", "collections."),
)
_FAULTS = (
    *(ValueError, TypeError, AttributeError, LookupError, ArithmeticError, AssertionError),
    *(RuntimeError, ImportError, MemoryError, OSError),
)


def loaded(file: SkopsFile) -> tuple[Any, tuple[str, ...]]:
    """Load the object, with remarks about the version of scikit-learn that made it. Raises as `load`."""
    import skops.io
    from sklearn.exceptions import InconsistentVersionWarning

    content = file.archive()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            untrusted = skops.io.get_untrusted_types(data=content)
            _check_types(file, untrusted)
            model = skops.io.loads(content, trusted=[])
        except (RecursionError, *_FAULTS) as error:
            raise ModelError(f"skops could not load {file.name}: {_reason(error)}.") from error
    other = [item.message for item in said if isinstance(item.message, InconsistentVersionWarning)]
    if not other:
        return model, ()
    found = other[0]
    remark = (
        f"Made with scikit-learn {plain(found.original_sklearn_version, 20)}, run with "
        f"{found.current_sklearn_version}: scikit-learn does not promise equal results."
    )
    return model, (remark,)


def _check_types(file: SkopsFile, untrusted: list[str]) -> None:
    if untrusted:
        more = ", ..." if len(untrusted) > 5 else ""  # noqa: PLR2004
        shown = ", ".join(plain(name, 120) for name in untrusted[:5]) + more
        raise SecurityRefusal(
            f"{file.name} holds types that skops does not trust: {shown}.",
            hint=_next_step(file),
        )
    for kind in file.kinds:
        name = kind.rpartition(".")[2]
        if not kind.startswith(_PARTS) and not (kind.startswith("sklearn.") and name in _ESTIMATORS):
            raise ModelError(
                f"{file.name} holds {plain(kind, 120)}, which fairreg does not run.",
                hint="Ask its authors for the model as ONNX.",
            )


def _next_step(file: SkopsFile) -> str:
    try:
        written(file)
    except (ModelError, SecurityRefusal):
        return "Ask its authors for the model as ONNX."
    return "It can be converted without loading it: fairreg convert FILE --to onnx."


class SkopsRunner(Runner):
    """A loaded model of scikit-learn; `engine` names the libraries with their versions.

    A classifier gives ``label`` (rows,) and, where it has them, ``probabilities`` (rows, classes); a
    regressor gives ``prediction``, a transformer ``transformed``. `remarks` are sentences for its user.
    """

    def __init__(
        self, model: Any, file: SkopsFile, remarks: tuple[str, ...] = (), *, batch_size: int | None = None
    ) -> None:
        import sklearn
        import skops

        self.engine = f"scikit-learn {sklearn.__version__}, skops {skops.__version__}"
        self.remarks, self._model, self._file = remarks, model, file
        if (first := self._safely(lambda: _first(model))) is None:
            raise ModelError(f"{file.name} has no step that states its features.")
        features = self._safely(lambda: int(first.n_features_in_))
        features_allowed(file.name, features, file.size)
        trial = self._predicted(np.zeros((2, features)))
        super().__init__(
            "skops",
            (_input(self._safely(lambda: _feature_names(first)), features),),
            tuple(_output(name, array) for name, array in trial.items()),
            precision="float64",
            batch_size=rows_at_once(features) if batch_size is None else batch_size,
        )

    def compute(self, arrays: Arrays) -> Arrays:
        """Predict one batch; errors of scikit-learn become a ModelError."""
        features = arrays["input"]
        if not len(features):
            return {
                name: value[:0] for name, value in self._predicted(np.zeros((2, features.shape[1]))).items()
            }
        return self._predicted(features)

    def _predicted(self, features: NDArray[np.float64]) -> Arrays:
        found: Arrays = self._safely(lambda: _outputs(self._model, features))
        return found

    def _safely(self, function: Any) -> Any:
        """Call `function`, in which scikit-learn may fail in any way for a file that contradicts itself."""
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                return function()
            except ModelError:
                raise
            except (RecursionError, *_FAULTS) as error:
                raise ModelError(
                    f"scikit-learn could not run {self._file.name}: {_reason(error)}."
                ) from error


def _outputs(model: Any, features: NDArray[np.float64]) -> Arrays:
    found: Arrays = {}
    if hasattr(model, "predict"):
        predicted = np.asarray(model.predict(features))
        if hasattr(model, "classes_"):
            known = labels(predicted)
            found["label"] = known.astype(str) if known.dtype == object else known
            if hasattr(model, "predict_proba"):
                found["probabilities"] = np.asarray(model.predict_proba(features), np.float64)
        else:
            found["prediction"] = predicted.astype(np.float64)
    else:
        found["transformed"] = np.asarray(model.transform(features), np.float64)
    for name, array in found.items():
        if not array.ndim or len(array) != len(features):
            raise ValueError(f"the output {name} has the shape {array.shape}")
    return found


def _first(model: Any) -> Any:
    """The first step of a pipeline, and of one in it, that does not pass features through, or None."""
    if not hasattr(model, "steps"):
        return None if isinstance(model, str) else model
    return next((found for _, step in model.steps if (found := _first(step)) is not None), None)


def _feature_names(model: Any) -> tuple[str, ...]:
    return tuple(str(name) for name in getattr(model, "feature_names_in_", ()))


def _input(names: tuple[str, ...], features: int) -> Tensor:
    stated = tuple(Feature(name=plain(name)) for name in names) if len(names) == features else ()
    return Tensor(
        name="input",
        dtype="float64",
        shape=("rows", features),
        features=stated,
        description="features in the order of the training",
    )


def _output(name: str, array: NDArray[Any]) -> Tensor:
    kind = "str" if array.dtype.kind == "U" else array.dtype.name
    return Tensor(name=name, dtype=kind, shape=("rows", *array.shape[1:]))


def _reason(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {plain(first)}".rstrip(": .")
