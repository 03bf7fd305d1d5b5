# SPDX-License-Identifier: MIT
"""Keras 3, an optional engine for .keras files, computing with PyTorch (extra ``keras``).

Keras reads only what `_keras.check` passed: its own layers by a list, no code, no module, no link to other
files. The model is first made without memory, so that its size is known before any is taken.
HDF5 files of Keras go through `converters.keras` instead, since Keras 3 computes some of those of older
versions otherwise.
"""

import os
import re
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.util import find_spec
from math import prod
from pathlib import Path
from typing import Any

from fairreg.errors import MissingEngine, ModelError
from fairreg.runners import devices, torch
from fairreg.runners._keras import check, sizes
from fairreg.runners.base import Arrays, Runner
from fairreg.runners.batching import Batching, decide
from fairreg.runners.converters.keras.arguments import plain
from fairreg.schemas.record import Tensor
from fairreg.storage.formats import FileFormat

__all__ = ["FORMATS", "RUNTIME", "SUFFIXES", "KerasRunner", "available", "check_device", "engine", "load"]

RUNTIME = "keras"
SUFFIXES: frozenset[str] = frozenset()
FORMATS: frozenset[FileFormat] = frozenset({"keras"})

_BACKEND = "torch"
# Variables that Keras reads, or sets, when it is imported.
_VARIABLES = ("KERAS_BACKEND", "KERAS_HOME", "TF_FORCE_GPU_ALLOW_GROWTH")
_FAULTS = (
    *(ValueError, TypeError, LookupError, AttributeError, RuntimeError, NotImplementedError, ImportError),
    *(OSError, ArithmeticError, MemoryError, AssertionError),
)
_SHOWN = 300
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # in messages of Keras
_MOST_NUMBERS = 1 << 28  # of a batch, with the outputs of all layers
_importing = threading.Lock()


def available() -> bool:
    """Tell whether Keras and PyTorch are installed."""
    return find_spec("keras") is not None and torch.available()


def check_device(device: devices.Device) -> None:
    """Raise MissingEngine, or ModelError where PyTorch cannot use `device`."""
    if find_spec("keras") is None:
        raise MissingEngine("Keras", "keras")
    torch.check_device(device)


def engine() -> Any:
    """Import Keras with PyTorch behind it; the environment and the home folder stay as they are.

    Raises MissingEngine, and ModelError where this process already uses Keras with something else.
    """
    if not available():
        raise MissingEngine("Keras" if find_spec("keras") is None else "PyTorch", "keras")
    with _importing:
        if "keras" in sys.modules:
            import keras
        else:
            with _apart():
                import keras
    backend = keras.config.backend()
    if backend != _BACKEND:
        raise ModelError(
            f"Keras is in use in this process with {backend}, and fairreg runs it with PyTorch.",
            hint="Set KERAS_BACKEND=torch before Keras is imported, or use another process.",
        )
    return keras


