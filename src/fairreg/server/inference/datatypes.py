# SPDX-License-Identifier: MIT
"""Datatypes of the Open Inference Protocol V2, and tensor data as arrays and back.

Sources: "Tensor Data Types" of the protocol, and Triton's extension "Binary tensor data": little-endian,
row-major, true as 1, a text as its length in four bytes and its bytes. BF16 is Triton's: numpy has none.
"""

from collections.abc import Iterator
from functools import lru_cache
from math import prod
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners.signature import NARROW, parted
from fairreg.schemas.record import Tensor
from fairreg.server.inference.faults import InferenceFault

__all__ = ["MOST_TEXTS", "binary_of", "datatype_of", "from_binary", "from_json", "plain_list", "served_type"]

Array = NDArray[Any]
_NUMPY = MappingProxyType(
    {
        "BOOL": np.dtype("?"),
        **{f"UINT{8 * size}": np.dtype(f"<u{size}") for size in (1, 2, 4, 8)},
        **{f"INT{8 * size}": np.dtype(f"<i{size}") for size in (1, 2, 4, 8)},
        **{f"FP{8 * size}": np.dtype(f"<f{size}") for size in (2, 4, 8)},
    }
)
_NAMES = MappingProxyType({dtype.name: name for name, dtype in _NUMPY.items()})
_BF16, _BYTES = "BF16", "BYTES"
_SIZES = MappingProxyType({_BF16: 2, **{name: dtype.itemsize for name, dtype in _NUMPY.items()}})
_BF16_SHIFT = 16  # the bits of a float32 that a bfloat16 lacks
_LENGTH_BYTES = 4
# Texts in one tensor: each is an object, and read by itself.
MOST_TEXTS = 1_000_000
# Lists in nested data: the collector of Python looks at each again and again while they grow.
_MOST_LISTS = 100_000
# The beginning of JSON, which has a bracket for each axis.
_HEAD_BYTES = 256
_LITERALS: MappingProxyType[str, type] = MappingProxyType({"b": bool, "i": int, "u": int, "f": float})


def served_type(tensor: Tensor) -> str:
    """Return the datatype of an input or output of a signature, for a sequence that of its items.

    Types that the protocol lacks are served as those that carry their values. Raises ModelError for maps.
    """
    dtype = tensor.dtype
    while (parts := parted(dtype))[0] in {"optional", "sequence"}:
        dtype = parts[1]
    if dtype == "bfloat16":
        return _BF16
    if dtype == "str":
        return _BYTES
    name = _NAMES.get(NARROW[dtype].wide if dtype in NARROW else dtype)
    if name is None:
        raise ModelError(
            f"{tensor.name!r} is of the type {tensor.dtype}, for which the protocol has no datatype.",
            hint="Run it with fairreg run, or from Python.",
        )
    return name


def datatype_of(name: str, array: Array) -> str:
    """Return the datatype of an array that a model gave as its output `name`. Raises ModelError."""
    if array.dtype.kind in "OUS":
        return _BYTES
    found = _NAMES.get(array.dtype.name)
    if found is None:
        raise ModelError(f"The protocol has no datatype for the output {name!r} ({array.dtype}).")
    return found


def from_binary(name: str, datatype: str, shape: tuple[int, ...], data: memoryview) -> Array:
    """Return the array in binary data; BF16 as float32, BYTES as objects of bytes. Raises InferenceFault."""
    if datatype == _BYTES:
        return _texts(list(_split(name, shape, data)), shape)
    expected = prod(shape) * _size(name, datatype)
    if len(data) != expected:
        raise InferenceFault(
            f"The input {name!r} has {len(data)} bytes; {datatype} of shape {list(shape)} has {expected}.",
        )
    if datatype == _BF16:
        wide = np.frombuffer(data, "<u2").astype("<u4") << _BF16_SHIFT
        return wide.view("<f4").reshape(shape)
    # A copy, because engines may need memory that is aligned, and some write to it.
    array = np.frombuffer(data, "u1" if datatype == "BOOL" else _NUMPY[datatype]).copy()
    if datatype == "BOOL":
        if array.size and array.max() > 1:
            raise InferenceFault(f"The input {name!r} has bytes other than 0 and 1 for BOOL.")
        array = array.view("?")
    return array.reshape(shape)


