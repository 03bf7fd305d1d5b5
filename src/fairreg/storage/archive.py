# SPDX-License-Identifier: MIT
"""Safe unpacking of untrusted archives.

An archive is unpacked into its own folder, which appears only when it is complete. An archive is refused as a
whole if a member would be outside that folder, is a link or a device, or if it grows beyond `Limits`.
"""

import bz2
import gzip
import lzma
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, cast

from fairreg.errors import UnsafeArchive
from fairreg.storage import manifest
from fairreg.storage.files import disk_faults

__all__ = ["ARCHIVE_SUFFIXES", "Limits", "is_archive", "unpack"]

_BLOCK = 2**18
_LARGEST_READ = 2**20
_ZIP_SUFFIXES = frozenset({".zip", ""})
_TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tbz2", ".tar.xz", ".txz")
ARCHIVE_SUFFIXES = (".zip", *_TAR_SUFFIXES)
# Exceptions of the standard library for damaged, encrypted and unsupported archives.
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    gzip.BadGzipFile,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,  # names that are not UTF-8 included
)


@dataclass(frozen=True)
class Limits:
    """Limits of an archive: number of members, total bytes, and total bytes per byte of the archive.

    The ratio counts only above `free` bytes, because harmless small texts compress well.
    """

    members: int = 50_000
    size: int = 50 * 2**30
    ratio: int = 100
    free: int = 64 * 2**20

    def bytes_for(self, archive_size: int) -> int:
        """Largest total of unpacked bytes for an archive of this size."""
        return min(self.size, max(self.free, self.ratio * archive_size))


@dataclass(frozen=True)
class _Member:
    name: str
    is_folder: bool
    size: int
    refusal: str | None
    source: zipfile.ZipInfo | tarfile.TarInfo


def is_archive(path: Path) -> bool:
    """Tell whether the file is a zip or tar archive, by its content and its name.

    The name must agree, because many formats are zip files inside: arrays (.npz), PyTorch weights, documents.
    """
    name = path.name.lower()
    try:
        if path.suffix.lower() in _ZIP_SUFFIXES and zipfile.is_zipfile(path):
            return not _is_torch_file(path)
        return name.endswith(_TAR_SUFFIXES) and tarfile.is_tarfile(path)
    except _DAMAGE:
        return True


