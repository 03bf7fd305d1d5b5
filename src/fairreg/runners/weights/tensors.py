# SPDX-License-Identifier: MIT
"""Shared parts of the readers of weight files: types, limits, checked views and the fingerprint."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError

__all__ = [
    "BFLOAT16",
    "DTYPES",
    "MAX_FILE_BYTES",
    "Array",
    "Tensors",
    "digest_of",
    "dtype_name",
    "fingerprint_of",
    "lines_of",
    "view",
]

Array = NDArray[Any]
Tensors = dict[str, Array]

MAX_FILE_BYTES = 4 << 30
MAX_DIMENSIONS = 32

# The two raw bytes of each bfloat16 number as a separate dtype, which prevents arithmetic with them.
BFLOAT16 = np.dtype([("bfloat16", "<u2")])

# Supported element types by their name in the fingerprint; little-endian in files.
DTYPES: Mapping[str, np.dtype[Any]] = {
    "float64": np.dtype("<f8"),
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
    "bfloat16": BFLOAT16,
    "int64": np.dtype("<i8"),
    "int32": np.dtype("<i4"),
    "int16": np.dtype("<i2"),
    "int8": np.dtype("i1"),
    "uint64": np.dtype("<u8"),
    "uint32": np.dtype("<u4"),
    "uint16": np.dtype("<u2"),
    "uint8": np.dtype("u1"),
    "bool": np.dtype("?"),
    "complex64": np.dtype("<c8"),
    "complex128": np.dtype("<c16"),
}


def dtype_name(dtype: np.dtype[Any]) -> str:
    """The name of `dtype` in the fingerprint: numpy's, or ``bfloat16``."""
    return "bfloat16" if dtype == BFLOAT16 else dtype.name


def fingerprint_of(tensors: Mapping[str, Array]) -> str:
    """Compute ``sha256:...`` of the values only, independent of names, order and file format.

    One line ``dtype|shape|digest`` per tensor, with the shape's numbers joined by commas and the digest of
    the contiguous little-endian bytes; the lines are sorted bytewise and digested together.
    """
    return digest_of(lines_of(tensors))


def lines_of(tensors: Mapping[str, Array]) -> Iterator[bytes]:
    """Yield the lines of tensors of which `fingerprint_of` is the digest."""
    return (_line(array).encode() for array in tensors.values())


def digest_of(lines: Iterable[bytes]) -> str:
    """Compute the fingerprint of lines of `lines_of`, also those of several files."""
    return f"sha256:{sha256(b''.join(sorted(lines))).hexdigest()}"


def _line(array: Array) -> str:
    shape = ",".join(str(size) for size in array.shape)
    little_endian = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    return f"{dtype_name(array.dtype)}|{shape}|{sha256(little_endian.tobytes()).hexdigest()}\n"


def view(
    buffer: memoryview, dtype: np.dtype[Any], offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> Array:
    """Read-only array over `buffer`; `offset` and `strides` count elements.

    Raises ModelError unless every element lies inside the buffer and there are no more elements than it has,
    so that a file can make neither foreign memory readable nor a small storage large.
    """
    available = len(buffer) // dtype.itemsize
    if len(shape) != len(strides) or len(shape) > MAX_DIMENSIONS:
        raise ModelError(f"a tensor has {len(shape)} sizes and {len(strides)} strides")
    if min((offset, *shape, *strides)) < 0:
        raise ModelError("a tensor has a negative size, stride or offset")
    count = prod(shape)
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if count > available or (count and last >= available):
        raise ModelError(f"a tensor of shape {shape} lies outside its storage of {available} elements")
    if not count:
        return np.zeros(shape, dtype)
    flat = np.frombuffer(buffer[: available * dtype.itemsize], dtype=dtype)[offset : last + 1]
    byte_strides = tuple(stride * dtype.itemsize for stride in strides)
    return np.lib.stride_tricks.as_strided(flat, shape, byte_strides, writeable=False)
