# SPDX-License-Identifier: MIT
"""Flax' files of weights: maps of MessagePack that lead to arrays, extension 1.

Sources: https://github.com/msgpack/msgpack/blob/master/spec.md, flax/serialization.py (_ndarray_to_bytes: a
tuple of shape, name of the element type and bytes; large arrays in chunks, under a key of their own).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from fairreg.storage.recognition.beginning import opened

__all__ = ["is_flax"]

_MAX_STEPS = 200
_NDARRAY = 1
_CHUNKED = b"__msgpack_chunked_array__"
_MAP16, _MAP32, _EXT8, _EXT32 = 0xDE, 0xDF, 0xC7, 0xC9
_FIXED_EXT = range(0xD4, 0xD9)  # of 1, 2, 4, 8 and 16 bytes
_FIXED_MAP = range(0x80, 0x90)  # of 0 to 15 items
_FIXED_TEXT = range(0xA0, 0xC0)
_FIXED_ARRAY = range(0x90, 0xA0)
_THREE = 0x93  # an array of three items
_LENGTHS: Mapping[int, int] = {0xD9: 1, 0xDA: 2}  # of texts: bytes of their length
# Bytes behind the first one of nil, false, true, floats and integers.
_SCALARS: Mapping[int, int] = {
    **dict.fromkeys((0xC0, 0xC2, 0xC3, *range(0x80), *range(0xE0, 0x100)), 0),
    0xCA: 4,
    0xCB: 8,
    0xCC: 1,
    0xCD: 2,
    0xCE: 4,
    0xCF: 8,
    0xD0: 1,
    0xD1: 2,
    0xD2: 4,
    0xD3: 8,
}


def is_flax(path: Path, head: bytes) -> bool:
    """Tell whether a file begins with nested maps of texts in which an array stands as Flax writes it.

    Where a map ends, the next key is one of the map around it: no nesting is followed.
    """
    with opened(path, head) as file:
        if not _passes_map(file, _number(file, 1)):
            return False
        for _ in range(_MAX_STEPS):
            key = _text(file)
            if key is None or key == _CHUNKED:
                return key is not None
            byte = _number(file, 1)
            if _EXT8 <= byte <= _EXT32 or byte in _FIXED_EXT:
                return _is_array(file, byte)
            if not _passes_map(file, byte) and not _passes_scalar(file, byte):
                return False
    return False


def _number(file: BinaryIO, size: int) -> int:
    """A big-endian integer; -1 at the end of the file."""
    content = file.read(size)
    return int.from_bytes(content, "big") if len(content) == size else -1


def _passes_map(file: BinaryIO, byte: int) -> bool:
    if byte in _FIXED_MAP:
        return True
    return byte in {_MAP16, _MAP32} and _number(file, 2 if byte == _MAP16 else 4) > 0


def _passes_scalar(file: BinaryIO, byte: int) -> bool:
    size = _SCALARS.get(byte)
    return size is not None and len(file.read(size)) == size


def _text(file: BinaryIO) -> bytes | None:
    """A key, None for anything but a printable text."""
    byte = _number(file, 1)
    size = byte & 0x1F if byte in _FIXED_TEXT else _number(file, _LENGTHS.get(byte, 0)) if byte >= 0 else 0
    text = file.read(size) if size > 0 else b""
    if not text or len(text) < size:
        return None
    try:
        return text if text.decode().isprintable() else None
    except UnicodeDecodeError:
        return None


def _is_array(file: BinaryIO, byte: int) -> bool:
    """Tell whether an extension is of an array: its type is 1, its content a tuple (shape, type, bytes)."""
    if byte <= _EXT32:
        file.read(1 << (byte - _EXT8))
    kind, outer, shape = file.read(3).ljust(3, b"\0")
    return kind == _NDARRAY and outer == _THREE and shape in _FIXED_ARRAY
