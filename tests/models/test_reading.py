# SPDX-License-Identifier: MIT
"""Several prepared files are one sample, in whatever order a shell lists them and however they are read."""

import numpy as np
import pytest

from fairreg.errors import ModelError
from fairreg.models.hbb_in.training import packed_reader
from fairreg.models.hbb_in.training.packed_reader import slices

pytest.importorskip("h5py")
from fairreg.models.hbb_in.jet_files import JetWriter


def write(path, value, jets=5):
    with JetWriter(path, files=("a.root",), spectators=("fj_pt",), source="") as writer:
        writer.append(
            tracks=np.full((jets, 30, 60), value, np.float32),
            vertices=np.zeros((jets, 14, 5), np.float32),
            labels=np.tile(np.eye(2, dtype=np.float32)[0], (jets, 1)),
            weight=np.ones(jets, np.float32),
            event=np.arange(jets),
            file=np.zeros(jets, np.int32),
            spectators=np.ones((jets, 1), np.float32),
        )
    return path


def test_files_are_taken_by_name_and_their_events_kept_apart(tmp_path):
    last, first = write(tmp_path / "b.h5", 2), write(tmp_path / "a.h5", 1)
    one, other = (list(slices(paths)) for paths in ([last, first], [first, last]))
    for parts in (one, other):
        assert [part.tracks[0, 0, 0] for part in parts] == [1, 2]
        assert len(np.unique(np.concatenate([part.event for part in parts]))) == 10
        assert parts[-1].files == ("a.h5:a.root", "b.h5:a.root")


def test_no_jet_is_lost_at_the_end_of_a_slice(tmp_path, monkeypatch):
    monkeypatch.setattr(packed_reader, "SLICE", 2)
    parts = list(slices([write(tmp_path / "a.h5", 1)]))
    assert np.concatenate([part.event for part in parts]).tolist() == [0, 1, 2, 3, 4]


def test_a_truncated_file_among_good_ones_is_named(tmp_path):
    good, bad = write(tmp_path / "a.h5", 1), write(tmp_path / "b.h5", 2)
    bad.write_bytes(bad.read_bytes()[:-1000])
    with pytest.raises(ModelError, match=r"b\.h5 is a truncated"):
        list(slices([bad, good]))
