# SPDX-License-Identifier: MIT
"""Demonstration of the model among fetched files, on the packaged sample of its model package."""

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairreg import models, runners
from fairreg.errors import (
    FairregError,
    MissingEngine,
    ModelError,
    NeedsAuthorsCode,
    SecurityRefusal,
    UsageError,
)
from fairreg.models.base import Demonstration, Recognition
from fairreg.runners import weights
from fairreg.runners.batching import Batching
from fairreg.schemas.identifiers import RequestedIdentifier
from fairreg.services.fetch.fetch import FetchedFiles
from fairreg.services.registry.lazy_registry import LazyRegistry
from fairreg.services.run.origin import WeightsOrigin, origin_of, packaged_origin, weights_document
from fairreg.settings import Settings

if TYPE_CHECKING:
    from fairreg.services.run.vectors.report import VectorCheck

__all__ = [
    "DEFAULT_RUNTIME",
    "ENGINES",
    "RunReport",
    "check_runtime",
    "demonstrated",
    "find_model",
    "meant",
    "obstacles",
    "recognise",
    "recognise_fetched",
    "reference",
    "run",
    "run_reference",
    "stand_in",
]

DEFAULT_RUNTIME = "onnx"
_NOT_PUBLISHED = (
    "THESE ARE NOT THE PUBLISHED WEIGHTS of {pid}: fairreg's own reference weights of the same architecture "
    "ran, trained on an open sample."
)
# Folder of the cache for engines built from a model.
ENGINES = "engines"


@dataclass(frozen=True)
class RunReport:
    """Report of a run: model, sample and results. `file` is the name of the weight file in its archive.

    `vectors` is the comparison with the test vectors of the record, None where it has none that fit.
    """

    recognition: Recognition
    file: str
    runtime: str
    device: str
    demonstration: Demonstration
    origin: WeightsOrigin
    batching: Batching
    warnings: tuple[str, ...] = field(default_factory=tuple)
    engine: str | None = None
    vectors: "VectorCheck | None" = None

    def __repr__(self) -> str:
        from fairreg.schemas.notebook.one_line import brief, named, represented

        figures = ", ".join(f"{named(name)} {value:.4f}" for name, value in self.metrics.items())
        where = f"{brief(self.recognition.title)} on {named(self.runtime)} ({named(self.device)}):"
        return represented(self, where, figures)

    def _repr_html_(self) -> str:
        """View of the run in a notebook."""
        from fairreg.services.run.notebook import demonstration_view

        return demonstration_view(self)

    @property
    def metrics(self) -> Mapping[str, float]:
        """Figures of merit by name, such as ``roc_auc``."""
        return self.demonstration.metrics

    def to_json(self) -> dict[str, Any]:
        """The document of a run."""
        shown = self.demonstration
        return {
            "model": self.recognition.title,
            "weights": weights_document(
                self.origin,
                self.file,
                weights.content_digest(self.recognition.path),
                self.recognition.fingerprint,
                self.recognition.parameter_count,
            ),
            "runtime": self.runtime,
            "engine": self.engine,
            "converted_from": None,  # a network that fairreg knows runs as its package builds it
            "device": self.device,
            "input": {"source": shown.source, "items": shown.items},
            "batching": self.batching.to_json(shown.items),
            "metrics": dict(shown.metrics),
            "timing": {"items_per_second": shown.items_per_second, "batch_size": shown.batch_size},
            "warnings": [*shown.warnings, *self.warnings],
            "vectors": None if self.vectors is None else self.vectors.to_json(),
        }


def run(
    fetched: FetchedFiles,
    *,
    runtime: str | None = None,
    engines: Path | None = None,
    device: str | None = None,
) -> RunReport:
    """Recognise the model among the fetched files and run it on its packaged sample.

    Raises ModelError when there is none or the choice is ambiguous, UnsafePickle when all candidates are
    unsafe, MissingEngine and UsageError for the runtime or the device.
    """
    chosen, warnings = find_model(fetched)
    return demonstrated(fetched, chosen, warnings, runtime=runtime, engines=engines, device=device)


def demonstrated(
    fetched: FetchedFiles,
    chosen: Recognition,
    warnings: tuple[str, ...],
    *,
    runtime: str | None = None,
    engines: Path | None = None,
    device: str | None = None,
) -> RunReport:
    """Run a recognised model of the fetched files on its packaged sample. Raises as `run`."""
    runner = models.load(chosen, runtime=runtime or DEFAULT_RUNTIME, engines=engines, device=device)
    demonstration = models.get(chosen.model).demonstrate(runner)
    if chosen.baseline is False:
        foreign = f"{chosen.path.name} has weights of this network, but not the published baseline's."
        warnings = (*warnings, foreign)
    return RunReport(
        recognition=chosen,
        file=fetched.name_of(chosen.path),
        runtime=runner.name,
        device=runner.device,
        demonstration=demonstration,
        origin=origin_of(chosen, fetched_from=fetched.record.identifier),
        batching=runner.batching,
        warnings=(*chosen.assumptions, *warnings),
        engine=runner.engine,
    )


