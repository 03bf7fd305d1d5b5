# SPDX-License-Identifier: MIT
"""Download of the files of a record: streamed, resumed, verified, and only then moved to the cache."""

import hashlib
import os
import re
import shutil
import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from fairreg.errors import (
    BadAnswer,
    ChecksumMismatch,
    Gone,
    NotFound,
    SecurityRefusal,
    Unreachable,
)
from fairreg.schemas.record import Distribution
from fairreg.storage.cache import Cache, CachedFile
from fairreg.storage.files import disk_faults
from fairreg.web import HttpClient, Response

__all__ = [
    "Downloaded",
    "Progress",
    "adopt",
    "cached_copy",
    "chosen_names",
    "download",
    "keys_of",
    "select",
    "take",
]

_BLOCK = 2**20
# Download limit for a file without a stated size.
MAX_UNSTATED = 20 * 2**30
# Strongest first: the first one available is reported.
_ALGORITHMS = ("sha512", "sha384", "sha256", "sha1", "git-blob-sha1", "md5", "adler32")
# Detects damage (CERN Open Data publishes no other checksum), but collides easily: never a cache key.
_NO_NAMES = frozenset({"adler32"})
# Pointer of Git's large file storage in the place of a file
# (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md).
_POINTER = b"version https://git-lfs.github.com/spec/"
_POINTER_BYTES = 1024


class Progress(Protocol):
    """Progress callback of a download; `total` is None while the size is unknown. Sizes in bytes."""

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """Called as bytes arrive."""


@dataclass(frozen=True)
class Downloaded:
    """One verified file. `checksum` is the published one, or the computed sha256 where none is published.

    A file that belongs to a model of the record has the name of that `model`, and its `place` in that folder.
    A `packaged` one is part of fairreg itself.
    """

    distribution: Distribution
    file: CachedFile
    checksum: str
    verified: bool
    from_cache: bool
    model: str | None = None
    place: str = ""
    packaged: bool = False


def select(distributions: Iterable[Distribution], patterns: Iterable[str]) -> list[Distribution]:
    """Select distributions whose name, or last part of it, matches a glob pattern; all without patterns.

    A pattern that is the whole name of one selects only that. Raises NotFound listing the available files.
    """
    available, wanted = list(distributions), tuple(patterns)
    names = chosen_names([item.name for item in available], wanted)
    chosen = [item for item in available if item.name in names]
    if not chosen and wanted:
        listed = ", ".join(item.name for item in available[:10])
        raise NotFound(f"No file matches {' or '.join(wanted)}.", hint=f"The files are: {listed}.")
    return chosen


def chosen_names(names: Collection[str], patterns: Iterable[str]) -> frozenset[str]:
    """The names that a pattern chooses: the one it equals, else all that match it or whose last part does.

    Without patterns, those are all names.
    """
    wanted = tuple(patterns)
    found = ({pattern} if pattern in names else _matching(names, pattern) for pattern in wanted)
    return frozenset().union(*found) if wanted else frozenset(names)


def _matching(names: Iterable[str], pattern: str) -> set[str]:
    """Names that match a glob pattern; a last part that equals it needs no escapes for ``[``."""
    forms = ((name, name.rsplit("/", 1)[-1]) for name in names)
    return {
        name for name, last in forms if last == pattern or fnmatch(name, pattern) or fnmatch(last, pattern)
    }


def keys_of(distribution: Distribution) -> tuple[str, ...]:
    """Cache keys of the file: its published digests, strongest first, else address and size."""
    names = [f"{name}:{value}" for name, value in _published(distribution) if name not in _NO_NAMES]
    if names:
        return tuple(names)
    return (f"url:{distribution.url}:{distribution.size}",)


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
            _collect(web, distribution, part, progress)
        except Gone:
            raise
        except NotFound as error:
            raise NotFound(
                f"{distribution.name} is not at the address in its record ({error.message.rstrip('.')}).",
                hint="Try again later, or tell the record's authors.",
            ) from error
        return adopt(cache, distribution, part)


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
    file = cache.find(keys_of(distribution))
    if file is None or (distribution.size is not None and file.size != distribution.size):
        return None
    digests = _digests(file.path, distribution)
    if any(digests[algorithm] != value for algorithm, value in _published(distribution)):
        return None
    return _verified_file(distribution, cache.named(file, distribution.name), from_cache=True)


def adopt(cache: Cache, distribution: Distribution, path: Path) -> Downloaded:
    """Move the complete file `path` into the cache if it is the published one; else remove it.

    Raises ChecksumMismatch, and NotFound for a Git LFS pointer in the place of a large file.
    """
    digests = _digests(path, distribution)
    _verify(distribution, path, digests)
    _refuse_pointer(distribution, path)
    file = cache.add(path, name=distribution.name, sha256=digests["sha256"], keys=keys_of(distribution))
    return _verified_file(distribution, file, from_cache=False)


def _verified_file(distribution: Distribution, file: CachedFile, *, from_cache: bool) -> Downloaded:
    published = _published(distribution)
    checksum = ":".join(published[0]) if published else f"sha256:{file.sha256}"
    return Downloaded(distribution, file, checksum, verified=bool(published), from_cache=from_cache)


