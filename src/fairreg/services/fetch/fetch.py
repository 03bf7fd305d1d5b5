# SPDX-License-Identifier: MIT
"""From an identifier to verified files on this machine, and to the model files among them."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from fairreg.errors import AccessDenied, Gone, NotFound, RegistryError, Unreachable
from fairreg.registry import Entry, Registry
from fairreg.schemas.identifiers import NEIGHBOUR_DOIS, Identifier, RequestedIdentifier
from fairreg.schemas.record import Distribution, ModelRecord
from fairreg.services.fetch.download import Downloaded, Progress, cached_copy, download, take
from fairreg.services.fetch.files.fetched import FetchedFiles
from fairreg.services.fetch.files.selection import (
    EVERYTHING,
    FileSelection,
    chosen_files,
    narrowed,
    open_files,
    placed,
    select,
    with_indexed,
    without_excluded,
)
from fairreg.services.fetch.fingerprints import save_fingerprints
from fairreg.services.fetch.leads import follow, known_elsewhere
from fairreg.services.fetch.resolve import Resolution, concept_note, resolve
from fairreg.services.fetch.side_files import gathered, missing
from fairreg.services.fetch.transfer import DEFAULT_JOBS
from fairreg.services.registry.lazy_registry import LazyRegistry
from fairreg.settings import Settings
from fairreg.sources import CURATED, HUGGING_FACE
from fairreg.storage.cache import Cache, RecordNote
from fairreg.web import HttpClient, Log, no_log

__all__ = [
    "Downloader",
    "FetchedFiles",
    "download_files",
    "fetch",
    "fetch_cached",
    "known_version",
    "log_mirrors",
    "log_withdrawal",
    "open_files",
    "resolved_at_source",
    "save_record",
    "store_fingerprints",
    "stored_records",
    "target_of",
]

# Downloads one file of a record into the cache.
Downloader = Callable[[HttpClient, Cache, Distribution, ModelRecord, Progress | None], Downloaded]

# A record of the catalogue with its files in this installation.
Packaged = tuple[ModelRecord, tuple[Downloaded, ...]]


def fetch(
    settings: Settings,
    pid: str | RequestedIdentifier,
    *,
    output: Path | None = None,
    patterns: Iterable[str] = (),
    exclude: Iterable[str] = (),
    downloader: Downloader | None = None,
    log: Log = no_log,
    progress: Progress | None = None,
    registry: LazyRegistry | None = None,
    jobs: int = DEFAULT_JOBS,
) -> FetchedFiles:
    """Resolve `pid`, download its files into the cache, verify them and unpack the archives among them.

    `patterns` choose among the files (without them: all), `exclude` leaves files out. Patterns that no file
    of the record matches choose members of its archives. What was chosen is copied to `output`.

    `jobs` files are downloaded at a time, one with a `downloader` of the caller.
    When the source is unreachable, the files of an earlier fetch are used. The record is stored in the
    registry only once all files are there, with the fingerprints of its weights if all of its files were
    fetched; a registry that cannot be written does not fail the fetch. `registry` is used instead of
    that of `settings`. An archive that is refused is in `unopened` of the result, with its error, and stops
    no other file. Raises the errors of `resolve` and `download`, and AccessDenied for a record whose files
    are not open.
    """
    selection = FileSelection.of(patterns, exclude)
    requested, cache = RequestedIdentifier.of(pid), Cache(settings.cache, log)
    log_mirrors(settings, log)
    with nullcontext(registry) if registry else LazyRegistry.of(settings) as known:
        target = target_of(requested, known, log)
        if isinstance(target, tuple):
            return placed(_of_package(requested, target, selection), output, selection)
        with HttpClient(settings, log=log) as web:
            resolution, record = _record_for(web, cache, known, target, selection=selection, log=log)
            fetched = download_files(
                web,
                cache,
                requested.text,
                record,
                chosen_files(record, selection, log),
                selection=selection,
                downloader=downloader,
                log=log,
                progress=progress,
                jobs=jobs,
            )
        _save(known, resolution, fetched, log)
    chosen = narrowed(fetched, selection, log)
    if output is None:
        chosen.require_there()
    return replace(placed(chosen, output, selection), resolution=resolution)


def target_of(requested: RequestedIdentifier, lazy: LazyRegistry, log: Log) -> RequestedIdentifier | Packaged:
    """Find what to request for an identifier, or the packaged record and files that it names.

    Raises the errors of `follow`, and NotFound for an entry that leads nowhere.
    """
    identifier = requested.identifier
    if identifier is not None and identifier.scheme == CURATED.name:
        from fairreg.services.fetch.packaged import packaged

        own = packaged(identifier)
        if own is not None:
            return own
    lead = follow(lambda: lazy.open(log), requested, log)
    if lead.target is not None:
        return lead.target
    from fairreg.services.fetch.packaged import own_files

    return own_files(lead)


def log_mirrors(settings: Settings, log: Log) -> None:
    """Name the services that the user moved to another address."""
    for service in settings.services.values():
        if service.configured:
            log(f"Requests for {service.title} go to {service.url}.")


def _of_package(pid: RequestedIdentifier, own: Packaged, selection: FileSelection) -> FetchedFiles:
    """The packaged files that match, where they are; nothing is requested or copied to the cache."""
    from fairreg.services.fetch.unpacking import models_in

    record, files = own
    chosen = select([item.distribution for item in files], selection.patterns, selection.excluded)
    found = tuple(item for item in files if item.distribution in chosen)
    return FetchedFiles(pid.text, record, found, (), models_in(found, ()))


def _save(lazy: LazyRegistry, resolution: Resolution | None, fetched: FetchedFiles, log: Log) -> None:
    """Store the record, its fingerprints and metadata files; log a registry that cannot be written.

    A record that consists of refused archives is not stored.
    """
    if len(fetched.refused) == len(fetched.files):
        return
    try:
        registry = lazy.open(log)
        if resolution is not None:
            save_record(registry, resolution)
        store_fingerprints(registry, fetched)
        if fetched.may_describe_itself:
            from fairreg.services.fetch.metadata_files import (
                save_metadata_files,
            )  # it reads as assessments do

            save_metadata_files(registry, fetched, log)
    except RegistryError as error:
        log(f"The files are fetched, but their record was not stored in the registry: {error.message}")


def store_fingerprints(registry: Registry, fetched: FetchedFiles) -> None:
    """Store the fingerprints of the weights if all files of the record were fetched and opened.

    Raises RegistryError.
    """
    if fetched.refused:
        return
    digests: dict[str, str] = {}
    for item in fetched.files:  # of a record with two files of one name, both count
        known = digests.get(item.distribution.name)
        digests[item.distribution.name] = f"{known} {item.file.sha256}" if known else item.file.sha256
    if any(item.name not in digests for item in open_files(fetched.record)):
        return
    models = [(fetched.name_of(path), path) for path in fetched.models]
    hashed = {item.file.path: item.file.sha256 for item in fetched.files}
    save_fingerprints(registry, fetched.record, digests, models, hashed)


def download_files(
    web: HttpClient,
    cache: Cache,
    pid: str,
    record: ModelRecord,
    chosen: Iterable[Distribution],
    *,
    selection: FileSelection = EVERYTHING,
    downloader: Downloader | None = None,
    log: Log = no_log,
    progress: Progress | None = None,
    jobs: int = DEFAULT_JOBS,
    whole: bool = False,
) -> FetchedFiles:
    """Download the `chosen` files of a resolved record into the cache and unpack the archives among them.

    `jobs` files are downloaded at a time, one with a `downloader` of the caller. What belongs to a model
    among them, such as its side files, comes with it if the record lists it and `selection` does not exclude
    it. A `whole` download begins no file after a fault. Raises as `transfer_all`.
    """

    def download_one(item: Distribution, shown: Progress | None) -> Downloaded:
        try:
            return (downloader or _download)(web, cache, item, record, shown)
        except AccessDenied as error:
            from fairreg.services.fetch.files.access import refusal_of_gated  # most files are open

            raise refusal_of_gated(error, record, web.settings) from error

    def bring(items: Iterable[Distribution]) -> tuple[Downloaded, ...]:
        files = list(items)
        if len(files) <= 1:
            return tuple(download_one(item, progress) for item in files)
        from fairreg.services.fetch.transfer.parallel import transfer_all  # most records have one file

        return transfer_all(
            download_one,
            files,
            jobs=1 if downloader else jobs,
            progress=progress,
            log=log,
            whole=whole,
        )

    files = bring(chosen)
    listed = (item for item in record.distributions if item.url)
    files += bring(missing(files, without_excluded(listed, selection)))
    return _fetched(cache, pid, record, files, log)


def _fetched(
    cache: Cache, pid: str, record: ModelRecord, files: tuple[Downloaded, ...], log: Log
) -> FetchedFiles:
    from fairreg.services.fetch.unpacking import models_in, unopened_in, unpack_all

    _note(cache, record, files)
    files = gathered(cache, files)
    unpacked = unpack_all(cache, files, log)
    folders, models = unpacked.folders, models_in(files, unpacked.folders)
    unopened = (*unpacked.refused, *unopened_in(files, folders, models))
    return FetchedFiles(pid, record, files, folders, models, unopened=unopened)


def _note(cache: Cache, record: ModelRecord, files: Iterable[Downloaded]) -> None:
    """Keep which files of the record are cached, for `fairreg cache ls`."""
    others = [item.compact for item in record.identifiers]
    if record.concept_doi:
        others.append(Identifier("doi", record.concept_doi).compact)
    names = {item.file.sha256: item.distribution.name for item in files}
    if names:
        cache.note(RecordNote(record.identifier, record.name, tuple(dict.fromkeys(others)), names))


def fetch_cached(cache: Cache, registry: Registry, pid: str | RequestedIdentifier) -> FetchedFiles | None:
    """Return the files of an earlier fetch of `pid`, None unless all are cached. Makes no requests."""
    kept = _cached(cache, registry, pid, EVERYTHING)
    if kept is None:
        return None
    read = {item.distribution: item for item in kept.files}
    listed = (item for item in kept.record.distributions if item.url)
    found = (read.get(item) or cached_copy(cache, item) for item in listed)
    return _fetched(cache, str(pid), kept.record, tuple(filter(None, found)), no_log)


def _download(
    web: HttpClient, cache: Cache, item: Distribution, _record: ModelRecord, progress: Progress | None
) -> Downloaded:
    if item.url is not None and item.url.startswith(f"{HUGGING_FACE.url}/"):
        from fairreg.services.fetch.hub_cache import hub_copy

        kept = hub_copy(item)
        taken = take(cache, item, kept) if kept is not None else None
        if taken is not None:
            return taken
    return download(web, cache, item, progress=progress)


def _record_for(
    web: HttpClient,
    cache: Cache,
    lazy: LazyRegistry,
    pid: RequestedIdentifier,
    *,
    selection: FileSelection,
    log: Log,
) -> tuple[Resolution | None, ModelRecord]:
    """The record at the source, else that of the registry if all of its files are cached."""
    try:
        resolution, record = resolved_at_source(web, lazy, pid, log)
        return resolution, with_indexed(record, selection, partial(download, web, cache), log) or record
    except Unreachable as error:
        log_withdrawal(lazy, pid, log)
        kept = _cached(cache, lazy.open(), pid, selection)
        if kept is None:
            raise
        known = kept.record
        log(f"{error.message} Using the cached files of an earlier fetch.")
        note = concept_note(pid.require(), known)
        if note:
            log(note)
        return None, known


def resolved_at_source(
    web: HttpClient, lazy: LazyRegistry, pid: RequestedIdentifier, log: Log
) -> tuple[Resolution, ModelRecord]:
    """The record at the host of the files, which may be one that only the registry names."""

    def resolved(asked: RequestedIdentifier) -> Resolution:
        return resolve(
            web,
            asked,
            log=log,
            version_of=lambda concept: known_version(lazy.open(), concept),
            is_stored=lambda: _stored_entry(lazy, pid) is not None,
        )

    try:
        resolution = resolved(pid)
    except Gone:
        raise
    except NotFound:
        known_elsewhere(lazy, pid, log)  # may know better what it is
        raise
    if resolution.source is None and isinstance(resolution.fault, NotFound):
        other = known_elsewhere(lazy, pid, log)
        if other is not None:
            log(f"{resolution.fault.message} The registry also names {other}.")
            resolution = resolved(other)
    if resolution.source is None:
        raise resolution.fault or NotFound(f"{pid} has no files that fairreg can fetch.")
    return resolution, resolution.source.record


def log_withdrawal(lazy: LazyRegistry, pid: RequestedIdentifier, log: Log) -> None:
    """Warn of an entry that its source withdrew, where the source itself does not answer."""
    entry = _stored_entry(lazy, pid)
    if entry is not None and entry.warning:
        log(f"Warning: {entry.warning}")


def _stored_entry(lazy: LazyRegistry, pid: RequestedIdentifier) -> Entry | None:
    """The registry's entry of the object, None without one or where the registry cannot be opened."""
    try:
        entries = lazy.open().listing.entries_for(pid)
    except RegistryError:
        return None
    return next((entry for entry in entries if not _is_neighbour(entry)), None)


