# SPDX-License-Identifier: MIT
"""Harvest of a collection: its queries, each with a harvest state of its own.

A run that was stopped is continued for a day: queries that it finished are not repeated, the others resume
after their last page.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from typing import Any

from fairreg import harvesters
from fairreg.collections import Collection, CollectionQuery, collection, collection_names
from fairreg.errors import FairregError, RecordError, UsageError
from fairreg.registry import Registry
from fairreg.registry.entries import Harvest
from fairreg.schemas.timestamps import now
from fairreg.services.enabled_sources import enabled
from fairreg.services.harvest.harvest import HarvestReport, harvest_key
from fairreg.services.harvest.parallel import SourceProgress, run_harvests
from fairreg.services.parallel.base import ExecutionTarget
from fairreg.settings import Settings
from fairreg.web import Log, no_log

__all__ = [
    "CollectionSummary",
    "HarvestPlan",
    "PlannedQuery",
    "all_collections",
    "harvest_collection",
    "plan",
]

# An older run starts again: a service that always fails must not keep the others from being updated.
RESUMED_WITHIN = timedelta(days=1)
_HERE = ExecutionTarget()


@dataclass(frozen=True)
class CollectionSummary:
    """A collection in the list. `file` is the user's file or None; `fault` says why it cannot be used."""

    name: str
    title: str
    queries: int
    file: str | None
    fault: str | None = None


@dataclass(frozen=True)
class PlannedQuery:
    """A query with its effective limit (None: all records); `skipped` is the reason for leaving it out."""

    source: str
    query: str
    reason: str
    limit: int | None
    skipped: str | None = None


@dataclass(frozen=True)
class HarvestPlan:
    """The queries of a collection as they would be sent."""

    collection: Collection
    queries: tuple[PlannedQuery, ...]

    @property
    def active(self) -> list[PlannedQuery]:
        """The queries that are not skipped."""
        return [item for item in self.queries if item.skipped is None]

    @property
    def origin(self) -> str:
        """Sentence fragment for people: packaged, or the user's file."""
        known = self.collection
        replaced = ", used instead of the packaged collection" if known.replaces_packaged else ""
        return f"{known.file}{replaced}" if known.file else "packaged"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        known = self.collection
        keys = ("source", "query", "reason", "limit", "skipped")
        return {
            "name": known.name,
            "title": known.title,
            "description": known.description,
            "file": str(known.file) if known.file else None,
            "replaces_packaged": known.replaces_packaged,
            "queries": [{key: getattr(item, key) for key in keys} for item in self.queries],
        }


def all_collections(settings: Settings) -> list[CollectionSummary]:
    """Return every collection by name; a user's file that is not a collection has its fault."""
    return [_summary(name, settings) for name in collection_names(settings.home)]


def _summary(name: str, settings: Settings) -> CollectionSummary:
    try:
        known = collection(name, settings.home)
    except RecordError as error:
        file = settings.home / "collections" / f"{name}.toml"
        return CollectionSummary(name, name, 0, str(file), error.message)
    return CollectionSummary(name, known.title, len(known.queries), str(known.file) if known.file else None)


def plan(
    settings: Settings, name: str, sources: Sequence[str] = (), *, limit: int | None = None
) -> HarvestPlan:
    """Plan the harvest of the collection `name`, of these `sources` only if any are named; sends nothing.

    `limit` replaces the limit of each query. Queries of disabled sources, of sources whose engine is missing
    and without a needed token are skipped, with the reason. Raises UsageError for an unknown name or source
    and for a source without a query in it, RecordError for a user's file that is not a collection or has a
    query that its source would refuse.
    """
    enabled(settings)  # refuses unknown names in FAIRREG_DISABLE
    known = collection(name, settings.home)
    for query in known.queries:
        fault = _fault_of(query)
        if fault is not None:
            raise known.fault(query.line, fault)
    for source in sources:
        harvesters.get(source)
        if source not in {query.source for query in known.queries}:
            raise UsageError(
                f"The collection {name} has no query of {source}.",
                hint=f"See its queries with: fairreg harvest --collection {name} --dry-run",
            )
    chosen = [query for query in known.queries if not sources or query.source in sources]
    return HarvestPlan(known, tuple(_planned(settings, query, sources, limit) for query in chosen))


def _fault_of(query: CollectionQuery) -> str | None:
    """Return why the source of a query would refuse it, None for one that can be sent."""
    if query.source not in harvesters.names():
        listed = ", ".join(harvesters.names())
        return f"there is no source called {query.source[:60]!r}; sources are {listed}"
    harvester = harvesters.get(query.source)
    if not harvester.harvestable:
        return f"{harvester.title} cannot be harvested; import its saved documents with fairreg import"
    return harvester.query_fault(query.query)


