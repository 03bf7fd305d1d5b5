# SPDX-License-Identifier: MIT
"""The Python API: the same verbs as the command line, with the settings of the environment.

The registry stays open between calls (`fairreg.services.registry.shared_engine`). Every function raises the
errors of `fairreg.errors`, which carry a message and a hint.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Literal, overload

from fairreg.errors import ModelError, UsageError
from fairreg.registry import Registry as StoredRegistry
from fairreg.runners import Runner
from fairreg.runners.weights import fingerprint as fingerprint_of_file
from fairreg.schemas.documents.changes.locks import LockDocument
from fairreg.services.assess.assess import AssessmentReport
from fairreg.services.assess.assess import assess as assess_with
from fairreg.services.diff.diff import DiffReport
from fairreg.services.diff.diff import diff as diff_with
from fairreg.services.fetch.fetch import FetchedFiles
from fairreg.services.fetch.fetch import fetch as fetch_with
from fairreg.services.fetch.files.plan import FetchPlan, plan
from fairreg.services.fetch.resolve import Resolution
from fairreg.services.fetch.resolve import resolve as resolve_with
from fairreg.services.fetch.transfer import DEFAULT_JOBS
from fairreg.services.harvest.harvest import HarvestReport
from fairreg.services.harvest.harvest import harvest as harvest_with
from fairreg.services.lock.lock import lock as lock_with
from fairreg.services.lock.lock_file import DEFAULT_NAME, check_target, write_lock
from fairreg.services.lock.report import VerificationReport
from fairreg.services.lock.verify import verify as verify_with
from fairreg.services.registry.db import open_database
from fairreg.services.registry.lazy_registry import LazyRegistry
from fairreg.services.registry.shared_engine import shared_registry
from fairreg.services.run.demonstrate import check_runtime
from fairreg.services.run.loaded_model import BatchSize, looks_like_path, open_fetched, runner_of
from fairreg.services.search.report import SearchReport
from fairreg.services.search.search import search as search_with
from fairreg.settings import Settings
from fairreg.web import HttpClient

__all__ = [
    "Registry",
    "assess",
    "diff",
    "fetch",
    "fingerprint",
    "load",
    "lock",
    "resolve",
    "search",
    "verify",
]


class ManagedRegistry(StoredRegistry):
    """The registry at `url` (default: that of the environment), created and migrated as needed.

    It has its own connections, which `close` or the end of its context closes.
    """

    def __init__(self, url: str | None = None) -> None:
        environment = Settings.from_environment()
        self._settings = replace(environment, database_url=url) if url else environment
        super().__init__(open_database(self._settings))

    def harvest(
        self, source: str, *, query: str = "", since: date | None = None, limit: int | None = None
    ) -> HarvestReport:
        """Harvest the records of `source` into this registry; resumes where an earlier call stopped."""
        return harvest_with(self._settings, source, query=query, since=since, limit=limit, registry=self)


# Public name of this class as ``fairreg.Registry``; its base class has the same name.
Registry = ManagedRegistry


def search(query: str, live: bool = False, **filters: Any) -> SearchReport:
    """Search models that match `query`, best first. `filters` are those of `Registry.search`.

    Beside them `limit`, `offset`, `sort` (relevance, year, fair, name) and `facets` choose what is reported.
    `live` also queries every source at once; then `deadline` is their time limit in seconds (8), and
    `save=True` stores their results in the registry. The report's `sources` states how each of them answered.
    """
    settings = Settings.from_environment()
    with shared_registry(settings) as registry:
        return search_with(settings, query, live=live, registry=registry, **filters)


def resolve(pid: str) -> Resolution:
    """Follow an identifier in any spelling to its record at its source."""
    with HttpClient(Settings.from_environment()) as web:
        return resolve_with(web, pid)


@overload
def fetch(
    pid: str,
    output: str | Path | None = None,
    *,
    files: Iterable[str] = (),
    exclude: Iterable[str] = (),
    dry_run: Literal[False] = False,
    jobs: int = DEFAULT_JOBS,
) -> FetchedFiles: ...


@overload
def fetch(
    pid: str,
    output: str | Path | None = None,
    *,
    files: Iterable[str] = (),
    exclude: Iterable[str] = (),
    dry_run: Literal[True],
    jobs: int = DEFAULT_JOBS,
) -> FetchPlan: ...


def fetch(
    pid: str,
    output: str | Path | None = None,
    *,
    files: Iterable[str] = (),
    exclude: Iterable[str] = (),
    dry_run: bool = False,
    jobs: int = DEFAULT_JOBS,
) -> FetchedFiles | FetchPlan:
    """Download and verify the files of `pid` (all, or those that match the glob patterns `files`).

    Files that match a pattern of `exclude` are left out. Patterns that no file of the record matches choose
    members of its archives. What was chosen is copied to the folder `output`. `jobs` files are downloaded at
    a time. With `dry_run` the files are only listed, with the sizes and checksums that the record states.
    """
    folder, settings = None if output is None else Path(output), Settings.from_environment()
    with LazyRegistry(partial(shared_registry, settings)) as registry:
        if dry_run:
            return plan(settings, pid, patterns=files, exclude=exclude, registry=registry)
        return fetch_with(
            settings, pid, output=folder, patterns=files, exclude=exclude, registry=registry, jobs=jobs
        )


def load(
    pid_or_path: str | Path,
    runtime: str | None = None,
    device: str | None = None,
    *,
    file: str | None = None,
    batch_size: BatchSize = None,
) -> Runner:
    """Load a runner of a weight or model file, or of the model that an identifier leads to.

    The Hbb network gets its `predict`; any other ONNX file runs by its own graph, with its side files, models
    of other programs by their engine or as ONNX, weights of known networks as these. `file` chooses among the
    models of a record, by name or glob pattern;
    `device` is ``cpu``, ``cuda`` (the first GPU) or ``cuda:N``, by default a GPU for tensorrt, else the CPU.
    `batch_size` is a number of rows, or ``"whole"`` for all at once; None leaves it to what is known of the
    model (docs/running.md).
    """
    path = Path(pid_or_path)
    if path.is_file() and file is not None:
        raise UsageError(f"file= chooses among the files of a record, but {path} is a file.")
    if not path.is_file() and (isinstance(pid_or_path, Path) or looks_like_path(pid_or_path)):
        raise ModelError(f"There is no file {path}.", hint="Give a weight or model file, or an identifier.")
    if not path.is_file():
        check_runtime(runtime, device)
        fetched = fetch(str(pid_or_path), files=() if file is None else (file,))
        opened = open_fetched(Settings.from_environment(), fetched, runtime, device, batch_size=batch_size)
        return opened.runner
    return runner_of(Settings.from_environment(), path, runtime, device, batch_size=batch_size)


def fingerprint(path: str | Path) -> str:
    """Return the fingerprint of the parameter tensors in a weight file: equal means the same model."""
    return fingerprint_of_file(Path(path))


def assess(pid: str, offline: bool = False) -> AssessmentReport:
    """Score the FAIRness of what `pid` names, with the evidence for each verdict."""
    settings = Settings.from_environment()
    with shared_registry(settings) as registry:
        return assess_with(settings, pid, offline=offline, registry=registry)


def diff(first: str | Path, second: str | Path) -> DiffReport:
    """Compare two records or files: metadata, files, weights and scores; the files of records are fetched."""
    settings = Settings.from_environment()
    with LazyRegistry(partial(shared_registry, settings)) as registry:
        return diff_with(settings, str(first), str(second), registry=registry)


def lock(*pids: str, output: str | Path = DEFAULT_NAME) -> LockDocument:
    """Pin models to the bytes of their files, their metadata and their scores, in the file `output`.

    The file is written in one step, once every model is pinned.
    """
    settings, target = Settings.from_environment(), Path(output)
    check_target(target)
    with LazyRegistry(partial(shared_registry, settings)) as registry:
        made = lock_with(settings, pids, registry=registry)
    write_lock(made, target)
    return made


def verify(path: str | Path = DEFAULT_NAME) -> VerificationReport:
    """Compare what is published today with the lock file `path`.

    Nothing is raised for what has changed: `is_as_locked` of the report tells, `fault` is the error that the
    command ends with.
    """
    settings = Settings.from_environment()
    with LazyRegistry(partial(shared_registry, settings)) as registry:
        return verify_with(settings, Path(path), registry=registry)
