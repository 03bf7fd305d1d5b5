# SPDX-License-Identifier: MIT
"""Datasets of HDF5 files are read as the arrays of a .npz file are, and nothing outside the file is."""

import random
import sys
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fairreg.errors import MissingEngine, ModelError
from fairreg.runners.converters.keras.stored import opened
from fairreg.storage.arrays import Rows, open_rows, row_count
from fairreg.storage.hdf5 import open_hdf5
from fairreg.storage.recognition.hdf5 import describe
from support.examples import examples

h5py = pytest.importorskip("h5py", reason="the extra hep is not installed")

shapes = arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=6)
kinds = st.sampled_from([np.float32, np.float16, np.int64, np.uint8, np.bool_, ">f8"])
bounds = st.integers(0, 7)


@settings(max_examples=examples(50), deadline=None)
@given(shapes.flatmap(lambda shape: arrays.arrays(kinds, shape)), bounds, st.none() | bounds)
def test_rows_are_those_of_the_same_npz_file(tmp_path_factory, array, start, stop):
    folder = tmp_path_factory.mktemp("rows")
    np.savez(folder / "a.npz", **{"x": array, "group/y": array})
    with h5py.File(folder / "a.h5", "w") as file:
        file["x"] = file["group/y"] = array
    with open_rows(folder / "a.npz", start, stop) as npz, open_rows(folder / "a.h5", start, stop) as found:
        assert set(found) == set(npz)
        for name, part in found.items():
            np.testing.assert_array_equal(part, npz[name])
            assert part.dtype == npz[name].dtype
            assert found.kind(name) == npz.kind(name)
    assert row_count(folder / "a.h5") == row_count(folder / "a.npz") == len(array)


