# SPDX-License-Identifier: MIT
"""Damage in HDF5 files: what the library says of it, and a check of texts before it reads them.

Measured with HDF5 2.0.0: a text that states a length of 4 GiB takes that memory before it is found to be
shorter, and a heap of texts with free space of size 0 is read for ever. Neither shows through the library.
Source: HDF5 File Format Specification: superblock, global heap, messages of dataspace, datatype, attribute.
"""

import mmap
import re
from collections.abc import Iterator
from math import prod
from pathlib import Path

__all__ = ["FAULTS", "fault_of_texts"]

# What h5py raises for damaged content.
FAULTS = (OSError, RuntimeError, ValueError, LookupError, TypeError, NotImplementedError, OverflowError)

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_SUPERBLOCK = 2  # the version from which on the sizes stand further in front
_HEAP = b"GCOL\x01\0\0\0"  # with version 1 and three reserved bytes
_LEAST = 4096  # bytes of a heap
_ALIGNED = 8
_SEQUENCE, _SHARED = 9, 1  # class of a datatype of variable length; flag of one that is kept elsewhere
_VERSIONS = {1: 8, 2: 8, 3: 9}  # of an attribute, with the bytes before its name
_DATASPACES = {1: 8, 2: 4}  # likewise, with the bytes before its lengths
_MOST_AXES = 32
_MOST_STEPS = 2_000_000  # through all heaps and texts

_Bytes = bytes | mmap.mmap


def fault_of_texts(source: Path | bytes, names: tuple[str, ...]) -> str | None:
    """Say why texts cannot be read, those of the attributes `names` among them, also with a number behind.

    None if they can be. The whole file is searched. Raises OSError.
    """
    if isinstance(source, bytes):
        return _fault(source, names)
    with source.open("rb") as file:
        if not file.seek(0, 2):
            return None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _fault(content, names)


def _sizes(content: _Bytes) -> tuple[int, int]:
    """Bytes of offsets and lengths in a file, from its superblock."""
    start = max(content.find(_SIGNATURE), 0)
    place = start + (13 if _number(content, start + 8, 1) < _SUPERBLOCK else 9)
    return _number(content, place, 1), _number(content, place + 1, 1)


def _fault(content: _Bytes, names: tuple[str, ...]) -> str | None:
    sizes, steps = _sizes(content), iter(range(_MOST_STEPS))
    for found in re.finditer(re.escape(_HEAP), content):
        if _is_broken(content, found.start(), sizes[1], steps):
            return "the heap of its texts is damaged"
    pattern = re.compile(b"(?:" + b"|".join(re.escape(name.encode()) for name in names) + rb")\d*\0")
    for found in pattern.finditer(content) if names else ():
        lengths = zip(_lengths(content, found.start(), sizes), steps, strict=False)
        if any(length > len(content) for length, _ in lengths):
            return "it claims texts that are larger than the file"
    return None if next(steps, None) is not None else "it has too many texts"


def _number(content: _Bytes, place: int, size: int) -> int:
    return int.from_bytes(content[place : place + size], "little")


def _is_broken(content: _Bytes, start: int, lengths: int, steps: Iterator[int]) -> bool:
    """Step through the heap at `start` as the library does: index, references, size, then the bytes."""
    header, place = len(_HEAP), start + len(_HEAP) + lengths
    size = _number(content, start + header, lengths)
    end = start + size
    if size < _LEAST or end > len(content):
        return False  # no heap, or one that the library refuses
    while place + header + lengths <= end and next(steps, None) is not None:
        index, stated = _number(content, place, 2), _number(content, place + header, lengths)
        step = stated if index == 0 else header + lengths + -(-stated // _ALIGNED) * _ALIGNED
        if step == 0 or step > end - place:
            return True
        place += step
    return False


def _lengths(content: _Bytes, name: int, sizes: tuple[int, int]) -> Iterator[int]:
    """Lengths of the texts of the attribute whose name begins at `name`, if one does.

    A text of variable length is kept as its length in four bytes, the address of a heap and an index in it.
    """
    for version, before in _VERSIONS.items():
        start = name - before
        if start < 0 or content[start] != version:
            continue
        parts = [_number(content, start + place, 2) for place in (2, 4, 6)]  # name, datatype, dataspace
        steps = [-(-part // _ALIGNED) * _ALIGNED if version == 1 else part for part in parts]
        datatype = name + steps[0]
        kind = content[datatype : datatype + 1]
        shared = version > 1 and content[start + 1] & _SHARED
        if not kind or not (shared or kind[0] & 15 == _SEQUENCE):
            continue
        data = datatype + steps[1] + steps[2]
        for number in range(_count(content, datatype + steps[1], sizes[1])):
            place = data + number * (sizes[0] + 8)
            if place >= len(content):
                break
            yield _number(content, place, 4)


def _count(content: _Bytes, place: int, lengths: int) -> int:
    """Number of elements of the dataspace at a place."""
    before = _DATASPACES.get(_number(content, place, 1), 0)
    axes = min(_number(content, place + 1, 1), _MOST_AXES)
    return prod(_number(content, place + before + axis * lengths, lengths) for axis in range(axes))
