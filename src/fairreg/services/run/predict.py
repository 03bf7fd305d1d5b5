# SPDX-License-Identifier: MIT
"""Prediction by a model, given by its identifier or as a file, on the user's input."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from numpy.typing import NDArray

from fairreg import models
from fairreg.errors import ModelError, UsageError
from fairreg.models.base import Inputs
from fairreg.runners import Runner, weights
from fairreg.runners.batching import Batching, joined, row_count
from fairreg.services.run.loaded_model import LoadedModel
from fairreg.services.run.origin import WeightsOrigin, weights_document
from fairreg.services.run.outputs import OUTPUT_SUFFIXES, described, write_outputs
from fairreg.services.run.row_check import dependence_warnings
from fairreg.storage.arrays import UNREADABLE, Rows, open_rows, unreadable
from fairreg.storage.arrays import row_count as stored_rows
from fairreg.storage.files import digest

__all__ = [
    "Prediction",
    "Progress",
    "count_inputs",
    "count_items",
    "measured",
    "predict",
    "read_arrays",
    "read_inputs",
]

Array = NDArray[Any]
# Called with the number of items done and the total.
Progress = Callable[[int, int], None]
# Batches between two progress updates.
_STRETCH = 8


@dataclass(frozen=True)
class Prediction:
    """Outputs by name, with model and input. `metrics` are empty for an input without labels.

    `converted_from` names the program whose model ran as ONNX, None where nothing was converted. `output` is
    the file that the outputs were written to, `parameters` the number of elements of the weights.
    """

    model: str
    path: Path
    fingerprint: str | None
    origin: WeightsOrigin
    runner: Runner
    batching: Batching
    source: str
    outputs: Mapping[str, Array]
    items: int
    seconds: float
    metrics: Mapping[str, float]
    warnings: tuple[str, ...] = ()
    converted_from: str | None = None
    parameters: int | None = None
    output: Path | None = None

    def __repr__(self) -> str:
        from fairreg.schemas.notebook.one_line import brief, named, represented
        from fairreg.schemas.text import counted
        from fairreg.services.run.notebook import outputs_text

        where = f"{brief(self.model)} on {named(self.runner.name)} ({named(self.runner.device)}):"
        return represented(self, where, f"{counted(self.items, 'item')} -> {outputs_text(self.outputs)}")

    def _repr_html_(self) -> str:
        """View of the prediction in a notebook."""
        from fairreg.services.run.notebook import prediction_view

        return prediction_view(self)

    def to_json(self) -> dict[str, Any]:
        """The document that ``fairreg run --json`` prints."""
        return {
            "model": self.model,
            "weights": weights_document(
                self.origin,
                self.path.name,
                weights.content_digest(self.path),
                self.fingerprint,
                self.parameters,
            ),
            "runtime": self.runner.name,
            "engine": self.runner.engine,
            "converted_from": self.converted_from,
            "device": self.runner.device,
            "input": {"source": self.source, "items": self.items},
            "batching": self.batching.to_json(self.items),
            "files": [self._file()],
            "failures": [],
            "metrics": dict(self.metrics),
            "timing": {
                "items_per_second": self.items / self.seconds if self.seconds else None,
                "batch_size": self.batching.size,
            },
            "warnings": list(self.warnings),
            "vectors": None,  # with inputs of the user nothing is compared
        }

    def _file(self) -> dict[str, Any]:
        """The entry of the input in ``files``, with the keys that it has among several inputs."""
        return {
            "source": self.source,
            "items": self.items,
            "metrics": dict(self.metrics),
            "output": None if self.output is None else str(self.output),
            "sha256": None if self.output is None else digest(self.output),
            "outputs": described(self.outputs),
            "skipped": False,
        }


def predict(
    model: LoadedModel, inputs: Path, *, output: Path | None = None, progress: Progress | None = None
) -> Prediction:
    """Run the model on the arrays or jets in the file `inputs`.

    A model that fairreg supports reads the files of its own field; any other takes .npz files with an array
    for each of its inputs. `output` is written when all outputs are computed. Raises ModelError if model and
    input do not fit, UsageError for an output of an unknown kind and for one that is the input.
    """
    if output is not None and output.suffix not in OUTPUT_SUFFIXES:
        raise UsageError(f"{output.name} is not a .npz or .npy file.", hint="Use one of these suffixes.")
    if output is not None and output.exists() and inputs.exists() and output.samefile(inputs):
        raise UsageError(f"The output {output} is the input.", hint="Choose another --output.")
    given = read_inputs(model, inputs)
    warnings = (*model.warnings, *dependence_warnings(model.runner, given.arrays))
    begun = perf_counter()
    outputs = _run(model.runner, given.arrays, progress)
    seconds = perf_counter() - begun
    if output is not None:  # before figures of merit, for which the labels may not do
        write_outputs(outputs, output)
    return Prediction(
        model=model.title,
        path=model.path,
        fingerprint=model.fingerprint,
        origin=model.origin,
        runner=model.runner,
        batching=model.runner.cutting(given.arrays),
        source=str(inputs),
        outputs=outputs,
        items=count_items(given.arrays),
        seconds=seconds,
        metrics=measured(model, outputs, given.labels),
        warnings=warnings,
        converted_from=model.converted_from,
        parameters=model.parameters,
        output=output,
    )


def read_arrays(
    path: Path, names: Iterable[str], start: int = 0, stop: int | None = None
) -> dict[str, Array]:
    """Read rows of a .npz or HDF5 file, or of a .npy file for a model with a single input, by input name.

    Raises ModelError, MissingEngine for HDF5 without h5py; pickled arrays are not read.
    """
    wanted = list(names)
    with _readable(path), open_rows(path, start, stop) as content:
        if isinstance(content, Rows):
            return dict(content)
    if len(wanted) != 1:
        raise ModelError(
            f"{path.name} contains one array, but the model has the inputs {', '.join(wanted)}.",
            hint="Use a .npz or HDF5 file with arrays of these names.",
        )
    return {wanted[0]: content}


def count_inputs(model: LoadedModel, path: Path) -> int | None:
    """Number of items in the file, None if it cannot be divided into shards. Raises ModelError."""
    if not path.is_file():
        raise _no_file(path)
    if model.runner.batch_size is None:
        return None
    if model.recognition is not None:
        return models.get(model.recognition.model).count_inputs(path)
    with _readable(path):
        return None if _gives_default(model.runner, path) else stored_rows(path)


def _gives_default(runner: Runner, path: Path) -> bool:
    """Tell whether the file has an array for an input that the model has a default for: it has no rows."""
    if not runner.defaults:
        return False
    with open_rows(path, 0, 0) as content:
        return isinstance(content, Rows) and any(item.name in content for item in runner.defaults)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise unreadable(path, error) from error


def read_inputs(loaded: LoadedModel, inputs: Path, start: int = 0, stop: int | None = None) -> Inputs:
    """Read the model's inputs in the file, from item `start` to before `stop`. Raises ModelError."""
    if not inputs.is_file():
        raise _no_file(inputs)
    if loaded.recognition is not None:
        return models.get(loaded.recognition.model).read_inputs(inputs, start, stop)
    return Inputs(read_arrays(inputs, [item.name for item in loaded.runner.inputs], start, stop))


def _no_file(path: Path) -> ModelError:
    return ModelError(f"There is no file {path}.", hint="Give the file with the model's inputs.")


def _run(runner: Runner, arrays: Mapping[str, Array], progress: Progress | None) -> Mapping[str, Array]:
    """Run as `Runner.run`; with `progress`, several batches at a time between its calls."""
    items = count_items(arrays)
    stretch = _STRETCH * (runner.cutting(arrays).size or items)
    if progress is None or items <= stretch or row_count(arrays) is None:
        return runner.run(arrays)
    parts = []
    for first in range(0, items, stretch):
        parts.append(runner.run({name: array[first : first + stretch] for name, array in arrays.items()}))
        progress(min(first + stretch, items), items)
    return joined(parts)


def count_items(arrays: Mapping[str, Array]) -> int:
    """Number of items of the arrays along their first axis."""
    first = next(iter(arrays.values()), None)
    return len(first) if first is not None and first.ndim else 1


def measured(loaded: LoadedModel, outputs: Mapping[str, Array], labels: Array | None) -> Mapping[str, float]:
    """Figures of merit of the outputs, none without labels."""
    if loaded.recognition is None or labels is None:
        return {}
    return models.get(loaded.recognition.model).measure(outputs, labels)
