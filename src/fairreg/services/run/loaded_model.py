# SPDX-License-Identifier: MIT
"""Models ready to run: opened from a file, or from an identifier by way of its files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fairreg import models, runners
from fairreg.errors import (
    FairregError,
    IdentifierError,
    ModelError,
    OtherGraph,
    SecurityRefusal,
    UsageError,
)
from fairreg.models.base import Recognition
from fairreg.runners import Runner, weights
from fairreg.runners.batching import Batching
from fairreg.runners.weights import ModelCandidate, model_in
from fairreg.schemas.identifiers import RequestedIdentifier, may_be_template, template_fault
from fairreg.services.fetch.download import Progress as Downloading
from fairreg.services.fetch.fetch import FetchedFiles, fetch
from fairreg.services.run.demonstrate import (
    DEFAULT_RUNTIME,
    ENGINES,
    meant,
    obstacles,
    passed_over,
    recognise,
    recognise_fetched,
)
from fairreg.services.run.origin import WeightsOrigin, origin_of
from fairreg.services.run.whole_model import WholeModel, conversion_warnings, open_whole
from fairreg.settings import Settings
from fairreg.storage.files import kind_of, near_name
from fairreg.web import Log, no_log

if TYPE_CHECKING:
    from fairreg.runners.converters import Conversion

__all__ = [
    "WHOLE",
    "BatchSize",
    "LoadedModel",
    "ModelChoice",
    "choice_among",
    "choose_model",
    "chosen_among",
    "local_file",
    "looks_like_path",
    "open_choice",
    "open_fetched",
    "open_file",
    "open_model",
    "open_recognised",
    "runner_of",
]

WHOLE: Literal["whole"] = "whole"
# Rows of one batch as a user asks for them: a number, or all at once; None leaves the choice to the runner.
BatchSize = int | Literal["whole"] | None
# Of files that nothing here runs: they are files still, not repositories called org/name.
_OTHER_SUFFIXES = frozenset(
    {
        *(".h5", ".hdf5", ".keras", ".pkl", ".pickle", ".joblib", ".pt2", ".pb", ".json", ".npz", ".npy"),
        *(".root", ".ubj", ".skops", ".tflite", ".xml", ".txt"),
    }
)


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to run; `recognition` is None for one described only by its graph.

    `batch_size` is what the user asked for; the runner's batching follows it. `record` is the identifier of
    the record that it was fetched from, None for a file of the user. `conversion` is that of a file that runs
    as ONNX although it is none.
    """

    runner: Runner
    path: Path
    recognition: Recognition | None
    warnings: tuple[str, ...] = ()
    batch_size: BatchSize = None
    record: str | None = None
    conversion: "Conversion | None" = None

    @property
    def origin(self) -> WeightsOrigin:
        """Origin of the weights."""
        return origin_of(self.recognition, fetched_from=self.record)

    @property
    def title(self) -> str:
        """The name of the network, else of the file."""
        return self.recognition.title if self.recognition else self.path.name

    @property
    def converted_from(self) -> str | None:
        """The program whose model runs as ONNX, with its version; None where nothing was converted."""
        return self.conversion.original if self.conversion else None

    @property
    def fingerprint(self) -> str | None:
        """The fingerprint of the weights, None for a graph without weights."""
        return self._choice.fingerprint

    @property
    def parameters(self) -> int | None:
        """Number of elements of the weights, None for a graph without weights."""
        return self._choice.parameters

    @cached_property
    def _choice(self) -> "ModelChoice":
        return ModelChoice(self.path, self.recognition)


