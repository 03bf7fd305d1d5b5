# SPDX-License-Identifier: MIT
"""Files of outputs, which everybody can read: plain arrays, without pickle."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from fairreg.errors import ModelError, UsageError
from fairreg.storage.arrays import Rows, open_rows
from fairreg.storage.files import disk_faults, replacing

__all__ = ["OUTPUT_SUFFIXES", "described", "described_in", "write_outputs"]

OUTPUT_SUFFIXES = (".npz", ".npy")

Array = NDArray[Any]


def write_outputs(outputs: Mapping[str, Array], path: Path) -> None:
    """Write outputs atomically: .npz with all by name, .npy with a single one.

    Text becomes numpy text, so that nothing needs pickle to be read. Raises UsageError, and ModelError for
    other Python objects.
    """
    if path.suffix == ".npy" and len(outputs) != 1:
        raise UsageError(
            f"{path.name} can contain one array, but the model has the outputs {', '.join(outputs)}.",
            hint="Name a .npz file.",
        )
    plain = {name: _plain(name, array) for name, array in outputs.items()}
    with disk_faults(str(path)), replacing(path) as draft, draft.open("wb") as file:
        if path.suffix == ".npz":
            _write_npz(file, plain)
        else:
            np.save(file, next(iter(plain.values())))


def described(outputs: Mapping[str, Array]) -> list[dict[str, Any]]:
    """Return ``name``, ``dtype`` and ``shape`` of each output, as the documents of runs print them."""
    return [_described(name, array.dtype, array.shape) for name, array in outputs.items()]


def described_in(path: Path) -> list[dict[str, Any]]:
    """Return what `described` says of the outputs in a .npz file of `write_outputs`; values are not read."""
    with open_rows(path) as content:
        kinds = {name: content.kind(name) for name in content} if isinstance(content, Rows) else {}
    return [_described(name, kind[1], kind[0]) for name, kind in kinds.items() if kind is not None]


def _described(name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> dict[str, Any]:
    # A file has text in numpy's own type, a runner's outputs may have it as objects of Python.
    return {"name": name, "dtype": "string" if dtype.kind in "OU" else str(dtype), "shape": list(shape)}


def _write_npz(file: IO[bytes], arrays: Mapping[str, Array]) -> None:
    """As numpy.savez, which takes the names as its own arguments: two of them would be lost."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, np.asanyarray(array), allow_pickle=False)


def _plain(name: str, array: Array) -> Array:
    """Return the array without Python objects: text as numpy text. Raises ModelError."""
    if not array.dtype.hasobject:
        return array
    text = array.astype(str) if all(isinstance(item, str) for item in array.flat) else None
    if text is None or text.tolist() != array.tolist():
        raise ModelError(
            f"The output {name!r} has values that only pickle could keep in a file.",
            hint="Run the model without --output, or from Python.",
        )
    return text
