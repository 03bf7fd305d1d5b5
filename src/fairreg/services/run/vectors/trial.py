# SPDX-License-Identifier: MIT
"""Trial of a model on what is published with it: its test vectors, or the packaged sample of its network."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from fairreg import runners
from fairreg.errors import FairregError, ModelError, UsageError
from fairreg.models.base import Recognition
from fairreg.services.fetch.download import Progress
from fairreg.services.fetch.fetch import FetchedFiles, fetch
from fairreg.services.fetch.files.selection import FileSelection
from fairreg.services.registry.lazy_registry import LazyRegistry
from fairreg.services.run.demonstrate import (
    ENGINES,
    RunReport,
    demonstrated,
    meant,
    recognise,
    recognise_fetched,
)
from fairreg.services.run.loaded_model import BatchSize, ModelChoice, choice_among, local_file, open_choice
from fairreg.services.run.vectors.base import Files, VectorFiles
from fairreg.services.run.vectors.found import (
    beside,
    companions,
    missing_half,
    model_names,
    published,
    vectors_for,
    vectors_in,
)
from fairreg.services.run.vectors.report import VectorRun
from fairreg.services.run.vectors.run import check_vectors, run_loaded
from fairreg.settings import Settings
from fairreg.web import Log, no_log

__all__ = ["run_fetched", "run_model", "with_companions"]

Refused = Mapping[Path, FairregError]


@dataclass(frozen=True)
class _Published:
    """Fetched files by the names that vectors are found by."""

    fetched: FetchedFiles

    @cached_property
    def files(self) -> Files:
        """All files by name."""
        return published(self.fetched)

    @cached_property
    def sets(self) -> tuple[VectorFiles, ...]:
        """All sets of vectors. Raises ModelError for a description that is none."""
        return vectors_in(self.files, model_names(self.fetched, self.files))

    def sets_of(self, path: Path) -> tuple[VectorFiles, ...]:
        """The sets of one model: those that state none are for the only model."""
        return vectors_for(path, self.files, self.sets, alone=len(set(self.fetched.models)) == 1)

    def choice(
        self, found: Iterable[Recognition], refused: Refused
    ) -> tuple[ModelChoice, tuple[VectorFiles, ...]]:
        """Choose the model that the vectors are stated for, else as a run does; with its vectors."""
        stated = {self.files.get(item.model or "") for item in self.sets}
        named = tuple(path for path in self.fetched.models if path in stated)
        fetched = replace(self.fetched, models=named) if len(named) == 1 else self.fetched
        own = [item for item in found if item.path in fetched.models]
        chosen = choice_among(fetched, own, refused)
        # Chosen by the user or as the only one, it is the one that vectors without a statement are for.
        return chosen, vectors_for(chosen.path, self.files, self.sets)


def with_companions(
    settings: Settings,
    fetched: FetchedFiles,
    selection: FileSelection,
    *,
    registry: LazyRegistry | None = None,
    log: Log = no_log,
) -> FetchedFiles:
    """Add the test vectors of a record of which only chosen files were fetched. Raises as `fetch`."""
    names = companions(fetched) if selection.patterns else []
    left_out = selection.left_out(names)
    wanted = [name for name in names if name not in left_out]
    if not wanted:
        return fetched
    more = fetch(settings, fetched.requested, patterns=wanted, log=log, registry=registry)
    return replace(fetched, files=(*fetched.files, *more.files))


def run_fetched(
    settings: Settings, fetched: FetchedFiles, *, runtime: str | None = None, device: str | None = None
) -> RunReport | VectorRun:
    """Run the model among fetched files: a known network on its sample, any other on its test vectors.

    A known network is compared with its test vectors, too. Raises ModelError where there is no model, or
    neither sample nor vectors for it, and the errors of loading and running it.
    """
    found, refused = recognise_fetched(fetched)
    look = _Published(fetched)
    is_known = any(item.obstacle is None for item in found)
    if not is_known and any(map(runners.loads, fetched.models)) and look.sets:
        chosen, sets = look.choice(found, refused)
        if sets:
            opened = open_choice(settings, chosen, runtime, device)
            return run_loaded(opened, fetched.name_of(chosen.path), sets)
    chosen_network, warnings = meant(found, refused, fetched=fetched)
    engines = settings.cache / ENGINES
    report = demonstrated(fetched, chosen_network, warnings, runtime=runtime, engines=engines, device=device)
    return _with_vectors(settings, report, look)


def _with_vectors(settings: Settings, report: RunReport, look: _Published) -> RunReport:
    """Compare a known network with its test vectors; warn of those that cannot be read or do not fit."""
    chosen = ModelChoice(report.recognition.path, report.recognition)
    try:
        sets = look.sets_of(chosen.path)
        if not sets:
            return report
        opened = open_choice(settings, chosen, report.runtime, report.device)
        return replace(report, vectors=check_vectors(opened.runner, sets))
    except ModelError as error:
        warning = f"The test vectors of the record were not compared. {error.message}"
        return replace(report, warnings=(*report.warnings, warning))


def run_model(
    settings: Settings,
    model: str,
    *,
    runtime: str | None = None,
    device: str | None = None,
    patterns: Iterable[str] = (),
    batch_size: BatchSize = None,
    log: Log = no_log,
    progress: Progress | None = None,
) -> VectorRun:
    """Run a local model file, or the model of a record, on the test vectors beside it.

    Raises UsageError without any, and the errors of `fetch` and of loading and running the model.
    """
    selection = FileSelection.of(patterns, ())
    path = local_file(model, selection.patterns)
    files: Files
    if path is not None:
        chosen, name, local = ModelChoice(path, recognise(path)), path.name, beside(path)
        sets, files = local.sets, local.files
    else:
        fetched = fetch(settings, model, patterns=selection.patterns, log=log, progress=progress)
        look = _Published(with_companions(settings, fetched, selection, log=log))
        chosen, sets = look.choice(*recognise_fetched(look.fetched))
        name, files = fetched.name_of(chosen.path), look.files
    if not sets:
        raise _no_vectors(name, files)
    return run_loaded(open_choice(settings, chosen, runtime, device, batch_size=batch_size), name, sets)


def _no_vectors(name: str, files: Files) -> UsageError:
    half = missing_half(files)
    what = f" ({half} is there alone)" if half else ""
    return UsageError(
        f"There are no test vectors beside {name}{what}, so there is nothing to run it on.",
        hint="Give your own arrays with --input FILE. Test vectors are tests/vectors/inputs.npz and "
        "outputs.npz; docs/running.md says what else is read.",
    )
