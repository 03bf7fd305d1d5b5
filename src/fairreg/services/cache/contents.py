# SPDX-License-Identifier: MIT
"""Contents of the cache by record: its files, their size and last use, and what is left over."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from fairreg.errors import IdentifierError, NotFound, UsageError
from fairreg.schemas.identifiers import parse
from fairreg.services.cache.layout import notes
from fairreg.storage.cache import Cache, RecordNote, content_size
from fairreg.storage.files import digest, unreadable

__all__ = ["CachedRecord", "FileInCache", "chosen", "contents"]

_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{8,64})", re.IGNORECASE)
FileState = Literal["there", "missing", "intact", "changed"]


@dataclass(frozen=True)
class FileInCache:
    """A file by the digest of its bytes; `size` is 0 for a missing one. Without a check it is ``there``.

    `unpacked` are the bytes of its content, of an archive that was unpacked.
    """

    name: str
    sha256: str
    size: int
    state: FileState
    unpacked: int = 0


@dataclass(frozen=True)
class CachedRecord:
    """The files of a record; `identifier` is None for a file of which the cache knows no record.

    `size` in bytes, with the content of unpacked archives.
    """

    identifier: str | None
    name: str
    files: tuple[FileInCache, ...]
    size: int
    last_used: datetime
    identifiers: frozenset[str] = frozenset()

    @property
    def state(self) -> FileState | Literal["complete"]:
        """The worst state of a file; ``complete`` where all are there and were not checked."""
        found = {item.state for item in self.files}
        for state in ("changed", "missing"):
            if state in found:
                return state
        return "intact" if found == {"intact"} else "complete"

    @property
    def digests(self) -> frozenset[str]:
        """Digests of the files."""
        return frozenset(item.sha256 for item in self.files)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return {
            "identifier": self.identifier,
            "name": self.name,
            "files": [
                {"name": item.name, "sha256": item.sha256, "size": item.size, "state": item.state}
                for item in self.files
            ],
            "size": self.size,
            "last_used": self.last_used.isoformat(timespec="seconds"),
            "state": self.state,
        }


def contents(cache: Cache, *, verify: bool = False) -> tuple[CachedRecord, ...]:
    """List what is cached, the last used first; `verify` hashes every file again. Raises FairregError."""
    with unreadable(str(cache.folder)):
        found = _Found(cache, verify=verify)
        noted = list(notes(cache))
        rows = [found.record(note, used) for note, used in noted]
        known = {item for note, _ in noted for item in note.files}
        rows += [found.alone(sha256) for sha256 in found.blobs if sha256 not in known]
    return tuple(sorted(rows, key=lambda row: (row.last_used, row.name), reverse=True))


class _Found:
    """The files on the disk, by digest; each is hashed once."""

    def __init__(self, cache: Cache, *, verify: bool) -> None:
        self._verify = verify
        self.blobs: dict[str, list[Path]] = {}
        for path in cache.blobs():
            self.blobs.setdefault(path.parent.name, []).append(path)
        self._unpacked = {path.name: content_size(path) for path in cache.unpacked()}
        self._states: dict[str, FileState] = {}

    def record(self, note: RecordNote, used: float) -> CachedRecord:
        """Return the row of a record."""
        files = tuple(self._file(sha256, name) for sha256, name in sorted(note.files.items()))
        return CachedRecord(
            note.identifier,
            note.name,
            files,
            self._size(files),
            datetime.fromtimestamp(used, UTC),
            frozenset({note.identifier, *note.identifiers}),
        )

    def alone(self, sha256: str) -> CachedRecord:
        """Return the row of a file without a record."""
        path = self.blobs[sha256][0]
        file = self._file(sha256, path.name)
        used = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return CachedRecord(None, path.name, (file,), self._size((file,)), used)

    @staticmethod
    def _size(files: Iterable[FileInCache]) -> int:
        return sum(item.size + item.unpacked for item in files)

    def _file(self, sha256: str, name: str) -> FileInCache:
        paths = self.blobs.get(sha256, [])
        # Names of one file share its bytes where the disk allows it.
        sizes = {(stat.st_dev, stat.st_ino): stat.st_size for stat in (path.stat() for path in paths)}
        unpacked = self._unpacked.get(sha256, 0)
        return FileInCache(name, sha256, sum(sizes.values()), self._state(sha256, paths), unpacked)

    def _state(self, sha256: str, paths: list[Path]) -> FileState:
        if not paths:
            return "missing"
        if not self._verify:
            return "there"
        if sha256 not in self._states:
            intact = all(digest(path) == sha256 for path in paths)
            self._states[sha256] = "intact" if intact else "changed"
        return self._states[sha256]


def chosen(rows: Iterable[CachedRecord], target: str) -> tuple[CachedRecord, ...]:
    """Return the rows of a record in any spelling of its identifier, or the file of a digest as a row.

    Raises NotFound, and UsageError for the beginning of several digests.
    """
    listed = tuple(rows)
    if match := _DIGEST.fullmatch(target.strip()):
        files = {item.sha256: item for item in _files(listed) if item.sha256.startswith(match[1].lower())}
        if len(files) > 1:
            raise UsageError(f"{target} is the beginning of {len(files)} digests.", hint="Give more of it.")
        for item in files.values():
            used = max(row.last_used for row in listed if item.sha256 in row.digests)
            return (CachedRecord(None, item.name, (item,), item.size, used),)
    try:
        compact = parse(target).compact
    except IdentifierError:
        compact = target
    found = tuple(row for row in listed if compact in row.identifiers)
    if not found:
        raise NotFound(f"The cache has no files of {target}.", hint="List them with: fairreg cache ls")
    return found


def _files(rows: Iterable[CachedRecord]) -> Iterator[FileInCache]:
    for row in rows:
        yield from row.files