def _published(distribution: Distribution) -> list[tuple[str, str]]:
    stated = dict(item.partition(":")[::2] for item in distribution.checksums)
    if "adler32" in stated:
        stated["adler32"] = stated["adler32"].zfill(8)
    return [(algorithm, stated[algorithm].lower()) for algorithm in _ALGORITHMS if algorithm in stated]


def _collect(web: HttpClient, distribution: Distribution, part: Path, progress: Progress | None) -> None:
    """Append to `part` until it is complete; resume after breaks as long as each attempt makes progress."""
    while True:
        before = _size(part)
        try:
            _stream_into(web, distribution, part, progress)
        except BadAnswer as error:
            if error.status != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or before == 0:
                raise
            # The part is longer than the file, so it belongs to another one: restart.
            part.unlink(missing_ok=True)
            continue
        except Unreachable:
            if _size(part) <= before:
                raise
            continue
        if distribution.size is None or _size(part) >= distribution.size:
            return
        if _size(part) <= before:
            raise Unreachable(
                f"The download of {distribution.name} stopped at {_size(part)} of {distribution.size} bytes.",
                hint="Run the command again: it resumes where it stopped.",
            )


def _stream_into(web: HttpClient, distribution: Distribution, part: Path, progress: Progress | None) -> None:
    # Without a published checksum a change of the file between two parts would go unnoticed.
    done = _size(part) if _published(distribution) else 0
    if distribution.size is not None and done == distribution.size:
        part.touch()
        return
    headers = {"Range": f"bytes={done}-"} if done else {}
    with web.stream(str(distribution.url), headers=headers) as (head, chunks):
        _refuse_page(distribution, head)
        start = done if _continues(head, done) else 0
        _write(
            distribution, part, start, _counted(chunks, distribution, start, _total(head, start), progress)
        )


def _write(distribution: Distribution, part: Path, start: int, chunks: Iterator[bytes]) -> None:
    limit = MAX_UNSTATED if distribution.size is None else distribution.size
    with disk_faults("The cache"), part.open("r+b" if start else "wb") as out:
        out.seek(start)
        for chunk in chunks:
            out.write(chunk)
            if out.tell() > limit:
                break
        out.truncate()
        out.flush()
        os.fsync(out.fileno())


def _counted(
    chunks: Iterator[bytes],
    distribution: Distribution,
    start: int,
    total: int | None,
    progress: Progress | None,
) -> Iterator[bytes]:
    done = start
    for chunk in chunks:
        done += len(chunk)
        if progress is not None:
            progress(distribution.name, done, distribution.size or total)
        yield chunk


def _continues(head: Response, done: int) -> bool:
    """Tell whether the server sends the rest from `done` on instead of the whole file."""
    match = re.match(r"bytes (\d+)-", head.headers.get("content-range", ""))
    return head.status == HTTPStatus.PARTIAL_CONTENT and match is not None and int(match[1]) == done


def _total(head: Response, start: int) -> int | None:
    length = head.headers.get("content-length", "")
    return start + int(length) if length.isdigit() else None


def _refuse_page(distribution: Distribution, head: Response) -> None:
    is_page = head.headers.get("content-type", "").startswith("text/html")
    if is_page and not distribution.name.lower().endswith((".html", ".htm")):
        raise BadAnswer(
            f"The server sent an HTML page instead of {distribution.name}.",
            hint="The service may be down for maintenance, or the file may need a login. Try again later.",
        )


def _digests(part: Path, distribution: Distribution) -> dict[str, str]:
    wanted = {"sha256", *(algorithm for algorithm, _ in _published(distribution))}
    hashes = {algorithm: _hash(algorithm, _size(part)) for algorithm in wanted}
    with part.open("rb") as stream:
        while block := stream.read(_BLOCK):
            for found in hashes.values():
                found.update(block)
    return {algorithm: found.hexdigest() for algorithm, found in hashes.items()}


class _Sum(Protocol):
    """Incremental checksum of a file, as of `hashlib`."""

    def update(self, block: bytes, /) -> None:
        """Add a block of bytes."""

    def hexdigest(self) -> str:
        """The checksum of all blocks."""


class _Adler32:
    """Adler-32 (RFC 1950) as eight hexadecimal digits, the way EOS writes it."""

    def __init__(self) -> None:
        self._value = zlib.adler32(b"")

    def update(self, block: bytes, /) -> None:
        self._value = zlib.adler32(block, self._value)

    def hexdigest(self) -> str:
        return f"{self._value:08x}"


def _hash(algorithm: str, size: int) -> _Sum:
    """Return a new hash; Git's digest of a blob covers a header with its size, then its bytes."""
    if algorithm == "adler32":
        return _Adler32()
    if algorithm == "git-blob-sha1":
        return hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    return hashlib.new(algorithm, usedforsecurity=False)


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


def _verify(distribution: Distribution, part: Path, digests: dict[str, str]) -> None:
    size = _size(part)
    if size > MAX_UNSTATED and distribution.size is None:
        part.unlink()
        raise SecurityRefusal(
            f"{distribution.name} has no stated size and exceeds the limit of {MAX_UNSTATED >> 30} GiB."
        )
    if distribution.size is not None and size != distribution.size:
        part.unlink()
        raise ChecksumMismatch(
            f"{distribution.name} has at least {size} bytes; its record states {distribution.size}.",
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