def stand_in(
    settings: Settings,
    pid: str | RequestedIdentifier,
    *,
    runtime: str | None = None,
    device: str | None = None,
    registry: LazyRegistry | None = None,
) -> tuple[FetchedFiles, RunReport] | None:
    """Run packaged reference weights in the place of those of `pid`, which are unavailable.

    None if no model package has any for it; the returned fetch has no files. `registry` is used instead of
    that of `settings`. Raises MissingEngine and UsageError for the runtime.
    """
    requested = RequestedIdentifier.of(pid)
    if requested.identifier is None or models.reference(requested.identifier) is None:
        return None
    with nullcontext(registry) if registry else LazyRegistry.of(settings) as known:
        record = known.open().get(requested)
    fetched = FetchedFiles(requested.text, record, (), (), ())
    return fetched, run_reference(settings, requested, runtime=runtime, device=device)


def run_reference(
    settings: Settings,
    pid: str | RequestedIdentifier,
    *,
    runtime: str | None = None,
    device: str | None = None,
) -> RunReport:
    """Run the reference weights for `pid` on their packaged sample.

    Raises UsageError where there are none, MissingEngine and UsageError for the runtime.
    """
    chosen = reference(pid)
    runner = models.load(
        chosen, runtime=runtime or DEFAULT_RUNTIME, engines=settings.cache / ENGINES, device=device
    )
    return RunReport(
        recognition=chosen,
        file=chosen.path.name,
        runtime=runner.name,
        device=runner.device,
        demonstration=models.get(chosen.model).demonstrate(runner),
        origin=packaged_origin(chosen),
        batching=runner.batching,
        warnings=() if _is_own(pid, chosen) else (_NOT_PUBLISHED.format(pid=pid),),
        engine=runner.engine,
    )


def _is_own(pid: str | RequestedIdentifier, chosen: Recognition) -> bool:
    """Tell whether `pid` is the record of the packaged weights themselves."""
    return RequestedIdentifier.of(pid).require().compact == chosen.record


def reference(pid: str | RequestedIdentifier) -> Recognition:
    """Return the packaged weights that may replace those of `pid`. Raises UsageError without any."""
    chosen = models.reference(RequestedIdentifier.of(pid).require())
    if chosen is None:
        raise UsageError(
            f"There are no reference weights for {pid}.",
            hint="Leave out --weights to run the published ones.",
        )
    return chosen


def check_runtime(runtime: str | None, device: str | None = None) -> None:
    """Check both before anything is downloaded.

    Raises UsageError for an unknown runtime or device, MissingEngine for a runtime that is not installed,
    ModelError for a device that is not there.
    """
    if runtime and not runners.get(runtime).available():
        raise MissingEngine(runtime, runtime)
    runners.check_device(runtime or DEFAULT_RUNTIME, device)


def find_model(fetched: FetchedFiles) -> tuple[Recognition, tuple[str, ...]]:
    """Choose the model among the fetched files; return it with a warning for each unreadable file."""
    return meant(*recognise_fetched(fetched), fetched=fetched)


def recognise(path: Path) -> Recognition | None:
    """Return what a model package finds in a file, None also for a damaged one that only runners load.

    Readers of weights look at the first bytes: they take an .npz file, a zip archive, for a PyTorch file.
    Raises as `models.recognise`.
    """
    try:
        return models.recognise(path)
    except ModelError:
        if path.suffix.lower() not in weights.SUFFIXES and runners.loads(path):
            return None
        raise


def recognise_fetched(fetched: FetchedFiles) -> tuple[list[Recognition], dict[Path, FairregError]]:
    """Recognise models among fetched files; an archive that was refused is one of the unreadable files."""
    found, refused = _recognise_all(fetched.models)
    return found, {**refused, **fetched.refused}


def _recognise_all(paths: Iterable[Path]) -> tuple[list[Recognition], dict[Path, FairregError]]:
    """Recognise models among these files; return them and the errors of unreadable files."""
    found: list[Recognition] = []
    refused: dict[Path, FairregError] = {}
    for path in paths:
        try:
            recognition = recognise(path)
        except FairregError as error:
            refused[path] = error
            continue
        if recognition is not None:
            found.append(recognition)
    return found, refused


