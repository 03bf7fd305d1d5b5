# SPDX-License-Identifier: MIT
"""Reader of safetensors files, after the format's public description.

Source: https://github.com/huggingface/safetensors#format: eight bytes with the length of a JSON header, the
header (name -> dtype, shape, first and last byte), then the bytes of all tensors without gaps.
"""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from fairreg.errors import ModelError
from fairreg.runners.weights.tensors import (
    DTYPES,
    MAX_DIMENSIONS,
    Array,
    MappedFile,
    MappedTensors,
    Tensors,
    contiguous,
    view,
)
from fairreg.storage.formats import format_of_head

__all__ = ["SUFFIXES", "knows", "read", "view_of"]

Found = TypeVar("Found")

_LENGTH_BYTES = 8
_BYTE = 8
_MAX_HEADER_BYTES = 100_000_000  # the limit of the reference implementation
# Element types: our name, and the bits per number. Source: enum Dtype of the Rust crate, release 0.8.
_TYPES = {
    "F64": ("float64", 64),
    "F32": ("float32", 32),
    "F16": ("float16", 16),
    "BF16": ("bfloat16", 16),
    "I64": ("int64", 64),
    "I32": ("int32", 32),
    "I16": ("int16", 16),
    "I8": ("int8", 8),
    "U64": ("uint64", 64),
    "U32": ("uint32", 32),
    "U16": ("uint16", 16),
    "U8": ("uint8", 8),
    "BOOL": ("bool", 8),
    "C64": ("complex64", 64),
    "F8_E4M3": ("float8_e4m3fn", 8),
    "F8_E5M2": ("float8_e5m2", 8),
    "F8_E8M0": ("float8_e8m0fnu", 8),
    "F8_E4M3FNUZ": ("float8_e4m3fnuz", 8),
    "F8_E5M2FNUZ": ("float8_e5m2fnuz", 8),
    "F4": ("float4_e2m1fn_x2", 4),
    "F6_E2M3": ("float6_e2m3fn", 6),
    "F6_E3M2": ("float6_e3m2fn", 6),
}

SUFFIXES = frozenset({".safetensors"})


def knows(start: bytes, suffix: str) -> bool:
    """Tell whether a file that begins with `start` is a safetensors file."""
    return suffix in SUFFIXES or format_of_head(start, "") == "safetensors"


# Exceptions raised by an invalid header.
_CORRUPT = (
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RecursionError,
)


class _NotKnownError(Exception):
    """A valid file holds what fairreg cannot read; the message is a clause."""


def read(path: Path) -> Tensors:
    """Read the tensors in the order of the header. Raises ModelError."""
    return _guarded(path, lambda: _read(memoryview(path.read_bytes())))


def view_of(path: Path) -> MappedTensors:
    """Map the file; otherwise as `read`."""
    return _guarded(path, lambda: _mapped(path))


def _mapped(path: Path) -> MappedTensors:
    with path.open("rb") as file:
        mapped = MappedFile(file, file.seek(0, io.SEEK_END))
    return MappedTensors(_read(mapped.content), mapped)


def _guarded(path: Path, reading: Callable[[], Found]) -> Found:
    """Do the reading; turn what a damaged file raises into ModelError."""
    try:
        return reading()
    except _NotKnownError as error:
        raise ModelError(f"{path.name} cannot be read: {error}.") from error
    except ModelError as error:
        raise ModelError(f"{path.name} is not a valid safetensors file: {error.message}.") from error
    except MemoryError as error:
        raise ModelError(f"{path.name} needs more memory than is free.") from error
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    except _CORRUPT as error:
        raise ModelError(f"{path.name} is not a valid safetensors file: its header is damaged.") from error


def _read(content: memoryview) -> Tensors:
    length = int.from_bytes(content[:_LENGTH_BYTES], "little")
    start = _LENGTH_BYTES + length
    if length > _MAX_HEADER_BYTES or start > len(content):
        raise ModelError("its header is longer than the file")
    header = json.loads(bytes(content[_LENGTH_BYTES:start]), object_pairs_hook=_without_duplicates)
    if not isinstance(header.pop("__metadata__", {}), dict):
        raise ModelError("its metadata is not a mapping")
    _check_coverage([entry["data_offsets"] for entry in header.values()], len(content) - start)
    return {name: _tensor(content[start:], name, entry) for name, entry in header.items()}


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ModelError("a name occurs twice in its header")
    return dict(pairs)


def _check_coverage(offsets: list[list[int]], size: int) -> None:
    end = 0
    for first, last in sorted(map(tuple, offsets)):
        if first != end:
            raise ModelError("its tensors overlap or leave gaps")
        end = last
    if end != size:
        raise ModelError(f"its header describes {end} bytes of tensors where {size} follow")


def _tensor(data: memoryview, name: str, entry: dict[str, Any]) -> Array:
    """Array of one tensor; numbers of less than a byte are packed, so that the last axis counts bytes."""
    if entry["dtype"] not in _TYPES:
        raise _NotKnownError(
            f"its tensor {name!r} has the element type {entry['dtype']!r}, which is not known to fairreg"
        )
    first, last = entry["data_offsets"]
    shape = tuple(entry["shape"])
    if any(type(size) is not int for size in (first, last, *shape)):
        raise ModelError(f"the shape or the place of its tensor {name!r} is not made of whole numbers")
    if len(shape) > MAX_DIMENSIONS:
        raise _NotKnownError(
            f"its tensor {name!r} has {len(shape)} axes, more than the {MAX_DIMENSIONS} of numpy"
        )
    element, bits = _TYPES[entry["dtype"]]
    dtype, packed = DTYPES[element], shape
    if bits < _BYTE:
        if not shape or shape[-1] * bits % _BYTE:
            raise _NotKnownError(
                f"its tensor {name!r} packs numbers of {bits} bits across rows of shape {shape}, "
                "which is not known to fairreg"
            )
        packed = (*shape[:-1], shape[-1] * bits // _BYTE)
    array = view(data[first:last], dtype, 0, packed, contiguous(packed))
    if array.nbytes != last - first:
        raise ModelError(f"a tensor of shape {shape} has {last - first} bytes")
    return array
