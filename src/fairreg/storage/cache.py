# SPDX-License-Identifier: MIT
"""The content-addressed cache of downloaded files.

    blobs/<aa>/<sha256>/<name>     a complete file, named as published, under the digest of its bytes
    index/<key>.json               the blob of a published checksum or address
    partial/<key>.part             an unfinished download; it resumes from here
    extracted/<sha256>/            the content of an archive
    gathered/<sha256>/             files that belong together, such as a model with its side files

A file reaches `blobs` only by the rename of a complete and verified one. Files in `gathered` share its bytes
where the disk allows it, and are compared with it at each use.
"""

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from fairreg.storage.checksums import checksums_of
from fairreg.storage.file_names import safe_name
from fairreg.storage.files import digest, disk_faults

__all__ = ["Cache", "CacheInfo", "CachedFile"]

_PARTS = ("blobs", "index", "partial", "extracted", "gathered")
# Seconds within which two changes of a file can have the same time stamp (git calls such files racy).
_TIME_STEP = 0.1


@dataclass(frozen=True)
class CachedFile:
    """A complete file in the cache; `size` in bytes, `sha256` in hex.

    `checksums` are those of its bytes that were asked for, by algorithm.
    """

    path: Path
    sha256: str
    size: int
    checksums: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)


class _Stamp(NamedTuple):
    """The state of a file by which a change of it shows; `changed` is a time in seconds."""

    device: int
    inode: int
    size: int
    modified: int
    changed: float


@dataclass(frozen=True)
class CacheInfo:
    """Summary of the cache; sizes in bytes."""

    folder: Path
    files: int
    size: int
    partial: int
    extracted: int