def meant(
    found: list[Recognition], refused: Mapping[Path, FairregError], *, fetched: FetchedFiles
) -> tuple[Recognition, tuple[str, ...]]:
    """Choose among the recognised models of the fetched files, with a warning for each that cannot be read.

    An unsafe file says that the record is not what it seems: beside one the model has to be chosen, unless it
    is the published baseline. Raises as `find_model`.
    """
    in_the_way = obstacles(refused, fetched)
    if not found and in_the_way:
        raise _unreadable(in_the_way, fetched)
    if not found:
        raise _no_network(fetched)
    chosen = models.choose(found, where=fetched.requested, name_of=fetched.name_of)
    if not chosen.baseline and any(isinstance(error, SecurityRefusal) for error in in_the_way.values()):
        raise _unreadable(in_the_way, fetched)
    return chosen, passed_over(refused, chosen.path)


def obstacles(refused: Mapping[Path, FairregError], fetched: FetchedFiles) -> dict[Path, FairregError]:
    """The errors that a choice has to answer: a member chosen by name answers those of refused archives."""
    answered = frozenset(fetched.refused if fetched.members else ())
    return {path: error for path, error in refused.items() if path not in answered}


def passed_over(refused: Mapping[Path, FairregError], ran: Path) -> tuple[str, ...]:
    """Warn of each unreadable file: it may be the intended one, which another does not replace silently."""
    return tuple(f"{error.message} The model that ran is {ran.name}." for error in refused.values())


def _no_network(fetched: FetchedFiles) -> ModelError:
    """The error for files without weights of a known network; a model beside them may run on own arrays."""
    networks = ", ".join(models.names())
    graphs = (path for path in fetched.models if runners.loads(path))
    graph = next(graphs, None)
    if graph is None:
        return _no_model(fetched)
    return ModelError(
        f"No file of {fetched.requested} has weights of a network that fairreg has a sample for: {networks}.",
        hint=f"{_without_vectors(fetched)} To run a model on your own arrays: "
        f"fairreg run {fetched.requested} --file {fetched.name_of(graph)} --input FILE",
    )


def _without_vectors(fetched: FetchedFiles) -> str:
    """Return a sentence on the files that running on published test vectors lacks."""
    from fairreg.services.run.vectors.found import missing_half, published

    half = missing_half(published(fetched))
    if half is not None:
        return f"Of its test vectors there is only {half}: they are inputs and outputs (docs/running.md)."
    return "It has no test vectors to run it on, such as tests/vectors/inputs.npz and outputs.npz."


def _no_model(fetched: FetchedFiles) -> ModelError:
    """The error for files that nothing here runs: what they are, and what the authors' code would take."""
    from fairreg.services.fetch.unpacking import is_pointer
    from fairreg.services.run.recipe.facts import recipe_facts  # needs the readers of documents

    facts = recipe_facts(fetched)
    pointers = [item.name for item in fetched.unopened if is_pointer(item.path)]
    if not facts.weights and pointers:
        beside = f" So are {len(pointers) - 1} more files." if pointers[1:] else ""
        return ModelError(
            f"No file of {fetched.requested} contains a model that fairreg supports, but {pointers[0]} is a "
            f"pointer of Git LFS: the file itself lies on another server.{beside}",
            hint="Get it with `git lfs pull` in a clone of the repository, and give fairreg that file.",
        )
    if not facts.weights:
        return ModelError(
            f"No file of {fetched.requested} contains a model that fairreg supports.",
            hint="The files are fetched and verified nevertheless. What it supports: docs/runnable.md.",
        )
    first, more = facts.weights[0], len(facts.weights) - 1
    others = f", and {more} more" if more else ""
    return NeedsAuthorsCode(
        f"{fetched.requested} needs its authors' code: {first.name} is {first.words}{others}.",
        hint=f"{facts.sentence()} fairreg does not run it; --recipe FILE writes how to, in a container.",
    )


def _unreadable(refused: Mapping[Path, FairregError], fetched: FetchedFiles) -> FairregError:
    """The most telling of these errors; beside other models its hint says how to choose one of them."""
    errors = list(refused.values())
    error = next((error for error in errors if error.exit_code != ModelError.exit_code), errors[0])
    others = [fetched.name_of(path) for path in fetched.models if path not in refused]
    if others:
        choice = f"hoose another file with --file NAME: {', '.join(others[:10])}."
        error.hint = f"{error.hint} Or c{choice}" if error.hint else f"C{choice}"
    return error
