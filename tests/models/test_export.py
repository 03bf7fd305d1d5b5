# SPDX-License-Identifier: MIT
"""What is exported is the network, or it is not there."""

import numpy as np
import pytest

from fairreg.errors import ModelError, UsageError
from fairreg.models import hbb_in
from fairreg.models.hbb_in import export as exporting
from fairreg.models.hbb_in.network import Hyperparameters, onnx_bytes
from fairreg.models.hbb_in.workflows.export import export
from fairreg.runners import get
from fairreg.runners.weights import fingerprint, fingerprint_of, read_tensors
from support.networks import PAPER, random_jets, random_tensors

TENSORS = random_tensors(PAPER)


@pytest.fixture
def weights(tmp_path):
    (tmp_path / "net.onnx").write_bytes(onnx_bytes(TENSORS))
    return tmp_path / "net.onnx"


@pytest.mark.sliced(2)
@pytest.mark.parametrize("file_format", exporting.FORMATS)
def test_every_format_holds_the_weights_and_runs_as_they_do(weights, tmp_path, file_format):
    pytest.importorskip("safetensors")
    (done,) = export(weights, tmp_path / "out", [file_format]).files
    assert done.fingerprint == fingerprint(done.path) == fingerprint_of(TENSORS)
    assert read_tensors(done.path).keys() == TENSORS.keys()
    assert 0 <= done.max_difference < 1e-5
    assert done.size == done.path.stat().st_size
    jets = random_jets(5, PAPER)
    expected = hbb_in.load(weights).predict(*jets)
    np.testing.assert_allclose(hbb_in.load(done.path).predict(*jets), expected, rtol=0, atol=1e-5)


def test_the_onnx_file_takes_any_number_of_jets_tracks_and_vertices(weights, tmp_path):
    (done,) = export(weights, tmp_path / "small.onnx").files
    session = get("onnx").load(done.path)
    tracks, vertices = np.zeros((3, 30, 60), np.float32), np.zeros((3, 14, 5), np.float32)
    tracks[..., :4], vertices[..., :1] = 0.5, 0.5
    whole = session.run({"input_cpf": tracks, "input_sv": vertices})["probabilities"]
    short = session.run({"input_cpf": tracks[:2, :, :6], "input_sv": vertices[:2, :, :2]})["probabilities"]
    np.testing.assert_allclose(short, whole[:2], rtol=0, atol=1e-6)


@pytest.mark.long
def test_the_same_weights_give_the_same_bytes(weights, tmp_path):
    pytest.importorskip("safetensors")
    for file_format in exporting.FORMATS:
        one, other = (export(weights, tmp_path / name, [file_format]).files[0] for name in "ab")
        assert one.sha256 == other.sha256


def test_a_network_with_features_left_out_still_knows_them(tmp_path):
    sizes = Hyperparameters(track_features=28, vertex_features=14, hidden=6, d_e=4, d_o=4)
    (tmp_path / "few.onnx").write_bytes(onnx_bytes(random_tensors(sizes)))
    about = '{"drop_pfeatures": "2,13", "drop_svfeatures": ""}'
    (tmp_path / "few_model_metadata.json").write_text(about)
    (done,) = export(tmp_path / "few.onnx", tmp_path / "sub/other_best.onnx").files
    jets = random_jets(4, PAPER)
    found = hbb_in.load(done.path)
    assert found.kept == hbb_in.load(tmp_path / "few.onnx").kept
    np.testing.assert_array_equal(found.predict(*jets), hbb_in.load(tmp_path / "few.onnx").predict(*jets))


def test_weights_in_float64_are_rounded_for_onnx_and_kept_in_safetensors(tmp_path):
    numpy = pytest.importorskip("safetensors.numpy")
    wide = {name: array.astype(np.float64) for name, array in TENSORS.items()}
    (tmp_path / "wide.safetensors").write_bytes(numpy.save(wide))
    done = export(tmp_path / "wide.safetensors", tmp_path / "out", ["onnx", "safetensors"])
    rounded, kept = done.files
    assert done.fingerprint == kept.fingerprint == fingerprint_of(wide)
    assert rounded.fingerprint == fingerprint_of(TENSORS)


def test_a_file_that_differs_from_the_definition_is_not_left_behind(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(
        exporting,
        "onnx_bytes",
        lambda tensors: onnx_bytes({**tensors, "fc_fixed.bias": -tensors["fc_fixed.bias"]}),
    )
    (tmp_path / "out").mkdir()
    (tmp_path / "out/x.onnx").write_bytes(b"an older file")
    with pytest.raises(ModelError, match="differs from its definition"):
        export(weights, tmp_path / "out/x.onnx")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["x.onnx"]
    assert (tmp_path / "out/x.onnx").read_bytes() == b"an older file"


@pytest.mark.parametrize(
    ("output", "formats", "reason"),
    [
        ("x.onnx", ["safetensors"], "cannot contain safetensors"),
        ("x.onnx", ["onnx", "pairwise"], "cannot contain onnx and pairwise"),
        ("x.plan", [], "cannot contain a network"),
        ("out", ["tensorflow"], "no format 'tensorflow'"),
        ("net.onnx", [], "replaced by its own export"),
        (".", ["onnx"], "replaced by its own export"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(weights, tmp_path, output, formats, reason):
    with pytest.raises(UsageError, match=reason):
        export(weights, tmp_path / output, formats)


def test_a_suffix_says_the_format(weights, tmp_path):
    pytest.importorskip("safetensors")
    for name, formats, expected in (
        ("a.onnx", [], "onnx"),
        ("b.onnx", ["pairwise"], "pairwise"),
        ("c.safetensors", [], "safetensors"),
        ("folder", [], "onnx"),
    ):
        (done,) = export(weights, tmp_path / name, formats).files
        assert done.format == expected
    assert (tmp_path / "folder/net.onnx").is_file()


def test_a_place_that_cannot_be_written_is_a_model_error(weights, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ModelError, match="cannot be written"):
        export(weights, tmp_path / "file/x.onnx")


@pytest.mark.shared
def test_the_published_baseline_keeps_its_fingerprint(published, tmp_path):
    from fairreg.models.hbb_in.published import BASELINE

    done = export(published / "trained_models/gnn_baseline_best.pth", tmp_path / "x", ["onnx", "pairwise"])
    assert {item.fingerprint for item in done.files} == {BASELINE}
