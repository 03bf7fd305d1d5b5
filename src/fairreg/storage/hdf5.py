# SPDX-License-Identifier: MIT
"""Datasets of an HDF5 file as arrays by name, without reading other rows into memory (extra ``hep``).

Only what the file itself holds is read: no links to other files, no data kept in them. HDF5 has no text of a
fixed number of characters, so its strings become numpy text.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import MissingEngine, ModelError
from fairreg.storage.hdf5_texts import FAULTS, fault_of_texts

__all__ = ["SUFFIXES", "Datasets", "StorageLayout", "is_hdf5", "layout_of", "objects_below", "open_hdf5"]

SUFFIXES = frozenset({".h5", ".hdf5"})

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_MOST = 10_000  # objects in a file
# A library that opens a path goes through all of its groups, and keeps it with every object.
_DEEPEST, _LONGEST_PATH = 100, 10_000
# Deflate reaches 1:1032. A dataset that was never written takes no bytes and reads as zeros of any number.
_LARGE, _RATIO = 2**28, 2000


def is_hdf5(path: Path) -> bool:
    """Tell whether a file is HDF5 by its first bytes. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(_SIGNATURE)) == _SIGNATURE


@contextmanager
def open_hdf5(path: Path, *, hint: str | None = None) -> Iterator["Datasets"]:
    """Open an HDF5 file. Raises ModelError, with `hint`, for any other file, MissingEngine without h5py."""
    h5py = _h5py()
    try:
        content = h5py.File(path, "r", locking="best-effort")
    except FAULTS as error:
        state = "a truncated or damaged" if is_hdf5(path) else "not an"
        raise ModelError(f"{path.name} is {state} HDF5 file.", hint=hint) from error
    with content:
        yield Datasets(content, path)


class StorageLayout(NamedTuple):
    """Storage of a dataset: whether its values are kept in other files, and the numbers of its filters."""

    is_elsewhere: bool
    filters: tuple[int, ...]


def layout_of(dataset: Any) -> StorageLayout:
    """Read how a dataset is stored from its creation properties, and close them.

    `is_virtual` and `external` of h5py keep them open with the dataset. Those of a virtual dataset must not
    be open when the interpreter ends, in the traceback of an error for instance: HDF5 2.0.0 crashes then.
    """
    from h5py import h5d

    plan = dataset.id.get_create_plist()
    try:
        is_elsewhere = plan.get_layout() == h5d.VIRTUAL or plan.get_external_count() > 0
        filters = tuple(plan.get_filter(number)[0] for number in range(plan.get_nfilters()))
        return StorageLayout(is_elsewhere, filters)
    finally:
        plan.close()


def objects_below(group: Any, most: int, file: str) -> Iterator[tuple[str, Any]]:
    """Yield path and object of all that is inside a group, each object once; only hard links are followed.

    Every object is opened from its own group, where `visititems` goes through the whole path each time.
    Raises ModelError for more than `most` links and for groups nested too deeply.
    """
    from h5py import Group, HardLink

    count, seen = 0, {_address(group)}
    stack = [("", group, iter(group))]
    while stack:
        before, parent, names = stack[-1]
        name = next(names, None)
        if name is None:
            stack.pop()
            continue
        count += 1
        if count > most:
            raise ModelError(f"{file} has more than {most} objects.")
        # A damaged file may have a name with slashes, which would be read as a path.
        if "/" in name or not isinstance(parent.get(name, getlink=True), HardLink):
            continue
        found, path = parent[name], before + name
        if _address(found) in seen:
            continue
        seen.add(_address(found))
        yield path, found
        if isinstance(found, Group):
            if len(stack) > _DEEPEST or len(path) > _LONGEST_PATH:
                raise ModelError(f"{file} has groups that are nested more than {_DEEPEST} levels deep.")
            stack.append((f"{path}/", found, iter(found)))


def _address(found: Any) -> tuple[int, int]:
    """The place of an object, which is the same for all of its names."""
    from h5py import h5o

    info = h5o.get_info(found.id)
    return info.fileno, info.addr


class Datasets:
    """The datasets of an open file, by their paths without the leading slash (``group/name``)."""

    def __init__(self, content: Any, path: Path) -> None:
        self._content, self._path, self._file = content, path, path.name
        self.names = self._listed()

    @property
    def attributes(self) -> Any:
        """The attributes of the file, by name."""
        return self._content.attrs

    def kind(self, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        """Shape and element type of an array.

        Raises ModelError for a dataset that is no plain array or that is damaged.
        """
        with self._reading(name):
            dataset = self._dataset(name)
            text = _h5py().check_string_dtype(dataset.dtype) is not None
            return dataset.shape, np.dtype(str) if text else dataset.dtype

    def read(self, name: str, start: int, stop: int | None) -> NDArray[Any]:
        """Read rows `start` to before `stop` of an array, all of a single number.

        Raises ModelError for a dataset that is no plain array, that is damaged or that claims far more values
        than the file holds.
        """
        with self._reading(name):
            dataset = self._dataset(name)
            rows = slice(start, stop) if dataset.shape else ()
            self._check_claim(name, dataset)
            text = _h5py().check_string_dtype(dataset.dtype)
            if text is not None and text.length is None and self._fault_of_texts:
                raise ModelError(f"{self._file} is a damaged HDF5 file: {self._fault_of_texts}.")
            if text is not None:
                return np.array(dataset.asstr()[rows], dtype=str)
            return np.asarray(dataset[rows])

    @contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        try:
            yield
        except UnicodeDecodeError as error:
            raise ModelError(f"The text in the array {name!r} of {self._file} is not UTF-8.") from error
        except FAULTS as error:
            raise ModelError(f"The array {name!r} of {self._file} is damaged.") from error

    @cached_property
    def _fault_of_texts(self) -> str | None:
        """Reason why the library must not read texts of any length, None where it may."""
        return fault_of_texts(self._path, ())

    def _listed(self) -> tuple[str, ...]:
        dataset = _h5py().Dataset
        try:
            found = objects_below(self._content, _MOST, self._file)
            return tuple(name for name, item in found if isinstance(item, dataset))
        except FAULTS as error:
            raise ModelError(f"{self._file} is a damaged HDF5 file: its arrays cannot be listed.") from error

    def _dataset(self, name: str) -> Any:
        dataset = self._content[name]
        if layout_of(dataset).is_elsewhere:
            raise self._refused(name, "is kept in other files, which are not read")
        try:
            dtype = dataset.dtype
        except TypeError as error:
            raise self._refused(name, "has an element type that numpy does not know") from error
        if dataset.shape is None:
            raise self._refused(name, "is empty: it has no shape")
        if dtype.kind == "V" or (dtype.hasobject and _h5py().check_string_dtype(dtype) is None):
            raise self._refused(name, "has elements that are neither numbers nor text")
        return dataset

    def _refused(self, name: str, reason: str) -> ModelError:
        return ModelError(
            f"The dataset {name!r} of {self._file} {reason}.", hint="Write it as a plain array of numbers."
        )

    def _check_claim(self, name: str, dataset: Any) -> None:
        stored = dataset.id.get_storage_size()
        if dataset.nbytes > _LARGE and dataset.nbytes > _RATIO * stored:
            raise ModelError(
                f"The dataset {name!r} of {self._file} claims {dataset.nbytes} bytes; the file has {stored}.",
                hint="Write all of its values.",
            )


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise MissingEngine("h5py", "hep") from error
    return h5py
