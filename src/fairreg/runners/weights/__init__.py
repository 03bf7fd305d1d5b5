# SPDX-License-Identifier: MIT
"""Reading of parameter tensors from untrusted files without executing their content.

PyTorch (both its formats), safetensors and ONNX files all become a mapping of tensor names to numpy
arrays; two files contain the same model if the fingerprints of their tensors are equal. Neither PyTorch nor
the unrestricted pickle machine is used.
"""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from fairreg.errors import ModelError
from fairreg.runners.weights import onnx, pytorch, safetensors
from fairreg.runners.weights.side_files import open_side_file
from fairreg.runners.weights.tensors import MAX_FILE_BYTES, Array, Tensors, dtype_name, fingerprint_of
from fairreg.storage.files import digest
from fairreg.storage.formats import HEAD_BYTES

__all__ = [
    "FORMATS",
    "SUFFIXES",
    "Array",
    "Tensors",
    "content_digest",
    "dtype_name",
    "fingerprint",
    "fingerprint_of",
    "format_of",
    "read_tensors",
    "side_files",
]


class _Reader(Protocol):
    """Interface of a format's module; `SUFFIXES` are in lower case, with the dot."""

    SUFFIXES: frozenset[str]

    def knows(self, start: bytes, suffix: str, /) -> bool: ...
    def read(self, path: Path, /) -> Tensors: ...


# The first reader that recognises the beginning or the suffix of a file reads it.
_READERS: Mapping[str, _Reader] = {"safetensors": safetensors, "onnx": onnx, "pytorch": pytorch}
FORMATS = tuple(_READERS)
SUFFIXES = frozenset().union(*(reader.SUFFIXES for reader in _READERS.values()))


def read_tensors(path: Path) -> Tensors:
    """Read the parameter tensors of `path` by name, in the order of the file, as read-only views.

    For a checkpoint with a ``state_dict``, those are its tensors; deeper levels are flattened to dotted
    names. For an ONNX file, they are its floating-point initializers. Types that numpy lacks
    (bfloat16, float8) are returned as raw bits (see `tensors.DTYPES` and `dtype_name`), quantised tensors as
    the float32 values that they stand for, sparse ones dense, and a nested one as several arrays.
    Raises ModelError for a file that is missing, corrupt or of a format not in FORMATS, UnsafePickle for one
    that names code, SecurityRefusal for one that refers to files outside its folder.
    """
    return _READERS[format_of(path)].read(path)


def fingerprint(path: Path) -> str:
    """Compute the fingerprint of the tensors in `path`, ``sha256:...``; raises as `read_tensors`."""
    return fingerprint_of(read_tensors(path))


def side_files(path: Path) -> tuple[str, ...]:
    """Names of the files beside a model that hold some of its tensors, by paths from its folder, sorted.

    Most models have none. Raises ModelError for a damaged model, SecurityRefusal for one outside its folder.
    """
    return onnx.side_files(path) if onnx.knows(b"", path.suffix.lower()) else ()


def content_digest(path: Path) -> str:
    """Hex SHA-256 of all bytes of a model: that of its file, if it has no side files.

    Otherwise that of these lines: the digest of the model file, then ``digest  name`` of each side file,
    sorted by name. Raises as `side_files`, and for a side file that cannot be read.
    """
    names = side_files(path)
    lines = [digest(path)]
    for name in names:
        with open_side_file(path.parent, name, path.name) as file:
            lines.append(f"{file.sha256()}  {name}")
    return sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest() if names else lines[0]


def format_of(path: Path) -> str:
    """Detect the format of `path`, one of FORMATS, by its first bytes and its suffix. Raises ModelError."""
    start = _beginning(path)
    for name, reader in _READERS.items():
        if reader.knows(start, path.suffix.lower()):
            return name
    raise ModelError(
        f"{path.name} is not a weight file in a supported format.",
        hint="Supported are PyTorch state dicts (.pth, .pt, .bin, .ckpt), .safetensors and .onnx files.",
    )


def _beginning(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ModelError(f"{path.name} exceeds the limit of {MAX_FILE_BYTES >> 30} GiB for weight files.")
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror or error}.") from error