def test_single_numbers_and_text_are_read(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["number"] = np.float32(2.5)
        file["words"] = ["muon", "τ→μγ", ""]
        file["short"] = np.array([b"ab", b"c"])
    with open_rows(tmp_path / "a.h5", 1, 3) as found:
        assert found["number"] == np.float32(2.5)
        assert (found["words"].dtype.kind, found["words"].tolist()) == ("U", ["τ→μγ", ""])
        assert found["short"].tolist() == ["c"]
    assert row_count(tmp_path / "a.h5") is None


def test_a_file_is_known_by_its_first_bytes(tmp_path):
    with h5py.File(tmp_path / "a.npz", "w") as file:
        file["x"] = np.arange(3)
    with open_rows(tmp_path / "a.npz") as found:
        assert isinstance(found, Rows)
        assert found["x"].tolist() == [0, 1, 2]


def stored_outside(file):
    file.create_dataset("x", (3,), "i4", external=[("other.bin", 0, h5py.h5f.UNLIMITED)])


def virtual(file):
    layout = h5py.VirtualLayout((3,), "i4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (3,))
    file.create_virtual_dataset("x", layout)


@pytest.mark.parametrize("fill", [stored_outside, virtual])
def test_values_in_other_files_are_not_read(tmp_path, fill):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        fill(file)
    with open_rows(tmp_path / "a.h5") as found, pytest.raises(ModelError, match="kept in other files"):
        _ = found["x"]


def opened_groups(monkeypatch):
    """Count the parts of the paths that are opened."""
    steps, get = [0], h5py.Group.__getitem__

    def counted(group, name):
        steps[0] += str(name).count("/") + 1
        return get(group, name)

    monkeypatch.setattr(h5py.Group, "__getitem__", counted)
    return steps


def test_nested_groups_are_listed_in_linear_time(tmp_path, monkeypatch):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file
        for number in range(50):
            group = group.create_group("g")
            group["x"] = np.float32(number)
    steps = opened_groups(monkeypatch)
    with open_hdf5(tmp_path / "a.h5") as found:
        assert len(found.names) == 50
        assert found.names[0] == "g/" * 50 + "x"
        assert steps[0] == 100
        assert found.read("g/" * 50 + "x", 0, None) == 49


def nested_groups(path, depth, name="g"):
    with h5py.File(path, "w") as file:
        group = file
        for _ in range(depth):
            group = group.create_group(name)
        group["x"] = np.float32(1)


@pytest.mark.parametrize(("depth", "name"), [(101, "g"), (2000, "g"), (3, "g" * 5000)])
def test_groups_that_are_nested_too_deeply_are_refused(tmp_path, depth, name):
    """3,500 groups, one inside the other, took 18 s: the library opened each from the root."""
    nested_groups(tmp_path / "a.h5", depth, name)
    with pytest.raises(ModelError, match="nested more than 100 levels deep"), open_hdf5(tmp_path / "a.h5"):
        pass
    with (
        opened(tmp_path / "a.h5", "a.h5") as found,
        pytest.raises(ModelError, match="nested more than 100 levels deep"),
    ):
        found.datasets()


def test_groups_count_as_objects(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for number in range(10_001):
            file.id.links.create_soft(str(number).encode(), b"/")
    with pytest.raises(ModelError, match="more than 10000 objects"), open_hdf5(tmp_path / "a.h5"):
        pass


def test_each_dataset_is_listed_once_in_groups_that_hold_each_other(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("b/c")
        group["x"] = np.arange(3)
        group["up"], group["root"] = file["b"], file
        file["d"], file["e"] = file["b"], group["x"]
        file["f"] = h5py.SoftLink("/b/c/x")
    with open_hdf5(tmp_path / "a.h5") as found:
        assert found.names == ("b/c/x",)
    with opened(tmp_path / "a.h5", "a.h5") as stored:
        assert stored.datasets() == {"b/c/x"}


def test_links_to_other_files_are_no_arrays(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = np.arange(3)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = h5py.ExternalLink("other.h5", "x")
        file["y"] = np.arange(2)
    with open_rows(tmp_path / "a.h5") as found:
        assert list(found) == ["y"]
        with pytest.raises(KeyError):
            _ = found["x"]


def test_elements_that_are_neither_numbers_nor_text_are_refused_by_name(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("ragged", (2,), h5py.vlen_dtype(np.int32))
        file["pairs"] = np.zeros(2, [("a", "f4"), ("b", "f4")])
        file["nothing"] = h5py.Empty("f4")
    with open_rows(tmp_path / "a.h5") as found:
        for name in found:
            with pytest.raises(ModelError, match=f"'{name}' of a.h5"):
                _ = found[name]


def test_text_that_is_not_utf_8_is_named(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", data=np.array([b"\xff\xfe"], h5py.string_dtype("utf-8", 2)))
    with open_rows(tmp_path / "a.h5") as found, pytest.raises(ModelError, match=r"'x' of a\.h5 is not UTF-8"):
        found["x"]


def test_a_small_file_that_claims_many_values_is_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", (2**40,), "f8", chunks=(2**16,))
    with open_rows(tmp_path / "a.h5") as found, pytest.raises(ModelError, match="claims 8796093022208 bytes"):
        _ = found["x"]


def test_damaged_and_other_files_are_told_apart(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = np.random.default_rng(0).random(10**4)
    whole = (tmp_path / "a.h5").read_bytes()
    (tmp_path / "a.h5").write_bytes(whole[:5000])
    (tmp_path / "b.h5").write_text("<html>")
    for name, said in (("a.h5", "a truncated or damaged HDF5"), ("b.h5", "not an HDF5")):
        with pytest.raises(ModelError, match=said), open_rows(tmp_path / name):
            pass


def whole_file(path):
    """A file with all that is read: numbers, packed ones, texts of any and of one length, an attribute."""
    with h5py.File(path, "w") as file:
        file["x"] = np.arange(12, dtype=np.float32).reshape(3, 4)
        file.create_dataset("g/z", data=np.zeros((40, 5)), compression="gzip", chunks=(10, 5), shuffle=True)
        file["words"], file["short"] = ["muon", "tau", ""], np.array([b"ab", b"c"])
        file.attrs["keras_version"] = "2.1"
    return path.read_bytes()


@pytest.mark.parametrize("slice_", [range(100), pytest.param(range(100, 6000), marks=pytest.mark.long)])
def test_any_damaged_file_is_read_or_refused_in_a_sentence(tmp_path, slice_):
    whole, path, refused = whole_file(tmp_path / "m.h5"), tmp_path / "n.h5", 0
    for seed in slice_:
        chance = random.Random(seed)
        content = bytearray(whole)
        for _ in range(chance.choice([1, 2, 8])):
            content[chance.randrange(len(content))] = chance.choice([0, 255, chance.randrange(256)])
        path.write_bytes(content[: chance.choice([len(content), chance.randrange(len(content))])])
        describe(path)
        with suppress(ModelError):
            refused += 1
            with open_rows(path) as found:
                for name in found:
                    found.kind(name)
                    assert isinstance(found[name], np.ndarray)
            refused -= 1
    assert 0 < refused < len(slice_)


def test_an_unknown_encoding_of_texts_is_damage(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["keras_version"] = "2.1"
    content = bytearray((tmp_path / "a.h5").read_bytes())
    # The bits of the datatype: class 9 (variable length), type 1 (text), then padding and encoding.
    place = content.index(b"keras_version") + 16
    assert content[place : place + 2] == b"\x19\x01"
    content[place + 2] = 3
    (tmp_path / "a.h5").write_bytes(content)
    assert "damaged" in (describe(tmp_path / "a.h5").note or "")


def test_a_heap_of_texts_without_end_is_damage(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["words"], file["x"] = ["muon", "tau"], np.arange(3)
    content = bytearray((tmp_path / "a.h5").read_bytes())
    place = content.index(b"GCOL\x01") + 16
    content[place : place + 16] = bytes(16)
    (tmp_path / "a.h5").write_bytes(content)
    with open_rows(tmp_path / "a.h5") as found:
        assert found["x"].tolist() == [0, 1, 2]
        with pytest.raises(ModelError, match="heap of its texts is damaged"):
            found["words"]


def test_without_h5py_it_is_said_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    (tmp_path / "a.h5").write_bytes(b"")
    with pytest.raises(MissingEngine) as caught, open_rows(tmp_path / "a.h5"):
        pass
    assert "fairreg[hep]" in caught.value.hint
