# SPDX-License-Identifier: MIT
"""Running a model, found by its identifier or in a file, on the user's own input."""

import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
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
from fairreg.settings import Settings
from fairreg.storage.arrays import Rows, open_rows, row_count
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
# Hears how many items are done, and how many there are.
Progress = Callable[[int, int], None]
# Batches between two reports of progress.
_STRETCH = 8


@dataclass(frozen=True)
class Prediction:
    """Outputs by name, with what made them. `metrics` are empty where the input says nothing of the truth."""

    model: str
    path: Path
    fingerprint: str | None
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
            "weights": {
                "origin": "published",
                "file": self.path.name,
                "sha256": digest(self.path),
                "fingerprint": self.fingerprint,
            },
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
    """A model ready to run; `recognition` is None for one that only its own graph describes."""

    runner: Runner
    path: Path
    recognition: Recognition | None
    warnings: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The name of the network, or that of the file."""
        return self.recognition.title if self.recognition else self.path.name

    @property
    def fingerprint(self) -> str | None:
        """That of the weights, None for a graph that has none."""
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
    """What `model` names, a file here or an identifier, ready to run.

    Raises the errors of `fetch`, and ModelError where no model or several are found.
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
        return LoadedModel(runner, chosen.path, chosen, tuple(warnings))
    if graphs[1:]:
        names = ", ".join(fetched.name_of(path) for path in graphs[:10])
        raise ModelError(f"{model} has several models: {names}.", hint="Choose one with --file.")
    return open_file(graphs[0], runtime, engines)


def predict(
    model: LoadedModel, inputs: Path, *, output: Path | None = None, progress: Progress | None = None
) -> Prediction:
    """Run the model on the arrays or jets in the file `inputs`.

    A model that fairreg knows reads the files of its own field; any other takes .npz files with an array for
    each of its inputs. `output` is written only when all is done. Raises ModelError where model and input do
    not fit, UsageError for an output of an unknown kind.
    """
    if output is not None and output.suffix not in _KINDS:
        raise UsageError(f"{output.name} is no .npz or .npy file.", hint="Name one to keep the outputs in.")
    given = read_inputs(model, inputs)
    begun = perf_counter()
    outputs = _run(model.runner, given.arrays, progress)
    prediction = Prediction(
        model=model.title,
        path=model.path,
        fingerprint=model.fingerprint,
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
    """Keep outputs: .npz with all by name, .npy with the only one; whole or not at all. Raises UsageError."""
    if path.suffix == ".npy" and len(outputs) != 1:
        raise UsageError(
            f"{path.name} can hold one array, but the model has the outputs {', '.join(outputs)}.",
            hint="Name a .npz file.",
        )
    part = path.with_name(f".{path.name}.part")
    with disk_faults(path.name):
        with part.open("wb") as file:
            if path.suffix == ".npz":
                np.savez(file, **outputs)  # type: ignore[arg-type]  # no output is named allow_pickle
            else:
                np.save(file, next(iter(outputs.values())))
        part.replace(path)


def runner_of(settings: Settings, path: Path, runtime: str | None = None) -> Runner:
    """A runner of a weight or model file; one of a network that fairreg knows has its `predict`."""
    return open_file(path, runtime, settings.cache / ENGINES).runner


def read_arrays(
    path: Path, names: Iterable[str], start: int = 0, stop: int | None = None
) -> dict[str, Array]:
    """Rows of the arrays of a .npz file, or of a .npy file for a model with a single input, by input name.

    Raises ModelError; pickled arrays are not read.
    """
    wanted = list(names)
    with _readable(path), open_rows(path, start, stop) as content:
        if isinstance(content, Rows):
            return dict(content)
    if len(wanted) != 1:
        raise ModelError(
            f"{path.name} holds one array, but the model has the inputs {', '.join(wanted)}.",
            hint="Put them into one .npz file, by these names.",
        )
    return {wanted[0]: content}


def count_inputs(model: LoadedModel, path: Path) -> int | None:
    """How many items the file holds, None where its shards could not be told apart. Raises ModelError."""
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
    except (OSError, ValueError, EOFError, LookupError, zipfile.BadZipFile, MemoryError) as error:
        raise ModelError(
            f"{path.name} cannot be read as a .npz or .npy file.",
            hint="Write one with numpy.savez(FILE, input=array).",
        ) from error


_KINDS = (".npz", ".npy")


def looks_like_path(text: str) -> bool:
    """Whether a text is meant as a file: it begins like a path, or ends like a model or weight file."""
    suffix = Path(text).suffix.lower()
    return text.startswith((".", "/", "~")) or suffix in weights.SUFFIXES or suffix in runners.suffixes()


def open_file(path: Path, runtime: str | None, engines: Path, threads: int | None = None) -> LoadedModel:
    """The model in a file, ready to run on so many threads (None: as its runtime chooses)."""
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
    """What the file holds for the model, from item `start` to before `stop`. Raises ModelError."""
    if not inputs.is_file():
        raise _no_file(inputs)
    if loaded.recognition is not None:
        return models.get(loaded.recognition.model).read_inputs(inputs, start, stop)
    return Inputs(read_arrays(inputs, [item.name for item in loaded.runner.inputs], start, stop))


def _no_file(path: Path) -> ModelError:
    return ModelError(f"There is no file {path}.", hint="Give the file with the model's inputs.")


def _run(runner: Runner, arrays: Mapping[str, Array], progress: Progress | None) -> Mapping[str, Array]:
    """As `Runner.run`, a stretch of batches at a time where somebody wants to hear of it."""
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
    """How many items the arrays hold along their first axis."""
    first = next(iter(arrays.values()), None)
    return len(first) if first is not None and first.ndim else 1


def measured(loaded: LoadedModel, outputs: Mapping[str, Array], labels: Array | None) -> Mapping[str, float]:
    """Figures of the outputs, none where nothing is known of the truth."""
    if loaded.recognition is None or labels is None:
        return {}
    return models.get(loaded.recognition.model).measure(outputs, labels)


def _fingerprint(path: Path) -> str | None:
    """None for a graph that has no parameters."""
    try:
        return fingerprint(path)
    except ModelError:
        return None
