# SPDX-License-Identifier: MIT
"""The verbs of the Python API that fill, change and copy the registry, from ``harvest`` to ``import_``."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import overload

from fairreg.registry import LineageReport, PutResult
from fairreg.schemas.timestamps import beginning_of
from fairreg.services.harvest.harvest import HarvestReport
from fairreg.services.harvest.harvest import harvest as harvest_with
from fairreg.services.harvest.import_dump import import_dump
from fairreg.services.named import Named, identifier_of
from fairreg.services.registry import links
from fairreg.services.registry.shared_engine import shared_registry
from fairreg.services.registry.transfer import add as add_with
from fairreg.services.registry.transfer import export as export_with
from fairreg.services.registry.transfer import import_ as import_with
from fairreg.services.validate import CheckedFile
from fairreg.services.validate import validate as validate_with
from fairreg.settings import Settings

__all__ = ["add", "export", "harvest", "import_", "link", "unlink", "validate"]


def harvest(
    source: str,
    *,
    query: str = "",
    since: date | str | None = None,
    limit: int | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> HarvestReport:
    """Harvest the records of `source` that match `query` into the registry.

    `since` is a date, or a text such as ``"2026-01-31"``: only records that changed since that day. `limit`
    is a number of records. A call that was interrupted resumes where it stopped. `progress` is called with
    the number of records so far and in all (None: not known); without it the call is silent.
    """
    settings, day = Settings.from_environment(), _day(since)
    with shared_registry(settings) as registry:
        return harvest_with(
            settings, source, query=query, since=day, limit=limit, progress=progress, registry=registry
        )


def _day(since: date | str | None) -> date | None:
    if not isinstance(since, str):
        return since
    return date.fromisoformat(beginning_of(since, "since")[: len("2026-01-31")])


def add(file: str | Path) -> PutResult:
    """Add the record in a file, JSON-LD of any tool or plain JSON, to the registry."""
    settings = Settings.from_environment()
    with shared_registry(settings) as registry:
        return add_with(settings, Path(file), registry=registry)[0]


def export(output: str | Path) -> dict[str, int]:
    """Write all of the registry to the file `output`, as JSON Lines; return the number of items per kind.

    Registries of equal content write the same bytes, and the file appears only when it is complete.
    """
    settings = Settings.from_environment()
    with shared_registry(settings) as registry:
        return export_with(settings, Path(output), registry=registry)


@overload
def import_(
    file: str | Path, *, source: None = None, progress: Callable[[int, int | None], None] | None = None
) -> dict[str, int]: ...


@overload
def import_(
    file: str | Path, *, source: str, progress: Callable[[int, int | None], None] | None = None
) -> HarvestReport: ...


def import_(
    file: str | Path,
    *,
    source: str | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> dict[str, int] | HarvestReport:
    """Import a file that `export` wrote; return the numbers of new, changed and unchanged statements.

    With a `source` the file is a saved dump of its records, which are stored as by a harvest of it; then the
    report of a harvest is returned. Every line of an export is checked before the first is stored.
    `progress` is called with the number of statements so far and in all; without it the call is silent.
    Raises RecordError with the number of a bad line.
    """
    settings = Settings.from_environment()
    with shared_registry(settings) as registry:
        if source is None:
            return import_with(settings, Path(file), progress=progress, registry=registry)
        return import_dump(settings, Path(file), source, progress=progress, registry=registry)


def validate(file: str | Path) -> CheckedFile:
    """Check a file with a record, in JSON or JSON-LD of any tool, or a CITATION.cff, by its suffix.

    The result `is_valid`, or has `found.violations` with their places. Raises RecordError for what is no
    JSON.
    """
    return validate_with(Path(file))


def link(pid: Named, other: Named) -> LineageReport:
    """Mark two identifiers as the same model, also for later harvests; return the joined model."""
    settings = Settings.from_environment()
    with shared_registry(settings) as registry:
        return links.link(settings, identifier_of(pid), identifier_of(other), registry=registry)


def unlink(pid: Named, other: Named) -> tuple[LineageReport, LineageReport]:
    """Mark two identifiers as different models, also for later harvests; return both models."""
    settings = Settings.from_environment()
    with shared_registry(settings) as registry:
        return links.unlink(settings, identifier_of(pid), identifier_of(other), registry=registry)
