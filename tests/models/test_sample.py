# SPDX-License-Identifier: MIT
"""The packaged jets are what their metadata says, and jets of users are checked."""

from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.errors import ModelError
from fairreg.models import hbb_in
from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.inputs import Jets, packed, sample_metadata, unpacked
from support import toy


def test_the_sample_is_what_its_metadata_says():
    jets, metadata = hbb_in.sample(), sample_metadata()
    assert metadata["counts"] == {"jets": len(jets), "QCD": 1000, "Hbb": 1000}
    assert "neither CMS data nor" in metadata["disclaimer"]
    for name, facts in metadata["arrays"].items():
        array = getattr(jets, name)
        assert (array.dtype.name, list(array.shape)) == (facts["dtype"], facts["shape"])
        assert sha256(array.tobytes()).hexdigest() == facts["sha256"]


def test_jets_look_like_jets():
    jets = hbb_in.sample()
    tracks = dict(zip((item.name for item in TRACK_FEATURES), np.moveaxis(jets.tracks, 1, 0), strict=True))
    vertices = dict(
        zip((item.name for item in VERTEX_FEATURES), np.moveaxis(jets.vertices, 1, 0), strict=True)
    )
    real = tracks["track_ptrel"] > 0
    counts = real.sum(axis=1)
    assert np.unique(counts).size > 20
    assert 0 < counts.min() < counts.max() <= 60
    np.testing.assert_array_equal(real, np.arange(60) < counts[:, None])
    assert not np.moveaxis(jets.tracks, 1, 2)[~real].any()
    significance = np.where(real, tracks["trackBTag_Sip2dSig"], -np.inf)
    assert (significance[:, 1:] <= significance[:, :-1]).all()
    flight = np.where(vertices["sv_pt"] > 0, vertices["sv_dxysig"], -np.inf)
    assert (flight[:, 1:] <= flight[:, :-1]).all()
    assert np.quantile(tracks["track_deltaR"][real], 0.99) < 0.8 < tracks["track_deltaR"].max() < 1.6
    assert np.isfinite(jets.tracks).all()
    displaced = tracks["trackBTag_Sip2dSig"].max(axis=1)
    assert np.median(displaced[jets.labels[:, 1] == 1]) > 3 * np.median(displaced[jets.labels[:, 0] == 1])


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 5)), min_size=1, max_size=6),
    st.integers(0, 2**32 - 1),
)
def test_packing_loses_nothing(numbers, seed):
    random = np.random.default_rng(seed)
    tracks = np.zeros((len(numbers), 30, 60), np.float32)
    vertices = np.zeros((len(numbers), 14, 5), np.float32)
    for jet, (some, few) in enumerate(numbers):
        tracks[jet, :, :some] = 1 + random.random((30, some))
        vertices[jet, :, :few] = 1 + random.random((14, few))
    found = unpacked(packed(tracks, vertices))
    np.testing.assert_array_equal(found["tracks"], tracks)
    np.testing.assert_array_equal(found["vertices"], vertices)


@pytest.fixture
def arrays():
    jets = toy.toy_jets(4, 1)
    return {"tracks": jets.tracks, "vertices": jets.vertices, "labels": jets.labels}


@pytest.mark.parametrize("names", [("tracks", "vertices"), ("input_cpf", "input_sv")])
def test_jets_are_read_under_either_name(tmp_path, arrays, names):
    np.savez(tmp_path / "x.npz", **dict(zip(names, (arrays["tracks"], arrays["vertices"]), strict=True)))
    jets = hbb_in.load_jets(str(tmp_path / "x.npz"))
    np.testing.assert_array_equal(jets.tracks, arrays["tracks"])
    assert jets.labels is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda arrays: arrays.pop("vertices"), "has no array 'vertices'"),
        (lambda arrays: arrays.update(tracks=arrays["tracks"][0]), "tracks must be a floating-point array"),
        (lambda arrays: arrays.update(tracks=arrays["tracks"].astype(int)), "int64 of shape"),
        (
            lambda arrays: arrays.update(vertices=arrays["vertices"][1:]),
            "tracks has 4 jets, but vertices has 3",
        ),
        (lambda arrays: arrays.update(labels=arrays["labels"][:, 0]), r"labels must have shape \(4, 2\)"),
        (lambda arrays: arrays.update(labels=arrays["labels"] * 2), "a row other than"),
        (lambda arrays: arrays.update(labels=np.ones((4, 2))), "a row other than"),
        (lambda arrays: arrays.update(tracks=np.array([{}])), "'tracks' of x.npz holds Python objects"),
    ],
)
def test_what_is_wrong_with_a_file_of_jets_is_said(tmp_path, arrays, change, reason):
    change(arrays)
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(ModelError, match=reason):
        hbb_in.load_jets(tmp_path / "x.npz")


def test_what_is_no_archive_of_arrays_is_a_model_error(tmp_path, arrays):
    np.save(tmp_path / "x.npy", arrays["tracks"])
    (tmp_path / "text.npz").write_text("tracks")
    (tmp_path / "zip.npz").write_bytes(b"PK\x03\x04garbage")
    (tmp_path / "empty.npz").write_bytes(b"")
    for name in ("x.npy", "text.npz", "zip.npz", "empty.npz", "missing.npz", "."):
        with pytest.raises(ModelError):
            hbb_in.load_jets(tmp_path / name)


def test_jets_are_immutable_in_name(arrays):
    jets = Jets(**arrays)
    with pytest.raises(AttributeError):
        jets.tracks = arrays["tracks"]
    assert len(jets) == 4
