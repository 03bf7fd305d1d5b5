# SPDX-License-Identifier: MIT
"""The content-addressed cache of downloaded files.

    blobs/<aa>/<sha256>/<name>     a complete file, named as published, under the digest of its bytes
    index/<key>.json               the blob of a published checksum or address
    partial/<key>.part             an unfinished download; it resumes from here
    extracted/<sha256>/            the content of an archive
    records/<sha256>.json          the files of a record; its time is that of their last use
    gathered/<sha256>/             files that belong together, such as a model with its side files

A file reaches `blobs` only by the rename of a complete and verified one. Files in `gathered` share its bytes
where the disk allows it, and are compared with it at each use. Whatever is read here is checked like foreign
input: names that are no plain ones and links that lead out are ignored, and nothing outside is changed.
"""

import errno
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from fairreg.storage.checksums import checksums_of
from fairreg.storage.file_names import safe_name
from fairreg.storage.files import (
    digest,
    disk_faults,
    is_inside,
    is_plain_name,
    remove_links,
    replacing,
    unreadable,
)

__all__ = ["NO_LOCKS", "Cache", "CacheInfo", "CachedFile", "RecordNote", "content_size"]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_ENTRY = 4096  # bytes of an index file; the longest that is written has a few hundred
_LONGEST_NOTE = 2**24  # bytes of a note: a record may have tens of thousands of files
_LEVELS = 3  # of folders above a blob
_PARTS = ("blobs", "index", "records", "partial", "extracted", "gathered")
# Seconds within which two changes of a file can have the same time stamp (git calls such files racy).
_TIME_STEP = 0.1
NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})


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
    """Summary of the cache; sizes in bytes, `size` that of the files and `extracted_size` of their content.

    `files` are the downloaded ones, and `extracted` the unpacked archives: a folder counts once, whatever
    number of files it has. A link or a pipe in the place of a file is no file; `verify` says that it changed.
    """

    folder: Path
    files: int
    size: int
    partial: int
    extracted: int
    extracted_size: int


class _IndexEntry(NamedTuple):
    """Blob of an index entry: the digest of its bytes in hex, and its file name."""

    sha256: str
    name: str

    def to_json(self) -> str:
        """The text of an index file."""
        return json.dumps(self._asdict())


@dataclass(frozen=True)
class RecordNote:
    """The files of a record in the cache: names by digest in hex. `identifiers` are its others, compact."""

    identifier: str
    name: str
    identifiers: tuple[str, ...]
    files: Mapping[str, str]

    def to_json(self) -> str:
        """The text of a file in `records`."""
        return json.dumps({**vars(self), "files": dict(self.files)}, sort_keys=True)

    @classmethod
    def parse(cls, content: bytes) -> "RecordNote | None":
        """Read a file in `records`; None unless it is as `to_json` writes it."""
        try:
            stated = json.loads(content)
            note = cls(stated["identifier"], stated["name"], tuple(stated["identifiers"]), stated["files"])
            texts = [note.identifier, note.name, *note.identifiers, *note.files.values()]
            whole = all(isinstance(item, str) for item in texts) and all(map(_SHA256.fullmatch, note.files))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        return note if whole else None


def _parse_entry(content: bytes) -> _IndexEntry | None:
    """Read an index file; None unless it names a blob by a digest in hex and a plain file name."""
    try:
        entry = json.loads(content)
    except (ValueError, RecursionError):  # a nest deeper than the parser's stack
        return None
    if not isinstance(entry, dict):
        return None
    sha256, name = entry.get("sha256"), entry.get("name")
    if not (isinstance(sha256, str) and _SHA256.fullmatch(sha256)):
        return None
    return _IndexEntry(sha256, name) if isinstance(name, str) and is_plain_name(name) else None