@contextmanager
def _apart() -> Iterator[None]:
    """Context manager: Keras finds settings of its own in an empty folder, where it also writes its file."""
    before = {name: os.environ.get(name) for name in _VARIABLES}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.environ["KERAS_BACKEND"], os.environ["KERAS_HOME"] = _BACKEND, folder
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def load(
    source: Path | bytes,
    *,
    batch_size: int | None = None,
    threads: int | None = None,  # noqa: ARG001  PyTorch's threads are those of the process
    engines: Path | None = None,  # noqa: ARG001  the protocol's signature
    device: str | None = None,
) -> "KerasRunner":
    """Load a runner of a .keras file. Raises ModelError, SecurityRefusal, MissingEngine, UsageError."""
    place = devices.parse(device)
    check_device(place)
    if not isinstance(source, Path):
        raise ModelError("Keras loads .keras files, not ONNX models.", hint="Leave out --runtime.")
    found = check.checked(source)
    keras = engine()
    name = plain(source.name)
    per_row = _check_size(keras, found, name)
    model = _loaded(keras, found, name, str(place))
    return KerasRunner(keras, model, found, _Batch(batch_size, max(1, _MOST_NUMBERS // per_row)), str(place))


def _check_size(keras: Any, found: check.Checked, name: str) -> int:
    """Make the model without memory; return the numbers that a row takes, with the outputs of all layers.

    Raises ModelError for a model with more parameters than its weights, or with outputs that are too large.
    """
    import json
    import zipfile
    from io import BytesIO

    with zipfile.ZipFile(BytesIO(found.content)) as archive:
        config = json.loads(archive.read("config.json"))

    def make() -> Any:
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
        parameters = sum(prod(item.shape) for item in model.weights if "int" not in item.dtype)
        if parameters > found.parameters:
            raise ModelError(
                f"The model in {name} has {parameters} parameters, and its weights {found.parameters}."
            )
        return model

    with _quiet(name):
        return sizes.made(keras, make, found.parameters)[1]


def _loaded(keras: Any, found: check.Checked, name: str, device: str) -> Any:
    with tempfile.TemporaryDirectory() as folder, _quiet(name), keras.device(device):
        path = Path(folder) / "model.keras"
        path.write_bytes(found.content)
        return keras.saving.load_model(path, compile=False, safe_mode=True)


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Context manager: errors of Keras become a ModelError; its warnings are not shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except _FAULTS as error:
            raise ModelError(f"Keras could not load {name}: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    text = plain(_COLOURS.sub("", str(error)), len(str(error))).removesuffix(".")
    return f"{text[:_SHOWN]}..." if len(text) > _SHOWN else text or type(error).__name__


class KerasRunner(Runner):
    """A model of Keras 3, computed by PyTorch without gradients."""

    def __init__(self, keras: Any, model: Any, found: check.Checked, batch: "_Batch", device: str) -> None:
        self._keras, self._model = keras, model
        order = {tensor.name: tensor for tensor in model.inputs}
        inputs = tuple(_signature(name, order[name]) for name in found.inputs)
        outputs = tuple(
            _signature(name, made) for name, made in zip(found.outputs, model.outputs, strict=True)
        )
        super().__init__(
            RUNTIME,
            inputs,
            outputs,
            device=device,
            precision=outputs[0].dtype,
            batching=batch.decided(inputs, outputs, independent=found.independent),
        )
        self.engine = f"Keras {version('keras')}, PyTorch {version('torch')}"
        self._order = [tensor.name for tensor in model.inputs]
        self._structure, self._indices = sizes.structure(model), found.indices

    def compute(self, arrays: Arrays) -> Arrays:
        """Call the model once; errors of Keras and PyTorch become a ModelError."""
        import torch as engine_of_keras

        for name in sorted(self._indices):
            _check_indices(name, arrays[name])
        values = [arrays[name] for name in self._order]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                with self._keras.device(self.device), engine_of_keras.inference_mode():
                    given = self._keras.tree.pack_sequence_as(self._structure, values)
                    result = self._model(given, training=False)
                    made = self._keras.tree.flatten(result)
                    found = [self._keras.ops.convert_to_numpy(value) for value in made]
            except _FAULTS as error:
                raise ModelError(f"Keras could not run the model: {_reason(error)}.") from error
        return {tensor.name: value for tensor, value in zip(self.outputs, found, strict=True)}


def _check_indices(name: str, array: Any) -> None:
    """Raise ModelError for numbers of rows that are negative: PyTorch would count those from the end."""
    if array.size and (array.min() < 0 or (array != array.astype("int64")).any()):
        raise ModelError(f"The input {plain(name)} has indices that are negative or no whole numbers.")


@dataclass(frozen=True)
class _Batch:
    """The batch size that a user asked for, and how many rows at once take little memory."""

    asked: int | None
    most: int

    def decided(
        self, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...], *, independent: bool
    ) -> Batching:
        """The batches that the rows are cut into."""
        found = decide(inputs, outputs, size=self.asked, stated=independent, proven=lambda: False)
        if self.asked is not None or found.exact or found.size is None:
            return found
        return replace(found, size=min(found.size, self.most))


def _signature(name: str, tensor: Any) -> Tensor:
    """The signature of a tensor of Keras; the batch is called ``rows``."""
    sizes = [size if size is not None else f"{name}_{axis}" for axis, size in enumerate(tensor.shape)]
    first = "rows" if tensor.shape[0] is None else tensor.shape[0]
    return Tensor(name=name, dtype=tensor.dtype, shape=(first, *sizes[1:]))
