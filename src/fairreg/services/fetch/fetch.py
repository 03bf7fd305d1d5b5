# SPDX-License-Identifier: MIT
"""From an identifier to verified files on this machine, and to the model files among them."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from fairreg import runners
from fairreg.errors import (
    AccessDenied,
    Gone,
    ModelError,
    NotFound,
    RegistryError,
    SecurityRefusal,
    Unreachable,
)
from fairreg.registry import Entry, Registry
from fairreg.runners.weights import format_of, side_files
from fairreg.schemas.identifiers import NEIGHBOUR_DOIS, Identifier, RequestedIdentifier
from fairreg.schemas.record import Distribution, ModelRecord
from fairreg.services.fetch.download import (
    Downloaded,
    Progress,
    cached_copy,
    chosen_names,
    download,
    select,
    take,
)
from fairreg.services.fetch.fingerprints import save_fingerprints
from fairreg.services.fetch.hub_cache import hub_copy
from fairreg.services.fetch.leads import Lead, follow, known_elsewhere
from fairreg.services.fetch.packaged import own_files, packaged
from fairreg.services.fetch.placement import place
from fairreg.services.fetch.resolve import Resolution, concept_note, resolve
from fairreg.services.fetch.side_files import gathered, missing, side_files_in
from fairreg.services.registry.lazy_registry import LazyRegistry
from fairreg.settings import Settings
from fairreg.storage import manifest
from fairreg.storage.archive import ARCHIVE_SUFFIXES, is_archive, unpack
from fairreg.storage.cache import Cache
from fairreg.web import HttpClient, Log, no_log

__all__ = [
    "Downloader",
    "FetchedFiles",
    "download_files",
    "fetch",
    "fetch_cached",
    "known_version",
    "open_files",
    "save_record",
    "store_fingerprints",
]

# Downloads one file of a record into the cache.
Downloader = Callable[[HttpClient, Cache, Distribution, ModelRecord, Progress | None], Downloaded]


@dataclass(frozen=True)
class FetchedFiles:
    """Result of a fetch.

    `folders` are the unpacked archives, `models` the files of weights or a graph, also those inside archives;
    of a model in several files it is the one that names the others.
    `resolution` is None when the source was unreachable and the cache had all files.
    """

    requested: str
    record: ModelRecord
    files: tuple[Downloaded, ...]
    folders: tuple[Path, ...]
    models: tuple[Path, ...]
    placed: dict[str, Path] = field(default_factory=dict)
    resolution: Resolution | None = None

    def path_of(self, item: Downloaded) -> Path:
        """Path of the file for the user: the copy in the output folder, else in the cache."""
        return self.placed.get(item.distribution.name, item.file.path)

    @cached_property
    def archives(self) -> tuple[Downloaded, ...]:
        """The archives among the files, in the order of `folders`."""
        return tuple(item for item in self.files if is_archive(item.file.path))

    def name_of(self, path: Path) -> str:
        """The name of a file in its archive or its record."""
        for folder in path.parents:
            if folder in self._unpacked:
                return path.relative_to(folder).as_posix()
        return self._names.get(path, path.name)

    # A record may have thousands of files: each name is looked up.
    @cached_property
    def _unpacked(self) -> frozenset[Path]:
        return frozenset(self.folders)

    @cached_property
    def _names(self) -> dict[Path, str]:
        return {item.file.path: item.distribution.name for item in self.files}

    def to_json(self, run: dict[str, Any] | None = None) -> dict[str, Any]:
        """The document that ``fairreg fetch --json`` prints; `run` is that of the run, if there was one."""
        return {
            "requested": self.requested,
            "id": self.record.identifier,
            "doi": self.record.doi,
            "concept_doi": self.record.concept_doi,
            "version": self.record.version,
            "files": [
                {
                    "name": item.distribution.name,
                    "path": str(self.path_of(item)),
                    "size": item.file.size,
                    "checksum": item.checksum,
                    "verified": item.verified,
                }
                for item in self.files
            ],
            "run": run,
        }


def fetch(
    settings: Settings,
    pid: str | RequestedIdentifier,
    *,
    output: Path | None = None,
    patterns: Iterable[str] = (),
    downloader: Downloader | None = None,
    log: Log = no_log,
    progress: Progress | None = None,
    registry: LazyRegistry | None = None,
) -> FetchedFiles:
    """Resolve `pid`, download its files into the cache, verify them and unpack the archives among them.

    When the source is unreachable, the files of an earlier fetch are used. The record is stored in the
    registry only once all files are there, with the fingerprints of its weights if all of its files were
    fetched; a registry that cannot be written does not fail the fetch. `registry` is used instead of
    that of `settings`. Raises the errors of `resolve`, `download` and `unpack`, and AccessDenied for a record
    whose files are not open.
    """
    patterns = (patterns,) if isinstance(patterns, str) else tuple(patterns)
    requested, cache = RequestedIdentifier.of(pid), Cache(settings.cache, log)
    for service in settings.services.values():
        if service.configured:
            log(f"Requests for {service.title} go to {service.url}.")
    with nullcontext(registry) if registry else LazyRegistry.of(settings) as known:
        own = packaged(requested.identifier)
        lead = Lead(requested) if own else follow(lambda: known.open(log), requested, log)
        if own is not None or lead.target is None:
            return _placed(_of_package(requested, own or own_files(lead), patterns), output)
        with HttpClient(settings, log=log) as web:
            resolution, record = _record_for(web, cache, known, lead.target, patterns=patterns, log=log)
            chosen = _chosen(open_files(record), patterns)
            fetched = download_files(
                web,
                cache,
                requested.text,
                record,
                chosen,
                downloader=downloader,
                log=log,
                progress=progress,
            )
        _save(known, resolution, fetched, log)
    return replace(_placed(_narrowed(fetched, patterns), output), resolution=resolution)


def _placed(fetched: FetchedFiles, output: Path | None) -> FetchedFiles:
    """Copy the files to the folder `output`, if there is one."""
    return replace(fetched, placed=place(fetched.files, output)) if output is not None else fetched


def _of_package(
    pid: RequestedIdentifier, own: tuple[ModelRecord, tuple[Downloaded, ...]], patterns: tuple[str, ...]
) -> FetchedFiles:
    """The packaged files that match, where they are; nothing is requested or copied to the cache."""
    record, files = own
    chosen = select([item.distribution for item in files], patterns)
    found = tuple(item for item in files if item.distribution in chosen)
    return FetchedFiles(pid.text, record, found, (), _models_in(found, ()))


def _save(lazy: LazyRegistry, resolution: Resolution | None, fetched: FetchedFiles, log: Log) -> None:
    """Store the record and its fingerprints; log a registry that cannot be written."""
    try:
        registry = lazy.open(log)
        if resolution is not None:
            save_record(registry, resolution)
        store_fingerprints(registry, fetched)
    except RegistryError as error:
        log(f"The files are fetched, but their record was not stored in the registry: {error.message}")


def store_fingerprints(registry: Registry, fetched: FetchedFiles) -> None:
    """Store the fingerprints of the weights if all files of the record were fetched. Raises RegistryError."""
    digests = {item.distribution.name: item.file.sha256 for item in fetched.files}
    if any(item.name not in digests for item in open_files(fetched.record)):
        return
    names = {item.file.path: item.distribution.name for item in fetched.files}
    models = [(names.get(path) or fetched.name_of(path), path) for path in fetched.models]
    save_fingerprints(registry, fetched.record, digests, models)


def _chosen(available: Iterable[Distribution], patterns: tuple[str, ...]) -> list[Distribution]:
    """The files that match; if none does, the archives, because a pattern may match a member of one."""
    files = list(available)
    try:
        return select(files, patterns)
    except NotFound:
        archives = [item for item in files if item.name.lower().endswith(ARCHIVE_SUFFIXES)]
        if not archives:
            raise
        return archives


def _narrowed(fetched: FetchedFiles, patterns: tuple[str, ...]) -> FetchedFiles:
    """Keep only the model files that match, if the patterns match members of archives. Raises NotFound."""
    if not patterns or chosen_names([item.distribution.name for item in fetched.files], patterns):
        return fetched
    names = chosen_names([fetched.name_of(path) for path in fetched.models], patterns)
    members = tuple(path for path in fetched.models if fetched.name_of(path) in names)
    if not members:
        archives = ", ".join(item.distribution.name for item in fetched.files)
        raise NotFound(f"No file matches {' or '.join(patterns)}, and no model file inside {archives} does.")
    return replace(fetched, models=members)


def download_files(
    web: HttpClient,
    cache: Cache,
    pid: str,
    record: ModelRecord,
    chosen: Iterable[Distribution],
    *,
    downloader: Downloader | None = None,
    log: Log = no_log,
    progress: Progress | None = None,
) -> FetchedFiles:
    """Download the `chosen` files of a resolved record into the cache and unpack the archives among them.

    What belongs to a model among them, such as its side files, comes with it if the record lists it.
    """
    download_one = downloader or _download
    files = tuple(download_one(web, cache, item, record, progress) for item in chosen)
    more = missing(files, (item for item in record.distributions if item.url))
    files += tuple(download_one(web, cache, item, record, progress) for item in more)
    return _fetched(cache, pid, record, files, log)


def _fetched(
    cache: Cache, pid: str, record: ModelRecord, files: tuple[Downloaded, ...], log: Log
) -> FetchedFiles:
    files = gathered(cache, files)
    folders = tuple(_unpacked(cache, item, log) for item in files if is_archive(item.file.path))
    return FetchedFiles(pid, record, files, folders, _models_in(files, folders))


def fetch_cached(cache: Cache, registry: Registry, pid: str | RequestedIdentifier) -> FetchedFiles | None:
    """Return the files of an earlier fetch of `pid`, None unless all are cached. Makes no requests."""
    record = _cached_record(cache, registry, pid, ())
    if record is None:
        return None
    found = (cached_copy(cache, item) for item in record.distributions if item.url)
    return _fetched(cache, str(pid), record, tuple(item for item in found if item is not None), no_log)


def _download(
    web: HttpClient, cache: Cache, item: Distribution, _record: ModelRecord, progress: Progress | None
) -> Downloaded:
    kept = hub_copy(item)
    taken = take(cache, item, kept) if kept is not None else None
    return taken or download(web, cache, item, progress=progress)


def _record_for(
    web: HttpClient,
    cache: Cache,
    lazy: LazyRegistry,
    pid: RequestedIdentifier,
    *,
    patterns: tuple[str, ...],
    log: Log,
) -> tuple[Resolution | None, ModelRecord]:
    """The record at the source, else that of the registry if all of its files are cached."""
    try:
        return _resolved(web, lazy, pid, log)
    except Unreachable as error:
        known = _cached_record(cache, lazy.open(), pid, patterns)
        if known is None:
            raise
        log(f"{error.message} Using the cached files of an earlier fetch.")
        note = concept_note(pid.require(), known)
        if note:
            log(note)
        return None, known


def _resolved(
    web: HttpClient, lazy: LazyRegistry, pid: RequestedIdentifier, log: Log
) -> tuple[Resolution, ModelRecord]:
    """The record at the host of the files, which may be one that only the registry names."""

    def resolved(asked: RequestedIdentifier) -> Resolution:
        return resolve(web, asked, log=log, version_of=lambda concept: known_version(lazy.open(), concept))

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


def known_version(registry: Registry, concept: Identifier) -> Identifier | None:
    """The newest version of a concept DOI in the registry."""
    records = [entry.record for entry in registry.entries_for(concept)]  # the newest first
    dois = [item.doi for item in records if item.doi and item.concept_doi == concept.value]
    return Identifier("doi", dois[0]) if dois else None


def _cached_record(
    cache: Cache, registry: Registry, pid: str | RequestedIdentifier, patterns: tuple[str, ...]
) -> ModelRecord | None:
    """The stored record of `pid`, if the cache has all its files."""
    own = [entry for entry in registry.entries_for(pid) if not _is_neighbour(entry)]
    records = [item.record for entry in own for item in registry.statements(entry) if not item.gone]
    for record in records:
        try:
            chosen = _chosen([item for item in record.distributions if item.url], patterns)
        except NotFound:
            continue
        if chosen and all(cached_copy(cache, item) for item in chosen):
            return record
    return None


def _is_neighbour(entry: Entry) -> bool:
    """Tell whether the entry was found by the identifier of another object that it merely refers to."""
    return entry.matched is not None and entry.matched.scheme in NEIGHBOUR_DOIS


def open_files(record: ModelRecord) -> tuple[Distribution, ...]:
    """The files for download. Raises AccessDenied where access is not open, NotFound without files."""
    files = tuple(item for item in record.distributions if item.url)
    level = record.access.level if record.access else "open"
    if files:
        return files
    where = record.provenance.url or record.identifier
    if level != "open":
        until = f" until {record.access.until}" if record.access and record.access.until else ""
        raise AccessDenied(
            f"The files of {record.identifier} are {level}{until}.",
            hint=f"{(record.access and record.access.conditions) or 'Request access from them'}: {where}",
        )
    raise NotFound(f"{record.identifier} lists no files.", hint=f"See {where}.")


def _unpacked(cache: Cache, item: Downloaded, log: Log) -> Path:
    folder = cache.extracted(item.file.sha256)
    if folder.is_dir() and not manifest.changed(folder):
        return folder  # before the lock, which needs a writable folder
    with cache.lock(f"unpack:{item.file.sha256}"):
        if not folder.is_dir():
            log(f"Unpacking {item.distribution.name}")
        return unpack(item.file.path, folder)


def save_record(registry: Registry, resolution: Resolution) -> None:
    """Store the records from the services, so that later commands work offline."""
    for found in (resolution.source, resolution.datacite):
        if found is not None:
            registry.put(found.record, payload=found.raw, media_type="application/json")


def _models_in(files: Iterable[Downloaded], folders: Iterable[Path]) -> tuple[Path, ...]:
    plain = {item.distribution.name: item for item in files if not is_archive(item.file.path)}
    whole = [item.file.path for item in plain.values() if not _is_part(item, plain)]
    parts = {path for folder in folders for path in side_files_in(folder)}
    inside = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return tuple(path for path in (*whole, *inside) if path not in parts and _holds_model(path))


def _is_part(item: Downloaded, files: Mapping[str, Downloaded]) -> bool:
    """Tell whether a file only belongs to a model, which is among the files and can be read."""
    return item.model is not None and item.model in files and _holds_model(files[item.model].file.path)


def _holds_model(path: Path) -> bool:
    try:
        if format_of(path) == "sharded":
            side_files(path)
    except SecurityRefusal:
        return True  # an index that names files elsewhere: reading it says so
    except ModelError:
        if not runners.loads(path):
            return False
    return not is_archive(path)
