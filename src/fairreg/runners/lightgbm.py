# SPDX-License-Identifier: MIT
"""LightGBM's models as text with LightGBM itself.

The file is read and checked by `_trees.lightgbm_model`; the library gets what that writes anew. Features are
float64, as LightGBM compares them. All trees are used.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import MissingEngine, ModelError, UsageError
from fairreg.runners import devices
from fairreg.runners._trees.forest import rows_at_once
from fairreg.runners._trees.lightgbm_model import LightGBMModel, read, serialised
from fairreg.runners.base import Arrays, Runner
from fairreg.schemas.record import Feature, Tensor
from fairreg.storage.formats import FileFormat

__all__ = ["FORMATS", "RUNTIME", "SUFFIXES", "LightGBMRunner", "available", "check_device", "load"]

RUNTIME = "lightgbm"
SUFFIXES: frozenset[str] = frozenset()
FORMATS: frozenset[FileFormat] = frozenset({"lightgbm"})


def available() -> bool:
    """Tell whether LightGBM is installed."""
    return find_spec("lightgbm") is not None


def check_device(device: devices.Device) -> None:
    """Raise MissingEngine without LightGBM, UsageError for a GPU."""
    if not available():
        raise MissingEngine("LightGBM", "lightgbm")
    if device.on_gpu:
        raise UsageError("LightGBM predicts on the CPU.", hint="Use --device cpu.")


def load(
    source: Path | bytes,
    *,
    batch_size: int | None = None,
    threads: int | None = None,
    device: str | None = None,
) -> "LightGBMRunner":
    """Load a model on `threads` threads (None: LightGBM's choice, all cores).

    Raises MissingEngine, UsageError, and ModelError for a file that is damaged or of another format, with
    the name of an objective that is not run.
    """
    check_device(devices.parse(device))
    if isinstance(source, bytes):
        raise ModelError("LightGBM runs its own files, not ONNX.", hint="Leave out --runtime.")
    return LightGBMRunner(read(source), batch_size=batch_size, threads=threads)


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
            RUNTIME,
            (_input(model),),
            (_output(model),),
            precision="float64",
            batch_size=rows_at_once(model.features) if batch_size is None else batch_size,
        )
        try:
            self._booster = lightgbm.Booster(model_str=serialised(model))
        except (lightgbm.basic.LightGBMError, ValueError) as error:
            raise ModelError(f"{self.engine} could not load {model.name}: {error}") from error

    def compute(self, arrays: Arrays) -> Arrays:
        """Predict one batch; errors of LightGBM become a ModelError."""
        import lightgbm

        features = arrays["input"]
        found = np.zeros((0, self._model.groups))
        try:
            if len(features):
                found = np.asarray(self._booster.predict(features, **self._options), np.float64)
        except (lightgbm.basic.LightGBMError, ValueError) as error:
            raise ModelError(f"{self.engine} could not run the model: {error}") from error
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
        features=tuple(Feature(name=name) for name in model.feature_names),
        description="features in the order of the training",
    )


def output_name(model: LightGBMModel) -> str:
    """Name of the output."""
    if model.is_classifier:
        return "probabilities"
    return "prediction" if model.objective else "margin"


def _output(model: LightGBMModel) -> Tensor:
    columns: tuple[int, ...] = () if model.groups == 1 else (model.groups,)
    if model.is_classifier and model.groups == 1:
        columns = (2,)
    stated = f"{model.objective}" if model.objective else "an objective of the author's own: sum of the trees"
    return Tensor(
        name=output_name(model), dtype="float64", shape=("rows", *columns), description=f"output of {stated}"
    )
