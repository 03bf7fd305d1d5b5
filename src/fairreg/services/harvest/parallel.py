# SPDX-License-Identifier: MIT
"""Harvesting several sources in processes of their own, here or elsewhere: one task a source.

The task is the harvest of `harvest`, which keeps page by page with its cursor. One whose worker died begins
again and resumes after the last page that is in the registry.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from fairreg import harvesters
from fairreg.errors import FairregError
from fairreg.registry import Registry
from fairreg.services.harvest.harvest import HarvestReport, fill
from fairreg.services.parallel.base import Where
from fairreg.services.parallel.engines import require_shared_registry, spread
from fairreg.services.registry.db import opened
from fairreg.settings import Settings
from fairreg.web import Talk, Web, silent
from fairreg.web.client import Slots

__all__ = ["harvest_spread"]


@dataclass(frozen=True)
class Harvested:
    """One source's report, what stopped it, and what the user should know."""

    report: HarvestReport
    fault: FairregError | None
    said: tuple[str, ...]


@dataclass(frozen=True)
class Harvesting:
    """Harvests a source. Of tasks that ask the same service each keeps to its part of the pace."""

    settings: Settings
    query: str
    since: date | None
    limit: int | None
    sharers: dict[str, int] = field(default_factory=dict)

    def __call__(self, source: str) -> Harvested:
        """Harvest a source; a FairregError becomes the report's fault, and what came before is kept."""
        said: list[str] = []
        report = HarvestReport(source, self.query, self.since)
        slots = Slots(self.sharers[_service(source)])
        try:
            with (
                Registry(settings=self.settings) as registry,
                Web(self.settings, talk=said.append, slots=slots) as web,
            ):
                fill(
                    report,
                    self.settings,
                    registry,
                    harvesters.get(source),
                    limit=self.limit,
                    progress=None,
                    talk=said.append,
                    web=web,
                )
        except FairregError as error:
            report.fault = error.message
            return Harvested(report, error, tuple(said))
        return Harvested(report, None, tuple(said))


def harvest_spread(
    settings: Settings,
    sources: Sequence[str],
    where: Where,
    *,
    query: str = "",
    since: date | None = None,
    limit: int | None = None,
    progress: Callable[[str, int, int | None], None] = lambda _source, _done, _total: None,
    talk: Talk = silent,
    registry: Registry | None = None,
) -> tuple[list[HarvestReport], list[FairregError]]:
    """As `harvest_all`, with a task for each source; `progress` hears of a source when it is done.

    Raises UsageError for an unknown source and for a registry that workers elsewhere cannot open, and the
    errors of `spread`.
    """
    names = list(dict.fromkeys(sources))
    services = [_service(name) for name in names]
    harvesting = Harvesting(settings, query, since, limit, {name: services.count(name) for name in services})
    reports, faults = [], []
    # The workers open it each for itself, but find it ready.
    with opened(registry, settings, talk), spread(where, talk) as engine:
        require_shared_registry(engine, settings)
        for done in engine.each(harvesting, names):
            found = done.result or _broken(harvesting, done.task, done.fault)
            for line in found.said:
                talk(line)
            reports.append(found.report)
            faults += [found.fault] if found.fault else []
            progress(done.task, found.report.seen, found.report.seen)
    return reports, faults


def _service(source: str) -> str:
    harvester = harvesters.get(source)
    return harvester.service or harvester.name


def _broken(harvesting: Harvesting, source: str, fault: BaseException | None) -> Harvested:
    """The report of a task that has none; what it brought in is in the registry all the same."""
    known = fault if isinstance(fault, FairregError) else None
    reason = known.message if known else "It ended without a report, by a fault of its harvester."
    return Harvested(HarvestReport(source, harvesting.query, harvesting.since, fault=reason), known, ())
