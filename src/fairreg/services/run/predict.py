# SPDX-License-Identifier: MIT
"""Prediction by a model, given by its identifier or as a file, on the user's input."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

from numpy.typing import NDArray

from fairreg import models, runners
from fairreg.errors import FairregError, ModelError, SecurityRefusal, UsageError
from fairreg.models.base import Inputs, Recognition
from fairreg.runners import Runner, weights
from fairreg.runners.batching import Batching, joined, row_count
from fairreg.runners.weights import fingerprint
from fairreg.services.fetch.download import Progress as Downloading
from fairreg.services.fetch.fetch import FetchedFiles, fetch
from fairreg.services.run.demonstrate import DEFAULT_RUNTIME, ENGINES, meant, recognise, recognise_all
from fairreg.services.run.not_runnable import not_runnable
from fairreg.services.run.origin import WeightsOrigin, origin_of, weights_document
from fairreg.services.run.outputs import OUTPUT_SUFFIXES, write_outputs
from fairreg.services.run.row_check import dependence_warnings
from fairreg.settings import Settings
from fairreg.storage.arrays import UNREADABLE, Rows, open_rows, unreadable
from fairreg.storage.arrays import row_count as stored_rows
from fairreg.web import Log, no_log

__all__ = [
    "WHOLE",
    "BatchSize",
    "LoadedModel",
    "Prediction",
    "Progress",
    "count_inputs",
    "count_items",
    "looks_like_path",
    "measured",
    "open_fetched",
    "open_file",
    "open_model",
    "predict",
    "read_arrays",
    "read_inputs",
    "runner_of",
]

Array = NDArray[Any]
WHOLE: Literal["whole"] = "whole"
# Rows of one batch as a user asks for them: a number, or all at once; None leaves the choice to the runner.
BatchSize = int | Literal["whole"] | None
# Called with the number of items done and the total.
Progress = Callable[[int, int], None]
# Of files that nothing here runs: they are files still, not repositories called org/name.
_OTHER_SUFFIXES = frozenset(
    {".h5", ".hdf5", ".keras", ".pkl", ".pickle", ".joblib", ".pt2", ".pb", ".json", ".npz", ".npy", ".root"}
)
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
    batching: Batching
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
            "weights": weights_document(
                self.origin, self.path.name, weights.content_digest(self.path), self.fingerprint
            ),
            "runtime": self.runner.name,
            "device": self.runner.device,
            "input": {"source": self.source, "items": self.items},
            "batching": self.batching.to_json(self.items),
            "metrics": dict(self.metrics),
            "timing": {
                "items_per_second": self.items / self.seconds if self.seconds else None,
                "batch_size": self.batching.size,
            },
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to run; `recognition` is None for one described only by its graph.

    `batch_size` is what the user asked for; the runner's batching follows it. `record` is the identifier of
    the record that it was fetched from, None for a file of the user.
    """

    runner: Runner
    path: Path
    recognition: Recognition | None
    warnings: tuple[str, ...] = ()
    batch_size: BatchSize = None
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
    device: str | None = None,
    patterns: Iterable[str] = (),
    batch_size: BatchSize = None,
    log: Log = no_log,
    progress: Downloading | None = None,
) -> LoadedModel:
    """Open the model `model`, a local file or an identifier, ready to run on `device`.

    `patterns` choose among the files of a record. Raises the errors of `fetch` and `open_fetched`, and
    UsageError for patterns with a local file.
    """
    path = Path(model)
    if path.is_file() and tuple(patterns):
        raise UsageError(
            f"--file chooses among the files of a record, but {model} is a file.", hint="Leave --file out."
        )
    if path.is_file():
        return open_file(path, runtime, settings.cache / ENGINES, device=device, batch_size=batch_size)
    if looks_like_path(model):
        fact = f"{model} is a folder." if path.is_dir() else f"There is no file {model}."
        raise ModelError(fact, hint="Give a model file, or an identifier.")
    fetched = fetch(settings, model, patterns=patterns, log=log, progress=progress)
    return open_fetched(settings, fetched, runtime, device, batch_size=batch_size)


def open_fetched(
    settings: Settings,
    fetched: FetchedFiles,
    runtime: str | None = None,
    device: str | None = None,
    *,
    batch_size: BatchSize = None,
) -> LoadedModel:
    """Open the model among fetched files: that of a supported network, else the only one that runs by itself.

    Damaged files beside a graph become its warnings; beside unsafe ones it has to be chosen. Raises
    ModelError if there is no model, or several to choose from, and UnsafePickle if all are unsafe.
    """
    engines = settings.cache / ENGINES
    found, refused = recognise_all(fetched.models)
    graphs = _distinct(path for path in fetched.models if path.suffix.lower() in runners.suffixes())
    only_graphs = not found and not any(isinstance(error, SecurityRefusal) for error in refused.values())
    if only_graphs and graphs[1:]:
        raise models.several(fetched.requested, [fetched.name_of(path) for path in graphs])
    if only_graphs and graphs:
        opened = open_file(graphs[0], runtime, engines, device=device, batch_size=batch_size)
        said = tuple(
            f"{error.message} The model that ran is {opened.path.name}." for error in refused.values()
        )
        return replace(opened, record=fetched.record.identifier, warnings=said)
    chosen, warnings = meant(found, refused, fetched=fetched)
    opened = _load(chosen, runtime, engines, device=device, batch_size=batch_size)
    return replace(opened, warnings=tuple(warnings), record=fetched.record.identifier)


