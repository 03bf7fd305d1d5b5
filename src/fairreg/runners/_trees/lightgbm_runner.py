# SPDX-License-Identifier: MIT
"""Checked models of LightGBM in LightGBM."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners._trees.forest import rows_at_once
from fairreg.runners._trees.lightgbm_model import LightGBMModel, serialised
from fairreg.runners._trees.wording import plain
from fairreg.runners.base import Arrays, Runner
from fairreg.schemas.record import Feature, Tensor

__all__ = ["LightGBMRunner"]


class LightGBMRunner(Runner):
    """A checked model in LightGBM; `engine` names the library with its version.

    The output is ``probabilities`` (rows, classes) of classifiers, ``margin`` where the objective is its
    author's own, and else ``prediction``, (rows,) or (rows, outputs).
    """

    def __init__(
        self, model: LightGBMModel, *, batch_size: int | None = None, threads: int | None = None
    ) -> None:
        import lightgbm

        self.engine = f"LightGBM {lightgbm.__version__}"
        self._model = model
        self._options = {"num_threads": threads} if threads is not None else {}
        super().__init__(
            "lightgbm",
            (_input(model),),
            (_output(model),),
            precision="float64",
            batch_size=rows_at_once(model.features) if batch_size is None else batch_size,
        )
        try:
            self._booster = lightgbm.Booster(model_str=serialised(model))
        except (lightgbm.basic.LightGBMError, ValueError) as error:
            raise ModelError(f"{self.engine} could not load {model.name}: {plain(error)}.") from error

    def compute(self, arrays: Arrays) -> Arrays:
        """Predict one batch; errors of LightGBM become a ModelError."""
        import lightgbm

        features = arrays["input"]
        found = np.zeros((0, self._model.groups))
        try:
            if len(features):
                found = np.asarray(self._booster.predict(features, **self._options), np.float64)
        except (lightgbm.basic.LightGBMError, ValueError) as error:
            raise ModelError(f"{self.engine} could not run the model: {plain(error)}.") from error
        return {self.outputs[0].name: _shaped(found, self._model)}


def _shaped(found: NDArray[np.float64], model: LightGBMModel) -> NDArray[Any]:
    """The library's output in the shape of the signature."""
    if model.groups > 1:
        return found.reshape(-1, model.groups)
    flat = found.reshape(-1)
    return np.stack([1 - flat, flat], axis=1) if model.is_classifier else flat


def _input(model: LightGBMModel) -> Tensor:
    return Tensor(
        name="input",
        dtype="float64",
        shape=("rows", model.features),
        features=tuple(Feature(name=plain(name)) for name in model.feature_names),
        description="features in the order of the training",
    )


def _output(model: LightGBMModel) -> Tensor:
    columns: tuple[int, ...] = () if model.groups == 1 else (model.groups,)
    if model.is_classifier and model.groups == 1:
        columns = (2,)
    stated = f"{model.objective}" if model.objective else "an objective of the author's own: sum of the trees"
    return Tensor(
        name=model.output, dtype="float64", shape=("rows", *columns), description=f"output of {stated}"
    )
