# SPDX-License-Identifier: MIT
"""The verbs of the Python API that change the registry: ``harvest``, ``add``, ``link`` and ``unlink``."""

from datetime import date
from pathlib import Path

from fairreg.registry import LineageReport, PutResult
from fairreg.schemas.timestamps import beginning_of
from fairreg.services.harvest.harvest import HarvestReport
from fairreg.services.harvest.harvest import harvest as harvest_with
from fairreg.services.registry import links
from fairreg.services.registry.shared_engine import shared_registry
from fairreg.services.registry.transfer import add as add_with
from fairreg.settings import Settings

__all__ = ["add", "harvest", "link", "unlink"]


def harvest(
    source: str, *, query: str = "", since: date | str | None = None, limit: int | None = None
) -> HarvestReport:
    """Harvest the records of `source` that match `query` into the registry.

    `since` is a date, or a text such as ``"2026-01-31"``: only records that changed since that day. `limit`
    is a number of records. A call that was interrupted resumes where it stopped.
    """
    settings, day = Settings.from_environment(), _day(since)
    with shared_registry(settings) as registry:
        return harvest_with(settings, source, query=query, since=day, limit=limit, registry=registry)


def _day(since: date | str | None) -> date | None:
    if not isinstance(since, str):
        return since
    return date.fromisoformat(beginning_of(since, "since")[: len("2026-01-31")])


def add(file: str | Path) -> PutResult:
    """Add the record in a file, JSON-LD of any tool or plain JSON, to the registry."""
    settings = Settings.from_environment()
    with shared_registry(settings) as registry:
        return add_with(settings, Path(file), registry=registry)[0]


def link(pid: str, other: str) -> LineageReport:
    """Mark two identifiers as the same model, also for later harvests; return the joined model."""
    settings = Settings.from_environment()
    with shared_registry(settings) as registry:
        return links.link(settings, pid, other, registry=registry)


def unlink(pid: str, other: str) -> tuple[LineageReport, LineageReport]:
    """Mark two identifiers as different models, also for later harvests; return both models."""
    settings = Settings.from_environment()
    with shared_registry(settings) as registry:
        return links.unlink(settings, pid, other, registry=registry)
