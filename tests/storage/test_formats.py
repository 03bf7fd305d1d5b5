# SPDX-License-Identifier: MIT
import pickle
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.storage.formats import format_of_head
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


@pytest.mark.shared
def test_the_published_files_have_their_formats(shared):
    folder = shared / "published/hbb_interaction_network-v0.1.1/models/trained_models"
    formats = [format_of_file(path) for path in folder.glob("*.pth")]
    assert (formats.count("legacy_torch"), formats.count("zip_torch")) == (30, 2)
    assert format_of_file(folder / "onnx_model/5_10_gnn_128.onnx") == "onnx"
