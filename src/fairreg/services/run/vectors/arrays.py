# SPDX-License-Identifier: MIT
"""Arrays in files of strangers: within a limit of memory, and without pickle.

Sizes are compared before values are read: those that an archive states in the headers of its arrays, which
cannot be larger than its bytes allow (`fairreg.storage.arrays`).
"""

import json
from collections.abc import Iterator
from math import prod
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from fairreg.errors import FairregError
from fairreg.runners import memory
from fairreg.services.run.vectors.base import Array, unusable
from fairreg.storage.arrays import UNREADABLE, Rows, open_rows
from fairreg.storage.recognition.zips import directory_bytes

__all__ = ["LARGEST", "SMALL", "array_of", "arrays_in", "json_in", "largest", "text_in"]

# Bytes of all arrays of one file. Test vectors are a few items.
LARGEST = 1 << 30
_SHARE = 4  # of the memory that is left: inputs, outputs, what the model computes, and room
_LARGEST_TEXT = 8 << 20  # of arrays
SMALL = 1 << 20  # of descriptions
_MOST_ARRAYS = 1000
_LARGEST_DIRECTORY = 1 << 20
_DEEPEST = 32  # axes of numpy, and more than any model has


def largest() -> int:
    """Bytes that the arrays of one file may have now."""
    left = memory.available()
    return LARGEST if left is None else min(LARGEST, left // _SHARE)


def arrays_in(path: Path, name: str) -> dict[str, Array] | Array:
    """Read the arrays of a .npz or .json file by name, or the one array of a .npy or .json file.

    `name` is that of the file in its record. Raises ModelError.
    """
    if PurePosixPath(name).suffix.lower() == ".json":
        return _of_json(json_in(path, name, _LARGEST_TEXT), name)
    try:
        _check_size(path.stat().st_size, name)
        _check_directory(path, name)
        with open_rows(path) as content:
            return _of_rows(content, name) if isinstance(content, Rows) else _numbers(content, name)
    except FairregError:
        raise
    except UNREADABLE as error:
        raise unusable(name, "it is damaged, or no file of plain arrays") from error


def json_in(path: Path, name: str, most: int = SMALL) -> Any:
    """Read a JSON file of at most `most` bytes. Raises ModelError."""
    try:
        return json.loads(text_in(path, name, most))
    except (ValueError, RecursionError) as error:
        raise unusable(name, "it is not valid JSON") from error


def text_in(path: Path, name: str, most: int = SMALL) -> str:
    """Read a text file of at most `most` bytes. Raises ModelError."""
    try:
        if path.stat().st_size > most:
            raise unusable(name, f"it is longer than the {most / 1e6:.1f} MB that are read")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise unusable(name, "it is not readable as UTF-8 text") from error


def array_of(value: Any, name: str) -> Array:
    """Return nested lists of numbers, booleans or texts as an array. Raises ModelError."""
    leaves = list(_leaves(value, name, _DEEPEST))
    texts = [item for item in leaves if isinstance(item, str)]
    _check_size(4 * len(leaves) * max(map(len, texts), default=0), name)
    plain = all(isinstance(item, str) for item in leaves) or not texts
    if not plain or any(isinstance(item, dict) or item is None for item in leaves):
        raise unusable(name, "it has lists of other values than numbers, or of numbers and texts")
    try:
        return _numbers(np.asarray(value), name)
    except (ValueError, OverflowError) as error:
        raise unusable(name, "its lists have different lengths") from error


def _leaves(value: Any, name: str, depth: int) -> Iterator[Any]:
    if not isinstance(value, list):
        yield value
        return
    if not depth:
        raise unusable(name, f"its lists are more than {_DEEPEST} deep")
    for item in value:
        yield from _leaves(item, name, depth - 1)


def _of_json(document: Any, name: str) -> dict[str, Array] | Array:
    if isinstance(document, dict):
        if len(document) > _MOST_ARRAYS:
            raise unusable(name, f"it has more than {_MOST_ARRAYS} arrays")
        return {key: array_of(value, name) for key, value in document.items()}
    return array_of(document, name)


def _of_rows(content: Rows, name: str) -> dict[str, Array]:
    if len(content) > _MOST_ARRAYS:
        raise unusable(name, f"it has more than {_MOST_ARRAYS} arrays")
    kinds = [content.kind(key) for key in content]
    if not kinds:
        raise unusable(name, "it has no arrays")
    if None in kinds:
        raise unusable(name, "the header of an array is of a version that fairreg does not read")
    _check_size(sum(prod(kind[0]) * kind[1].itemsize for kind in kinds if kind is not None), name)
    return {key: _numbers(content[key], name) for key in content}


def _numbers(array: Array, name: str) -> Array:
    """Return an array of plain numbers or text. Raises ModelError for any other."""
    if array.dtype.kind not in "biufcUST":
        raise unusable(name, f"it has an array of the element type {array.dtype}")
    return array


def _check_size(size: int, name: str) -> None:
    most = largest()
    if size > most:
        raise unusable(
            name, f"they need {size / 1e6:,.0f} MB of memory, and {most / 1e6:,.0f} MB are the limit"
        )


def _check_directory(path: Path, name: str) -> None:
    """Raise ModelError for an archive whose list of members is long: it is read whole."""
    with path.open("rb") as file:
        packed = file.read(4) == b"PK\x03\x04"
        if packed and directory_bytes(file) > _LARGEST_DIRECTORY:
            raise unusable(name, "its list of arrays is too long")
