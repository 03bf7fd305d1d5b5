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
from fairreg.services.run.predict import read_arrays
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


def npy(header: bytes) -> bytes:
    """A file of one array with this header."""
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(64)


def packed(content: bytes, *, method: int = 0, flags: int = 0) -> bytes:
    """A .npz file with one array, that states a method of packing and flags."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x.npy", content)
    made = bytearray(stream.getvalue())
    for start, field in ((0, 6), (made.index(b"PK\x01\x02"), 8)):
        made[start + field] = flags
        made[start + field + 2] = method
    return bytes(made)


SOUND = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n"
DAMAGED = {
    "an open bracket": npy(SOUND.replace(b"(2,)", b"(2, ")),
    "an open text": npy(SOUND.replace(b"'<f4'", b'"""<f4')),
    "a type that is no type": npy(SOUND.replace(b"'<f4'", b"',<f4'")),
    "a method that Python lacks": packed(npy(SOUND), method=97),
    "an encrypted member": packed(npy(SOUND), flags=1),
    "a header of nothing": npy(b""),
    "a negative size": npy(SOUND.replace(b"(2,)", b"(-1,)")),
    "a negative size in an archive": packed(npy(SOUND.replace(b"(2,)", b"(-1,)"))),
    "two negative sizes": packed(npy(SOUND.replace(b"(2,)", b"(-1, -2)"))),
    "more elements than bytes": npy(SOUND.replace(b"(2,)", b"(1000000000000000,)")),
    "more elements than bytes in an archive": packed(npy(SOUND.replace(b"(2,)", b"(1000000000000000,)"))),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damage_of_any_kind_is_one_sentence(tmp_path, content):
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    for rows in ((0, None), (0, 1)):
        with pytest.raises(ModelError, match=r"a\.npz cannot be read"):
            read_arrays(path, ["x"], *rows)


IMPOSSIBLE = ["a negative size in an archive", "two negative sizes", "more elements than bytes in an archive"]


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_sizes_that_are_impossible_are_not_counted(tmp_path, case):
    (tmp_path / "a.npz").write_bytes(DAMAGED[case])
    with open_rows(tmp_path / "a.npz") as found, pytest.raises(UNREADABLE):
        found.kind("x")
    with pytest.raises(UNREADABLE):
        row_count(tmp_path / "a.npz")


def test_sizes_that_the_archive_confirms_falsely_are_not_counted(tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", npy(SOUND.replace(b"(2,)", b"(1000000000,)")) + bytes(2**17))
    made = bytearray(stream.getvalue())
    listed = made.index(b"PK\x01\x02")
    made[listed + 20 : listed + 28] = b"\xf0\xff\xff\xff" * 2  # 4 GB, packed and unpacked
    (tmp_path / "a.npz").write_bytes(made)
    with open_rows(tmp_path / "a.npz") as found, pytest.raises(UNREADABLE, match="ends too early"):
        found.kind("x")


def test_an_array_of_zeros_that_packs_well_is_counted_and_read(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros(10**6))
    with open_rows(tmp_path / "a.npz") as found:
        assert found.kind("x") == ((10**6,), np.dtype("f8"))
        assert not found["x"].any()
    assert row_count(tmp_path / "a.npz") == 10**6
