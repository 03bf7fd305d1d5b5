# SPDX-License-Identifier: MIT
"""Download of the files of a record: streamed, resumed, verified, and only then moved to the cache."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from fairreg.errors import ChecksumMismatch, Gone, NotFound, SecurityRefusal
from fairreg.schemas.record import Distribution
from fairreg.services.fetch.transfer import Progress, wanted_checksums
from fairreg.storage.cache import Cache, CachedFile
from fairreg.storage.checksums import WEAK, checksums_of, read_published
from fairreg.storage.files import disk_faults
from fairreg.web import HttpClient

__all__ = [
    "Downloaded",
    "Progress",
    "adopt",
    "cached_copy",
    "download",
    "keys_of",
    "take",
]

# Download limit for a file without a stated size.
MAX_UNSTATED = 20 * 2**30
# Pointer of Git's large file storage in the place of a file
# (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md).
_POINTER = b"version https://git-lfs.github.com/spec/"
_POINTER_BYTES = 1024


@dataclass(frozen=True)
class Downloaded:
    """One complete file. `checksum` is the published one, or the computed sha256 where none is published.

    It is `verified` if it agrees with a published checksum; `checked_for` is what that excludes. A file that
    belongs to a model of the record has the name of that `model`, and its `place` in that folder. A
    `packaged` one is part of fairreg itself.
    """

    distribution: Distribution
    file: CachedFile
    checksum: str
    verified: bool
    from_cache: bool
    model: str | None = None
    place: str = ""
    packaged: bool = False

    @property
    def checked_for(self) -> Literal["identity", "transmission errors"] | None:
        """The promise of its published checksum: no other file, no damage by accident, or nothing."""
        if not self.verified:
            return None
        return "transmission errors" if self.checksum.partition(":")[0] in WEAK else "identity"

    @property
    def unknown_checksums(self) -> tuple[str, ...]:
        """Published checksums that were not compared, because their algorithm is not known."""
        return read_published(self.distribution.checksums).unknown


def keys_of(distribution: Distribution) -> tuple[str, ...]:
    """Cache keys of the file: its published digests, strongest first, else address and size."""
    names = [f"{name}:{value}" for name, value in read_published(distribution.checksums).digests]
    if names:
        return tuple(names)
    return (f"url:{distribution.url}:{distribution.exact_size}",)


def download(
    web: HttpClient, cache: Cache, distribution: Distribution, *, progress: Progress | None = None
) -> Downloaded:
    """Return the file of `distribution`, from the cache if it is complete there.

    An interrupted download is kept and resumed; one with an unexpected size or checksum is discarded.
    Raises ChecksumMismatch, Unreachable, NotFound and the other errors of `HttpClient`.
    """
    key = keys_of(distribution)[0]
    cached = cached_copy(cache, distribution)  # before the lock, which needs a writable folder
    if cached is not None:
        return cached
    with cache.lock(key):
        cached = cached_copy(cache, distribution)
        if cached is not None:
            return cached
        if distribution.url is None:
            raise NotFound(f"The source states no address for {distribution.name}.")
        part = cache.partial(key)
        try:
            checksums = _received(web, distribution, part, progress)
        except Gone:
            raise
        except NotFound as error:
            raise NotFound(
                f"{distribution.name} is not at the address in its record ({error.message.rstrip('.')}).",
                hint="Try again later, or tell the record's authors.",
            ) from error
        return _adopted(cache, distribution, part, checksums)


def take(cache: Cache, distribution: Distribution, path: Path) -> Downloaded | None:
    """Copy the file `path` into the cache if it is the published one; else return None."""
    key = keys_of(distribution)[0]
    cached = cached_copy(cache, distribution)
    if cached is not None:
        return cached
    with cache.lock(key):
        cached = cached_copy(cache, distribution)
        part = cache.partial(key)
        if cached is not None or part.exists():
            return cached
        with disk_faults(f"The copy of {distribution.name}"):
            shutil.copyfile(path, part)
        try:
            return replace(adopt(cache, distribution, part), from_cache=True)
        except ChecksumMismatch:
            return None


def cached_copy(cache: Cache, distribution: Distribution) -> Downloaded | None:
    """Return the file of an earlier download if it is complete and agrees with size and checksums."""
    published = _published(distribution)
    file = cache.find(keys_of(distribution), [algorithm for algorithm, _ in published])
    if file is None or (distribution.exact_size is not None and file.size != distribution.exact_size):
        return None
    if any(file.checksums[algorithm] != value for algorithm, value in published):
        return None
    return _verified_file(distribution, cache.named(file, distribution.name), from_cache=True)


def adopt(cache: Cache, distribution: Distribution, path: Path) -> Downloaded:
    """Move the complete file `path` into the cache if it is the published one; else remove it.

    Raises ChecksumMismatch, and NotFound for a Git LFS pointer in the place of a large file.
    """
    return _adopted(cache, distribution, path, checksums_of(path, wanted_checksums(distribution)))


def _adopted(
    cache: Cache, distribution: Distribution, path: Path, checksums: Mapping[str, str]
) -> Downloaded:
    _verify(distribution, path, checksums)
    _refuse_pointer(distribution, path)
    file = cache.add(path, name=distribution.name, sha256=checksums["sha256"], keys=keys_of(distribution))
    return _verified_file(distribution, file, from_cache=False)


def _received(
    web: HttpClient, distribution: Distribution, part: Path, progress: Progress | None
) -> Mapping[str, str]:
    from fairreg.services.fetch.transfer.stream import Transfer  # not needed for what is in the cache

    limit = MAX_UNSTATED if distribution.exact_size is None else distribution.exact_size
    with Transfer(web, distribution, part, limit=limit, progress=progress) as transfer:
        return transfer.collect()


def _verified_file(distribution: Distribution, file: CachedFile, *, from_cache: bool) -> Downloaded:
    published = read_published(distribution.checksums)
    checksum = ":".join(published.known[0]) if published.known else f"sha256:{file.sha256}"
    return Downloaded(distribution, file, checksum, verified=bool(published.known), from_cache=from_cache)


def _published(distribution: Distribution) -> tuple[tuple[str, str], ...]:
    return read_published(distribution.checksums).known


def _refuse_pointer(distribution: Distribution, path: Path) -> None:
    if not any(item.startswith("git-blob-sha1:") for item in distribution.checksums):
        return
    if _size(path) > _POINTER_BYTES or not path.read_bytes().startswith(_POINTER):
        return
    path.unlink()
    raise NotFound(
        f"The repository contains only a Git LFS pointer to {distribution.name}.",
        hint=f"Fetch it with `git lfs pull`, or ask the authors where it is published: {distribution.url}",
    )


def _verify(distribution: Distribution, part: Path, digests: Mapping[str, str]) -> None:
    size = _size(part)
    if size > MAX_UNSTATED and distribution.exact_size is None:
        part.unlink()
        raise SecurityRefusal(
            f"{distribution.name} has no stated size and exceeds the limit of {MAX_UNSTATED >> 30} GiB."
        )
    if distribution.exact_size is not None and size != distribution.exact_size:
        part.unlink()
        raise ChecksumMismatch(
            f"{distribution.name} has at least {size} bytes; its record states {distribution.exact_size}.",
            name=distribution.name,
        )
    for algorithm, value in _published(distribution):
        if digests[algorithm] != value:
            part.unlink()
            raise ChecksumMismatch(
                f"{distribution.name} is not the published file: its {algorithm} is {digests[algorithm]}, "
                f"the record states {value}.",
                name=distribution.name,
                hint="The download was discarded. Try again; if it persists, tell the record's authors.",
            )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
