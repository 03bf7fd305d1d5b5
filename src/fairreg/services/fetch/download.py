# SPDX-License-Identifier: MIT
"""Downloading the files of a record: streamed, resumed, verified, and only then in the cache."""

import hashlib
import os
import re
import shutil
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from fairreg.errors import (
    BadAnswer,
    ChecksumMismatch,
    FairregError,
    Gone,
    NotFound,
    SecurityRefusal,
    Unreachable,
)
from fairreg.schemas.record import Distribution
from fairreg.storage.cache import Cache, CachedFile
from fairreg.storage.files import disk_faults, safe_name
from fairreg.web import HttpClient, Response

__all__ = [
    "Downloaded",
    "Progress",
    "adopt",
    "cached_copy",
    "download",
    "keys_of",
    "matches",
    "place",
    "select",
    "take",
]

_BLOCK = 2**20
# Most that is downloaded of a file whose size nobody states.
MAX_UNSTATED = 20 * 2**30
# Strongest first: the one whose verdict is reported.
_ALGORITHMS = ("sha512", "sha384", "sha256", "sha1", "git-blob-sha1", "md5", "adler32")
# Tells that a file is damaged (CERN Open Data publishes no other), but other files have the same: it is the
# name of none.
_NO_NAMES = frozenset({"adler32"})
# What Git's large file storage leaves in a repository in the place of a file
# (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md).
_POINTER = b"version https://git-lfs.github.com/spec/"
_POINTER_BYTES = 1024


class Progress(Protocol):
    """What shows a download; `total` is None while the size is not known. All sizes in bytes."""

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """Called as bytes arrive."""


@dataclass(frozen=True)
class Downloaded:
    """One verified file. `checksum` is the published one, or the computed sha256 where none is published."""

    distribution: Distribution
    file: CachedFile
    checksum: str
    verified: bool
    from_cache: bool


def select(distributions: Iterable[Distribution], patterns: Iterable[str]) -> list[Distribution]:
    """The distributions whose name or last part of it matches one of the glob patterns; all without any.

    Raises NotFound naming the files there are.
    """
    available, wanted = list(distributions), tuple(patterns)
    chosen = [item for item in available if not wanted or matches(item.name, wanted)]
    if not chosen and wanted:
        names = ", ".join(item.name for item in available[:10])
        raise NotFound(f"No file matches {' or '.join(wanted)}.", hint=f"The files are: {names}.")
    return chosen


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether `name`, or the last part of it, matches one of the glob patterns."""
    last = name.rsplit("/", 1)[-1]
    return any(fnmatch(name, pattern) or fnmatch(last, pattern) for pattern in patterns)


def keys_of(distribution: Distribution) -> tuple[str, ...]:
    """What the cache knows the file by: its published digests, strongest first, else address and size."""
    names = [f"{name}:{value}" for name, value in _published(distribution) if name not in _NO_NAMES]
    if names:
        return tuple(names)
    return (f"url:{distribution.url}:{distribution.size}",)


def download(
    web: HttpClient, cache: Cache, distribution: Distribution, *, progress: Progress | None = None
) -> Downloaded:
    """The file of `distribution`, from the cache when it is there and whole.

    A broken download is kept and resumed; one whose size or checksum is not the published one is discarded.
    Raises ChecksumMismatch, Unreachable, NotFound and the other errors of `HttpClient`.
    """
    key = keys_of(distribution)[0]
    with cache.lock(key):
        cached = cached_copy(cache, distribution)
        if cached is not None:
            return cached
        if distribution.url is None:
            raise NotFound(f"The source gives no address for {distribution.name}.")
        part = cache.partial(key)
        try:
            _collect(web, distribution, part, progress)
        except Gone:
            raise
        except NotFound as error:
            raise NotFound(
                f"{distribution.name} is not where its record says ({error.message.rstrip('.')}).",
                hint="Fetch it again later, or tell the record's authors.",
            ) from error
        return adopt(cache, distribution, part)


def take(cache: Cache, distribution: Distribution, path: Path) -> Downloaded | None:
    """A copy of the file `path` in the cache, if it is the published one; None where it is another."""
    key = keys_of(distribution)[0]
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
    """The file of an earlier download, if the cache holds all its bytes and nothing published differs."""
    file = cache.find(keys_of(distribution))
    if file is None or (distribution.size is not None and file.size != distribution.size):
        return None
    digests = _digests(file.path, distribution)
    if any(digests[algorithm] != value for algorithm, value in _published(distribution)):
        return None
    return _verified_file(distribution, cache.named(file, distribution.name), from_cache=True)


def adopt(cache: Cache, distribution: Distribution, path: Path) -> Downloaded:
    """Move the complete file `path` into the cache, if it is the published one; else it is removed.

    Raises ChecksumMismatch, and NotFound for the pointer that stands in a repository for a large file.
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
    """Append to `part` until it is complete; a break is taken up again as long as each turn brings bytes."""
    while True:
        before = _size(part)
        try:
            _stream_into(web, distribution, part, progress)
        except BadAnswer as error:
            if error.status != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or before == 0:
                raise
            # What is there is longer than the file, so it belongs to another one: start anew.
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
                f"{distribution.name} was cut off at {_size(part)} of {distribution.size} bytes.",
                hint="Run the command again: it resumes where it stopped.",
            )