def from_json(name: str, datatype: str, shape: tuple[int, ...], data: bytes) -> Array:
    """Return the array in JSON: all values in a row, or lists in lists, as `shape` says. InferenceFault."""
    _size(name, datatype)
    depth = _depth(data)
    if 0 in shape and 1 < depth <= len(shape) and _holds_nothing(data):
        # Lists end at an axis without places, and some programs write one list too many: [[]] for [0, 2].
        data, depth = b"[]", 1
    if depth not in {1, len(shape)}:
        raise InferenceFault(
            f"The data of the input {name!r} are not an array of values, flat or nested as its shape "
            f"{list(shape)}.",
        )
    if depth > 1 and data.count(b"[") > _MOST_LISTS:
        raise InferenceFault(f"The data of the input {name!r} are over {_MOST_LISTS} lists: send them flat.")
    dtype = _NUMPY.get(datatype, np.dtype("<f4"))
    literal = str if datatype == _BYTES else _LITERALS[dtype.kind]
    try:
        values = _decoder(literal, depth).decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, ValueError) as error:
        raise InferenceFault(f"The data of the input {name!r} are not {datatype}: {error}.") from error
    return _array(name, datatype, values, shape if depth > 1 else (prod(shape),)).reshape(shape)


def _array(name: str, datatype: str, values: Any, shape: tuple[int, ...]) -> Array:
    dtype = np.dtype(object) if datatype == _BYTES else _NUMPY.get(datatype, np.dtype("<f4"))
    try:
        with np.errstate(over="ignore"):
            array = np.array(values, dtype)
    except (ValueError, OverflowError, TypeError) as error:
        reason = "are beyond its range" if isinstance(error, OverflowError) else "do not form one array"
        raise InferenceFault(f"The {datatype} data of the input {name!r} {reason}.") from error
    if array.shape != shape:
        raise InferenceFault(
            f"The data of the input {name!r} have shape {list(array.shape)} instead of {list(shape)}.",
        )
    if dtype.kind == "f" and not np.isfinite(array).all():
        # JSON itself has no infinities.
        raise InferenceFault(f"The {datatype} data of the input {name!r} are beyond its range.")
    return array


def plain_list(name: str, array: Array) -> list[Any]:
    """Return the values in a row, as JSON has them. Raises InferenceFault for NaN and infinities."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InferenceFault(
            f"The output {name!r} has values that JSON has no number for (NaN or infinite): ask for it as "
            "binary data.",
        )
    values: list[Any] = array.ravel().tolist()
    return values


def binary_of(array: Array) -> memoryview:
    """Return the binary data of an output: a copy, as engines may use their memory again.

    numpy copies without keeping other threads waiting, as `tobytes` would.
    """
    if array.dtype.kind in "OUS":
        return memoryview(b"".join(_joined(array)))
    copy = np.array(array, array.dtype.newbyteorder("<"), order="C")
    return copy.reshape(-1).view(np.uint8).data


def _joined(array: Array) -> Iterator[bytes]:
    for item in array.ravel().tolist():
        text = item if isinstance(item, bytes) else str(item).encode()
        yield len(text).to_bytes(_LENGTH_BYTES, "little")
        yield text


def _size(name: str, datatype: str) -> int:
    """Bytes of one element, 0 for BYTES."""
    if datatype == _BYTES:
        return 0
    if datatype not in _SIZES:
        known = ", ".join(sorted({*_SIZES, _BYTES}))
        raise InferenceFault(f"The input {name!r} has an unknown datatype; known: {known}.")
    return _SIZES[datatype]


def _split(name: str, shape: tuple[int, ...], data: memoryview) -> Iterator[bytes]:
    """Yield the texts of binary data. Raises InferenceFault where they are not as many as the shape says."""
    expected = prod(shape)
    if expected > min(MOST_TEXTS, len(data) // _LENGTH_BYTES):
        raise InferenceFault(
            f"The input {name!r} has fewer texts than {list(shape)} says, or more than {MOST_TEXTS}.",
        )
    place = 0
    for _ in range(expected):
        start = place + _LENGTH_BYTES
        place = start + int.from_bytes(data[place:start], "little")
        if start > len(data) or place > len(data):
            raise InferenceFault(f"The data of the input {name!r} end within a text.")
        yield bytes(data[start:place])
    if place != len(data):
        raise InferenceFault(f"The input {name!r} has more data than its shape {list(shape)}.")


def _texts(values: list[bytes], shape: tuple[int, ...]) -> Array:
    array = np.empty(len(values), object)
    array[:] = values
    return array.reshape(shape)


def _holds_nothing(data: bytes) -> bool:
    """Tell whether JSON is lists in lists without a value."""
    if data.translate(None, b"[], \t\r\n") or data.count(b"[") > _MOST_LISTS:
        return False
    try:
        msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _depth(data: bytes) -> int:
    """Number of brackets that JSON begins with."""
    head = data[:_HEAD_BYTES].translate(None, b" \t\r\n")
    return len(head) - len(head.lstrip(b"["))


@lru_cache(maxsize=256)
def _decoder(literal: type, depth: int) -> msgspec.json.Decoder[Any]:
    kind: Any = literal
    for _ in range(depth):
        kind = list[kind]
    return msgspec.json.Decoder(kind)
