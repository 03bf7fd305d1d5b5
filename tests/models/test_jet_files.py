# SPDX-License-Identifier: MIT
"""Prepared files give back what was written, and say what is wrong with them."""

import numpy as np
import pytest

from fairreg.errors import ModelError
from fairreg.models import hbb_in
from fairreg.models.hbb_in.jet_files import EVENT_BITS, JetWriter, open_jets, read_jets

h5py = pytest.importorskip("h5py")
DATASETS = ("tracks", "vertices", "labels", "weight", "event", "file", "spectators")


def arrays(count, seed=1):
    random = np.random.default_rng(seed)
    return {
        "tracks": random.random((count, 30, 60), dtype=np.float32),
        "vertices": random.random((count, 14, 5), dtype=np.float32),
        "labels": np.eye(2, dtype=np.float32)[np.arange(count) % 2],
        "weight": random.random(count, dtype=np.float32),
        "event": np.arange(count, dtype=np.int64) // 2,
        "file": np.zeros(count, dtype=np.int32),
        "spectators": random.random((count, 2), dtype=np.float32),
    }


def write(path, *batches, spectators=("fj_pt", "fj_eta"), files=("a.root",)):
    with JetWriter(path, files=files, spectators=spectators, source="{}") as writer:
        for batch in batches:
            writer.append(**batch)
    return path


def test_jets_come_back_as_written_batch_by_batch(tmp_path):
    first, second = arrays(300, 1), arrays(5, 2)
    sample = read_jets(write(tmp_path / "x.h5", first, second))
    assert len(sample) == 305
    for name in DATASETS:
        np.testing.assert_array_equal(getattr(sample, name), np.concatenate((first[name], second[name])))
    assert (sample.files, sample.spectator_names, sample.source) == (("a.root",), ("fj_pt", "fj_eta"), "{}")
    np.testing.assert_array_equal(sample.spectator("fj_eta"), sample.spectators[:, 1])


def test_the_same_jets_give_the_same_bytes(tmp_path):
    one, other = (write(tmp_path / name, arrays(9)).read_bytes() for name in ("x.h5", "y.h5"))
    assert one == other


def test_slices_are_the_whole(tmp_path):
    path = write(tmp_path / "x.h5", arrays(10))
    with open_jets(path) as jets:
        parts = list(jets.slices(4))
        assert len(jets) == 10
    assert [len(part) for part in parts] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate([part.tracks for part in parts]), read_jets(path).tracks)


def test_several_files_keep_their_events_and_files_apart(tmp_path):
    paths = [write(tmp_path / name, arrays(4), files=("a", "b")) for name in ("x.h5", "y.h5")]
    sample = read_jets(paths)
    assert sample.files == ("a", "b", "a", "b")
    assert sample.file.tolist() == [0] * 4 + [2] * 4
    assert sample.event.tolist() == [0, 0, 1, 1, *(event + (2 << EVENT_BITS) for event in (0, 0, 1, 1))]


def test_files_with_different_spectators_do_not_go_together(tmp_path):
    one = write(tmp_path / "x.h5", arrays(2))
    other = write(tmp_path / "y.h5", arrays(2), spectators=("fj_pt", "npv"))
    with pytest.raises(ModelError, match="different spectators"):
        read_jets([one, other])


def test_a_spectator_that_is_not_there_is_named_with_those_that_are(tmp_path):
    with pytest.raises(ModelError, match="no spectator 'npv'") as caught:
        read_jets(write(tmp_path / "x.h5", arrays(2))).spectator("npv")
    assert "fj_pt, fj_eta" in caught.value.hint


def test_load_jets_reads_prepared_files(tmp_path):
    path = write(tmp_path / "x.h5", arrays(3))
    jets, sample = hbb_in.load_jets(path), read_jets(path)
    np.testing.assert_array_equal(jets.tracks, sample.tracks)
    np.testing.assert_array_equal(jets.labels, sample.labels)


def interrupted(path):
    with JetWriter(path, files=("a",), spectators=("fj_pt", "fj_eta"), source="") as writer:
        writer.append(**arrays(3))
        raise KeyboardInterrupt


def test_an_interrupted_writing_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path / "x.h5")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "value"), [("tracks", np.zeros((2, 30, 59))), ("weight", np.array([1.0, np.nan]))]
)
def test_what_is_no_jet_is_not_written(tmp_path, name, value):
    with pytest.raises(ModelError, match=name):
        write(tmp_path / "x.h5", arrays(2) | {name: value})


def spoil_format(file):
    file.attrs["format"] = "other"


def spoil_version(file):
    file.attrs["format_version"] = 2


def spoil_missing(file):
    del file["event"]


def spoil_shape(file):
    del file["vertices"]
    file["vertices"] = np.zeros((4, 5, 14), np.float32)


