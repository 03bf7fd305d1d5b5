# SPDX-License-Identifier: MIT
"""Checked models of XGBoost in XGBoost."""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners._trees.forest import rows_at_once
from fairreg.runners._trees.wording import plain
from fairreg.runners._trees.xgboost_model import XGBoostModel, early_stopping, objective_of
from fairreg.runners._trees.xgboost_writer import serialised
from fairreg.runners.base import Arrays, Runner
from fairreg.schemas.record import Feature, Tensor

__all__ = ["XGBoostRunner"]


class XGBoostRunner(Runner):
    """A checked model in XGBoost; `engine` names the library with its version.

    The output is ``probabilities`` (rows, classes) of classifiers, ``label`` (rows,) where XGBoost gives
    labels, (rows, targets) for several targets, ``margin`` (rows,) of binary:logitraw, and else
    ``prediction``, (rows,) or (rows, targets).
    """

    def __init__(
        self, model: XGBoostModel, *, batch_size: int | None = None, threads: int | None = None
    ) -> None:
        import xgboost

        self.engine = f"XGBoost {xgboost.__version__}"
        self._model, self._threads, self.remarks = model, threads, early_stopping(model)
        self._options = {"nthread": threads} if threads is not None else {}
        super().__init__(
            "xgboost",
            (_input(model),),
            (_output(model),),
            batch_size=rows_at_once(model.features) if batch_size is None else batch_size,
        )
        with xgboost.config_context(verbosity=0):
            try:
                self._booster = xgboost.Booster(self._options)
                self._booster.load_model(bytearray(serialised(model)))
            except (xgboost.core.XGBoostError, ValueError) as error:
                raise ModelError(f"{self.engine} could not load {model.name}: {_reason(error)}.") from error

    def compute(self, arrays: Arrays) -> Arrays:
        """Predict one batch; errors of XGBoost become a ModelError."""
        import xgboost

        features = arrays["input"]
        if not len(features):
            return {self.outputs[0].name: _shaped(np.zeros((0, self._model.groups), np.float32), self._model)}
        with xgboost.config_context(verbosity=0):
            try:
                data = xgboost.DMatrix(features, missing=np.nan, **self._options)
                found = self._booster.predict(data, validate_features=False)
            except (xgboost.core.XGBoostError, ValueError) as error:
                hint = "XGBoost takes no infinities; NaN is a missing value." if _infinite(features) else None
                raise ModelError(
                    f"{self.engine} could not run the model: {_reason(error)}.", hint=hint
                ) from error
        return {self.outputs[0].name: _shaped(found, self._model)}


def _infinite(features: NDArray[np.float32]) -> bool:
    return bool(np.isinf(features).any())


def _shaped(found: NDArray[Any], model: XGBoostModel) -> NDArray[Any]:
    """The library's output in the shape of the signature."""
    objective = objective_of(model)
    if objective.link == "argmax":
        return found.astype(np.int64).reshape(-1)
    if objective.output == "label":
        found = found.astype(np.int64)
    if objective.link == "sigmoid" and objective.output == "probabilities" and model.groups == 1:
        positive = found.reshape(-1)
        return np.stack([1 - positive, positive], axis=1)
    return found.reshape(-1) if model.groups == 1 else found.reshape(-1, model.groups)


def _input(model: XGBoostModel) -> Tensor:
    return Tensor(
        name="input",
        dtype="float32",
        shape=("rows", model.features),
        features=tuple(Feature(name=plain(name)) for name in model.feature_names),
        description="features in the order of the training; NaN is a missing value",
    )


_MEANINGS = {
    "softmax": "probability of each class",
    "argmax": "number of the most probable class",
    "hinge": "1 where the margin is positive, else 0",
    "sigmoid": "probability",
    "exp": "exponential of the sum of the trees",
    "identity": "sum of the trees",
}


def _output(model: XGBoostModel) -> Tensor:
    objective = objective_of(model)
    columns: tuple[int, ...] = () if model.groups == 1 else (model.groups,)
    meaning = _MEANINGS[objective.link]
    if objective.link == "argmax":
        columns = ()
    if objective.output == "probabilities" and model.groups == 1:
        columns, meaning = (2,), "probabilities of the classes 0 and 1"
    return Tensor(
        name=objective.output,
        dtype="int64" if objective.output == "label" else "float32",
        shape=("rows", *columns),
        description=f"{meaning} ({model.objective})",
    )


def _reason(error: Exception) -> str:
    """The sentence of XGBoost's error, without its place in the source and the stack."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    first = lines[0] if lines else type(error).__name__
    stated = re.sub(r"^\[[\d:]+\] \S+?:\d+: (Check failed: \w+: )?", "", first)
    return plain(stated).rstrip(".")