@dataclass(frozen=True)
class ModelChoice:
    """The file of a model, with its `recognition` by a model package and the `record` it was fetched from."""

    path: Path
    recognition: Recognition | None = None
    warnings: tuple[str, ...] = ()
    record: str | None = None

    @property
    def fingerprint(self) -> str | None:
        """The fingerprint of the weights, None for a file without any that fairreg reads."""
        if self.recognition is not None:
            return self.recognition.fingerprint
        return self._weights.fingerprint if self._weights else None

    @property
    def parameters(self) -> int | None:
        """Number of elements of the weights, None as for `fingerprint`."""
        if self.recognition is not None:
            return self.recognition.parameter_count
        return self._weights.numbers if self._weights else None

    @cached_property
    def _weights(self) -> ModelCandidate | None:
        """The weights in a file of no known network, which is read once."""
        try:
            return model_in(self.path)
        except ModelError:
            return None


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

    Raises the errors of `choose_model` and those of loading the file.
    """
    chosen = choose_model(settings, model, patterns=patterns, log=log, progress=progress)
    return open_choice(settings, chosen, runtime, device, batch_size=batch_size)


def choose_model(
    settings: Settings,
    model: str,
    *,
    patterns: Iterable[str] = (),
    log: Log = no_log,
    progress: Downloading | None = None,
) -> ModelChoice:
    """Choose the file of the model `model`, a local file or an identifier, whose files are fetched.

    `patterns` choose among the files of a record. Raises the errors of `fetch` and `chosen_among`, and
    UsageError for patterns with a local file.
    """
    patterns = tuple(patterns)
    path = local_file(model, patterns)
    if path is not None:
        return ModelChoice(path, recognise(path))
    return chosen_among(fetch(settings, model, patterns=patterns, log=log, progress=progress))


def open_choice(
    settings: Settings,
    chosen: ModelChoice,
    runtime: str | None = None,
    device: str | None = None,
    *,
    batch_size: BatchSize = None,
) -> LoadedModel:
    """Open a chosen file. Raises the errors of loading it."""
    engines = settings.cache / ENGINES
    opened = open_recognised(
        chosen.path, chosen.recognition, engines, runtime, device=device, batch_size=batch_size
    )
    return replace(opened, warnings=(*opened.warnings, *chosen.warnings), record=chosen.record)


_GIVE = "Give a model file, or an identifier."


def local_file(model: str, patterns: tuple[str, ...] = ()) -> Path | None:
    """The local file that `model` names, None for an identifier.

    Raises ModelError for a path of no file, such as a folder or a pipe, IdentifierError for a text that names
    nothing, and UsageError for `patterns` (``--file``) with a local file.
    """
    if not model.strip():
        raise IdentifierError("An empty text names no model.", hint=_GIVE)
    path = Path(model)
    if path.is_file() and patterns:
        raise UsageError(
            f"--file chooses among the files of a record, but {model} is a file.", hint="Leave --file out."
        )
    if path.is_file():
        return path
    mistyped = _is_mistyped(model)
    if path.is_dir() and (mistyped or looks_like_path(model)):
        raise ModelError(f"{model} is a folder.", hint=_GIVE)
    if path.exists() and not path.is_dir() and (mistyped or looks_like_path(model)):
        raise ModelError(f"{model} is {kind_of(path)}, and no file.", hint=_GIVE)
    if looks_like_path(model):
        raise ModelError(f"There is no file {model}.", hint=_hint(path) or _GIVE)
    if mistyped:
        raise IdentifierError(
            f"There is no file {model}, and it is not an identifier that fairreg knows.",
            hint=_hint(path) or "Give a model file, or an identifier; fairreg search finds some.",
        )
    return None


def _is_mistyped(text: str) -> bool:
    """Tell whether a text is no identifier, and no name of an entry, but may be the name of a file.

    Beside a file of a similar name, ``folder/model`` is a file of the folder rather than a repository.
    """
    if ":" in text or may_be_template(text):
        return False
    path = Path(text)
    if "/" in text and path.parent.is_dir() and near_name(path) is not None:
        return True
    return RequestedIdentifier(text).identifier is None and template_fault(text) is None


def _hint(path: Path) -> str | None:
    near = near_name(path)
    return f"A file of a similar name is {near}." if near else None


def open_fetched(
    settings: Settings,
    fetched: FetchedFiles,
    runtime: str | None = None,
    device: str | None = None,
    *,
    batch_size: BatchSize = None,
) -> LoadedModel:
    """Open the model among fetched files. Raises the errors of `chosen_among` and those of loading it."""
    return open_choice(settings, chosen_among(fetched), runtime, device, batch_size=batch_size)


def chosen_among(fetched: FetchedFiles) -> ModelChoice:
    """Choose among fetched files: that of a supported network, else the only one that runs by itself.

    Damaged files beside a graph become its warnings; beside unsafe ones it has to be chosen. Raises
    ModelError if there is no model, or several to choose from, and UnsafePickle if all are unsafe.
    """
    return choice_among(fetched, *recognise_fetched(fetched))


def choice_among(
    fetched: FetchedFiles, found: list[Recognition], unreadable: Mapping[Path, FairregError]
) -> ModelChoice:
    """Choose as `chosen_among`, of files that `recognise_fetched` was asked about."""
    refused = dict(unreadable)
    able = [item for item in found if item.obstacle is None]
    graphs = _distinct(path for path in fetched.models if runners.loads(path))
    unsafe = any(isinstance(error, SecurityRefusal) for error in obstacles(refused, fetched).values())
    only_graphs = not able and not unsafe
    record = fetched.record.identifier
    if only_graphs and graphs[1:]:
        raise models.several(fetched.requested, [fetched.name_of(path) for path in graphs])
    if only_graphs and graphs:
        if graphs[0] in refused:
            raise refused[graphs[0]]
        refused |= {item.path: item.obstacle for item in found if item.obstacle is not None}
        return ModelChoice(graphs[0], None, passed_over(refused, graphs[0]), record)
    chosen, warnings = meant(found, refused, fetched=fetched)
    return ModelChoice(chosen.path, chosen, warnings, record)


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
    return open_recognised(
        path, known, engines, runtime, threads=threads, device=device, batch_size=batch_size
    )


def open_recognised(
    path: Path,
    known: Recognition | None,
    engines: Path,
    runtime: str | None = None,
    *,
    threads: int | None = None,
    device: str | None = None,
    batch_size: BatchSize = None,
) -> LoadedModel:
    """Open a file that `recognise` was asked about, as `open_file`."""
    size = None if batch_size == WHOLE else batch_size
    options: dict[str, Any] = {"engines": engines, "threads": threads, "device": device, "batch_size": size}
    found, known, other = _opened(path, known, runtime, options)
    runner = found.runner
    if batch_size is not None:
        exact = runner.batching.exact and size is not None
        runner.batching = Batching(size, "requested", exact=exact)
    warnings = (
        *(known.assumptions if known else ()),
        *other,
        *conversion_warnings(path, found.conversion),
        *runner.remarks,
    )
    return LoadedModel(runner, path, known, warnings, batch_size, conversion=found.conversion)


def _opened(
    path: Path, known: Recognition | None, runtime: str | None, options: dict[str, Any]
) -> tuple[WholeModel, Recognition | None, tuple[str, ...]]:
    """Load a known network, else the model that the file describes whole, with a warning about a likeness."""
    if known is None:
        return open_whole(path, runtime, options), None, ()
    try:
        return WholeModel(models.load(known, runtime=runtime or DEFAULT_RUNTIME, **options)), known, ()
    except OtherGraph as error:
        warning = f"{error.message} It runs as the graph it is."
        return open_whole(path, runtime, options), None, (warning,)
