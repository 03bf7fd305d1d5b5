# SPDX-License-Identifier: MIT
"""Harvest of several sources or queries at once: one task per query, in threads or in other processes.

The task is that of `harvest`, which stores page by page with its cursor. If a worker dies, its task starts
again and resumes after the last page in the registry.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from fairreg import harvesters
from fairreg.errors import FairregError, RegistryError
from fairreg.registry import Registry
from fairreg.services.harvest.harvest import HarvestReport, fill_report, peers_in
from fairreg.services.parallel.base import Engine, ExecutionTarget, TaskResult, threads
from fairreg.services.parallel.engines import open_engine, require_shared_registry
from fairreg.services.registry.db import opened
from fairreg.settings import Settings
from fairreg.web import HttpClient, Log, no_log
from fairreg.web.client import RateLimiter

__all__ = ["SourceProgress", "harvest_all", "run_harvests"]

# Called with the label of a harvest, the number of its records read, and their total.
SourceProgress = Callable[[str, int, int | None], None]
_SILENT: SourceProgress = lambda _label, _done, _total: None  # noqa: E731
_HERE = ExecutionTarget()
_MOST = 64  # threads; services set the pace, so that more of them would only wait


@dataclass(frozen=True)
class HarvestOutcome:
    """Report of one harvest, the error that stopped it, if any, and messages not yet logged."""

    report: HarvestReport
    fault: FairregError | None = None
    messages: tuple[str, ...] = ()


def harvest_all(
    settings: Settings,
    sources: Sequence[str],
    where: ExecutionTarget = _HERE,
    *,
    query: str = "",
    since: date | None = None,
    limit: int | None = None,
    jobs: int | None = None,
    progress: SourceProgress = _SILENT,
    log: Log = no_log,
    registry: Registry | None = None,
) -> tuple[list[HarvestReport], list[FairregError]]:
    """Harvest several sources at the same time, each as by `harvest`; return their reports and errors.

    As `run_harvests` for the same `query` of every source; `progress` gets the names of sources.
    """
    settings, proper = peers_in(settings, sources)
    reports = [HarvestReport(name, query, since, limit) for name in dict.fromkeys(proper)]
    names = {report.label: report.source for report in reports}

    def named(label: str, done: int, total: int | None) -> None:
        progress(names[label], done, total)

    return run_harvests(settings, reports, where, jobs=jobs, progress=named, log=log, registry=registry)


def run_harvests(
    settings: Settings,
    reports: Sequence[HarvestReport],
    where: ExecutionTarget = _HERE,
    *,
    jobs: int | None = None,
    progress: SourceProgress = _SILENT,
    log: Log = no_log,
    registry: Registry | None = None,
) -> tuple[list[HarvestReport], list[FairregError]]:
    """Run the harvests that `reports` describe, at most `jobs` at a time; return the reports and errors.

    A harvest that stops early does not stop the others; its report has the `fault`. `progress` is called with
    the report's label for every page, from several threads; for a harvest in another process, when it is
    done. Raises UsageError for an unknown source before any request and for a registry that remote workers
    cannot open, and the errors of `open_engine`.
    """
    processes = Counter(_service(report.source) for report in reports)
    harvest = SourceHarvest(settings, processes)
    outcomes = []
    # Workers in other processes open the registry themselves, but find it migrated.
    with (
        opened(registry, settings, log) as used,
        _engine(where, min(len(reports), jobs or _MOST), log) as engine,
    ):
        here = partial(harvest.run, used, progress=progress, log=log, limiter=RateLimiter())
        require_shared_registry(engine, settings)
        for outcome in map(_outcome, engine.map(here if where.in_process else harvest, reports)):
            for message in outcome.messages:
                log(message)
            if not where.in_process:
                progress(outcome.report.label, outcome.report.seen, outcome.report.seen)
            outcomes.append(outcome)
    return [outcome.report for outcome in outcomes], [item.fault for item in outcomes if item.fault]


def _engine(where: ExecutionTarget, tasks: int, log: Log) -> AbstractContextManager[Engine]:
    """Open the engine; in this process a daemon thread per source, so that an interrupt ends it at once."""
    return threads(max(1, tasks)) if where.in_process else open_engine(where, log)


@dataclass(frozen=True)
class SourceHarvest:
    """Harvest of a source, called in another process.

    Processes that use the same service divide its pace: `processes` is their number by service.
    """

    settings: Settings
    processes: Mapping[str, int]

    def __call__(self, report: HarvestReport) -> HarvestOutcome:
        """Run the harvest that `report` describes; return its messages with the outcome."""
        messages: list[str] = []
        limiter = RateLimiter(self.processes[_service(report.source)])
        try:
            with Registry(settings=self.settings) as registry:
                found = self.run(registry, report, progress=None, log=messages.append, limiter=limiter)
        except RegistryError as error:
            report.fault = error.message
            found = HarvestOutcome(report, error)
        return replace(found, messages=tuple(messages))

    def run(
        self,
        registry: Registry,
        report: HarvestReport,
        *,
        progress: SourceProgress | None,
        log: Log,
        limiter: RateLimiter,
    ) -> HarvestOutcome:
        """Run the harvest that `report` describes; a FairregError becomes its fault, stored pages stay."""
        harvester = harvesters.get(report.source)
        own = partial(progress, report.label) if progress else None
        try:
            with HttpClient(self.settings, log=log, limiter=limiter) as web:
                fill_report(
                    report,
                    self.settings,
                    registry,
                    harvester,
                    limit=report.limit,
                    progress=own,
                    log=log,
                    web=web,
                )
        except FairregError as error:
            report.fault = error.message
            return HarvestOutcome(report, error)
        return HarvestOutcome(report)


def _service(source: str) -> str:
    harvester = harvesters.get(source)
    return harvester.service


def _outcome(done: TaskResult[HarvestReport, HarvestOutcome]) -> HarvestOutcome:
    """The outcome of a task; without a result, that of its report, whose pages are in the registry."""
    if done.result is not None:
        return done.result
    report, known = done.task, done.fault if isinstance(done.fault, FairregError) else None
    cause = f"Its harvester failed with an internal error ({done.fault!r})."
    report.fault = known.message if known else cause
    return HarvestOutcome(report, known)
