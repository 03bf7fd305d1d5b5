# SPDX-License-Identifier: MIT
"""Bounded reading of the HDF5 files of Keras: nothing outside the file is opened.

Sources: HDF5's own documentation of links, external storage and virtual datasets;
keras/src/saving/saving_lib.py, `safe_get_h5_group` and `safe_get_h5_dataset`, on what can lead out of a file.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import MissingEngine, ModelError, SecurityRefusal
from fairreg.runners.converters.keras.arguments import quoted
from fairreg.storage.hdf5 import layout_of, objects_below
from fairreg.storage.hdf5_texts import FAULTS, fault_of_texts

__all__ = ["Stored", "opened"]

_MAX_ATTRIBUTE = 16 << 20
_MAX_OBJECTS = 20_000
_MAX_BYTES = 4 << 30
# Deflate reaches 1:1032. What was never written takes no bytes and reads as zeros of any number.
_SMALL, _RATIO = 1 << 16, 1100
_TEXTS = ("model_config", "keras_version", "backend", "layer_names", "weight_names")
_OTHER_TYPE = "dtype"  # an attribute
_FILTERS = {1: "gzip", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}


@contextmanager
def opened(source: Path | bytes, name: str) -> Iterator["Stored"]:
    """Open an HDF5 file, or its bytes. Raises ModelError for a damaged one, MissingEngine without h5py."""
    try:
        import h5py
    except ImportError as error:
        raise MissingEngine("h5py", "hep") from error
    try:
        content = h5py.File(io.BytesIO(source) if isinstance(source, bytes) else source, "r")
    except FAULTS as error:
        raise ModelError(f"{name} is a truncated or damaged HDF5 file.") from error
    with content:
        if fault := fault_of_texts(source, _TEXTS):
            raise ModelError(f"{name} is a damaged HDF5 file: {fault}.")
        try:
            yield Stored(content, name)
        except FAULTS as error:
            raise ModelError(f"{name} is damaged: its content cannot be read.") from error


class Stored:
    """A group of an open file called `file`; only hard links are followed."""

    def __init__(self, group: Any, file: str) -> None:
        self._group, self.file = group, file

    def text(self, key: str) -> str | None:
        """A text attribute, None where it is missing."""
        values = self.texts(key)
        return values[0] if values else None

    def texts(self, key: str) -> list[str]:
        """The texts of an attribute, which Keras cuts into key0, key1, ... where it is long; else empty."""
        import h5py

        found: list[str] = []
        parts = [key] if key in self._group.attrs else self._parts(key)
        for part in parts:
            item = self._group.attrs.get_id(part)
            if 0 in item.shape:
                continue  # an empty list of names is written as one of numbers
            if item.get_storage_size() > _MAX_ATTRIBUTE:
                raise ModelError(f"The attribute {quoted(part)} of {self.file} is too large.")
            # References and lists of other things are objects, too, and the library trusts what they lead to.
            if h5py.check_string_dtype(item.dtype) is None:
                raise ModelError(f"The attribute {quoted(part)} of {self.file} is not text.")
            found += [_decoded(value) for value in np.atleast_1d(self._group.attrs[part]).ravel().tolist()]
        return found

    def _parts(self, key: str) -> list[str]:
        parts: list[str] = []
        while f"{key}{len(parts)}" in self._group.attrs and len(parts) < _MAX_OBJECTS:
            parts.append(f"{key}{len(parts)}")
        return parts

    def __contains__(self, name: str) -> bool:
        return self._group.get(name, getlink=True) is not None if "/" not in name else self._has(name)

    def _has(self, path: str) -> bool:
        head, _, rest = path.partition("/")
        return head in self and (not rest or rest in self.group(head))

    def child(self, path: str) -> Any:
        """The object of h5py at a path; raises as `group`."""
        import h5py

        current = self._group
        for part in path.split("/"):
            link = current.get(part, getlink=True) if isinstance(current, h5py.Group) and part else None
            if link is None:
                raise ModelError(f"{self.file} has no {quoted(path)}.")
            if not isinstance(link, h5py.HardLink):
                raise SecurityRefusal(
                    f"{quoted(path)} in {self.file} is a link to another place, which is not followed.",
                    hint="Ask for a file that holds its own weights.",
                )
            current = current[part]
        return current

    def group(self, path: str) -> "Stored":
        """A group inside. Raises ModelError where there is none, SecurityRefusal for a link."""
        import h5py

        found = self.child(path)
        if not isinstance(found, h5py.Group):
            raise ModelError(f"{quoted(path)} in {self.file} is not a group.")
        return Stored(found, self.file)

    def array(self, path: str) -> NDArray[np.float32]:
        """The numbers of a dataset as float32, what Keras makes of them.

        Raises ModelError for a dataset that is not plain numbers, SecurityRefusal for one outside the file.
        """
        import h5py

        found = self.child(path)
        if not isinstance(found, h5py.Dataset):
            raise ModelError(f"{quoted(path)} in {self.file} is not an array.")
        self._check(found, path)
        values = found[()]
        with np.errstate(over="ignore"):
            narrow = np.ascontiguousarray(values, dtype=np.float32)
        if (np.isinf(narrow) & np.isfinite(values)).any():
            raise ModelError(f"The array {quoted(path)} of {self.file} has numbers that exceed float32.")
        return narrow

    def _check(self, found: Any, path: str) -> None:
        where = f"The array {quoted(path)} of {self.file}"
        layout = layout_of(found)
        if layout.is_elsewhere:
            raise SecurityRefusal(
                f"{where} is kept in other files, which are not read.",
                hint="Ask for a file that holds its own weights.",
            )
        if _OTHER_TYPE in found.attrs:  # Keras states there that the numbers are bfloat16
            raise ModelError(f"{where} holds bfloat16, a type that HDF5 lacks, which is not supported.")
        if found.shape is None or found.dtype.kind != "f" or found.dtype.itemsize not in {2, 4, 8}:
            raise ModelError(f"{where} does not hold floating-point numbers.")
        if not _FILTERS.keys() >= set(layout.filters):
            raise ModelError(f"{where} is packed with an unknown filter of HDF5.")
        if found.nbytes > _SMALL + _RATIO * found.id.get_storage_size() or found.nbytes > _MAX_BYTES:
            raise ModelError(f"{where} claims {found.nbytes} bytes, far more than the file holds.")

    def check_all(self) -> int:
        """Check every link and array of the file; return the number of floating-point numbers.

        Raises SecurityRefusal for a link or an array that leads elsewhere, ModelError for a damaged array.
        """
        import h5py

        total, count, stack = 0, 0, [self._group]
        while stack:
            group = stack.pop()
            inside = Stored(group, self.file)
            for name in group:
                count += 1
                if count > _MAX_OBJECTS:
                    raise ModelError(f"{self.file} has more than {_MAX_OBJECTS} objects.")
                found = inside.child(name)
                if isinstance(found, h5py.Group):
                    stack.append(found)
                elif isinstance(found, h5py.Dataset) and (
                    found.dtype.kind == "f" or _OTHER_TYPE in found.attrs
                ):
                    self._check(found, name)
                    total += found.size
                elif (
                    not isinstance(found, h5py.Dataset)
                    or layout_of(found).is_elsewhere
                    or found.nbytes > _SMALL
                ):
                    raise SecurityRefusal(
                        f"{quoted(name)} in {self.file} is not an array of numbers inside the file."
                    )
        return total

    def datasets(self) -> set[str]:
        """Paths of all datasets inside. Raises ModelError for too many and for groups nested too deeply."""
        import h5py

        found = objects_below(self._group, _MAX_OBJECTS, self.file)
        return {name for name, item in found if isinstance(item, h5py.Dataset)}


def _decoded(value: object) -> str:
    # h5py keeps bytes that are not UTF-8 as lone surrogates.
    content = value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
    return content.decode("utf-8", "replace")
