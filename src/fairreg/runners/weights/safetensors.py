# SPDX-License-Identifier: MIT
"""Reader of safetensors files, after the format's public description.

Source: https://github.com/huggingface/safetensors#format: eight bytes with the length of a JSON header, the
header (name -> dtype, shape, first and last byte), then the bytes of all tensors without gaps.
"""

import json
from pathlib import Path
from typing import Any

from fairreg.errors import ModelError
from fairreg.runners.weights.tensors import DTYPES, Tensors, view

__all__ = ["SUFFIXES", "knows", "read"]

_LENGTH_BYTES = 8
_MAX_HEADER_BYTES = 100_000_000  # the limit of the reference implementation
_NAMES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
    "C64": "complex64",
}

SUFFIXES = frozenset({".safetensors"})


def knows(start: bytes, suffix: str) -> bool:
    """Tell whether a file that begins with `start` is a safetensors file."""
    return suffix in SUFFIXES or start[_LENGTH_BYTES : _LENGTH_BYTES + 2] == b'{"'


# Exceptions raised by an invalid header.
_CORRUPT = (
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RecursionError,
    MemoryError,
    OSError,
)


def read(path: Path) -> Tensors:
    """Read the tensors in the order of the header. Raises ModelError."""
    try:
        return _read(memoryview(path.read_bytes()))
    except ModelError as error:
        raise ModelError(f"{path.name} is not a valid safetensors file: {error.message}.") from error
    except _CORRUPT as error:
        raise ModelError(f"{path.name} is not a valid safetensors file: its header is damaged.") from error


def _read(content: memoryview) -> Tensors:
    length = int.from_bytes(content[:_LENGTH_BYTES], "little")
    start = _LENGTH_BYTES + length
    if length > _MAX_HEADER_BYTES or start > len(content):
        raise ModelError("its header is longer than the file")
    header = json.loads(bytes(content[_LENGTH_BYTES:start]), object_pairs_hook=_without_duplicates)
    header.pop("__metadata__", None)
    _check_coverage([entry["data_offsets"] for entry in header.values()], len(content) - start)
    return {name: _tensor(content[start:], entry) for name, entry in header.items()}


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


def _tensor(data: memoryview, entry: dict[str, Any]) -> Any:
    if entry["dtype"] not in _NAMES:
        raise ModelError(f"the element type {entry['dtype']!r} is unknown")
    first, last = entry["data_offsets"]
    shape = tuple(int(size) for size in entry["shape"])
    dtype = DTYPES[_NAMES[entry["dtype"]]]
    array = view(data[first:last], dtype, 0, shape, _contiguous(shape))
    if array.nbytes != last - first:
        raise ModelError(f"a tensor of shape {shape} has {last - first} bytes")
    return array


def _contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    strides: list[int] = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))
