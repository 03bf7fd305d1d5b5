# SPDX-License-Identifier: MIT
"""Universal Binary JSON as XGBoost writes and reads it.

Sources: the UBJSON specification, draft 12 (markers, big-endian numbers, optimised containers), and
XGBoost's src/common/json.cc: strings after ``S`` or as keys have lengths of 64 bits, and arrays of numbers
are ``[$<type>#L<length>`` without an end.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["UbjError", "decode", "encode"]

_MAX_DEPTH = 64
_NUMBERS = {b"i": ">i1", b"U": ">u1", b"I": ">i2", b"l": ">i4", b"L": ">i8", b"d": ">f4", b"D": ">f8"}
_CONSTANTS: dict[bytes, object] = {b"Z": None, b"T": True, b"F": False}
_MARKERS = {"int8": b"i", "uint8": b"U", "int16": b"I", "int32": b"l", "int64": b"L", "float32": b"d"}


class UbjError(ValueError):
    """The bytes are not Universal Binary JSON of the kind that XGBoost writes."""


class _Reader:
    """Reads values from `content`; every length is checked against the bytes that are left."""

    def __init__(self, content: bytes) -> None:
        self._content, self._place = content, 0

    def take(self, count: int) -> bytes:
        if not 0 <= count <= len(self._content) - self._place:
            raise UbjError("a length exceeds the file")
        self._place += count
        return self._content[self._place - count : self._place]

    def peek(self) -> bytes:
        return self._content[self._place : self._place + 1]

    def number(self, marker: bytes) -> int | float:
        kind = np.dtype(_NUMBERS[marker])
        found: int | float = np.frombuffer(self.take(kind.itemsize), kind)[0].item()
        return found

    def length(self) -> int:
        marker = self.take(1)
        if marker not in _NUMBERS or marker in b"dD":
            raise UbjError("a length is not a whole number")
        return int(self.number(marker))

    def text(self) -> str:
        return self.take(self.length()).decode("utf-8")

    def value(self, depth: int = 0) -> Any:
        if depth > _MAX_DEPTH:
            raise UbjError("it is nested too deeply")
        marker = self.take(1)
        if marker in _NUMBERS:
            return self.number(marker)
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        readers: Mapping[bytes, Callable[[], Any]] = {
            b"S": self.text,
            b"C": lambda: self.take(1).decode("latin-1"),
            b"{": lambda: self.members(depth),
            b"[": lambda: self.items(depth),
        }
        if marker not in readers:
            raise UbjError(f"it has an unknown marker {marker!r}")
        return readers[marker]()

    def members(self, depth: int) -> dict[str, Any]:
        found = {}
        while self.peek() != b"}":
            key = self.text()
            found[key] = self.value(depth + 1)
        self.take(1)
        return found

    def items(self, depth: int) -> "list[Any] | NDArray[Any]":
        if self.peek() == b"$":
            self.take(1)
            return self.numbers(self.take(1))
        if self.peek() == b"#":
            self.take(1)
            count = self.length()
            if not 0 <= count <= len(self._content) - self._place:
                raise UbjError("a length exceeds the file")
            return [self.value(depth + 1) for _ in range(count)]
        found = []
        while self.peek() != b"]":
            found.append(self.value(depth + 1))
        self.take(1)
        return found

    def numbers(self, marker: bytes) -> NDArray[Any]:
        if marker not in _NUMBERS or self.take(1) != b"#":
            raise UbjError("an array has an unknown type")
        kind, count = np.dtype(_NUMBERS[marker]), self.length()
        return np.frombuffer(self.take(count * kind.itemsize), kind).astype(kind.newbyteorder("="))


def decode(content: bytes) -> Any:
    """Decode a document; arrays of numbers of one type become NumPy arrays. Raises UbjError."""
    try:
        return _Reader(content).value()
    except UnicodeDecodeError as error:
        raise UbjError("a text is not in UTF-8") from error


def encode(value: Any) -> bytes:
    """Encode objects, lists, texts, whole numbers below 2^63, numbers in float32 and arrays of numbers."""
    if isinstance(value, Mapping):
        parts = [_counted(key.encode()) + encode(item) for key, item in value.items()]
        return b"{" + b"".join(parts) + b"}"
    if isinstance(value, np.ndarray):
        body = value.astype(value.dtype.newbyteorder(">")).tobytes()
        return b"[$" + _MARKERS[value.dtype.name] + b"#" + _length(value.size) + body
    if isinstance(value, str):
        return b"S" + _counted(value.encode())
    if isinstance(value, int):
        return _length(value)
    if isinstance(value, float):
        return b"d" + struct.pack(">f", value)
    # XGBoost ends arrays of a stated length without a marker.
    return b"[#" + _length(len(value)) + b"".join(encode(item) for item in value)


def _length(number: int) -> bytes:
    return b"L" + struct.pack(">q", number)


def _counted(text: bytes) -> bytes:
    return _length(len(text)) + text