def spoil_type(file):
    del file["labels"]
    file["labels"] = np.zeros((4, 2), np.int8)


def spoil_number(file):
    file["tracks"][2, 3, 4] = np.nan


def spoil_order(file):
    names = list(file.attrs["track_features"])
    file.attrs["track_features"] = [*names[:5], names[6], names[5], *names[7:]]


def spoil_count(file):
    file.attrs["vertex_features"] = list(file.attrs["vertex_features"])[:13]


def spoil_files(file):
    file["file"][0] = 7


def spoil_names(file):
    del file.attrs["spectators"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_format, "not of the format"),
        (spoil_version, "version 1"),
        (spoil_missing, "no dataset event"),
        (spoil_shape, r"vertices of x.h5 is float32 of shape \(4, 5, 14\)"),
        (spoil_type, "labels of x.h5 is int8"),
        (spoil_number, "not finite"),
        (spoil_order, "number 5 is track_drsubjet1, not track_drminsv"),
        (spoil_count, "there are 13, not 14"),
        (spoil_files, "file index is not in its list"),
        (spoil_names, "does not state its spectators"),
    ],
)
def test_a_file_that_is_not_of_the_format_is_refused_with_the_reason(tmp_path, spoil, message):
    path = write(tmp_path / "x.h5", arrays(4))
    with h5py.File(path, "r+") as file:
        spoil(file)
    with pytest.raises(ModelError, match=message):
        read_jets(path)


@pytest.mark.parametrize("share", [0.2, 0.6, 0.99])
def test_a_truncated_file_is_refused(tmp_path, share):
    path = write(tmp_path / "x.h5", arrays(40))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelError, match="truncated"):
        read_jets(path)


def test_bytes_changed_in_the_data_are_noticed(tmp_path):
    path = write(tmp_path / "x.h5", arrays(40))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2  # in the compressed tracks, which are most of the file
    content[middle : middle + 64] = bytes(64)
    path.write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        read_jets(path)


@pytest.mark.parametrize("content", [b"", b"tracks", b"PK\x03\x04"])
def test_what_is_no_hdf5_file_is_refused(tmp_path, content):
    (tmp_path / "x.h5").write_bytes(content)
    with pytest.raises(ModelError, match="not an HDF5 file"):
        read_jets(tmp_path / "x.h5")


@pytest.mark.parametrize("name", ["missing.h5", "."])
def test_what_is_no_file_is_refused(tmp_path, name):
    with pytest.raises(ModelError, match="is not a file"):
        read_jets(tmp_path / name)


def test_no_files_are_no_sample():
    with pytest.raises(ModelError, match="No file of jets"):
        read_jets([])


def kept_in_another_file(file, folder):
    weight = file["weight"][:]
    del file["weight"]
    weight.tofile(folder / "weight.bin")
    file.create_dataset("weight", (4,), "f4", external=[(str(folder / "weight.bin"), 0, h5py.h5f.UNLIMITED)])


def virtual(file, folder):
    with h5py.File(folder / "other.h5", "w") as other:
        other["weight"] = file["weight"][:]
    del file["weight"]
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource(folder / "other.h5", "weight", (4,))
    file.create_virtual_dataset("weight", layout)


def linked(file, folder):
    with h5py.File(folder / "other.h5", "w") as other:
        other["weight"] = file["weight"][:]
    del file["weight"]
    file["weight"] = h5py.ExternalLink(str(folder / "other.h5"), "weight")


@pytest.mark.parametrize(
    ("elsewhere", "words"),
    [
        (kept_in_another_file, "'weight' of x.h5 is kept in other files, which are not read"),
        (virtual, "'weight' of x.h5 is kept in other files, which are not read"),
        (linked, "x.h5 has no dataset weight"),
    ],
)
def test_values_in_other_files_are_not_read(tmp_path, elsewhere, words):
    path = write(tmp_path / "x.h5", arrays(4))
    with h5py.File(path, "r+") as file:
        elsewhere(file, tmp_path)
    with pytest.raises(ModelError, match=words), open_jets(path):
        pass


def test_jets_that_are_claimed_and_not_there_are_refused(tmp_path):
    path = write(tmp_path / "x.h5", arrays(4))
    with h5py.File(path, "r+") as file:
        for name in DATASETS:
            file[name].resize(10**8, axis=0)
    with pytest.raises(ModelError, match="claims"):
        read_jets(path)


def test_jets_can_be_read_while_another_file_of_the_folder_is_written(tmp_path):
    path = write(tmp_path / "x.h5", arrays(4))
    with JetWriter(tmp_path / "y.h5", files=("a",), spectators=("fj_pt", "fj_eta"), source="{}") as writer:
        writer.append(**arrays(4))
        assert len(read_jets(path)) == 4
    assert sorted(item.name for item in tmp_path.iterdir()) == ["x.h5", "y.h5"]