def known_version(registry: Registry, concept: Identifier) -> Identifier | None:
    """The newest version of a concept DOI in the registry."""
    records = [entry.record for entry in registry.listing.entries_for(concept)]  # the newest first
    dois = [item.doi for item in records if item.doi and item.concept_doi == concept.value]
    return Identifier("doi", dois[0]) if dois else None


class _CachedRecord(NamedTuple):
    """A stored record, and its chosen files, all of them from the cache."""

    record: ModelRecord
    files: tuple[Downloaded, ...]


def _cached(
    cache: Cache, registry: Registry, pid: str | RequestedIdentifier, selection: FileSelection
) -> _CachedRecord | None:
    """The stored record of `pid`, if the cache has all its files."""
    for stored in stored_records(registry, pid):
        record = with_indexed(stored, selection, partial(cached_copy, cache))
        if record is None:
            continue
        try:
            chosen = chosen_files(record, selection)
        except (NotFound, AccessDenied):
            continue
        # Up to the first file that is not there: most records were never fetched.
        copies = (cached_copy(cache, item) for item in chosen)
        files = tuple(takewhile(lambda copy: copy is not None, copies))
        if chosen and len(files) == len(chosen):
            return _CachedRecord(record, tuple(filter(None, files)))
    return None


def stored_records(registry: Registry, pid: str | RequestedIdentifier) -> list[ModelRecord]:
    """The records of `pid` in the registry, by whatever source."""
    own = [entry for entry in registry.listing.entries_for(pid) if not _is_neighbour(entry)]
    return [item.record for entry in own for item in registry.statements.of_entry(entry) if not item.gone]


def _is_neighbour(entry: Entry) -> bool:
    """Tell whether the entry was found by the identifier of another object that it merely refers to."""
    return entry.matched is not None and entry.matched.scheme in NEIGHBOUR_DOIS


def save_record(registry: Registry, resolution: Resolution) -> None:
    """Store the records from the services, so that later commands work offline."""
    for found in (resolution.source, resolution.datacite):
        if found is not None:
            registry.put(found.record, payload=found.raw, media_type="application/json")
