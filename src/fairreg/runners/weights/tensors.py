# SPDX-License-Identifier: MIT
"""Shared parts of the readers of weight files: types, limits, checked views and the fingerprint."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from math import prod
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.storage.formats import format_of_head

__all__ = [
    "BFLOAT16",
    "DTYPES",
    "MAX_DIMENSIONS",
    "MAX_FILE_BYTES",
    "Array",
    "MappedFile",
    "MappedTensors",
    "Tensors",
    "check_whole",
    "contiguous",
    "digest_of",
    "dtype_name",
    "fingerprint_of",
    "lines_of",
    "view",
]

Array = NDArray[Any]
Tensors = dict[str, Array]

# Limit of what is read into memory as a whole: ONNX models, with their side files.
MAX_FILE_BYTES = 4 << 30
_BLOCK = 1 << 22  # bytes that are hashed at a time
_RELEASED = 1 << 24  # bytes after which mapped memory is let go of
_APART = 8  # places in a file that are read before that
MAX_DIMENSIONS = 64  # of numpy

# The two raw bytes of each bfloat16 number as a separate dtype, which prevents arithmetic with them.
BFLOAT16 = np.dtype([("bfloat16", "<u2")])

# Further types that numpy lacks, by torch's name, and the raw bits of one element (or of the elements that
# share a byte: two in float4_e2m1fn_x2). The float6 ones, which torch lacks too, are bytes of packed numbers.
_RAW_BITS: Mapping[str, str] = {
    **dict.fromkeys(
        ("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"), "u1"
    ),
    **dict.fromkeys(("float4_e2m1fn_x2", "float6_e2m3fn", "float6_e3m2fn"), "u1"),
    **dict.fromkeys(("bits8", "bits1x8", "bits2x4", "bits4x2"), "u1"),
    "bits16": "<u2",
}

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
    "complex32": np.dtype([("complex32", "<u2", (2,))]),
    **{name: np.dtype([(name, bits)]) for name, bits in _RAW_BITS.items()},
}


class MappedFile:
    """Read-only map of an open file, which may be closed; the map lives as long as views of `content`.

    A file that is shortened meanwhile ends the process (mmap(2), SIGBUS): a map is for the moment of a
    command's reading, not for arrays that a caller keeps.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        import mmap

        self._forget: int | None = getattr(mmap, "MADV_DONTNEED", None)  # Windows has no such advice
        self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else None
        self.content = memoryview(self._map if self._map is not None else b"")
        self._unpacked: list[MappedFile] = []

    def unpacked(self, blocks: Iterable[bytes]) -> memoryview:
        """Return the view of a temporary file with these bytes, such as a member deflated in this one.

        It is let go of with this file. Raises OSError.
        """
        from tempfile import TemporaryFile  # torch deflates nothing

        with TemporaryFile() as file:
            for block in blocks:
                file.write(block)
            file.flush()
            found = MappedFile(cast("BinaryIO", file), file.tell())
        self._unpacked.append(found)
        return found.content

    def release(self) -> None:
        """Let go of the pages that were read: they count as memory of the process until then."""
        if self._map is not None and self._forget is not None:
            self._map.madvise(self._forget)
        for file in self._unpacked:
            file.release()


class MappedTensors(Tensors):
    """Tensors by name whose arrays are views of a mapped file, or copies of what is packed in it."""

    def __init__(self, tensors: dict[str, Array], file: MappedFile) -> None:
        super().__init__(tensors)
        self._file = file

    def release(self) -> None:
        """Let go of the pages that were read, as `MappedFile.release`."""
        self._file.release()


_WEB_PAGE = (b"<!doctype", b"<html")


def check_whole(start: bytes, name: str) -> None:
    """Refuse what lies in the place of the file `name`, by its first bytes, with a ModelError."""
    said = format_of_head(start, name)
    if said == "apple_double":
        raise ModelError(
            f"{name} is a side file of macOS, not a model.",
            hint="The model is in the file whose name lacks the ._ at the beginning.",
        )
    if said == "lfs_pointer":
        raise ModelError(
            f"{name} is a pointer of Git LFS: the file itself lies on another server.",
            hint="Get it with `git lfs pull`.",
        )
    if start.lstrip()[:9].lower().startswith(_WEB_PAGE):
        raise ModelError(f"{name} is a web page, not a model.", hint="Download the file again.")


