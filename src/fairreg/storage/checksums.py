# SPDX-License-Identifier: MIT
"""Checksums that sources publish, and those of bytes as they pass.

A published checksum is ``algorithm:hex``. Algorithms are those of `hashlib` with a fixed length, Git's digest
of a blob, and Adler-32 and CRC-32, which detect damage but not another file.
"""

import hashlib
import re
import zlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

__all__ = ["WEAK", "PublishedChecksums", "RunningChecksums", "checksums_of", "read_published"]

# Strongest first: the first one available is reported.
_ALGORITHMS = (
    *("sha512", "sha3-512", "blake2b", "sha384", "sha3-384", "sha256", "sha3-256", "blake2s"),
    *("sha224", "sha3-224", "sha1", "git-blob-sha1", "md5", "adler32", "crc32"),
)
# Detect errors of a transmission, but collide easily: never a cache key, and no proof of a file.
WEAK = frozenset({"adler32", "crc32"})
_WEAK_DIGITS = 8
_SPELLINGS = {re.sub(r"[^a-z0-9]", "", name): name for name in _ALGORITHMS} | {"gitblob": "git-blob-sha1"}
_BLOCK = 2**20
# Bytes from which each checksum gets a thread of its own: hashing is slower than a fast network.
_MANY = 8 * 2**20
_WAITING_BLOCKS = 8


class PublishedChecksums(NamedTuple):
    """Checksums of one file, strongest first; `unknown` are those whose algorithm is not known, as stated."""

    known: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]

    @property
    def digests(self) -> tuple[tuple[str, str], ...]:
        """The known ones that tell a file from any other."""
        return tuple(item for item in self.known if item[0] not in WEAK)


def read_published(stated: Iterable[str]) -> PublishedChecksums:
    """Read the checksums of a record; the names of algorithms may be spelled ``SHA-256`` or ``sha_256``.

    >>> read_published(["SHA-256:AB12", "md6:00"])
    PublishedChecksums(known=(('sha256', 'ab12'),), unknown=('md6:00',))
    """
    known: dict[str, str] = {}
    unknown = []
    for item in stated:
        name, colon, value = item.partition(":")
        algorithm = _SPELLINGS.get(re.sub(r"[-_ /]", "", name.strip().lower()))
        if algorithm is None or not colon:
            unknown.append(item)
        else:
            plain = value.strip().lower()
            known[algorithm] = plain.zfill(_WEAK_DIGITS) if algorithm in WEAK else plain
    ordered = tuple((name, known[name]) for name in _ALGORITHMS if name in known)
    return PublishedChecksums(ordered, tuple(unknown))


class _Sum(Protocol):
    """Incremental checksum of a file, as of `hashlib`."""

    def update(self, block: bytes, /) -> None:
        """Add a block of bytes."""

    def hexdigest(self) -> str:
        """The checksum of all blocks."""


class _Weak:
    """Adler-32 (RFC 1950) or CRC-32 (ISO 3309) as eight hexadecimal digits, the way EOS writes them."""

    def __init__(self, algorithm: str) -> None:
        self._function = zlib.adler32 if algorithm == "adler32" else zlib.crc32
        self._value = self._function(b"")

    def update(self, block: bytes, /) -> None:
        self._value = self._function(block, self._value)

    def hexdigest(self) -> str:
        return f"{self._value:08x}"


def _sum(algorithm: str, size: int | None) -> _Sum:
    """Return a new checksum; Git's digest of a blob covers a header with its `size`, then its bytes."""
    if algorithm in WEAK:
        return _Weak(algorithm)
    if algorithm == "git-blob-sha1":
        return hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    return hashlib.new(algorithm.replace("sha3-", "sha3_"), usedforsecurity=False)


class _HashingThread:
    """A checksum in a thread of its own, with few blocks waiting."""

    def __init__(self, found: _Sum) -> None:
        from queue import Queue  # most commands hash little or nothing
        from threading import Thread

        self._sum = found
        self._blocks: Queue[bytes | None] = Queue(_WAITING_BLOCKS)
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while (block := self._blocks.get()) is not None:
            self._sum.update(block)

    def update(self, block: bytes, /) -> None:
        self._blocks.put(block)

    def hexdigest(self) -> str:
        self.close()
        return self._sum.hexdigest()

    def close(self) -> None:
        if self._thread.is_alive():
            self._blocks.put(None)
            self._thread.join()


class RunningChecksums:
    """Checksums of the bytes that pass, each in a thread of its own once they are many.

    `size` is that of all bytes, which Git's digest needs at the beginning; None where it is not known.
    """

    def __init__(self, algorithms: Collection[str], size: int | None = None) -> None:
        self._sums: dict[str, _Sum] = {name: _sum(name, size) for name in algorithms}
        self._passed = 0
        self._threads: list[_HashingThread] = []

    def update(self, block: bytes) -> None:
        """Add a block of bytes, which nobody may change afterwards."""
        self._passed += len(block)
        if not self._threads and self._passed > _MANY:
            self._threads = [_HashingThread(found) for found in self._sums.values()]
            self._sums = dict(zip(self._sums, self._threads, strict=True))
        for found in self._sums.values():
            found.update(block)

    def read(self, path: Path, size: int | None = None) -> None:
        """Add the first `size` bytes of a file (None: all)."""
        with path.open("rb") as stream:
            left = size
            while block := stream.read(_BLOCK if left is None else min(_BLOCK, left)):
                self.update(block)
                left = left if left is None else left - len(block)

    def close(self) -> None:
        """End the threads; the checksums are complete."""
        for thread in self._threads:
            thread.close()

    def values(self) -> Mapping[str, str]:
        """Return the checksums of all bytes, by algorithm."""
        return {name: found.hexdigest() for name, found in self._sums.items()}


def checksums_of(path: Path, algorithms: Collection[str]) -> Mapping[str, str]:
    """Compute checksums of a file in one pass over its bytes."""
    running = RunningChecksums(algorithms, path.stat().st_size)
    try:
        running.read(path)
        return running.values()
    finally:
        running.close()
