# SPDX-License-Identifier: MIT
"""Prediction by a model, given by its identifier or as a file, on the user's input."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg import models, runners
from fairreg.errors import ModelError, UsageError
from fairreg.models.base import Inputs, Recognition
from fairreg.runners import Runner, weights
from fairreg.runners.weights import fingerprint
from fairreg.services.fetch.download import Progress as Downloading
from fairreg.services.fetch.fetch import fetch
from fairreg.services.run.demonstrate import DEFAULT_RUNTIME, ENGINES, meant, recognise, recognise_all
from fairreg.services.run.origin import WeightsOrigin, origin_of, weights_document
from fairreg.settings import Settings
from fairreg.storage.arrays import UNREADABLE, Rows, open_rows, row_count, unreadable
from fairreg.storage.files import digest, disk_faults
from fairreg.web import Log, no_log

__all__ = [
    "LoadedModel",
    "Prediction",
    "Progress",
    "count_inputs",
    "count_items",
    "looks_like_path",
    "measured",
    "open_file",
    "open_model",
    "predict",
    "read_arrays",
    "read_inputs",
    "runner_of",
    "write_outputs",
]

Array = NDArray[Any]
# Called with the number of items done and the total.
Progress = Callable[[int, int], None]
# Batches between two progress updates.
_STRETCH = 8


@dataclass(frozen=True)
class Prediction:
    """Outputs by name, with model and input. `metrics` are empty for an input without labels."""

    model: str
    path: Path
    fingerprint: str | None
    origin: WeightsOrigin
    runner: Runner
    source: str
    outputs: Mapping[str, Array]
    items: int
    seconds: float
    metrics: Mapping[str, float]
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The document that ``fairreg run --json`` prints."""
        return {
            "model": self.model,
            "weights": weights_document(self.origin, self.path.name, digest(self.path), self.fingerprint),
            "runtime": self.runner.name,
            "input": {"source": self.source, "items": self.items},
            "metrics": dict(self.metrics),
            "timing": {
                "items_per_second": self.items / self.seconds if self.seconds else None,
                "batch_size": self.runner.batch_size,
            },
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to run; `recognition` is None for one described only by its graph.

    `record` is the identifier of the record that it was fetched from, None for a file of the user.
    """

    runner: Runner
    path: Path
    recognition: Recognition | None
    warnings: tuple[str, ...] = ()
    record: str | None = None

    @property
    def origin(self) -> WeightsOrigin:
        """Origin of the weights."""
        return origin_of(self.recognition, fetched_from=self.record)

    @property
    def title(self) -> str:
        """The name of the network, else of the file."""
        return self.recognition.title if self.recognition else self.path.name

    @property
    def fingerprint(self) -> str | None:
        """The fingerprint of the weights, None for a graph without weights."""
        return self.recognition.fingerprint if self.recognition else _fingerprint(self.path)


def open_model(
    settings: Settings,
    model: str,
    *,
    runtime: str | None = None,
    patterns: Iterable[str] = (),
    log: Log = no_log,
    progress: Downloading | None = None,
) -> LoadedModel:
    """Open the model `model`, a local file or an identifier, ready to run.

    Raises the errors of `fetch`, and ModelError if no model or several are found.
    """
    path, engines = Path(model), settings.cache / ENGINES
    if path.is_file():
        return open_file(path, runtime, engines)
    if looks_like_path(model):
        raise ModelError(f"There is no file {model}.", hint="Give a model file, or an identifier.")
    fetched = fetch(settings, model, patterns=patterns, log=log, progress=progress)
    found, refused = recognise_all(fetched.models)
    graphs = [path for path in fetched.models if path.suffix.lower() in runners.suffixes()]
    if found or refused or not graphs:
        chosen, warnings = meant(found, refused, where=model)
        runner = models.load(chosen, runtime=runtime or DEFAULT_RUNTIME, engines=engines)
        return LoadedModel(runner, chosen.path, chosen, tuple(warnings), fetched.record.identifier)
    if graphs[1:]:
        names = ", ".join(fetched.name_of(path) for path in graphs[:10])
        raise ModelError(f"{model} has several models: {names}.", hint="Choose one with --file.")
    return replace(open_file(graphs[0], runtime, engines), record=fetched.record.identifier)


def predict(
    model: LoadedModel, inputs: Path, *, output: Path | None = None, progress: Progress | None = None
) -> Prediction:
    """Run the model on the arrays or jets in the file `inputs`.

    A model that fairreg supports reads the files of its own field; any other takes .npz files with an array
    for each of its inputs. `output` is written only at the end. Raises ModelError if model and input do not
    fit, UsageError for an output of an unknown kind.
    """
    if output is not None and output.suffix not in _KINDS:
        raise UsageError(f"{output.name} is not a .npz or .npy file.", hint="Use one of these suffixes.")
    given = read_inputs(model, inputs)
    begun = perf_counter()
    outputs = _run(model.runner, given.arrays, progress)
    prediction = Prediction(
        model=model.title,
        path=model.path,
        fingerprint=model.fingerprint,
        origin=model.origin,
        runner=model.runner,
        source=str(inputs),
        outputs=outputs,
        items=count_items(given.arrays),
        seconds=perf_counter() - begun,
        metrics=measured(model, outputs, given.labels),
        warnings=model.warnings,
    )
    if output is not None:
        write_outputs(outputs, output)
    return prediction


def write_outputs(outputs: Mapping[str, Array], path: Path) -> None:
    """Write outputs atomically: .npz with all by name, .npy with a single one.

    Text becomes numpy text, so that nothing needs pickle to be read. Raises UsageError, and ModelError for
    other Python objects.
    """
    if path.suffix == ".npy" and len(outputs) != 1:
        raise UsageError(
            f"{path.name} can contain one array, but the model has the outputs {', '.join(outputs)}.",
            hint="Name a .npz file.",
        )
    plain = {name: _plain(name, array) for name, array in outputs.items()}
    part = path.with_name(f".{path.name}.part")
    with disk_faults(path.name):
        with part.open("wb") as file:
            if path.suffix == ".npz":
                np.savez(file, **plain)  # type: ignore[arg-type]  # no output is named allow_pickle
            else:
                np.save(file, next(iter(plain.values())))
        part.replace(path)


def _plain(name: str, array: Array) -> Array:
    """Return the array without Python objects: text as numpy text. Raises ModelError."""
    if not array.dtype.hasobject:
        return array
    text = array.astype(str) if all(isinstance(item, str) for item in array.flat) else None
    if text is None or text.tolist() != array.tolist():
        raise ModelError(
            f"The output {name!r} has values that only pickle could keep in a file.",
            hint="Run the model without --output, or from Python.",
        )
    return text


def runner_of(settings: Settings, path: Path, runtime: str | None = None) -> Runner:
    """Load a runner of a weight or model file; that of a supported network has its `predict`."""
    return open_file(path, runtime, settings.cache / ENGINES).runner


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
    if not model.runner.batched:
        return None
    if model.recognition is not None:
        return models.get(model.recognition.model).count_inputs(path)
    with _readable(path):
        return row_count(path)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise unreadable(path, error) from error


_KINDS = (".npz", ".npy")


def looks_like_path(text: str) -> bool:
    """Tell whether a text is a file name: it begins like a path, or ends like a model or weight file."""
    suffix = Path(text).suffix.lower()
    return text.startswith((".", "/", "~")) or suffix in weights.SUFFIXES or suffix in runners.suffixes()


def open_file(path: Path, runtime: str | None, engines: Path, threads: int | None = None) -> LoadedModel:
    """Open the model in a file, to run on `threads` threads (None: the default of its runtime)."""
    known = recognise(path)
    if known is not None:
        chosen = runtime or DEFAULT_RUNTIME
        return LoadedModel(models.load(known, runtime=chosen, engines=engines, threads=threads), path, known)
    runner = runners.get(runtime or _runtime_for(path))
    return LoadedModel(runner.load(path, engines=engines, threads=threads), path, None)


def _runtime_for(path: Path) -> str:
    """The default runtime, unless only others load files of this suffix."""
    able = [name for name in runners.names() if path.suffix.lower() in runners.get(name).SUFFIXES]
    return able[0] if able and DEFAULT_RUNTIME not in able else DEFAULT_RUNTIME


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
    stretch = _STRETCH * runner.batch_size
    if progress is None or not runner.batched or items <= stretch:
        return runner.run(arrays)
    parts = []
    for first in range(0, items, stretch):
        parts.append(runner.run({name: array[first : first + stretch] for name, array in arrays.items()}))
        progress(min(first + stretch, items), items)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def count_items(arrays: Mapping[str, Array]) -> int:
    """Number of items of the arrays along their first axis."""
    first = next(iter(arrays.values()), None)
    return len(first) if first is not None and first.ndim else 1


def measured(loaded: LoadedModel, outputs: Mapping[str, Array], labels: Array | None) -> Mapping[str, float]:
    """Figures of merit of the outputs, none without labels."""
    if loaded.recognition is None or labels is None:
        return {}
    return models.get(loaded.recognition.model).measure(outputs, labels)


def _fingerprint(path: Path) -> str | None:
    """Fingerprint of a model file; None for a graph without parameters."""
    try:
        return fingerprint(path)
    except ModelError:
        return None