class Cache:
    """The cache in `folder`, which is created with the first file; `log` is told what was found damaged.

    One object serves one command: it reads a file once, and again only if it has changed since.
    """

    def __init__(self, folder: Path, log: Callable[[str], None] = lambda _line: None) -> None:
        self.folder = folder
        self._log = log
        self._read: dict[Path, tuple[_Stamp, dict[str, str]]] = {}

    def find(self, keys: tuple[str, ...], algorithms: Collection[str] = ()) -> CachedFile | None:
        """Find the file of the first of `keys` in the cache, and hash its bytes again.

        Its `checksums` are those of `algorithms`, of the same pass. A blob that was changed on disk is
        removed, and so is an index entry that names none.
        """
        for key in keys:
            entry = self._entry(key)
            if entry is None:
                continue
            path = self._blob(entry.sha256, entry.name)
            try:
                found = self._checksums_of_own(path, {"sha256", *algorithms})
                if found.get("sha256") == entry.sha256:
                    return CachedFile(path, entry.sha256, path.stat().st_size, found)
            except OSError as error:  # it may be intact, so it is kept
                self._log(f"{path} in the cache cannot be read: {error.strerror}.")
            else:
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
            self._make_place(target)
            source.replace(target)
            for key in keys:
                self._write_index(key, _IndexEntry(sha256, target.name))
        return CachedFile(target, sha256, target.stat().st_size)

    def named(self, file: CachedFile, name: str) -> CachedFile:
        """Return the same file under another published name, sharing its bytes where the disk allows it.

        What is there under that name is compared with `file`, and replaced if it differs.
        """
        target = self._blob(file.sha256, safe_name(name))
        named = replace(file, path=target)
        # Before the lock, which needs a writable folder.
        if target == file.path or self._is_copy(target, file):
            return named
        key = f"name:{file.sha256}"
        with self.lock(key), disk_faults("The cache"):
            if not self._is_copy(target, file):
                if os.path.lexists(target):
                    self._log(_not_as_stored(target))
                self._put(file, target, self.partial(key))
        return named

    def gathered(self, files: Mapping[str, CachedFile]) -> Path:
        """Return a folder with these files of the cache at these relative paths, which must be inside it."""
        listing = "".join(f"{file.sha256}  {place}\n" for place, file in sorted(files.items()))
        key = hashlib.sha256(listing.encode("utf-8", "surrogatepass")).hexdigest()
        folder = self.folder / "gathered" / key
        # Before the lock, which needs a writable folder.
        if all(self._is_copy(folder / place, file) for place, file in files.items()):
            return folder
        with self.lock(f"gather:{key}"), disk_faults("The cache"):
            for place, file in files.items():
                target = folder / place
                if not self._is_copy(target, file):
                    self._put(file, target, folder.with_name(f".{key}.part"))
        return folder

    def note(self, note: RecordNote) -> None:
        """Keep which files of a record are here, with those of earlier notes, and that they are used now.

        A cache that is read-only keeps nothing.
        """
        path = self.note_path(note.identifier)
        with suppress(OSError):
            earlier = self.noted(path)
            files = {**(earlier.files if earlier else {}), **note.files}
            whole = replace(note, files=files)
            if earlier == whole:
                os.utime(path)
                return
            remove_links(path.parent, self.folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as draft:
                draft.write_text(whole.to_json(), encoding="utf-8")

    def note_path(self, identifier: str) -> Path:
        """Path of the note on a record."""
        name = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()
        return self.folder / "records" / f"{name}.json"

    def noted(self, path: Path) -> RecordNote | None:
        """Return the note at a path; None unless it is a sound file of the cache. Raises OSError."""
        if not self._is_own(path):
            return None
        with path.open("rb") as stream:
            return RecordNote.parse(stream.read(_LONGEST_NOTE))

    def partial(self, key: str) -> Path:
        """Path of the unfinished download of `key`; its folder exists."""
        path = self.folder / "partial" / f"{_file_name(key)}.part"
        with disk_faults("The cache"):
            self._make_place(path)
        return path

    def extracted(self, sha256: str) -> Path:
        """Folder for the content of the archive with this digest; it exists only after complete unpacking."""
        return self.folder / "extracted" / sha256

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Context manager: lock `key` against downloads and unpacking by other processes.

        On a disk without locks, as some network disks are, nothing is locked.
        """
        import warnings

        from filelock import FileLock

        warnings.filterwarnings("ignore", "flock not supported", UserWarning)  # of filelock, at each lock
        path = self.partial(key).with_suffix(".lock")
        held = FileLock(path)
        with disk_faults("The cache"):
            self._make_place(path)
            try:
                held.acquire()
            except OSError as error:
                if error.errno not in NO_LOCKS:
                    raise
        try:
            yield
        finally:
            held.release()

    def info(self) -> CacheInfo:
        """Count files and sizes on disk."""
        stats, unpacked = [path.lstat() for path in self.blobs()], self.unpacked()
        parts = (self.folder / "partial").glob("*.part")
        return CacheInfo(
            folder=self.folder,
            files=len(stats),
            # Names of one file share its bytes where the disk allows it.
            size=sum({(stat.st_dev, stat.st_ino): stat.st_size for stat in stats}.values()),
            partial=sum(not path.name.startswith(".") for path in parts),
            extracted=len(unpacked),
            extracted_size=sum(map(content_size, unpacked)),
        )

    def verify(self) -> Iterator[tuple[Path, bool]]:
        """Hash each file and unpacked archive again; yield its path, and whether it is unchanged.

        A link that leads out, a pipe or anything else in the place of a file has changed; it is not opened.
        """
        from fairreg.storage import manifest

        for path in self._entries():
            with unreadable(str(path)):
                intact = self._is_own(path) and digest(path) == path.parent.name
            yield path, intact
        unpacked = set(self.unpacked())
        for path in self._in_place_of_unpacked():
            with unreadable(str(path)):
                intact = path in unpacked and not manifest.changed(path)
            yield path, intact

    def clearable(self) -> int:
        """Return the bytes that `clear` would free."""
        from fairreg.storage.freed_bytes import FreedBytes  # needed only for removing

        freed = FreedBytes()
        freed.take(self.folder / part for part in _PARTS)
        return freed.total

    def clear(self) -> int:
        """Remove everything in the cache; return the number of freed bytes. Links are not followed."""
        size = self.clearable()
        with disk_faults("The cache"):
            for part in (self.folder / part for part in _PARTS):
                remove_links(part, self.folder)
                if part.exists():
                    shutil.rmtree(part)
        return size

    def unpacked(self) -> list[Path]:
        """List the folders of unpacked archives."""
        return [path for path in self._in_place_of_unpacked() if path.is_dir() and not path.is_symlink()]

    def _in_place_of_unpacked(self) -> list[Path]:
        """Paths of the folders in `extracted`, and of whatever is in their place."""
        found = (self.folder / "extracted").glob("*")
        return sorted(path for path in found if _SHA256.fullmatch(path.name))

    def blobs(self) -> Iterator[Path]:
        """Yield the files; a link or a pipe in the place of one is none."""
        yield from filter(self._is_own, self._entries())

    def _entries(self) -> Iterator[Path]:
        """Paths of the files in `blobs`, and of whatever is in their place; a link that leads out is one."""
        found = [self.folder / "blobs"]
        for _ in range(_LEVELS):
            outside = [path for path in found if path.is_symlink() and not is_inside(path, self.folder)]
            yield from outside
            found = [inner for path in found if path not in outside for inner in sorted(path.glob("*"))]
        yield from found

    def _is_own(self, path: Path) -> bool:
        """Tell whether a path is a regular file of the cache."""
        return (_has_no_links(path, self.folder) or is_inside(path, self.folder)) and path.is_file()

    def _blob(self, sha256: str, name: str) -> Path:
        return self.folder / "blobs" / sha256[:2] / sha256 / name

    def _checksums_of_own(self, path: Path, algorithms: Collection[str]) -> Mapping[str, str]:
        """Checksums of a file of the cache, none of any other path. Raises OSError if it is unreadable."""
        return self._checksums(path, algorithms) if self._is_own(path) else {}

    def _is_copy(self, path: Path, file: CachedFile) -> bool:
        """Tell whether a path in the cache is a file with the bytes of `file`, and no link leads there."""
        if path.is_symlink() or not self._is_own(path):
            return False
        try:
            return path.samefile(file.path) or self._checksums(path, {"sha256"})["sha256"] == file.sha256
        except OSError:  # it cannot be read
            return False

    def _index(self, key: str) -> Path:
        return self.folder / "index" / f"{_file_name(key)}.json"

    def digest_in(self, path: Path) -> str | None:
        """Return the digest that an index entry names; None unless it is sound. Raises OSError."""
        if not self._is_own(path):
            return None
        with path.open("rb") as stream:
            entry = _parse_entry(stream.read(_LONGEST_ENTRY))
        return None if entry is None else entry.sha256

    def _entry(self, key: str) -> _IndexEntry | None:
        """Read an index entry; one that is not as `add` writes it is removed."""
        path = self._index(key)
        if not path.is_file():
            return None
        try:
            with path.open("rb") as stream:
                content = stream.read(_LONGEST_ENTRY)
        except OSError:
            return None
        entry = _parse_entry(content)
        if entry is None:
            self._log(f"The entry {path.name} of the cache's index is damaged, so it is ignored.")
            self._remove(path)
        return entry

    def _write_index(self, key: str, entry: _IndexEntry) -> None:
        path = self._index(key)
        self._make_place(path)
        with replacing(path) as draft:
            draft.write_text(entry.to_json(), encoding="utf-8")

    def _drop(self, key: str, path: Path) -> None:
        if path.is_file():
            self._log(_not_as_stored(path))
        self._remove(self._index(key))
        self._remove(path)

    def _make_folder(self, folder: Path) -> None:
        """Make a folder of the cache; a link in its place, or above it, is removed. Raises OSError."""
        remove_links(folder, self.folder)
        folder.mkdir(parents=True, exist_ok=True)

    def _make_place(self, path: Path) -> None:
        """Make the folder of the file `path`; remove what is there and is no file. Raises OSError."""
        from fairreg.storage.replacement import remove_other  # not needed for what is only read

        self._make_folder(path.parent)
        remove_other(path)

    def _put(self, file: CachedFile, target: Path, draft: Path) -> None:
        """Replace whatever is at `target` by the bytes of `file`, in one step. Raises OSError."""
        from fairreg.storage.replacement import put

        self._make_folder(target.parent)
        put(file.path, target, draft)

    def _remove(self, path: Path) -> None:
        """Remove a file of the cache, or a link in its place; a cache that is read-only keeps it."""
        if is_inside(path.parent, self.folder):
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    return _Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime)


def _has_no_links(path: Path, folder: Path) -> bool:
    """Tell whether no link is below `folder` on the way to `path`: resolving the whole path takes longer."""
    top, step = os.fspath(folder), os.fspath(path)
    if ".." in path.parts or not step.startswith(top + os.sep):
        return False
    while len(step) > len(top):
        # Not pathlib, which is slow: a record may have thousands of files.
        if os.path.islink(step):  # noqa: PTH114
            return False
        step = os.path.dirname(step)  # noqa: PTH120
    return True


def content_size(folder: Path) -> int:
    """Bytes of the files in a folder; links are not followed."""
    found = [path.lstat() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return sum(item.st_size for item in found)


def _not_as_stored(path: Path) -> str:
    return f"{path.name} in the cache is not what was stored, so it is not used."


def _file_name(key: str) -> str:
    """File name of a key: short plain keys unchanged, any other by digest."""
    if re.fullmatch(r"[a-z0-9-]+:[0-9a-f]{8,128}", key):
        return key.replace(":", "-")
    return "key-" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
