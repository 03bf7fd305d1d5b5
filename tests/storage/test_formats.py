# SPDX-License-Identifier: MIT
import pickle
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fairreg.storage.formats import HEAD_BYTES, format_of_head
from fairreg.storage.recognition import format_of_file

MAGIC = 0x1950A86A20F9469CFC6C


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (pickle.dumps(MAGIC, protocol=2) + b"rest", "a.pth", "legacy_torch"),
        (pickle.dumps({"a": 1}, protocol=2), "a.pkl", "pickle"),
        (b"PK\x03\x04" + bytes(26) + b"archive/data.pkl", "a.bin", "zip_torch"),
        (b"PK\x03\x04" + bytes(26) + b"README.md", "a.zip", "zip"),
        (struct.pack("<Q", 40) + b'{"a": {', "a.safetensors", "safetensors"),
        (b"\x89HDF\r\n\x1a\n", "a.h5", "hdf5"),
        (b"root\x00", "a.root", "root"),
        (b"GGUF\x03", "a.gguf", "gguf"),
        (b"\x93NUMPY\x01", "a.npy", "npy"),
        (b"\x08\x06\x12\x07pytorch", "a.onnx", "onnx"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a.onnx", "lfs_pointer"),
        (bytes(257) + b"ustar", "a.tar", "tar"),
        ("Größe".encode()[:3], "notes.txt", "text"),
        (b"\x00\x01\x02", "a.dat", "unknown"),
        (b'{"learner": {"attributes": {}', "a.json", "xgboost"),
        (b"{L\0\0\0\0\0\0\0\x07learner{L", "a.ubj", "xgboost"),
        (b"binf" + bytes(50), "a.model", "xgboost"),
        (b"tree\nversion=v4\n", "a.txt", "lightgbm"),
        (b"CBM1" + bytes(9), "a.cbm", "catboost"),
        (b'<?xml version="1.0"?>\n<MethodSetup Method="BDT::BDT">', "a.xml", "tmva"),
    ],
)
def test_formats_are_known_by_their_first_bytes(head, name, expected):
    assert format_of_head(head, name) == expected


@given(st.binary(max_size=300), st.text(max_size=10))
def test_any_bytes_have_a_format(head, name):
    assert format_of_head(head, name)


def safetensors_head(length, header=b'{"a.weight":{"dtype":"F32"'):
    """The first bytes of a safetensors file whose header has `length` bytes, filled with blanks."""
    return (struct.pack("<Q", length) + header.ljust(length)[:2000])[:HEAD_BYTES]


# Lengths that begin as other formats do: PROTO of pickles, an empty map of MessagePack, a zip, a text.
UNLUCKY = [0x80, 0x0280, 0x0580, 0x2E0280, 0x4B0480, int.from_bytes(b"PK\3\4", "little"), 0x7B, 0x28]


@pytest.mark.parametrize("length", UNLUCKY)
def test_a_safetensors_file_of_an_unlucky_length_is_one(length):
    assert format_of_head(safetensors_head(length), "") == "safetensors"


@given(st.integers(2, 100_000_000), st.text(st.characters(codec="utf-8"), min_size=1, max_size=400))
@example(0x4728, "h.0.")
@example(300, "x" * 247 + "ustar")
@example(0x4B0480, "K")
def test_a_safetensors_file_of_any_length_is_one(length, name):
    found = format_of_head(safetensors_head(length, b'{"' + name.encode() + b'":{"dtype":"F32"'), "model.bin")
    # Instructions that take the zeros behind the third byte of a pickle begin at 0x28: 2.6 MB of header.
    assert found == "safetensors" or (length % 256 == 0x80 and length >> 8 & 255 <= 5 and length > 0x280000)


@given(st.recursive(st.none() | st.text() | st.binary() | st.floats(), lambda x: st.lists(x) | st.tuples(x)))
def test_a_pickle_that_states_its_protocol_is_one(value):
    for protocol in range(2, 6):
        assert format_of_head(pickle.dumps(value, protocol), "") == "pickle"


@pytest.mark.parametrize(
    "start",
    [b'\x80\x02G\0\0\0\0\0{"a.', b'\x80\x05X\3\0\0\0\0{"(.'],
    ids=["a number takes the zeros", "a text takes the zeros"],
)
def test_what_can_be_unpickled_is_a_pickle_although_it_is_a_safetensors_file_too(start):
    pickle.loads(start.replace(b"(.", b"."))
    head = start + b'":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'
    assert format_of_head(head, "model.safetensors") == "pickle"
    cut = start[:-1].removesuffix(b"(") + b"U\xff" + b"a" * 100
    assert format_of_head(cut, "") == "pickle", "what is not contradicted stays a pickle"


@pytest.mark.parametrize("head", [b"\x80\x06N.\0", b"\x80\xfe\0\0"])
def test_a_first_byte_alone_makes_no_pickle(head):
    assert format_of_head(head, "") == "unknown"


@pytest.mark.shared
def test_the_published_files_have_their_formats(shared):
    folder = shared / "published/hbb_interaction_network-v0.1.1/models/trained_models"
    formats = [format_of_file(path) for path in folder.glob("*.pth")]
    assert (formats.count("legacy_torch"), formats.count("zip_torch")) == (30, 2)
    assert format_of_file(folder / "onnx_model/5_10_gnn_128.onnx") == "onnx"
