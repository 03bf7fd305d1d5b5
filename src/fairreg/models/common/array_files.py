# SPDX-License-Identifier: MIT
"""Files of named arrays as the inputs of a model package."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.base import Inputs
from fairreg.storage.arrays import UNREADABLE, Rows, open_rows, row_count, unreadable

__all__ = ["LABELS", "check_names", "count_rows", "opened", "read_named"]

Array = NDArray[Any]
LABELS = "labels"


@contextmanager
def opened(path: Path, start: int = 0, stop: int | None = None) -> Iterator[Rows | Array]:
    """Open a file of arrays as `storage.arrays.open_rows`; ModelError for one that cannot be read."""
    try:
        with open_rows(path, start, stop) as content:
            yield content
    except UNREADABLE as error:
        raise unreadable(path, error) from error


def read_named(
    path: Path,
    names: Collection[str],
    start: int = 0,
    stop: int | None = None,
    *,
    alone: str | None = None,
    beside: Collection[str] = (),
) -> Inputs:
    """Read rows of the arrays with these names from a .npz or HDF5 file, and of ``labels`` if it is there.

    `alone` is the name of the array of a .npy file, `beside` are those of arrays that may be there and are
    not read. Raises ModelError where none of `names` is in the file, and as `check_names`; MissingEngine for
    HDF5 without h5py.
    """
    with opened(path, start, stop) as content:
        if not isinstance(content, Rows):
            if alone is not None:
                return Inputs({alone: content})
            raise ModelError(
                f"{path.name} has one array without a name.",
                hint=f"Use a .npz or HDF5 file with arrays named {', '.join(names)}.",
            )
        others = sorted(content)
        if not any(name in content for name in names):
            raise ModelError(
                f"{path.name} has no array {' or '.join(names)}.",
                hint=f"It has {', '.join(others) or 'no arrays'}.",
            )
        check_names(path, content, names, beside)
        return Inputs({name: content[name] for name in names if name in content}, content.get(LABELS))


def check_names(
    path: Path, found: Iterable[str], names: Collection[str], beside: Collection[str] = ()
) -> None:
    """Raise ModelError for arrays of a file that are neither `names`, nor labels, nor `beside` them."""
    present = set(found)
    unknown = sorted(present - {*names, *beside, LABELS})
    if not unknown:
        return
    free = [name for name in (*names, LABELS) if name not in present]
    near = get_close_matches(unknown[0].lower(), free, n=1)
    raise ModelError(
        f"{path.name} has the array {unknown[0]!r}, which is none of {', '.join(names)} and {LABELS}.",
        hint=f"Rename it to {near[0]}, or leave it out." if near else "Leave it out.",
    )


def count_rows(path: Path) -> int | None:
    """Number of rows that all arrays of a file have; None where they differ. Raises as `read_named`."""
    try:
        return row_count(path)
    except UNREADABLE as error:
        raise unreadable(path, error) from error