def _planned(
    settings: Settings, query: CollectionQuery, named: Sequence[str], limit: int | None
) -> PlannedQuery:
    skipped = _reason_to_skip(settings, query, named)
    return PlannedQuery(query.source, query.query, query.reason, limit or query.limit, skipped)


def _reason_to_skip(settings: Settings, query: CollectionQuery, named: Sequence[str]) -> str | None:
    harvester = harvesters.get(query.source)
    if query.source in settings.disabled and query.source not in named:
        return f"FAIRREG_DISABLE lists {query.source}"
    if harvester.engine is not None and find_spec(harvester.engine) is None:
        return f"{harvester.title} needs the package {harvester.engine}, which is not installed"
    service = settings.services.get(harvester.service)
    if query.needs_token and (service is None or service.token is None):
        return f"it needs an access token of {harvester.title}, and none is set"
    return None


def harvest_collection(
    settings: Settings,
    planned: HarvestPlan,
    where: ExecutionTarget = _HERE,
    *,
    since: date | None = None,
    jobs: int | None = None,
    progress: SourceProgress = lambda _label, _done, _total: None,
    log: Log = no_log,
    registry: Registry,
) -> tuple[list[HarvestReport], list[FairregError]]:
    """Harvest the active queries of a plan; return their reports, in its order, and the errors.

    Skipped queries are logged. Raises UsageError where all are skipped, and the errors of `run_harvests`.
    """
    known = planned.collection
    for item in planned.queries:
        if item.skipped is not None:
            log(f"Skipped {item.source} {item.query!r}: {item.skipped}.")
    if not planned.active:
        raise UsageError(
            f"All queries of the collection {known.name} are skipped.",
            hint="Name a source to use it although it is disabled, or set its access token.",
        )
    reports = [HarvestReport(item.source, item.query, since, item.limit) for item in planned.active]
    if registry.upkeep.not_writable is not None:
        raise registry.upkeep.not_writable
    run = _Run(registry, known.name, reports)
    left = run.resume(log)
    found, faults = run_harvests(
        settings, left, where, jobs=jobs, progress=progress, log=log, registry=registry
    )
    # Reports of other processes are copies.
    filled = {(report.source, report.query): report for report in found}
    reports = [filled.get((report.source, report.query), report) for report in reports]
    run.save(finished=not any(report.fault for report in reports))
    return reports, faults


@dataclass
class _Run:
    """One run over the queries of a collection; its state in the registry tells a stopped one."""

    registry: Registry
    name: str
    reports: list[HarvestReport]
    started_at: str = field(default_factory=now)

    def resume(self, log: Log) -> list[HarvestReport]:
        """Save the run as begun and return the harvests that it still needs; the others are marked."""
        state = self.registry.harvests.state(self._source, self._key)
        resumed = state is not None and not state.finished and _is_recent(state.started_at)
        if state is not None and state.started_at and resumed:
            self.started_at = state.started_at
        self.save(finished=False)
        if not resumed:
            self._start_anew()
        left = [item for item in self.reports if not (resumed and self._is_done(item))]
        if len(left) < len(self.reports):
            done = len(self.reports) - len(left)
            log(f"{self.name}: resuming the run of {self.started_at}, which finished {done} of its queries")
        return left

    def save(self, *, finished: bool) -> None:
        """Store the state of the run."""
        state = Harvest(self._source, self._key, finished=finished, started_at=self.started_at)
        self.registry.harvests.save(state)

    def _start_anew(self) -> None:
        """Forget where earlier harvests of the queries stopped: a new run reads them from the beginning."""
        for report in self.reports:
            state = self.registry.harvests.state(report.source, harvest_key(report))
            if state is not None and not state.finished and state.cursor is not None:
                self.registry.harvests.save(replace(state, cursor=None))

    def _is_done(self, report: HarvestReport) -> bool:
        """Tell whether the query was harvested to its end, or to the same limit, since the run began."""
        state = self.registry.harvests.state(report.source, harvest_key(report))
        if state is None or not state.finished or (state.started_at or "") < self.started_at:
            return False
        if state.counts.get("limit") != report.limit:
            return False
        report.finished_before = True
        return True

    @property
    def _source(self) -> str:
        return f"collection:{self.name}"  # no source has a colon in its name

    @property
    def _key(self) -> str:
        """Key of the run: what was asked for, so that another request is another run."""
        since = self.reports[0].since
        asked = dict.fromkeys(f"{report.source}:{report.limit or 'all'}" for report in self.reports)
        return " ".join([*asked, *([f"since {since.isoformat()}"] if since else [])])


def _is_recent(moment: str | None) -> bool:
    return moment is not None and datetime.now(UTC) - datetime.fromisoformat(moment) < RESUMED_WITHIN