class Cache:
    """The cache in `folder`, which is created with the first file.

    One object serves one command: it reads a file once, and again only if it has changed since.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[Path, tuple[_Stamp, dict[str, str]]] = {}

    def find(self, keys: tuple[str, ...], algorithms: Collection[str] = ()) -> CachedFile | None:
        """Find the file of the first of `keys` in the cache, and hash its bytes again.

        Its `checksums` are those of `algorithms`, of the same pass. A blob that was changed on disk is
        removed.
        """
        for key in keys:
            entry = self._entry(key)
            if entry is None:
                continue
            path = self._blob(entry["sha256"], entry["name"])
            found = self._checksums(path, {"sha256", *algorithms}) if path.is_file() else {}
            if found.get("sha256") == entry["sha256"]:
                return CachedFile(path, entry["sha256"], path.stat().st_size, found)
            self._drop(key, path)
        return None

    def _checksums(self, path: Path, algorithms: Collection[str]) -> Mapping[str, str]:
        """Checksums of a file, of one pass for all calls as long as it is unchanged."""
        before, now = _stamp(path), time.time()
        stamp, known = self._read.get(path, (before, {}))
        if stamp != before or not known.keys() >= set(algorithms):
            known = dict(checksums_of(path, {*algorithms, *known}))
            self._read.pop(path, None)
            if before == _stamp(path) and now - before.changed > _TIME_STEP:
                self._read[path] = (before, known)
        return known

    def add(self, source: Path, *, name: str, sha256: str, keys: tuple[str, ...]) -> CachedFile:
        """Move the complete file `source` into the cache and index it under `keys`."""
        target = self._blob(sha256, safe_name(name))
        with disk_faults("The cache"):
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
            for key in keys:
                self._write_index(key, {"sha256": sha256, "name": target.name})
        return CachedFile(target, sha256, target.stat().st_size)

    def named(self, file: CachedFile, name: str) -> CachedFile:
        """Return the same file under another published name, sharing its bytes where the disk allows it."""
        target = self._blob(file.sha256, safe_name(name))
        if target == file.path:
            return file
        with disk_faults("The cache"):
            if not target.exists():
                _link(file.path, target)
        return replace(file, path=target)

    def gathered(self, files: Mapping[str, CachedFile]) -> Path:
        """Return a folder with these files of the cache at these relative paths, which must be inside it."""
        listing = "".join(f"{file.sha256}  {place}\n" for place, file in sorted(files.items()))
        key = hashlib.sha256(listing.encode("utf-8", "surrogatepass")).hexdigest()
        folder = self.folder / "gathered" / key
        with self.lock(f"gather:{key}"), disk_faults("The cache"):
            for place, file in files.items():
                target = folder / place
                if not _is_copy(target, file):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    part = folder.with_name(f".{key}.part")
                    part.unlink(missing_ok=True)
                    _link(file.path, part)
                    part.replace(target)
        return folder

    def partial(self, key: str) -> Path:
        """Path of the unfinished download of `key`; its folder exists."""
        path = self.folder / "partial" / f"{_file_name(key)}.part"
        with disk_faults("The cache"):
            _ensure(path.parent)
        return path

    def extracted(self, sha256: str) -> Path:
        """Folder for the content of the archive with this digest; it exists only after complete unpacking."""
        return self.folder / "extracted" / sha256

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Context manager: lock `key` against downloads and unpacking by other processes."""
        from filelock import FileLock

        path = self.partial(key).with_suffix(".lock")
        with FileLock(path):
            yield

    def info(self) -> CacheInfo:
        """Count files and sizes on disk."""
        blobs = list(self._blobs())
        return CacheInfo(
            folder=self.folder,
            files=len(blobs),
            size=sum(path.stat().st_size for path in blobs),
            partial=len(list((self.folder / "partial").glob("*.part"))),
            extracted=len(self._unpacked()),
        )

    def verify(self) -> Iterator[tuple[Path, bool]]:
        """Hash each file and unpacked archive again; yield its path, and whether it is unchanged."""
        from fairreg.storage import manifest

        for path in self._blobs():
            yield path, digest(path) == path.parent.name
        for folder in self._unpacked():
            yield folder, not manifest.changed(folder)

    def clear(self) -> int:
        """Remove everything in the cache; return the number of freed bytes."""
        parts = [self.folder / part for part in _PARTS]
        found = [path.stat() for part in parts for path in part.rglob("*") if path.is_file()]
        size = sum({(item.st_dev, item.st_ino): item.st_size for item in found}.values())
        with disk_faults("The cache"):
            for part in parts:
                if part.exists():
                    shutil.rmtree(part)
        return size

    def _unpacked(self) -> list[Path]:
        folders = (self.folder / "extracted").glob("*")
        return sorted(path for path in folders if path.is_dir() and not path.name.startswith("."))

    def _blobs(self) -> Iterator[Path]:
        yield from sorted(path for path in (self.folder / "blobs").glob("*/*/*") if path.is_file())

    def _blob(self, sha256: str, name: str) -> Path:
        return self.folder / "blobs" / sha256[:2] / sha256 / name

    def _index(self, key: str) -> Path:
        return self.folder / "index" / f"{_file_name(key)}.json"

    def _entry(self, key: str) -> dict[str, str] | None:
        try:
            entry = json.loads(self._index(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return entry if isinstance(entry, dict) and {"sha256", "name"} <= set(entry) else None

    def _write_index(self, key: str, entry: dict[str, str]) -> None:
        path = self._index(key)
        _ensure(path.parent)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(entry), encoding="utf-8")
        fresh.replace(path)

    def _drop(self, key: str, path: Path) -> None:
        self._index(key).unlink(missing_ok=True)
        path.unlink(missing_ok=True)


def _ensure(folder: Path) -> None:
    """Make a folder if it is missing; to look first is cheaper for many files."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    return _Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime)


def _link(source: Path, target: Path) -> None:
    """Make a hard link, or a copy where the disk has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _is_copy(path: Path, file: CachedFile) -> bool:
    """Tell whether a path is a file with the bytes of `file`, and not a symbolic link."""
    if path.is_symlink() or not path.is_file():
        return False
    return path.samefile(file.path) or digest(path) == file.sha256


def _file_name(key: str) -> str:
    """File name of a key: short plain keys unchanged, any other by digest."""
    if re.fullmatch(r"[a-z0-9-]+:[0-9a-f]{8,128}", key):
        return key.replace(":", "-")
    return "key-" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