def _distinct(paths: Iterable[Path]) -> list[Path]:
    """The first of these models of each digest; one that cannot be read whole is like no other."""
    found: dict[str, Path] = {}
    for path in paths:
        try:
            key = weights.content_digest(path)
        except FairregError:
            key = str(path)
        found.setdefault(key, path)
    return list(found.values())


def predict(
    model: LoadedModel, inputs: Path, *, output: Path | None = None, progress: Progress | None = None
) -> Prediction:
    """Run the model on the arrays or jets in the file `inputs`.

    A model that fairreg supports reads the files of its own field; any other takes .npz files with an array
    for each of its inputs. `output` is written only at the end. Raises ModelError if model and input do not
    fit, UsageError for an output of an unknown kind and for one that is the input.
    """
    if output is not None and output.suffix not in OUTPUT_SUFFIXES:
        raise UsageError(f"{output.name} is not a .npz or .npy file.", hint="Use one of these suffixes.")
    if output is not None and output.exists() and inputs.exists() and output.samefile(inputs):
        raise UsageError(f"The output {output} is the input.", hint="Choose another --output.")
    given = read_inputs(model, inputs)
    warnings = (*model.warnings, *dependence_warnings(model.runner, given.arrays))
    begun = perf_counter()
    outputs = _run(model.runner, given.arrays, progress)
    prediction = Prediction(
        model=model.title,
        path=model.path,
        fingerprint=model.fingerprint,
        origin=model.origin,
        runner=model.runner,
        batching=model.runner.cutting(given.arrays),
        source=str(inputs),
        outputs=outputs,
        items=count_items(given.arrays),
        seconds=perf_counter() - begun,
        metrics=measured(model, outputs, given.labels),
        warnings=warnings,
    )
    if output is not None:
        write_outputs(outputs, output)
    return prediction


def runner_of(
    settings: Settings,
    path: Path,
    runtime: str | None = None,
    device: str | None = None,
    *,
    batch_size: BatchSize = None,
) -> Runner:
    """Load a runner of a weight or model file; that of a supported network has its `predict`."""
    return open_file(path, runtime, settings.cache / ENGINES, device=device, batch_size=batch_size).runner


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


def looks_like_path(text: str) -> bool:
    """Tell whether a text is a file name: it begins like a path, or ends like a file of models or data.

    The address of a file in a record is none, but ``folder/model.onnx``, which might be a repository, is.
    """
    if text.startswith((".", "/", "~")):
        return True
    first, slash, _ = text.partition("/")
    address = ":" in text or (slash and "." in first)
    suffix = Path(text).suffix.lower()
    return not address and suffix in weights.SUFFIXES | runners.suffixes() | _OTHER_SUFFIXES


def open_file(
    path: Path,
    runtime: str | None,
    engines: Path,
    threads: int | None = None,
    device: str | None = None,
    *,
    batch_size: BatchSize = None,
) -> LoadedModel:
    """Open the model in a file, to run on `threads` threads and `device` (None: the runtime's choice)."""
    return _load(
        recognise(path) or path,
        runtime,
        engines,
        threads=threads,
        device=device,
        batch_size=batch_size,
    )


def _load(
    found: Recognition | Path,
    runtime: str | None,
    engines: Path,
    *,
    threads: int | None = None,
    device: str | None,
    batch_size: BatchSize,
) -> LoadedModel:
    size = None if batch_size == WHOLE else batch_size
    options: dict[str, Any] = {"engines": engines, "threads": threads, "device": device, "batch_size": size}
    if isinstance(found, Recognition):
        runner = models.load(found, runtime=runtime or DEFAULT_RUNTIME, **options)
    else:
        runner = _load_graph(found, runtime, options)
    if batch_size is not None:
        exact = runner.batching.exact and size is not None
        runner.batching = Batching(size, "requested", exact=exact)
    known = found if isinstance(found, Recognition) else None
    path = found.path if isinstance(found, Recognition) else found
    return LoadedModel(runner, path, known, batch_size=batch_size)


def _load_graph(path: Path, runtime: str | None, options: dict[str, Any]) -> Runner:
    """Load a model described by its file alone; the reason of a refusal is that of the file's own format."""
    try:
        return runners.load(runtime or _runtime_for(path), path, **options)
    except ModelError as error:
        if runtime is None and path.suffix.lower() not in runners.suffixes():
            raise not_runnable(path) from error
        raise


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


def _fingerprint(path: Path) -> str | None:
    """Fingerprint of a model file; None for a graph without parameters."""
    try:
        return fingerprint(path)
    except ModelError:
        return None
