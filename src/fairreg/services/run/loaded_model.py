# SPDX-License-Identifier: MIT
"""Models ready to run: opened from a file, or from an identifier by way of its files."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from fairreg import models, runners
from fairreg.errors import FairregError, ModelError, SecurityRefusal, UsageError
from fairreg.models.base import Recognition
from fairreg.runners import Runner, weights
from fairreg.runners.batching import Batching
from fairreg.runners.weights import fingerprint
from fairreg.services.fetch.download import Progress as Downloading
from fairreg.services.fetch.fetch import FetchedFiles, fetch
from fairreg.services.run.demonstrate import (
    DEFAULT_RUNTIME,
    ENGINES,
    meant,
    passed_over,
    recognise,
    recognise_all,
)
from fairreg.services.run.not_runnable import not_runnable
from fairreg.services.run.origin import WeightsOrigin, origin_of
from fairreg.settings import Settings
from fairreg.web import Log, no_log

__all__ = [
    "WHOLE",
    "BatchSize",
    "LoadedModel",
    "local_file",
    "looks_like_path",
    "open_fetched",
    "open_file",
    "open_model",
    "runner_of",
]

WHOLE: Literal["whole"] = "whole"
# Rows of one batch as a user asks for them: a number, or all at once; None leaves the choice to the runner.
BatchSize = int | Literal["whole"] | None
# Of files that nothing here runs: they are files still, not repositories called org/name.
_OTHER_SUFFIXES = frozenset(
    {".h5", ".hdf5", ".keras", ".pkl", ".pickle", ".joblib", ".pt2", ".pb", ".json", ".npz", ".npy", ".root"}
)


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
    patterns = tuple(patterns)
    path = local_file(model, patterns)
    if path is not None:
        return open_file(path, runtime, settings.cache / ENGINES, device=device, batch_size=batch_size)
    fetched = fetch(settings, model, patterns=patterns, log=log, progress=progress)
    return open_fetched(settings, fetched, runtime, device, batch_size=batch_size)


def local_file(model: str, patterns: tuple[str, ...] = ()) -> Path | None:
    """The local file that `model` names, None for an identifier.

    Raises ModelError for a path without a file, and UsageError for `patterns` (``--file``) with a local file.
    """
    path = Path(model)
    if path.is_file() and patterns:
        raise UsageError(
            f"--file chooses among the files of a record, but {model} is a file.", hint="Leave --file out."
        )
    if path.is_file():
        return path
    if looks_like_path(model):
        fact = f"{model} is a folder." if path.is_dir() else f"There is no file {model}."
        raise ModelError(fact, hint="Give a model file, or an identifier.")
    return None


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
        warnings = passed_over(refused, opened.path)
        return replace(opened, record=fetched.record.identifier, warnings=warnings)
    chosen, warnings = meant(found, refused, fetched=fetched)
    opened = _load(chosen.path, chosen, runtime, engines, device=device, batch_size=batch_size)
    return replace(opened, warnings=warnings, record=fetched.record.identifier)


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
    known = recognise(path)
    return _load(path, known, runtime, engines, threads=threads, device=device, batch_size=batch_size)


def _load(
    path: Path,
    known: Recognition | None,
    runtime: str | None,
    engines: Path,
    *,
    threads: int | None = None,
    device: str | None,
    batch_size: BatchSize,
) -> LoadedModel:
    size = None if batch_size == WHOLE else batch_size
    options: dict[str, Any] = {"engines": engines, "threads": threads, "device": device, "batch_size": size}
    if known is not None:
        runner = models.load(known, runtime=runtime or DEFAULT_RUNTIME, **options)
    else:
        runner = _load_graph(path, runtime, options)
    if batch_size is not None:
        exact = runner.batching.exact and size is not None
        runner.batching = Batching(size, "requested", exact=exact)
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


def _fingerprint(path: Path) -> str | None:
    """Fingerprint of a model file; None for a graph without parameters."""
    try:
        return fingerprint(path)
    except ModelError:
        return None
