# SPDX-License-Identifier: MIT
"""Ntuples become padded arrays with the published labels."""

import numpy as np
import pytest

from fairreg.errors import ModelError
from fairreg.models import hbb_in
from fairreg.models.hbb_in.preparation import Ntuples, labels, padded
from support.ntuples import SPECTATORS, TRACKS, VERTICES, write_ntuple

pytest.importorskip("uproot")
ak = pytest.importorskip("awkward")
QCD, HBB, NEITHER = (1, 1, 0), (0, 0, 1), (0, 0, 0)


def read(*paths, step=1000):
    return list(Ntuples.open([str(path) for path in paths]).batches(step))


def test_tracks_fill_slots_in_the_order_of_the_file_and_the_rest_is_zero(tmp_path):
    path = write_ntuple(tmp_path / "x.root", tracks=[3, 0], vertices=[0, 2], labels=[QCD, HBB])
    (batch,) = read(path)
    assert batch["tracks"].shape == (2, 30, 60)
    assert batch["vertices"].shape == (2, 14, 5)
    assert batch["tracks"][0, 4, :4].tolist() == [401, 402, 403, 0]
    assert batch["vertices"][1, 13, :3].tolist() == [1301, 1302, 0]
    assert not batch["tracks"][1].any()
    assert not batch["vertices"][0].any()


def test_what_does_not_fit_is_cut_at_the_end(tmp_path):
    path = write_ntuple(tmp_path / "x.root", tracks=[75], vertices=[7], labels=[QCD])
    (batch,) = read(path)
    assert batch["tracks"][0, 0].tolist() == list(range(1, 61))
    assert batch["vertices"][0, 0].tolist() == [1, 2, 3, 4, 5]


def test_labels_are_the_published_ones():
    rows = np.array([(1, 1, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0)])
    assert labels(*rows.T).tolist() == [[1, 0], [0, 0], [0, 0], [0, 1], [0, 0]]


def test_jets_are_the_same_however_many_are_read_at_a_time(tmp_path):
    counts = [5, 0, 61, 2, 9]
    path = write_ntuple(tmp_path / "x.root", tracks=counts, vertices=[1] * 5, labels=[QCD] * 5)
    (whole,), parts = read(path), read(path, step=2)
    assert [len(part["event"]) for part in parts] == [2, 2, 1]
    for name, values in whole.items():
        np.testing.assert_array_equal(values, np.concatenate([part[name] for part in parts]))


def test_files_are_read_in_the_order_of_their_names_and_events_kept_apart(tmp_path):
    events = np.array([7, 7], dtype=np.uint32)
    for folder, name in (("b", "1.root"), ("a", "2.root")):
        write_ntuple(
            tmp_path / folder / name, tracks=[1, 1], vertices=[0, 0], labels=[QCD] * 2, events=events
        )
    ntuples = Ntuples.open([str(tmp_path / "a/2.root"), str(tmp_path / "b/1.root")])
    assert [path.rsplit("/", 1)[-1] for path in ntuples.paths] == ["1.root", "2.root"]
    first, second = ntuples.batches()
    assert first["event"].tolist() == [7, 7]
    assert second["event"].tolist() == [7 + (1 << 32)] * 2
    assert (first["file"].tolist(), second["file"].tolist()) == ([0, 0], [1, 1])


def test_missing_branches_are_named_and_those_of_every_file_are_looked_at(tmp_path):
    good = write_ntuple(tmp_path / "a.root", tracks=[1], vertices=[0], labels=[QCD])
    bad = write_ntuple(
        tmp_path / "b.root", tracks=[1], vertices=[0], labels=[QCD], without=("track_dxy", "fj_isH")
    )
    with pytest.raises(ModelError, match=r"b.root lacks 2 of the branches needed: track_dxy, fj_isH\."):
        read(good, bad)


def test_spectators_that_a_simulation_cannot_have_may_lack(tmp_path):
    path = write_ntuple(tmp_path / "x.root", tracks=[1], vertices=[0], labels=[QCD], without=("fj_doubleb",))
    assert Ntuples.open([str(path)]).spectators == tuple(name for name in SPECTATORS if name != "fj_doubleb")


def test_the_weight_is_that_of_the_file_or_one(tmp_path):
    weights = {"event_weight": np.array([0.25], dtype=np.float32)}
    with_weight = write_ntuple(tmp_path / "a.root", tracks=[1], vertices=[0], labels=[QCD], extra=weights)
    without = write_ntuple(tmp_path / "b.root", tracks=[1], vertices=[0], labels=[QCD])
    assert read(with_weight)[0]["weight"].tolist() == [0.25]
    assert read(without)[0]["weight"].tolist() == [1.0]


def test_a_value_that_is_no_number_is_refused(tmp_path):
    values = {"track_dz": ak.unflatten(np.array([1, np.inf], dtype=np.float32), [2])}
    path = write_ntuple(tmp_path / "x.root", tracks=[2], vertices=[0], labels=[QCD], extra=values)
    with pytest.raises(ModelError, match=r"x\.root has a value among the tracks that is not finite"):
        read(path)


def test_load_jets_reads_ntuples(tmp_path):
    path = write_ntuple(tmp_path / "x.root", tracks=[2, 1], vertices=[0, 1], labels=[QCD, NEITHER])
    jets = hbb_in.load_jets(path)
    assert jets.labels.tolist() == [[1, 0], [0, 0]]
    assert jets.tracks[1, 29, :2].tolist() == [2901, 0]


def test_what_is_no_ntuple_is_refused(tmp_path):
    uproot = pytest.importorskip("uproot")
    (tmp_path / "text.root").write_text("root")
    (tmp_path / "empty.root").write_bytes(b"")
    with uproot.recreate(tmp_path / "other.root") as file:
        file["tree"] = {"x": np.arange(3)}
    for name, message in (("text", "ROOT file"), ("empty", "ROOT file"), ("other", "no tree")):
        with pytest.raises(ModelError, match=message):
            read(tmp_path / f"{name}.root")


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.97])
def test_a_truncated_ntuple_is_refused(tmp_path, share):
    path = write_ntuple(tmp_path / "x.root", tracks=[30] * 50, vertices=[2] * 50, labels=[QCD] * 50)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelError, match=r"x\.root"):
        read(path)


def test_no_ntuples_are_no_sample():
    with pytest.raises(ModelError, match="No ntuple"):
        Ntuples.open([])


def test_columns_are_padded_without_loss_up_to_the_slots():
    column = ak.Array([[1.0, 2.0], [], [3.0]])
    assert padded([column], 2).tolist() == [[[1, 2]], [[0, 0]], [[3, 0]]]


def test_the_names_of_the_fixture_are_those_of_the_network():
    assert (len(TRACKS), len(VERTICES)) == (30, 14)
