# SPDX-License-Identifier: MIT
"""Safe unpacking of untrusted archives.

An archive is unpacked into its own folder, which appears only when it is complete. Members that are links,
devices or encrypted are skipped. An archive is refused as a whole if a member would be outside that folder,
if only such members are in it, or if it grows beyond `Limits`.
"""

import gzip
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from fairreg.errors import UnsafeArchive
from fairreg.storage import manifest
from fairreg.storage.files import disk_faults

__all__ = [
    "ARCHIVE_SUFFIXES",
    "DAMAGE",
    "TAR_SUFFIXES",
    "Limits",
    "has_archive_name",
    "is_archive",
    "member_names",
    "open_zip",
    "packed_kind",
    "too_large",
    "unpack",
]

_ZIP_SUFFIXES = frozenset({".zip", ""})
TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tbz2", ".tar.xz", ".txz")
ARCHIVE_SUFFIXES = (".zip", *TAR_SUFFIXES)
# Exceptions of the standard library for damaged, encrypted and unsupported archives.
DAMAGE = (
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
# Packed files that are not opened. Sources: 7zFormat.txt of 7-Zip, the RAR technical note, RFC 8878
# (Zstandard), the LZ4 frame format, RFC 1952 (gzip), bzip2, xz and lzip.
_SIGNATURES = (
    (re.compile(rb"7z\xbc\xaf\x27\x1c"), "a 7z archive"),
    (re.compile(rb"Rar!\x1a\x07"), "a RAR archive"),
    (re.compile(rb"\x28\xb5\x2f\xfd"), "compressed with Zstandard"),
    (re.compile(rb"\x04\x22\x4d\x18"), "compressed with LZ4"),
    (re.compile(rb"\x1f\x8b\x08"), "compressed with gzip"),
    (re.compile(rb"BZh[1-9]1AY&SY"), "compressed with bzip2"),
    (re.compile(rb"\xfd7zXZ\x00"), "compressed with xz"),
    (re.compile(rb"LZIP"), "compressed with lzip"),
    (re.compile(rb"\x1f\x9d"), "compressed with compress"),
    (re.compile(rb"MSCF\x00\x00\x00\x00"), "a cabinet archive"),
)
_LONGEST = 10  # bytes of a signature
_LARGEST_LIST = 16 * 2**20  # bytes of the list of members of a zip; 50,000 with names of 250 bytes have 15 MB
_SUFFIXES = {
    ".7z": "a 7z archive",
    ".rar": "a RAR archive",
    ".zst": "compressed with Zstandard",
    ".tzst": "compressed with Zstandard",
    ".lz4": "compressed with LZ4",
    ".lz": "compressed with lzip",
    ".tlz": "compressed with lzip",
    ".cab": "a cabinet archive",
}
_VOLUME = re.compile(r"\.(?:zip|7z|rar|tar(?:\.\w{1,4})?)\.\d{3}$|\.part\d+\.rar$|\.[rz]\d\d$")


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


def is_archive(path: Path) -> bool:
    """Tell whether the file is a zip or tar archive, by its content and its name.

    The name must agree, because many formats are zip files inside: arrays (.npz), PyTorch weights, documents.
    """
    name = path.name.lower()
    try:
        if path.suffix.lower() in _ZIP_SUFFIXES and zipfile.is_zipfile(path):
            return not _is_torch_file(path)
        if name.endswith(".zip") and _begins(path, b"PK\3\4"):
            return True  # its end, with the list of members, is missing
        if not name.endswith(TAR_SUFFIXES):
            return False
        from fairreg.storage.tar_headers import is_tar  # needed for few files

        return is_tar(path)
    except DAMAGE:
        return True


def unpack(
    path: Path, folder: Path, *, limits: Limits | None = None, log: Callable[[str], None] | None = None
) -> Path:
    """Unpack the archive `path` as `folder`, unless that exists unchanged; return `folder`.

    `log` gets a sentence on the members that were skipped, and one on those that were renamed. Raises
    UnsafeArchive, and then leaves no files behind.
    """
    if folder.is_dir() and not manifest.changed(folder):
        return folder
    # Not needed for what is unpacked already.
    from fairreg.storage.extraction import extract
    from fairreg.storage.replacement import draft_folder_of, remove_any

    with disk_faults("The cache"):
        remove_any(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with draft_folder_of(folder) as draft:
            said = extract(path, draft, limits or Limits())
            draft.replace(folder)
            manifest.write(folder)
    if log is not None:
        for sentence in said:
            log(f"Warning: {path.name}: {sentence}")
    return folder


def member_names(path: Path) -> frozenset[str]:
    """Names of the members of an archive that was unpacked, as other programs unpack them."""
    if not path.name.lower().endswith(TAR_SUFFIXES):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    else:
        with tarfile.open(path) as tar:
            names = tar.getnames()
    return frozenset(str(PurePosixPath(name)) for name in names)


def packed_kind(path: Path, name: str, head: bytes | None = None) -> str | None:
    """Say how the file `path`, published as `name`, is packed ("a 7z archive"); None for any other file.

    Only for files that `is_archive` does not take. Its first bytes are not read again if they are given as
    `head`. Raises OSError.
    """
    lower = name.lower()
    if _VOLUME.search(lower):
        return "a part of a split archive"
    if head is None:
        with path.open("rb") as stream:
            head = stream.read(_LONGEST)
    kind = next((words for signature, words in _SIGNATURES if signature.match(head)), None)
    if kind is None and lower.endswith(ARCHIVE_SUFFIXES):
        return "not the archive that its name says"
    return kind or _SUFFIXES.get(Path(lower).suffix)


def has_archive_name(name: str) -> bool:
    """Tell whether a file has the name of an archive, of any kind."""
    lower = name.lower()
    return lower.endswith(ARCHIVE_SUFFIXES) or Path(lower).suffix in _SUFFIXES


class _Bounded:
    """Stream for zipfile, which would read a list of members of any size into memory."""

    def __init__(self, stream: IO[bytes], path: Path, largest: int) -> None:
        self._stream = stream
        self._path = path
        self._largest = largest

    def read(self, size: int = -1) -> bytes:
        # zipfile reads the end of a file without a size.
        found = self._stream.read(self._largest + 1 if size < 0 else min(size, self._largest + 1))
        if len(found) > self._largest:
            raise too_large(self._path)
        return found

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def seekable(self) -> bool:
        return True


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Context manager: open a zip archive. Raises UnsafeArchive for a list of members of more than 16 MiB."""
    with path.open("rb") as file:
        stream = cast("IO[bytes]", _Bounded(file, path, _LARGEST_LIST))
        with zipfile.ZipFile(stream) as archive:
            yield archive


def too_large(path: Path) -> UnsafeArchive:
    """Return the error for an archive that would fill the memory or the disk."""
    return UnsafeArchive(
        f"Refused to unpack {path.name}: it would expand far beyond its size, like a decompression bomb."
    )


def _begins(path: Path, start: bytes) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(start)) == start


def _is_torch_file(path: Path) -> bool:
    try:
        with open_zip(path) as archive:
            names = archive.namelist()
    except (*DAMAGE, UnsafeArchive):
        return False
    return any(name.endswith("/data.pkl") or name == "data.pkl" for name in names)
