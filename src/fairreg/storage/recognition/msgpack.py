# SPDX-License-Identifier: MIT
"""Flax' files of weights: maps of MessagePack that lead to arrays, extension 1.

Sources: https://github.com/msgpack/msgpack/blob/master/spec.md, flax/serialization.py (_ndarray_to_bytes: a
tuple of shape, name of the element type and bytes).
"""

from pathlib import Path
from typing import BinaryIO

__all__ = ["is_flax"]

_MAX_STEPS = 200
_NDARRAY = 1
_MAP16, _MAP32, _EXT8, _EXT32 = 0xDE, 0xDF, 0xC7, 0xC9
_FIXED_EXT = range(0xD4, 0xD9)  # of 1, 2, 4, 8 and 16 bytes
_FIXED_MAP = range(0x81, 0x90)  # of 1 to 15 items
_FIXED_TEXT = range(0xA0, 0xC0)
_FIXED_ARRAY = range(0x90, 0xA0)
_THREE = 0x93  # an array of three items
_STRINGS = {0xD9: 1, 0xDA: 2}


def is_flax(path: Path) -> bool:
    """Tell whether a file begins with nested maps of texts that lead to an array as Flax writes it."""
    with path.open("rb") as file:
        for _ in range(_MAX_STEPS):
            byte = _number(file, 1)
            if _EXT8 <= byte <= _EXT32 or byte in _FIXED_EXT:
                return _is_array(file, byte)
            if not _enters_map(file, byte) or not _passes_text(file):
                return False
    return False


def _number(file: BinaryIO, size: int) -> int:
    """A big-endian integer; -1 at the end of the file."""
    content = file.read(size)
    return int.from_bytes(content, "big") if len(content) == size else -1


def _enters_map(file: BinaryIO, byte: int) -> bool:
    if byte in _FIXED_MAP:
        return True
    return byte in {_MAP16, _MAP32} and _number(file, 2 if byte == _MAP16 else 4) > 0


def _passes_text(file: BinaryIO) -> bool:
    byte = _number(file, 1)
    size = byte & 0x1F if byte in _FIXED_TEXT else _number(file, _STRINGS[byte]) if byte in _STRINGS else -1
    text = file.read(max(size, 0))
    if size <= 0 or len(text) < size:
        return False
    try:
        return text.decode().isprintable()
    except UnicodeDecodeError:
        return False


def _is_array(file: BinaryIO, byte: int) -> bool:
    """Tell whether an extension is of an array: its type is 1, its content a tuple (shape, type, bytes)."""
    if byte <= _EXT32:
        file.read(1 << (byte - _EXT8))
    kind, outer, shape = file.read(3).ljust(3, b"\0")
    return kind == _NDARRAY and outer == _THREE and shape in _FIXED_ARRAY
