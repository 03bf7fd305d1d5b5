# SPDX-License-Identifier: MIT
"""Removal of files from the cache, those of which another process holds the lock excepted.

Index entries go before the file that they name: after an interrupt what is left is complete, or unknown.
"""

import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fairreg.services.cache.contents import CachedRecord, chosen, contents
from fairreg.services.cache.layout import entries_of, gathered_with, leftovers
from fairreg.settings import Settings
from fairreg.storage.cache import NO_LOCKS, Cache
from fairreg.storage.files import disk_faults, remove_links, unreadable
from fairreg.storage.freed_bytes import FreedBytes

__all__ = ["RemovedFromCache", "prune", "remove"]


@dataclass(frozen=True)
class RemovedFromCache:
    """Rows whose files were removed, or would be in a dry run; `in_use` are those that another process has.

    `freed` are bytes, of files all of whose names go; `leftovers` is the number of unfinished downloads and
    of files that nothing names.
    """

    dry_run: bool
    removed: tuple[CachedRecord, ...]
    in_use: tuple[CachedRecord, ...]
    freed: int
    leftovers: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return {
            "dry_run": self.dry_run,
            "removed": [row.to_json() for row in self.removed],
            "in_use": [row.to_json() for row in self.in_use],
            "freed": self.freed,
            "leftovers": self.leftovers,
        }


def remove(settings: Settings, targets: Iterable[str], *, dry_run: bool = False) -> RemovedFromCache:
    """Remove the files of records, and single files by their digests. Raises NotFound, UsageError.

    A file that other records have as well stays, unless it was named by its digest.
    """
    cache = Cache(settings.cache)
    rows = contents(cache)
    picked = list(dict.fromkeys(row for target in targets for row in chosen(rows, target)))
    named = {sha256 for row in picked if row.identifier is None for sha256 in row.digests}
    kept = {sha256 for row in rows if row not in picked for sha256 in row.digests} - named
    return _removed(cache, picked, kept, FreedBytes(), dry_run=dry_run)


def prune(
    settings: Settings,
    *,
    older_than: timedelta | None = None,
    keep_size: int | None = None,
    dry_run: bool = False,
) -> RemovedFromCache:
    """Remove unfinished downloads and what nothing names; and the records that were not used for long.

    `keep_size` in bytes: the least recently used go until the others fit.
    """
    cache, freed = Cache(settings.cache), FreedBytes()
    rows = contents(cache)
    picked = list(_unused(rows, older_than, keep_size))
    kept = {sha256 for row in rows if row not in picked for sha256 in row.digests}
    found = _removed(cache, picked, kept, freed, dry_run=dry_run)
    count = _leftovers(cache, freed, dry_run=dry_run)
    return replace(found, freed=freed.total, leftovers=count)


def _unused(
    rows: Iterable[CachedRecord], older_than: timedelta | None, keep_size: int | None
) -> Iterator[CachedRecord]:
    """Yield the rows that go; `rows` begin with the last used.

    A file of several rows takes its space once: a row without a file of its own takes none.
    """
    now, total, stays, is_full = datetime.now(UTC), 0, set[str](), False
    for row in rows:
        own = sum(item.size + item.unpacked for item in row.files if item.sha256 not in stays)
        is_full = is_full or (keep_size is not None and total + own > keep_size)
        if (older_than is not None and now - row.last_used > older_than) or (is_full and own):
            yield row
        else:
            total += own
            stays |= row.digests


def _removed(
    cache: Cache, rows: Iterable[CachedRecord], kept: Collection[str], freed: FreedBytes, *, dry_run: bool
) -> RemovedFromCache:
    done, busy, index = [], [], _read(cache)
    for row in rows:
        digests = sorted(row.digests.difference(kept))
        entries = {sha256: index.get(sha256, []) for sha256 in digests}
        stems = {path.stem for paths in entries.values() for path in paths}
        stems |= {f"{use}-{sha256}" for use in ("name", "unpack") for sha256 in digests}
        with _held(cache, () if dry_run else stems) as free:
            if not free:
                busy.append(row)
                continue
            for sha256 in digests:
                _remove_file(cache, sha256, entries[sha256], freed, dry_run=dry_run)
            if row.identifier is not None and not dry_run:
                with disk_faults("The cache"):
                    cache.note_path(row.identifier).unlink(missing_ok=True)
            done.append(row)
    return RemovedFromCache(dry_run, tuple(done), tuple(busy), freed.total)


def _read(cache: Cache) -> dict[str, list[Path]]:
    with unreadable("The index of the cache"):
        return entries_of(cache)


def _remove_file(
    cache: Cache, sha256: str, entries: Iterable[Path], freed: FreedBytes, *, dry_run: bool
) -> None:
    """Remove a file with all that is made of it."""
    blob = cache.folder / "blobs" / sha256[:2] / sha256
    unpacked = cache.extracted(sha256)
    gathered = gathered_with(cache, blob)
    freed.take([blob, unpacked, *gathered])
    if dry_run:
        return
    with disk_faults("The cache"):
        for path in entries:
            path.unlink(missing_ok=True)
        for folder in (*gathered, unpacked, blob):
            _remove_folder(cache, folder)
        unpacked.with_name(f"{sha256}.json").unlink(missing_ok=True)


def _leftovers(cache: Cache, freed: FreedBytes, *, dry_run: bool) -> int:
    """Remove unfinished downloads that nobody works on, and what belongs to a file that is gone."""
    count = 0
    for path in leftovers(cache):
        stem = path.name.removeprefix(".").partition(".")[0]
        use = {"extracted": f"unpack-{stem}"}.get(path.parent.name, stem)
        with _held(cache, () if dry_run else {use}) as free:
            if not free:
                continue
            count += 1
            freed.take([path])
            if not dry_run:
                with disk_faults("The cache"):
                    _remove_folder(cache, path)
    return count


def _remove_folder(cache: Cache, path: Path) -> None:
    """Remove a folder or a file of the cache; a link in its place goes, and what it leads to stays."""
    remove_links(path, cache.folder)
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _held(cache: Cache, stems: Iterable[str]) -> Iterator[bool]:
    """Context manager: hold the locks of these names; False, and none of them, if another process has one."""
    from filelock import FileLock, Timeout

    with ExitStack() as stack, disk_faults("The cache"):
        free = True
        for stem in sorted(stems):
            path = cache.folder / "partial" / f"{stem}.lock"
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                free = False
                break
            except OSError as error:
                if error.errno not in NO_LOCKS:
                    raise
            else:
                stack.callback(lock.release)
        if not free:
            stack.close()
        yield free