def unpack(path: Path, folder: Path, *, limits: Limits | None = None) -> Path:
    """Unpack the archive `path` as `folder`, unless that exists unchanged; return `folder`.

    Raises UnsafeArchive, and then leaves no files behind.
    """
    if folder.is_dir() and not manifest.changed(folder):
        return folder
    with disk_faults("The cache"):
        _remove(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=folder.parent))
    try:
        _unpack_into(path, draft, limits or Limits())
        with disk_faults("The cache"):
            draft.replace(folder)
            manifest.write(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _remove(folder: Path) -> None:
    """Remove what is in the place of `folder`; of a link only itself."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def _unpack_into(path: Path, folder: Path, limits: Limits) -> None:
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                _write_all(path, folder, [_zip_member(item) for item in archive.infolist()], archive, limits)
        else:
            with _tar_stream(path) as stream:
                bounded = cast("IO[bytes]", _Bounded(stream, path))
                with tarfile.open(fileobj=bounded, mode="r:") as tar:
                    _write_all(path, folder, list(_tar_members(tar, path, limits)), tar, limits)
    except _DAMAGE as error:
        raise UnsafeArchive(
            f"{path.name} cannot be unpacked: {str(error).rstrip('.') or 'it is damaged'}.",
            hint="The file itself is in the cache. Report the fault to its authors.",
        ) from error


class _Bounded:
    """Bounded stream of a tar for tarfile, which would read a header of any size into memory at once."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self._stream = stream
        self._path = path

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LARGEST_READ:
            raise _too_large(self._path)
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()


def _tar_stream(path: Path) -> IO[bytes]:
    """Open the bytes of a tar, decompressed according to its first bytes."""
    with path.open("rb") as stream:
        start = stream.read(6)
    if start.startswith(b"\x1f\x8b"):
        return cast("IO[bytes]", gzip.open(path))
    if start.startswith(b"BZh"):
        return cast("IO[bytes]", bz2.open(path))
    if start.startswith(b"\xfd7zXZ"):
        return cast("IO[bytes]", lzma.open(path))
    return path.open("rb")


def _write_all(
    path: Path,
    folder: Path,
    members: list[_Member],
    archive: zipfile.ZipFile | tarfile.TarFile,
    limits: Limits,
) -> None:
    allowance = limits.bytes_for(path.stat().st_size)
    _check_all(path, members, allowance, limits)
    for member in members:
        target = folder / _inside(path, member.name)
        with disk_faults("The cache"):
            if member.is_folder:
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with _open(archive, member) as source:
                allowance = _copy(path, source, target, allowance)


def _check_all(path: Path, members: list[_Member], allowance: int, limits: Limits) -> None:
    """Check the archive by its own statements, before a byte is written. Raises UnsafeArchive."""
    if len(members) > limits.members:
        raise UnsafeArchive(f"Refused to unpack {path.name}: it has more than {limits.members} members.")
    places = [(_inside(path, member.name), member) for member in members]
    files = Counter(place for place, member in places if not member.is_folder)
    for place, member in places:
        if member.refusal:
            raise UnsafeArchive(f"Refused to unpack {path.name}: {member.name!r} is {member.refusal}.")
        if files[place] > 1 or any(files[parent] for parent in place.parents):
            raise UnsafeArchive(
                f"Refused to unpack {path.name}: {member.name!r} conflicts with another member."
            )
    if sum(member.size for member in members) > allowance:
        raise _too_large(path)


def _copy(path: Path, source: IO[bytes], target: Path, allowance: int) -> int:
    """Copy a member; return the remaining allowance. Counts real bytes, as stated sizes may be false."""
    with target.open("xb") as out:
        while block := source.read(_BLOCK):
            allowance -= len(block)
            if allowance < 0:
                raise _too_large(path)
            out.write(block)
    return allowance


def _too_large(path: Path) -> UnsafeArchive:
    return UnsafeArchive(
        f"Refused to unpack {path.name}: it would expand far beyond its size, like a decompression bomb."
    )


def _inside(path: Path, name: str) -> PurePosixPath:
    """Return the member's path relative to the folder. Raises UnsafeArchive if it is outside."""
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    leaves = posix.is_absolute() or windows.drive or windows.root or ".." in windows.parts or "\0" in name
    if leaves or not posix.parts:
        raise UnsafeArchive(f"Refused to unpack {path.name}: {name!r} leads outside its folder.")
    return posix


def _zip_member(item: zipfile.ZipInfo) -> _Member:
    mode = item.external_attr >> 16
    special = bool(stat.S_IFMT(mode)) and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
    refusal = "a link" if stat.S_ISLNK(mode) else "a device or pipe" if special else None
    if item.flag_bits & 0x1:
        refusal = "encrypted"
    # Not item.is_dir(), which fails for an empty name.
    return _Member(item.filename, item.filename.endswith("/"), item.file_size, refusal, item)


def _tar_members(archive: tarfile.TarFile, path: Path, limits: Limits) -> Iterator[_Member]:
    total, allowance = 0, limits.bytes_for(path.stat().st_size)
    for count, item in enumerate(archive):
        total += item.size
        if count >= limits.members or total > allowance:
            raise _too_large(path)
        refusal = "a link" if item.issym() or item.islnk() else None
        if refusal is None and not (item.isreg() or item.isdir()):
            refusal = "a device or pipe"
        # "." itself, as `tar -C folder .` writes it, is the existing folder.
        if item.name.strip("./"):
            yield _Member(item.name, item.isdir(), item.size, refusal, item)


def _open(archive: zipfile.ZipFile | tarfile.TarFile, member: _Member) -> IO[bytes]:
    if isinstance(archive, zipfile.ZipFile) and isinstance(member.source, zipfile.ZipInfo):
        return archive.open(member.source)
    if isinstance(archive, tarfile.TarFile) and isinstance(member.source, tarfile.TarInfo):
        stream = archive.extractfile(member.source)
        if stream is not None:
            return stream
    raise UnsafeArchive(f"{member.name!r} is not a regular file.")


def _is_torch_file(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except _DAMAGE:
        return False
    return any(name.endswith("/data.pkl") or name == "data.pkl" for name in names)