def dtype_name(dtype: np.dtype[Any]) -> str:
    """Name of `dtype` in the fingerprint: numpy's, or torch's for a type that numpy lacks.

    >>> dtype_name(np.dtype("<f4")), dtype_name(DTYPES["float8_e4m3fn"])
    ('float32', 'float8_e4m3fn')
    """
    return dtype.names[0] if dtype.names else dtype.name


def fingerprint_of(tensors: Mapping[str, Array]) -> str:
    """Compute ``sha256:...`` of the values only, independent of names, order and file format.

    One line ``dtype|shape|digest`` per tensor, with the shape's numbers joined by commas and the digest of
    the contiguous little-endian bytes; the lines are sorted bytewise and digested together.
    """
    return digest_of(lines_of(tensors))


def lines_of(tensors: Mapping[str, Array]) -> Iterator[bytes]:
    """Yield the lines of tensors of which `fingerprint_of` is the digest.

    Memory is let go of as it is read where the tensors can do that (`release` of mapped ones).
    """
    release: Callable[[], None] | None = getattr(tensors, "release", None)
    unreleased = 0
    for array in tensors.values():
        found = sha256()
        for block in _blocks(array, release):
            found.update(block)
            unreleased += block.nbytes
            if release is not None and unreleased >= _RELEASED:
                release()
                unreleased = 0
        shape = ",".join(str(size) for size in array.shape)
        yield f"{dtype_name(array.dtype)}|{shape}|{found.hexdigest()}\n".encode()


def digest_of(lines: Iterable[bytes]) -> str:
    """Compute the fingerprint of lines of `lines_of`, also those of several files."""
    return f"sha256:{sha256(b''.join(sorted(lines))).hexdigest()}"


def _blocks(array: Array, release: Callable[[], None] | None) -> Iterator[memoryview]:
    """Yield the contiguous little-endian bytes of an array, a few MiB at a time."""
    if not array.size:
        return
    if array.nbytes <= _BLOCK or not array.ndim:
        gathered = array if release is None or array.flags.c_contiguous else _gathered(array, release)
        little_endian = gathered.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
        yield np.ascontiguousarray(little_endian).reshape(-1).view(np.uint8).data
    elif array.flags.c_contiguous:
        flat, step = array.reshape(-1), max(1, _BLOCK // array.itemsize)
        for start in range(0, flat.size, step):
            yield from _blocks(flat[start : start + step], release)
    else:
        step = max(1, _BLOCK * len(array) // array.nbytes)
        for start in range(0, len(array), step):
            rows = array[start : start + step]
            yield from _blocks(rows if rows.nbytes <= _BLOCK else rows[0], release)


def _gathered(array: Array, release: Callable[[], None]) -> Array:
    """Copy a strided array in the order of the file.

    A system maps as much as 2 MiB at each element that is touched, so that a transposed matrix would be in
    memory as a whole.
    """
    if np.ptp(array.strides) * max(array.shape) < _BLOCK:
        return array
    copy = np.empty(array.shape, array.dtype)
    axis = int(np.argmax(array.strides))
    source, target = np.moveaxis(array, axis, 0), np.moveaxis(copy, axis, 0)
    for start in range(0, len(source), _APART):
        target[start : start + _APART] = source[start : start + _APART]
        release()
    return copy


def view(
    buffer: memoryview, dtype: np.dtype[Any], offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> Array:
    """Read-only array over `buffer`; `offset` and `strides` count elements.

    Raises ModelError unless every element lies inside the buffer, so that a file cannot make foreign memory
    readable. A stride of 0 repeats elements, as ``torch.Tensor.expand`` does: callers bound the size.
    """
    available = len(buffer) // dtype.itemsize
    if len(shape) != len(strides) or len(shape) > MAX_DIMENSIONS:
        raise ModelError(f"a tensor has {len(shape)} sizes and {len(strides)} strides")
    if min((offset, *shape, *strides)) < 0:
        raise ModelError("a tensor has a negative size, stride or offset")
    count = prod(shape)
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if count and last >= available:
        raise ModelError(f"a tensor of shape {shape} lies outside its storage of {available} elements")
    if not count:
        return np.zeros(shape, dtype)
    flat = np.frombuffer(buffer[: available * dtype.itemsize], dtype=dtype)[offset : last + 1]
    byte_strides = tuple(stride * dtype.itemsize for stride in strides)
    return np.lib.stride_tricks.as_strided(flat, shape, byte_strides, writeable=False)


def contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides, in elements, of a tensor whose last axis changes fastest (C order).

    >>> contiguous((2, 3, 4))
    (12, 4, 1)
    """
    strides: list[int] = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))
