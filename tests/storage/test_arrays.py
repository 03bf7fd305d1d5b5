# SPDX-License-Identifier: MIT
"""Rows of arrays in files are those of the whole arrays."""

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fairreg.errors import ModelError
from fairreg.storage.arrays import UNREADABLE, open_rows, row_count
from support.examples import examples

shapes = arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=6)
kinds = st.sampled_from([np.float32, np.int64, np.bool_, "<U3", ">f8"])
bounds = st.integers(0, 7)


@settings(max_examples=examples(50))
@given(shapes.flatmap(lambda shape: arrays.arrays(kinds, shape)), bounds, st.none() | bounds, st.booleans())
def test_rows_are_those_of_the_whole_array(tmp_path_factory, array, start, stop, compressed):
    folder = tmp_path_factory.mktemp("rows")
    (np.savez_compressed if compressed else np.savez)(folder / "a.npz", x=array, f=np.asfortranarray(array))
    np.save(folder / "a.npy", array)
    with open_rows(folder / "a.npz", start, stop) as found:
        assert set(found) == {"x", "f"}
        for part in found.values():
            np.testing.assert_array_equal(part, array[start:stop])
            assert part.dtype == array.dtype
            assert part.flags.writeable
    if array.size:
        with open_rows(folder / "a.npy", start, stop) as found:
            np.testing.assert_array_equal(found, array[start:stop])
    assert row_count(folder / "a.npz") == row_count(folder / "a.npy") == len(array)


@pytest.mark.parametrize(
    "content",
    [{"x": np.zeros((3, 2)), "y": np.zeros(4)}, {"x": np.float32(1)}, {"x": np.zeros(2), "y": np.int8(1)}],
)
def test_arrays_of_different_lengths_have_no_row_count(tmp_path, content):
    np.savez(tmp_path / "a.npz", **content)
    assert row_count(tmp_path / "a.npz") is None


def test_pickled_arrays_are_not_read(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([{"a": 1}, None], dtype=object))
    with (
        open_rows(tmp_path / "a.npz", 1) as found,
        pytest.raises(ModelError, match=r"'x' of a\.npz holds Python objects"),
    ):
        _ = found["x"]


def test_a_size_that_is_no_whole_number_is_a_damaged_array(tmp_path):
    header = b"{'descr':'<f4','fortran_order':False,'shape':(True,3)}\n"
    (tmp_path / "a.npy").write_bytes(
        b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(12)
    )
    with pytest.raises(UNREADABLE), open_rows(tmp_path / "a.npy"):
        pass


def test_an_array_that_ends_too_early_is_no_array(tmp_path):
    whole = io.BytesIO()
    np.save(whole, np.arange(10.0))
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", whole.getvalue()[:-20])
    with (
        open_rows(tmp_path / "a.npz", 5, 9) as found,
        pytest.raises(ValueError, match="ends too early"),
    ):
        _ = found["x"]
