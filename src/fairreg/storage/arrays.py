# SPDX-License-Identifier: MIT
"""Rows of the arrays in .npz, .npy and HDF5 files, without reading other rows into memory.

Arrays of Python objects, which are pickles, are refused by name. Every function raises ModelError for an
array that is not read, MissingEngine for HDF5 without h5py, and the errors of `numpy.load` for other files.
"""

import lzma
import zipfile
import zlib
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.storage.hdf5 import SUFFIXES as HDF5_SUFFIXES
from fairreg.storage.hdf5 import Datasets, is_hdf5, open_hdf5

__all__ = ["UNREADABLE", "Rows", "open_rows", "row_count", "unreadable"]

Array = NDArray[Any]
# What `numpy.load` and the reading of rows raise for other and for damaged files. A header of an array is
# read as Python text; zipfile has RuntimeError for members that are encrypted or packed by unknown methods.
UNREADABLE = (
    *(OSError, ValueError, EOFError, LookupError, RuntimeError, MemoryError, SyntaxError, TokenError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
)
# Deflate reaches 1:1032.
_SMALL, _RATIO = 1 << 16, 1100


class _Header(NamedTuple):
    shape: tuple[int, ...]
    in_rows: bool
    dtype: np.dtype[Any]


class Rows(Mapping[str, Array]):
    """The arrays of a file by name, rows `start` to before `stop` of each; read on access."""

    def __init__(self, names: tuple[str, ...], start: int, stop: int | None) -> None:
        self._names, self._start, self._stop = names, start, stop

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    @abstractmethod
    def kind(self, name: str) -> tuple[tuple[int, ...], np.dtype[Any]] | None:
        """Shape and element type of the whole array, without reading it; None where they are not stated."""


class _Npz(Rows):
    """The arrays of an open .npz file."""

    def __init__(self, archive: Any, path: Path, start: int, stop: int | None) -> None:
        members = frozenset(archive.zip.namelist())
        super().__init__(tuple(name for name in archive.files if f"{name}.npy" in members), start, stop)
        self._archive, self._file, self._size = archive, path.name, path.stat().st_size

    def __getitem__(self, name: str) -> Array:
        if name not in self._names:
            raise KeyError(name)
        with self._archive.zip.open(f"{name}.npy") as stream:
            header = _header(stream, self._most(name))
            _check_objects(header, f"The array {name!r} of {self._file}")
            if header is not None and header.in_rows and not self._whole:
                return _rows(stream, header, self._start, self._stop)
        found: Array = self._archive[name]
        return found if self._whole else found[self._start : self._stop]

    def kind(self, name: str) -> tuple[tuple[int, ...], np.dtype[Any]] | None:
        with self._archive.zip.open(f"{name}.npy") as stream:
            header = _header(stream, self._most(name))
        return None if header is None else (header.shape, header.dtype)

    def _most(self, name: str) -> int:
        """Largest number of bytes that a member can have, whatever sizes the archive states."""
        info: zipfile.ZipInfo = self._archive.zip.getinfo(f"{name}.npy")
        stored = min(info.compress_size, self._size)
        most = {zipfile.ZIP_STORED: stored, zipfile.ZIP_DEFLATED: _SMALL + _RATIO * stored}
        return min(info.file_size, most.get(info.compress_type, info.file_size))

    @property
    def _whole(self) -> bool:
        return self._start == 0 and self._stop is None


class _Hdf5(Rows):
    """The arrays of an open HDF5 file."""

    def __init__(self, datasets: Datasets, start: int, stop: int | None) -> None:
        super().__init__(datasets.names, start, stop)
        self._datasets = datasets

    def __getitem__(self, name: str) -> Array:
        if name not in self._names:
            raise KeyError(name)
        return self._datasets.read(name, self._start, self._stop)

    def kind(self, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        return self._datasets.kind(name)


@contextmanager
def open_rows(path: Path, start: int = 0, stop: int | None = None) -> Iterator[Rows | Array]:
    """Open rows `start` to before `stop` of every array of a file, or of the array of a .npy file."""
    if _in_hdf5(path):
        with open_hdf5(path) as datasets:
            yield _Hdf5(datasets, start, stop)
        return
    with path.open("rb") as file:
        if file.read(len(npy.MAGIC_PREFIX)) == npy.MAGIC_PREFIX:
            file.seek(0)
            _check_objects(_header(file, path.stat().st_size), f"The array of {path.name}")
            yield _of_npy(path, start, stop)
            return
        file.seek(0)
        content = np.load(file, allow_pickle=False)
        yield _Npz(content, path, start, stop)


def _of_npy(path: Path, start: int, stop: int | None) -> Array:
    if start == 0 and stop is None:
        whole: Array = np.load(path, allow_pickle=False)
        return whole
    mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    return np.array(mapped[start:stop])


def _in_hdf5(path: Path) -> bool:
    return path.suffix.lower() in HDF5_SUFFIXES or is_hdf5(path)


def row_count(path: Path) -> int | None:
    """Number of rows common to all arrays of the file; None where they differ or the header is unreadable."""
    if _in_hdf5(path):
        with open_hdf5(path) as datasets:
            return _common([datasets.kind(name)[0] for name in datasets.names])
    with path.open("rb") as file:
        if file.read(len(npy.MAGIC_PREFIX)) == npy.MAGIC_PREFIX:
            file.seek(0)
            header = _header(file, path.stat().st_size)
            return None if header is None else _common([header.shape])
        file.seek(0)
        rows = _Npz(np.load(file, allow_pickle=False), path, 0, None)
        kinds = [rows.kind(name) for name in rows]
    return _common([kind[0] for kind in kinds if kind is not None]) if None not in kinds else None


def _common(shapes: list[tuple[int, ...]]) -> int | None:
    counts = {shape[0] if shape else None for shape in shapes}
    return counts.pop() if len(counts) == 1 else None


def _check_objects(header: _Header | None, named: str) -> None:
    if header is not None and header.dtype.hasobject:
        raise ModelError(
            f"{named} holds Python objects (pickle), which are not read.",
            hint="Save it with a plain element type: .astype(str) for text, .astype('float32') for numbers.",
        )


def unreadable(path: Path, error: Exception) -> ModelError:
    """The reason why a file gives no arrays, of one of the errors `UNREADABLE`."""
    if isinstance(error, MemoryError):
        return ModelError(
            f"The arrays of {path.name} need more memory than there is.", hint="Split the file."
        )
    if isinstance(error, OSError) and error.errno is not None:
        return ModelError(f"{path.name} cannot be read: {error.strerror}.")
    return ModelError(
        f"{path.name} cannot be read as a .npz, .npy or HDF5 file.",
        hint="Write one with numpy.savez(FILE, input=array).",
    )


def _header(stream: IO[bytes], most: int) -> _Header | None:
    """Read the header of an array at the start of a stream of at most `most` bytes; None for a rare version.

    Raises ValueError for sizes that are no sizes, or that are beyond the stream.
    """
    readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    reader = readers.get(npy.read_magic(stream))
    if reader is None:
        return None
    shape, by_columns, dtype = reader(stream)
    if any(type(size) is not int or size < 0 for size in shape):  # numpy takes True and -1 for a size
        raise ValueError(shape)
    # Pickled objects, which are not read, take any number of bytes.
    if not dtype.hasobject and prod(shape) * dtype.itemsize > most - stream.tell():
        raise ValueError("The array ends too early.")
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
