# SPDX-License-Identifier: MIT
"""The Python API: the same verbs as the command line, with the settings of the environment.

Here are those that find, get and judge; those about model files are in `fairreg.services.model_api`, those
that compare in `fairreg.services.comparison_api`, those that change the registry in
`fairreg.services.registry_api`.

The registry stays open between calls (`fairreg.services.registry.shared_engine`). Every function raises the
errors of `fairreg.errors`, which carry a message and a hint.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from fairreg import formats
from fairreg.errors import UsageError
from fairreg.registry import Registry as StoredRegistry
from fairreg.registry.db.engine import Database
from fairreg.registry.parts import RegistryPart
from fairreg.registry.search.filters import FilterValues, Values
from fairreg.registry.search.sorting import Sort
from fairreg.schemas.record import Kind, ModelRecord
from fairreg.services.assess.assess import AssessmentReport
from fairreg.services.assess.assess import assess as assess_with
from fairreg.services.cite import cite as cite_with
from fairreg.services.cite.reference_text import FormattedCitation
from fairreg.services.deprecation import renamed
from fairreg.services.fetch.fetch import FetchedFiles
from fairreg.services.fetch.fetch import fetch as fetch_with
from fairreg.services.fetch.files.plan import FetchPlan, plan
from fairreg.services.fetch.resolve import Resolution
from fairreg.services.fetch.resolve import resolve as resolve_with
from fairreg.services.fetch.show import show as show_with
from fairreg.services.fetch.transfer import DEFAULT_JOBS
from fairreg.services.harvest.harvest import HarvestReport
from fairreg.services.harvest.harvest import harvest as harvest_with
from fairreg.services.named import Named, identifier_of
from fairreg.services.registry.db import open_database
from fairreg.services.registry.lazy_registry import LazyRegistry
from fairreg.services.registry.shared_engine import shared_registry
from fairreg.services.search.report import DEADLINE, PAGE, SearchReport, require_held
from fairreg.services.search.search import search as search_with
from fairreg.settings import Settings
from fairreg.web import HttpClient

if TYPE_CHECKING:
    from fairreg.services.doctor.doctor import DoctorReport

__all__ = ["Registry", "assess", "cite", "doctor", "fetch", "resolve", "search", "show"]


class _ClosedDatabase(Database):
    """Stand-in for the database of a registry that was closed."""

    def __init__(self) -> None:
        """Open nothing."""

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("__"):
            return super().__getattribute__(name)
        raise UsageError("The registry is closed.", hint="Open it again: fairreg.Registry().")


class ManagedRegistry(StoredRegistry):
    """The registry at `url` (default: that of the environment), created and migrated as needed.

    It has its own connections, which `close` or the end of its context closes.
    """

    def __init__(self, url: str | None = None) -> None:
        environment = Settings.from_environment()
        self._settings = environment if url is None else replace(environment, database_url=_url(url))
        super().__init__(open_database(self._settings))

    def close(self) -> None:
        """Close the database's connections; what is asked afterwards is a UsageError."""
        if isinstance(self._database, _ClosedDatabase):
            return
        super().close()
        self._database = _ClosedDatabase()
        for part in vars(self).values():
            if isinstance(part, RegistryPart):
                part.use(self._database)

    def harvest(
        self,
        source: str,
        *,
        query: str = "",
        since: date | None = None,
        limit: int | None = None,
        progress: Callable[[int, int | None], None] | None = None,
    ) -> HarvestReport:
        """Harvest the records of `source` into this registry; resumes where an earlier call stopped.

        `progress` is called as that of `fairreg.harvest`; without it the call is silent.
        """
        return harvest_with(
            self._settings,
            source,
            query=query,
            since=since,
            limit=limit,
            progress=progress,
            registry=self,
        )


def _url(stated: object) -> str:
    """Return the database URL that was stated; UsageError for a path or anything else."""
    if isinstance(stated, str) and "://" in stated:
        return stated
    raise UsageError(
        f"Registry takes a database URL, not {str(stated)!r}.",
        hint="A file is written as sqlite:/// and its path, such as sqlite:////tmp/x.sqlite.",
    )


# Public name of this class as ``fairreg.Registry``; its base class has the same name.
Registry = ManagedRegistry


