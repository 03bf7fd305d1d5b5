# SPDX-License-Identifier: MIT
"""Plan of a fetch: which files would be downloaded, without downloading one."""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from fairreg.errors import Unreachable
from fairreg.schemas.identifiers import RequestedIdentifier
from fairreg.schemas.record import Distribution, ModelRecord
from fairreg.services.fetch.download import cached_copy, download
from fairreg.services.fetch.fetch import (
    log_mirrors,
    log_withdrawal,
    resolved_at_source,
    stored_records,
    target_of,
)
from fairreg.services.fetch.files.fetched import named
from fairreg.services.fetch.files.selection import FileSelection, chosen_files, select, with_indexed
from fairreg.services.fetch.resolve import Resolution
from fairreg.services.registry.lazy_registry import LazyRegistry
from fairreg.settings import Settings
from fairreg.storage.cache import Cache
from fairreg.web import HttpClient, Log, no_log

__all__ = ["FetchPlan", "PlannedFile", "plan"]


@dataclass(frozen=True)
class PlannedFile:
    """A file that would be fetched; `is_here` without a download."""

    distribution: Distribution
    is_here: bool


@dataclass(frozen=True)
class FetchPlan:
    """Files that a fetch would bring, as the record states them.

    `unmatched` are patterns that no file of the record matches: the archives among the files may have members
    that do. Files that belong to a model, which its content names, may come in addition.
    """

    requested: str
    record: ModelRecord
    files: tuple[PlannedFile, ...]
    unmatched: tuple[str, ...] = ()
    resolution: Resolution | None = None

    def __repr__(self) -> str:
        from fairreg.schemas.notebook.one_line import named, represented
        from fairreg.schemas.text import counted

        here = sum(item.is_here for item in self.files)
        said = f"{counted(len(self.files), 'file')}, {here} of them here"
        return represented(self, f"{named(self.record.identifier)}:", said)

    def _repr_html_(self) -> str:
        """View of the plan in a notebook."""
        from fairreg.services.fetch.files.notebook import plan_view

        return plan_view(self)

    @property
    def size(self) -> int | None:
        """Size of all files in bytes; None if a size is not stated."""
        return _total(self.files)

    @property
    def download_size(self) -> int | None:
        """Size in bytes of the files that are not here; None if a size is not stated."""
        return _total(item for item in self.files if not item.is_here)

    def to_json(self) -> dict[str, Any]:
        """The document that ``fairreg fetch --dry-run --json`` prints."""
        return {
            **named(self.requested, self.record),
            "dry_run": True,
            "files": [
                {
                    "name": item.distribution.name,
                    "size": item.distribution.size,
                    "checksums": list(item.distribution.checksums),
                    "url": item.distribution.url,
                    "cached": item.is_here,
                }
                for item in self.files
            ],
            "size": self.size,
            "download_size": self.download_size,
            "unmatched": list(self.unmatched),
        }


def plan(
    settings: Settings,
    pid: str | RequestedIdentifier,
    *,
    patterns: Iterable[str] = (),
    exclude: Iterable[str] = (),
    log: Log = no_log,
    registry: LazyRegistry | None = None,
) -> FetchPlan:
    """Resolve `pid` and choose its files as `fetch` does; nothing but index files is downloaded or stored.

    When the source is unreachable, the record in the registry is used. Raises the errors of `resolve` and
    those of `fetch` for the choice.
    """
    selection, requested = FileSelection.of(patterns, exclude), RequestedIdentifier.of(pid)
    log_mirrors(settings, log)
    with nullcontext(registry) if registry else LazyRegistry.of(settings) as known:
        target = target_of(requested, known, log)
        if isinstance(target, tuple):
            record, files = target
            chosen = select([item.distribution for item in files], selection.patterns, selection.excluded)
            here = tuple(PlannedFile(item, is_here=True) for item in chosen)
            return _plan(requested, record, here, selection)
        resolution, record = _record(settings, known, target, selection, log)
    cache = Cache(settings.cache)
    items = chosen_files(record, selection, log)
    idle = selection.unmatched([item.name for item in items]).patterns
    if idle != selection.patterns:
        for pattern in idle:
            log(f"No file of the record matches {pattern}.")
    planned = tuple(PlannedFile(item, cached_copy(cache, item) is not None) for item in items)
    return _plan(requested, record, planned, selection, resolution)


def _plan(
    requested: RequestedIdentifier,
    record: ModelRecord,
    files: tuple[PlannedFile, ...],
    selection: FileSelection,
    resolution: Resolution | None = None,
) -> FetchPlan:
    names = [item.distribution.name for item in files]
    unmatched = selection.unmatched(names).patterns
    return FetchPlan(requested.text, record, files, unmatched, resolution)


def _record(
    settings: Settings, lazy: LazyRegistry, pid: RequestedIdentifier, selection: FileSelection, log: Log
) -> tuple[Resolution | None, ModelRecord]:
    """The record at the source, else one of the registry that lists files; with those in index files."""
    cache = Cache(settings.cache)
    with HttpClient(settings, log=log) as web:
        try:
            resolution, record = resolved_at_source(web, lazy, pid, log)
            return resolution, with_indexed(record, selection, partial(download, web, cache), log) or record
        except Unreachable as error:
            log_withdrawal(lazy, pid, log)
            stored = stored_records(lazy.open(), pid)
            known = next((item for item in stored if any(file.url for file in item.distributions)), None)
            if known is None:
                raise
            log(f"{error.message} Using the record in the registry.")
            return None, with_indexed(known, selection, partial(cached_copy, cache), log) or known


def _total(files: Iterable[PlannedFile]) -> int | None:
    sizes = [item.distribution.size for item in files]
    known = [size for size in sizes if size is not None]
    return sum(known) if len(known) == len(sizes) else None
