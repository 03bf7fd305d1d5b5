# SPDX-License-Identifier: MIT
"""Reading of parameter tensors from foreign files without running anything that they hold.

PyTorch (both its formats), safetensors and ONNX files all become a mapping of tensor names to numpy
arrays; two files hold the same model if the fingerprints of their tensors are equal. Neither PyTorch nor
the unrestricted pickle machine is used.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from fairreg.errors import ModelError
from fairreg.runners.weights import onnx, pytorch, safetensors
from fairreg.runners.weights.tensors import MAX_FILE_BYTES, Array, Tensors, dtype_name, fingerprint_of

__all__ = [
    "FORMATS",
    "SUFFIXES",
    "Array",
    "Tensors",
    "dtype_name",
    "fingerprint",
    "fingerprint_of",
    "format_of",
    "read_tensors",
]


class _Reader(Protocol):
    """What each module of a format defines: `SUFFIXES` in lower case, with the dot."""

    SUFFIXES: frozenset[str]

    def knows(self, start: bytes, suffix: str, /) -> bool: ...
    def read(self, path: Path, /) -> Tensors: ...


# In this order: the first reader that knows the beginning or the suffix of a file reads it.
_READERS: Mapping[str, _Reader] = {"safetensors": safetensors, "onnx": onnx, "pytorch": pytorch}
FORMATS = tuple(_READERS)
SUFFIXES = frozenset().union(*(reader.SUFFIXES for reader in _READERS.values()))


def read_tensors(path: Path) -> Tensors:
    """Parameter tensors of `path` by name, in the order of the file; read-only views, no unneeded copies.

    Of a checkpoint that keeps them under ``state_dict``, the tensors under it; deeper levels are flattened
    to dotted names. Of an ONNX file, its floating-point initializers. bfloat16, which numpy lacks, comes as
    raw bits (see `tensors.BFLOAT16`).
    Raises ModelError for a file that is missing, corrupt or of no format in FORMATS, UnsafePickle for one
    that names code, Refused for one that points to other files.
    """
    return _READERS[format_of(path)].read(path)


def fingerprint(path: Path) -> str:
    """Fingerprint of the tensors in `path`, ``sha256:...``; raises as `read_tensors` does."""
    return fingerprint_of(read_tensors(path))


def format_of(path: Path) -> str:
    """The format in FORMATS that `path` is taken to have, by its first bytes and its suffix; ModelError."""
    start = _beginning(path)
    for name, reader in _READERS.items():
        if reader.knows(start, path.suffix.lower()):
            return name
    raise ModelError(
        f"{path.name} is no weight file in a format that fairreg reads.",
        hint="Readable are PyTorch state dicts (.pth, .pt, .bin, .ckpt), .safetensors and .onnx files.",
    )


def _beginning(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ModelError(f"{path.name} is larger than the {MAX_FILE_BYTES >> 30} GiB that fairreg reads.")
        with path.open("rb") as file:
            return file.read(16)
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror or error}.") from error
