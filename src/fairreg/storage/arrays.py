# SPDX-License-Identifier: MIT
"""Rows of the arrays in .npz and .npy files, without reading other rows into memory.

Pickled arrays are not read. Every function raises the errors of `numpy.load` for other files.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

__all__ = ["Rows", "open_rows", "row_count"]

Array = NDArray[Any]


class _Header(NamedTuple):
    shape: tuple[int, ...]
    in_rows: bool
    dtype: np.dtype[Any]


class Rows(Mapping[str, Array]):
    """The arrays of an archive by name, rows `start` to before `stop`; read on access."""

    def __init__(self, archive: Any, start: int, stop: int | None) -> None:
        self._archive, self._start, self._stop = archive, start, stop

    def __getitem__(self, name: str) -> Array:
        if name not in self._archive.files or self._whole:
            whole: Array = self._archive[name]
            return whole if self._whole else whole[self._start : self._stop]
        with self._archive.zip.open(f"{name}.npy") as stream:
            header = _header(stream)
            if header is not None and header.in_rows:
                return _rows(stream, header, self._start, self._stop)
        cut: Array = self._archive[name][self._start : self._stop]
        return cut

    def __iter__(self) -> Iterator[str]:
        return iter(self._archive.files)

    def __len__(self) -> int:
        return len(self._archive.files)

    @property
    def _whole(self) -> bool:
        return self._start == 0 and self._stop is None


@contextmanager
def open_rows(path: Path, start: int = 0, stop: int | None = None) -> Iterator[Rows | Array]:
    """Open rows `start` to before `stop` of every array of a .npz file, or of the array of a .npy file."""
    if path.suffix == ".npy" and (start or stop is not None):
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        yield np.array(mapped[start:stop])
        return
    with path.open("rb") as file:
        content = np.load(file, allow_pickle=False)
        yield Rows(content, start, stop) if isinstance(content, np.lib.npyio.NpzFile) else content


def row_count(path: Path) -> int | None:
    """Number of rows common to all arrays of the file; None where they differ or the header is unreadable."""
    with path.open("rb") as file:
        if path.suffix == ".npy":
            return _length(_header(file))
        content = np.load(file, allow_pickle=False)
        if not isinstance(content, np.lib.npyio.NpzFile):
            return None
        archive: Any = content
        counts = set()
        for name in archive.files:
            with archive.zip.open(f"{name}.npy") as stream:
                counts.add(_length(_header(stream)))
    return counts.pop() if len(counts) == 1 else None


def _length(header: _Header | None) -> int | None:
    return header.shape[0] if header is not None and header.shape else None


def _header(stream: IO[bytes]) -> _Header | None:
    """Read the header of an array at the start of the stream; None for one of a rare version."""
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    reader = readers.get(npy.read_magic(stream))
    if reader is None:
        return None
    shape, by_columns, dtype = reader(stream)
    return _Header(shape, bool(shape) and not by_columns and not dtype.hasobject, dtype)


def _rows(stream: IO[bytes], header: _Header, start: int, stop: int | None) -> Array:
    first, last, _ = slice(start, stop).indices(header.shape[0])
    count, rest = max(last - first, 0), header.shape[1:]
    row = prod(rest) * header.dtype.itemsize
    stream.seek(first * row, 1)
    content = bytearray(stream.read(count * row))  # writable, like other arrays
    if len(content) != count * row:
        raise ValueError("The array ends too early.")
    return np.frombuffer(content, header.dtype, count * prod(rest)).reshape(count, *rest)