def search(
    query: str = "",
    live: bool = False,
    *,
    source: Values = None,
    task: Values = None,
    framework: Values = None,
    license: Values = None,  # noqa: A002  # as the option
    kind: Kind | Iterable[Kind] | None = None,
    author: Values = None,
    year: Values | int | Iterable[int] = None,
    trained_on: Values = None,
    runnable: bool | None = None,
    gone: bool | None = None,
    min_fair: float | None = None,
    sort: Sort = "relevance",
    limit: int | None = PAGE,
    offset: int = 0,
    explain: bool = False,
    facets: bool = False,
    save: bool = False,
    deadline: float = DEADLINE,
) -> SearchReport:
    """Search models, datasets and software that match `query`, best first; without one, list the newest.

    Several values of a filter are alternatives. `year` is a year or a range (``"2020-2023"``, ``"-2019"``,
    ``"2022-"``), `trained_on` any identifier of training data, `runnable` what runs or may run here, `gone`
    what its source withdrew. At most `limit` results (None: all) after the first `offset`; `explain` and
    `facets` add reasons of ranks and counts per value.

    `live` also queries every source at once, for `deadline` seconds; `save` stores their results in the
    registry, and the report's `sources` states how each of them answered. Raises UsageError for a value of
    source, task, framework or licence that no record of the registry has.
    """
    filters = FilterValues(
        source=source,
        task=task,
        framework=framework,
        license=license,
        kind=kind,
        runnable=runnable,
        gone=gone,
        min_fair=min_fair,
        author=author,
        year=year,
        trained_on=trained_on,
    )
    shown: dict[str, Any] = {"sort": sort, "limit": limit, "offset": offset}
    shown |= {"explain": explain, "facets": facets, "save": save, "deadline": deadline}
    settings = Settings.from_environment()
    with shared_registry(settings) as registry:
        report = search_with(settings, query, live=live, registry=registry, **shown, **filters)
    if not live:
        require_held(report.unheld)
    return report


@overload
def show(pid: Named, format: None = None) -> ModelRecord: ...


@overload
def show(pid: Named, format: str) -> str | bytes: ...


def show(pid: Named, format: str | None = None) -> ModelRecord | str | bytes:  # noqa: A002  # as the option
    """Return one record, from the registry or else from its source, or its document in a `format`.

    Formats are those of ``fairreg show``, such as ``"jsonld"``, ``"turtle"`` or ``"bibtex"``.
    """
    settings = Settings.from_environment()
    written = None if format is None else formats.get(format)
    with shared_registry(settings) as registry:
        record = show_with(settings, identifier_of(pid), registry=registry)
    return record if written is None else written.write(record)


def cite(
    pid: Named,
    with_data: bool = False,
    with_paper: bool = False,
    format: Literal["text", "bibtex", "csl", "ris"] = "text",  # noqa: A002  # as the option
) -> FormattedCitation:
    """Return the citation of a record, a text in the style of the APA or in another `format`.

    `with_data` also cites the data that it was trained on, `with_paper` the papers that describe it.
    """
    settings = Settings.from_environment()
    with shared_registry(settings) as registry:
        record = show_with(settings, identifier_of(pid), registry=registry)
        text = cite_with(record, format=format, with_data=with_data, with_paper=with_paper, registry=registry)
    return FormattedCitation(text, format)


def resolve(pid: Named) -> Resolution:
    """Follow an identifier in any spelling to its record at its source."""
    with HttpClient(Settings.from_environment()) as web:
        return resolve_with(web, identifier_of(pid))


@overload
def fetch(
    pid: Named,
    output: str | Path | None = None,
    *,
    file: str | Iterable[str] = (),
    exclude: str | Iterable[str] = (),
    dry_run: Literal[False] = False,
    jobs: int = DEFAULT_JOBS,
) -> FetchedFiles: ...


@overload
def fetch(
    pid: Named,
    output: str | Path | None = None,
    *,
    file: str | Iterable[str] = (),
    exclude: str | Iterable[str] = (),
    dry_run: Literal[True],
    jobs: int = DEFAULT_JOBS,
) -> FetchPlan: ...


@renamed(file="files")
def fetch(
    pid: Named,
    output: str | Path | None = None,
    *,
    file: str | Iterable[str] = (),
    exclude: str | Iterable[str] = (),
    dry_run: bool = False,
    jobs: int = DEFAULT_JOBS,
) -> FetchedFiles | FetchPlan:
    """Download and verify the files of `pid` (all, or those that match the glob patterns `file`).

    Files that match a pattern of `exclude` are left out. Patterns that no file of the record matches choose
    members of its archives. What was chosen is copied to the folder `output`. `jobs` files are downloaded at
    a time. With `dry_run` the files are only listed, with the sizes and checksums that the record states.
    """
    folder, settings = None if output is None else Path(output), Settings.from_environment()
    named = identifier_of(pid)
    with LazyRegistry(partial(shared_registry, settings)) as registry:
        if dry_run:
            return plan(settings, named, patterns=file, exclude=exclude, registry=registry)
        return fetch_with(
            settings, named, output=folder, patterns=file, exclude=exclude, registry=registry, jobs=jobs
        )


def assess(pid: Named, offline: bool = False) -> AssessmentReport:
    """Score the FAIRness of what `pid` names, with the evidence for each verdict."""
    settings = Settings.from_environment()
    with shared_registry(settings) as registry:
        return assess_with(settings, identifier_of(pid), offline=offline, registry=registry)


def doctor() -> "DoctorReport":
    """Examine this installation: versions, engines, extras, settings, registry, cache, disk and services.

    Each service is asked for its base URL, unless offline mode is on; it takes a few seconds at most.
    """
    from fairreg.services.doctor.doctor import examine  # few sessions ask for it

    return examine()
