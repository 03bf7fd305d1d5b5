# SPDX-License-Identifier: MIT
"""Bounded reading of the headers of a tar, which tarfile trusts.

Python 3.11 steps back for a negative size (CVE-2025-8194), searches a header with nested repetition
(CVE-2024-6232) and keeps every extended header in memory. Source: POSIX.1-2017, pax Interchange Format.
"""

import bz2
import gzip
import lzma
import re
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, TypeVar, cast

__all__ = ["check_end", "is_tar", "open_tar", "undamaged"]

_Found = TypeVar("_Found")

_LARGEST = 2**20  # bytes of one header
_PROBED = 8  # times that; a checksum of bzip2 is due after 900 kB at most
_NO_MEMBER = "Not a gzipped file"  # what the module gzip says of bytes behind the last member
_TOTAL = 16 * 2**20  # bytes of all headers, as of a zip, beside ...
_EACH = 4 * tarfile.BLOCKSIZE  # ... those that any member has: its own, an extended one and a part of a name
_MOST_RECORDS = 1000  # of the global headers, all of which tarfile applies to every member
_EXTENDED = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
_TYPE = slice(156, 157)  # of a header
_RECORD = re.compile(rb"(\d+) ")  # the start of one, with its length
_DIGITS = re.compile(rb"\d+")
_MOST_DIGITS = 255


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


def is_tar(path: Path) -> bool:
    """Tell whether a file, decompressed, begins with a header of a tar.

    Raises the errors of damaged compression. These come behind the first bytes, which may be anything then:
    without a header there, some of what follows is read, too.
    """
    with _tar_stream(path) as stream:
        block = undamaged(stream.read, tarfile.BLOCKSIZE)
        try:
            tarfile.TarInfo.frombuf(block, tarfile.ENCODING, "surrogateescape")
        except tarfile.HeaderError:
            for _ in range(_PROBED):
                if not undamaged(stream.read, _LARGEST):
                    break
            return len(block) == tarfile.BLOCKSIZE and not any(block)  # the end of an empty archive
    return True


def undamaged(call: Callable[..., _Found], *arguments: int) -> _Found:
    """Call a function of a stream that decompresses. Raises tarfile.ReadError for damaged data.

    bz2 and gzip say it with an OSError. One of the disk has a number, and is raised as it is.
    """
    try:
        return call(*arguments)
    except OSError as error:
        if error.errno is not None:
            raise
        raise tarfile.ReadError(f"its compressed data are damaged ({error})") from error


def check_end(archive: tarfile.TarFile) -> None:
    """Read what follows the members of an opened tar: gzip has its only checksum at the end.

    The padding has 10 KiB or little more; of a long one nothing is said. What follows the compressed data is
    ignored, as by the program gzip. Raises tarfile.ReadError.
    """
    stream = cast("IO[bytes]", archive.fileobj)
    try:
        stream.seek(archive.offset)
        stream.read(_LARGEST)
    except tarfile.ReadError as error:
        if _NO_MEMBER not in str(error):
            raise


@contextmanager
def open_tar(
    path: Path, too_large: Callable[[], Exception]
) -> Iterator[tuple[tarfile.TarFile, Iterator[tuple[tarfile.TarInfo, int]]]]:
    """Context manager: open a tar; yield it and its members, which must be listed before any is read.

    With each member goes the number of bytes that it has in the archive or states to have. The listing
    raises what `too_large` returns for headers beyond the bounds, tarfile.ReadError for damaged ones.
    """
    with _tar_stream(path) as stream:
        headers = _Headers(stream, too_large)
        with tarfile.open(fileobj=cast("IO[bytes]", headers), mode="r:") as archive:
            yield archive, headers.members(archive)


class _Headers:
    """Stream for tarfile that goes only forwards, within bounds, until all members are listed."""

    def __init__(self, stream: IO[bytes], too_large: Callable[[], Exception]) -> None:
        self._stream, self._too_large = stream, too_large
        self._is_listed = False
        self._allowance = _TOTAL
        self._follows = b""  # the type of the header that was read last
        self._last = b""

    def members(self, archive: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, int]]:
        for item in archive:
            self._allowance += _EACH
            if len(archive.pax_headers) > _MOST_RECORDS:
                raise self._too_large()
            item.pax_headers = {}  # with a copy of the global ones
            if item.size < 0:
                raise tarfile.ReadError(f"the size of {item.name!r} is negative")
            _check_parts(item)
            # The size of a sparse file is not that of its data; these end within a block.
            yield item, max(item.size, archive.offset - item.offset_data - tarfile.BLOCKSIZE + 1)
        # tarfile takes whatever is no header, behind the first one, for the end of the archive.
        if any(self._last) or 0 < len(self._last) < tarfile.BLOCKSIZE:
            raise tarfile.ReadError("a header is damaged, or the archive is cut")
        self._is_listed = True

    def read(self, size: int = -1) -> bytes:
        if self._is_listed:
            return undamaged(self._stream.read, size)
        found = undamaged(self._stream.read, _LARGEST + 1 if size < 0 else min(size, _LARGEST + 1))
        self._allowance -= len(found)
        if len(found) > _LARGEST or self._allowance < 0:
            raise self._too_large()
        if len(found) > tarfile.BLOCKSIZE and self._follows in _EXTENDED:
            _check_records(found)
        self._follows, self._last = found[_TYPE], found
        return found

    def seek(self, offset: int, whence: int = 0) -> int:
        if not self._is_listed and offset < self._stream.tell():
            raise tarfile.ReadError("its headers lead backwards")
        return undamaged(self._stream.seek, offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def seekable(self) -> bool:
        return True


def _check_parts(item: tarfile.TarInfo) -> None:
    """Check that the parts of a sparse file follow each other, as they are read. Raises tarfile.ReadError."""
    parts: Any = item.sparse or ()
    backwards = any(start + size > following for (start, size), (following, _) in pairwise(parts))
    if backwards or any(start < 0 or size < 0 for start, size in parts):
        raise tarfile.ReadError(f"the parts of the sparse file {item.name!r} are out of order")


def _check_records(block: bytes) -> None:
    """Check that records "length key=value" of an extended header fill it. Raises tarfile.ReadError."""
    damage = tarfile.ReadError("an extended header is damaged")
    if any(len(found.group()) > _MOST_DIGITS for found in _DIGITS.finditer(block)):
        raise damage
    place = 0
    while found := _RECORD.match(block, place):
        end = place + int(found[1])
        record = block[found.end() : end]
        if b"=" not in record or not record.endswith(b"\n"):
            raise damage
        place = end
