# SPDX-License-Identifier: MIT
"""A model as its source publishes it today: record, files by their bytes, weights.

Files that are in the cache are hashed again and used where the record states a digest of them. Where it
states none, a copy says nothing about what is published now: such a file is downloaded again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from fairreg.errors import AccessDenied, FairregError, NotFound
from fairreg.schemas.identifiers import RequestedIdentifier
from fairreg.schemas.record import Distribution, ModelRecord
from fairreg.services.diff.files import FileState, state_of_download, stated
from fairreg.services.diff.weights import WeightsState, weights_of
from fairreg.services.fetch.download import Downloaded, Progress, adopt, cached_copy, download
from fairreg.services.fetch.fetch import (
    FetchedFiles,
    download_files,
    resolved_at_source,
    save_record,
    store_fingerprints,
    stored_records,
    target_of,
)
from fairreg.services.fetch.files.selection import EVERYTHING, chosen_files, with_indexed
from fairreg.services.fetch.resolve import Resolution
from fairreg.services.fetch.unpacking import models_in, unopened_notes
from fairreg.services.registry.db import storing
from fairreg.services.registry.lazy_registry import LazyRegistry
from fairreg.settings import Settings
from fairreg.storage.cache import Cache
from fairreg.storage.checksums import read_published
from fairreg.web import HttpClient, Log, no_log

__all__ = ["PublishedModel", "PublishedReader"]


@dataclass(frozen=True)
class PublishedModel:
    """A record with the files that a fetch of it brings; a file that could not be read has a `fault`.

    `asked` is the identifier that led to it, in the compact form. `unlisted` says why there are no files at
    all: they are withheld, or the record has none.
    """

    asked: str
    record: ModelRecord
    files: tuple[FileState, ...]
    weights: tuple[WeightsState, ...]
    unlisted: FairregError | None = None

    @property
    def faults(self) -> tuple[FairregError, ...]:
        """The reasons why files could not be read."""
        found = (self.unlisted, *(item.fault for item in self.files))
        return tuple(fault for fault in found if fault is not None)


@dataclass(frozen=True)
class PublishedReader:
    """Reader of published models for one command."""

    settings: Settings
    registry: LazyRegistry
    log: Log = no_log
    progress: Progress | None = None

    def read(self, pid: str) -> PublishedModel:
        """Read the model that `pid` names at its source, with all of its files.

        The record is stored in the registry. A file that cannot be read has its fault in the result. Raises
        IdentifierError, Gone and NotFound for a record that is not there, Unreachable where its source does
        not respond.
        """
        requested = RequestedIdentifier.of(pid)
        target = target_of(requested, self.registry, self.log)
        if isinstance(target, tuple):
            record, own = target
            packaged = FetchedFiles(pid, record, own, (), models_in(own, ()))
            return _published(requested, record, tuple(map(state_of_download, own)), packaged)
        cache = Cache(self.settings.cache, self.log)
        with HttpClient(self.settings, log=self.log) as web:
            resolution, record = resolved_at_source(web, self.registry, target, self.log)
            record = with_indexed(record, EVERYTHING, partial(download, web, cache), self.log) or record
            try:
                chosen = chosen_files(record, EVERYTHING, self.log)
            except (NotFound, AccessDenied) as error:
                self._save(resolution, None, whole=False)
                return _withheld(requested, record, error)
            files, fetched = self._files(web, cache, pid, record, chosen)
        self._save(resolution, fetched, whole=all(item.fault is None for item in files))
        return _published(requested, record, files, fetched)

    def record(self, pid: str) -> ModelRecord:
        """Read the record that `pid` names at its source; nothing of it is kept. Raises as `read`."""
        target = target_of(RequestedIdentifier.of(pid), self.registry, self.log)
        if isinstance(target, tuple):
            return target[0]
        with HttpClient(self.settings, log=self.log) as web:
            return resolved_at_source(web, self.registry, target, self.log)[1]

    def cached(self, pid: str) -> dict[str, list[str]]:
        """SHA-256 digests of the files of `pid` in the cache, by name. Makes no requests."""
        cache, found = Cache(self.settings.cache, self.log), dict[str, list[str]]()
        for record in stored_records(self.registry.open(self.log), pid):
            for item in record.distributions:
                copy = cached_copy(cache, item) if item.url else None
                if copy is not None:
                    found.setdefault(item.name, []).append(copy.file.sha256)
        return found

    def _files(
        self, web: HttpClient, cache: Cache, pid: str, record: ModelRecord, chosen: Sequence[Distribution]
    ) -> tuple[tuple[FileState, ...], FetchedFiles | None]:
        """The `chosen` files of a record, and what was fetched of them, None where that is nothing."""
        fresh = self._first_pass(web, cache, pid, record, chosen)
        files, read = [], []
        for item in chosen:
            try:
                found = _published_now(web, cache, item, self.progress, is_fresh=item in fresh)
            except FairregError as error:
                files.append(stated(item, error))
            else:
                files.append(state_of_download(found))
                read.append(item)
        if not read:
            return tuple(files), None
        fetched = download_files(web, cache, pid, record, read, log=self.log)
        for sentence in unopened_notes(fetched.unopened):
            self.log(f"Warning: {sentence}")
        return tuple(files), fetched

    def _first_pass(
        self, web: HttpClient, cache: Cache, pid: str, record: ModelRecord, chosen: Sequence[Distribution]
    ) -> frozenset[Distribution]:
        """Download several files at a time, and return those that came from the source just now."""
        try:
            found = download_files(web, cache, pid, record, chosen, log=self.log, progress=self.progress)
        except FairregError:
            # The first fault of any file: each file is asked for by itself next, and says its own.
            return frozenset()
        return frozenset(item.distribution for item in found.files if not item.from_cache)

    def _save(self, resolution: Resolution, fetched: FetchedFiles | None, *, whole: bool) -> None:
        """Store the record, by which the files are found offline and the assessment reads them."""
        with storing("The record is", self.log):
            registry = self.registry.open(self.log)
            save_record(registry, resolution)
            if fetched is not None and whole:
                store_fingerprints(registry, fetched)


def _published(
    requested: RequestedIdentifier,
    record: ModelRecord,
    files: tuple[FileState, ...],
    fetched: FetchedFiles | None,
) -> PublishedModel:
    models: tuple[Path, ...] = fetched.models if fetched else ()
    weights = tuple(weights_of(path, fetched.name_of(path)) for path in models) if fetched else ()
    return PublishedModel(_asked(requested), record, files, weights)


def _withheld(requested: RequestedIdentifier, record: ModelRecord, why: FairregError) -> PublishedModel:
    """A model whose files cannot be had: as its record lists them, if it does."""
    listed = tuple(stated(item, why) for item in record.distributions if item.path is None)
    return PublishedModel(_asked(requested), record, listed, (), unlisted=None if listed else why)


def _asked(requested: RequestedIdentifier) -> str:
    return requested.identifier.compact if requested.identifier else requested.text


def _published_now(
    web: HttpClient, cache: Cache, item: Distribution, progress: Progress | None, *, is_fresh: bool
) -> Downloaded:
    """The published bytes of a file; a copy in the cache counts where a published digest says what it is."""
    known = bool(read_published(item.checksums).known)
    if known or is_fresh or cached_copy(cache, item) is None:
        return download(web, cache, item, progress=progress)
    with TemporaryDirectory(dir=cache.folder, prefix=".verify-") as place:
        now = download(web, Cache(Path(place)), item, progress=progress)
        return adopt(cache, item, now.file.path)
