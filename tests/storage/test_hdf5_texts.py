# SPDX-License-Identifier: MIT
"""Texts of HDF5 attributes on which the library would hang or take 4 GiB are found before it reads them."""

import struct

import h5py
import numpy as np
import pytest

from fairreg.storage.hdf5_texts import fault_of_texts

HEAP, OBJECT = b"GCOL\x01\0\0\0", 16  # before the first object; the header of an object
NAMES = ("text", "names")
WORDS = "some words that are not short"


@pytest.fixture(params=["earliest", "latest", "v110"])
def path(request, tmp_path):
    with h5py.File(tmp_path / "m.h5", "w", libver=request.param) as file:
        file.create_group("g").attrs["text"] = WORDS
        file.attrs["names0"] = np.array(["a", "bc", WORDS], dtype=h5py.string_dtype())
        file.attrs["fixed"] = np.bytes_(b"of a fixed length")
        for number in range(20):  # many attributes are kept elsewhere
            file.attrs[f"text{number}"] = WORDS
    return tmp_path / "m.h5"


def references(content):
    """Places of the lengths of the texts in a file."""
    heap = content.index(HEAP)
    address, found, place = struct.pack("<Q", heap), [], 0
    while (place := content.find(address, place + 1)) >= 0:
        length, index = (struct.unpack_from("<I", content, place + step)[0] for step in (-4, 8))
        if 0 < length <= len(WORDS) and 0 < index < 100:
            found.append(place - 4)
    return found


def test_sound_files_have_no_fault(path, tmp_path):
    assert fault_of_texts(path, NAMES) is None
    assert fault_of_texts(path.read_bytes(), NAMES) is None
    (tmp_path / "empty").write_bytes(b"")
    assert fault_of_texts(tmp_path / "empty", NAMES) is None


def test_each_length_that_exceeds_the_file_is_found(path):
    content = path.read_bytes()
    places = references(content)
    assert len(places) == 24
    for place in places:
        broken = bytearray(content)
        broken[place + 3] = 255
        assert fault_of_texts(bytes(broken), NAMES) == "it claims texts that are larger than the file"
        broken[place + 4 : place + 12] = bytes([16, *[0] * 7])  # and of no heap
        assert fault_of_texts(bytes(broken), NAMES) is not None


def test_a_heap_that_never_ends_is_found(path):
    content = path.read_bytes()
    place = content.index(HEAP) + OBJECT
    for index, size in ((0, 0), (1, 2**64 - 16)):
        broken = bytearray(content)
        broken[place : place + OBJECT] = struct.pack("<HHIQ", index, 0, 0, size)
        assert fault_of_texts(bytes(broken), NAMES) == "the heap of its texts is damaged"


@pytest.mark.parametrize(
    "tail", [HEAP, HEAP + b"\0" * 8, HEAP + b"\xff" * 100, b"\x03text\0", b"text\0" * 100]
)
def test_bytes_that_only_look_like_texts_are_no_fault(path, tail):
    assert fault_of_texts(path.read_bytes() + tail, NAMES) is None


def test_heaps_upon_heaps_take_no_endless_time(path):
    heap = HEAP + (1 << 20).to_bytes(8, "little") + struct.pack("<HHIQ", 0, 0, 0, 16) * (1 << 16)
    inside = (HEAP + (1 << 19).to_bytes(8, "little")) * 1000
    found = fault_of_texts(path.read_bytes() + inside + heap * 4, NAMES)
    assert found in {"the heap of its texts is damaged", "it has too many texts"}