def _stream_into(web: HttpClient, distribution: Distribution, part: Path, progress: Progress | None) -> None:
    # Without a published checksum nothing would tell that the file changed between two parts of it.
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
    """Whether the server sends the rest from `done` on, and not the whole file again."""
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
            hint="The service may be down for maintenance, or the file needs a login. Try again later.",
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
    """What reads a file and then has a checksum of it."""

    def update(self, block: bytes, /) -> None:
        """Read on."""

    def hexdigest(self) -> str:
        """The checksum of all that was read."""


class _Adler32:
    """Adler-32 (RFC 1950) as eight hexadecimal digits, the way EOS writes it."""

    def __init__(self) -> None:
        self._value = zlib.adler32(b"")

    def update(self, block: bytes, /) -> None:
        self._value = zlib.adler32(block, self._value)

    def hexdigest(self) -> str:
        return f"{self._value:08x}"


def _hash(algorithm: str, size: int) -> _Sum:
    """A fresh hash; Git's digest of a blob is that of a header with its size and then its bytes."""
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
        f"{distribution.name} is not in the repository itself, only a Git LFS pointer to it is.",
        hint=f"Fetch it with `git lfs pull`, or ask the authors where it is published: {distribution.url}",
    )


def _verify(distribution: Distribution, part: Path, digests: dict[str, str]) -> None:
    size = _size(part)
    if size > MAX_UNSTATED and distribution.size is None:
        part.unlink()
        raise SecurityRefusal(
            f"{distribution.name} is larger than the {MAX_UNSTATED >> 30} GiB that fairreg downloads unasked."
        )
    if distribution.size is not None and size != distribution.size:
        part.unlink()
        raise ChecksumMismatch(
            f"{distribution.name} has {size} bytes or more, its record says {distribution.size}.",
            name=distribution.name,
        )
    for algorithm, value in _published(distribution):
        if digests[algorithm] != value:
            part.unlink()
            raise ChecksumMismatch(
                f"{distribution.name} is not the published file: its {algorithm} is {digests[algorithm]}, "
                f"the record says {value}.",
                name=distribution.name,
                hint="The download was discarded. Try again; if it persists, tell the record's authors.",
            )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def place(files: Iterable[Downloaded], output: Path) -> dict[str, Path]:
    """Copy downloaded files to the folder `output`, under the last part of their names.

    Where two share that, they keep the folders of their names. An existing file with other content is never
    overwritten. Raises FairregError.
    """
    found = list(files)
    last_parts = Counter(safe_name(item.distribution.name) for item in found)
    placed: dict[str, Path] = {}
    for item in found:
        name = item.distribution.name
        parts = (
            [part for part in name.split("/") if part.strip(".")]
            if last_parts[safe_name(name)] > 1
            else [name]
        )
        target = output.joinpath(*map(safe_name, parts))
        _copy(item.file.path, target)
        placed[name] = target
    return placed


def _copy(source: Path, target: Path) -> None:
    with disk_faults(f"The folder {target.parent}"):
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not _same(target, source):
            raise FairregError(
                f"{target} exists and is another file.", hint="Choose another --output folder."
            )
        if not target.exists():
            fresh = target.with_name(f".{target.name}.part")
            shutil.copyfile(source, fresh)
            fresh.replace(target)


def _same(left: Path, right: Path) -> bool:
    from filecmp import cmp

    return cmp(left, right, shallow=False)
