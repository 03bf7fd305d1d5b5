# SPDX-License-Identifier: MIT
"""Files of named arrays as the inputs of a model package."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.base import Inputs
from fairreg.storage.arrays import UNREADABLE, Rows, open_rows, row_count, unreadable

__all__ = ["count_rows", "opened", "read_named"]

Array = NDArray[Any]


@contextmanager
def opened(path: Path, start: int = 0, stop: int | None = None) -> Iterator[Rows | Array]:
    """Open a file of arrays as `storage.arrays.open_rows`; ModelError for one that cannot be read."""
    try:
        with open_rows(path, start, stop) as content:
            yield content
    except UNREADABLE as error:
        raise unreadable(path, error) from error


def read_named(path: Path, names: Collection[str], start: int = 0, stop: int | None = None) -> Inputs:
    """Read rows of the arrays with these names from a .npz or HDF5 file, and of ``labels`` if it is there.

    Raises ModelError where none of them is in the file, MissingEngine for HDF5 without h5py.
    """
    with opened(path, start, stop) as content:
        if not isinstance(content, Rows):
            raise ModelError(
                f"{path.name} has one array without a name.",
                hint=f"Use a .npz or HDF5 file with arrays named {', '.join(names)}.",
            )
        arrays = {name: content[name] for name in names if name in content}
        labels = content.get("labels")
        others = sorted(content)
    if not arrays:
        raise ModelError(
            f"{path.name} has no array {' or '.join(names)}.",
            hint=f"It has {', '.join(others) or 'no arrays'}.",
        )
    return Inputs(arrays, labels)


def count_rows(path: Path) -> int | None:
    """Number of rows that all arrays of a file have; None where they differ. Raises as `read_named`."""
    try:
        return row_count(path)
    except UNREADABLE as error:
        raise unreadable(path, error) from error
