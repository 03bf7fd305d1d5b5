# SPDX-License-Identifier: MIT
"""Weight files are recognised by what is in them, and the one that is meant is chosen."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from fairreg import models
from fairreg.errors import ModelError, UsageError
from fairreg.models import hbb_in
from fairreg.models.hbb_in.inputs import ALL_FEATURES, FeatureSelection
from fairreg.models.hbb_in.network import Hyperparameters, onnx_bytes
from fairreg.models.hbb_in.published import kept_features
from fairreg.models.hbb_in.runner import HbbRunner, build

DROPPED = {"drop_pfeatures": "2,13", "drop_svfeatures": "0"}
VARIANT = Hyperparameters(track_features=28, vertex_features=13, hidden=4, d_e=2, d_o=3)


@pytest.fixture
def weights(tmp_path, paper_sizes, make_tensors):
    """A file with random weights of the paper's sizes."""
    path = tmp_path / "weights.onnx"
    path.write_bytes(onnx_bytes(make_tensors(paper_sizes)))
    return path


@pytest.fixture
def variant(tmp_path, make_tensors):
    """Weights with dropped features at their place in an archive, with their metadata file."""
    path = tmp_path / "trained_models/gnn_few_best.onnx"
    path.parent.mkdir()
    path.write_bytes(onnx_bytes(make_tensors(VARIANT)))
    metadata = tmp_path / "model_dicts/gnn_few_model_metadata.json"
    metadata.parent.mkdir()
    metadata.write_text(json.dumps(DROPPED))
    return path


def test_a_weight_file_is_recognised(weights):
    found = models.recognise(weights)
    assert (found.model, found.format, found.parameter_count) == ("hbb_in", "onnx", 25_554)
    assert found.hyperparameters["d_o"] == 24
    assert (found.published_name, found.baseline) == (None, False)


def test_other_files_and_other_networks_are_not(tmp_path, weights):
    (tmp_path / "README.md").write_text("# Weights\n")
    assert models.recognise(tmp_path / "README.md") is None
    import onnx

    model = onnx.load(weights)
    del model.graph.initializer[0]
    onnx.save(model, weights)
    assert models.recognise(weights) is None
    with pytest.raises(ModelError, match="does not contain weights of a model"):
        models.load(weights)


def test_a_damaged_weight_file_is_an_error_not_an_unknown_one(tmp_path):
    (tmp_path / "x.pth").write_bytes(b"\x80\x02")
    with pytest.raises(ModelError, match="damaged or truncated"):
        models.recognise(tmp_path / "x.pth")


def test_the_baseline_is_preferred_and_different_equals_are_a_question(weights):
    plain = models.recognise(weights)
    baseline = replace(plain, baseline=True, preference=3, fingerprint="sha256:1")
    other = replace(plain, fingerprint="sha256:2")
    assert models.choose([plain, baseline, other]) is baseline
    assert models.choose([plain, replace(plain)]) is plain
    with pytest.raises(ModelError, match="R has several models: w, w") as caught:
        models.choose([plain, other], where="R", name_of=lambda _path: "w")
    assert "--file NAME" in caught.value.hint
    with pytest.raises(ModelError, match="None of the files"):
        models.choose([])


def test_what_load_returns_runs_and_predicts(weights, paper_sizes, make_jets):
    tracks, vertices = make_jets(3, paper_sizes)
    runner = models.load(weights, batch_size=2)
    assert isinstance(runner, HbbRunner)
    assert [item.shape for item in runner.inputs] == [("N", 30, 60), ("N", 14, 5)]
    assert runner.inputs[0].features[13].name == "track_quality"
    assert [feature.name for feature in runner.outputs[0].features] == ["QCD", "Hbb"]
    found = runner.run({"input_cpf": tracks, "input_sv": vertices})["probabilities"]
    np.testing.assert_array_equal(found, runner.predict(tracks, vertices))
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)


def test_an_unknown_model_is_a_usage_error():
    with pytest.raises(UsageError, match="abacus"):
        models.get("abacus")


def test_the_metadata_file_beside_the_weights_says_which_features_are_kept(variant, make_jets, paper_sizes):
    runner = models.load(variant)
    assert runner.kept.tracks == tuple(index for index in range(30) if index not in {2, 13})
    assert runner.kept.vertices == tuple(range(1, 14))
    assert "track_quality" not in {feature.name for feature in runner.inputs[0].features}
    tracks, vertices = make_jets(4, paper_sizes)
    kept_only = (np.delete(tracks, [2, 13], axis=1), vertices[:, 1:])
    np.testing.assert_array_equal(runner.predict(tracks, vertices), runner.predict(*kept_only))


def test_the_caller_may_say_it_and_must_if_nothing_else_does(tmp_path, variant, make_jets, paper_sizes):
    jets = make_jets(4, paper_sizes)
    expected = models.load(variant).predict(*jets)
    alone = shutil.copy(variant, tmp_path / "alone.onnx")
    with pytest.raises(ModelError, match=r"takes \(N = 4, 28, 60\)"):
        hbb_in.load(alone).predict(*jets)
    kept = kept_features(variant, VARIANT)
    np.testing.assert_array_equal(hbb_in.load(alone, selection=kept).predict(*jets), expected)
    with pytest.raises(ModelError, match="the selection has 30 and 14"):
        hbb_in.load(alone, selection=ALL_FEATURES)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"drop_pfeatures": 3}', '{"drop_pfeatures": "2,13", "drop_svfeatures": ""}']
)
def test_a_metadata_file_that_does_not_fit_is_left_aside(variant, text):
    (variant.parents[1] / "model_dicts/gnn_few_model_metadata.json").write_text(text)
    assert kept_features(variant, VARIANT) is None


@pytest.mark.parametrize("indices", [(1, 0), (0, 0), (30,), (-1,)])
def test_kept_features_are_increasing_indices(indices):
    with pytest.raises(ModelError, match="kept features"):
        FeatureSelection(indices, ())


def test_arrays_of_neither_size_are_a_model_error(small_sizes, make_tensors, make_jets, paper_sizes):
    with pytest.raises(ModelError, match="'input_cpf' has shape"):
        build(make_tensors(small_sizes)).predict(*make_jets(2, paper_sizes))


@pytest.mark.shared
def test_of_the_published_archive_the_baseline_is_chosen_and_the_onnx_file_is_not(published):
    folder = published / "trained_models"
    found = [models.recognise(path) for path in sorted(folder.rglob("*")) if path.is_file()]
    assert len(found) == 33
    assert models.choose(found).path.name == "gnn_baseline_best.pth"
    assert [item.path.name for item in found if item.baseline] == ["gnn_baseline_best.pth"]
    onnx_file = next(item for item in found if item.format == "onnx")
    assert onnx_file.published_name == "random_gnn_new_best.pth"


@pytest.mark.shared
def test_every_published_variant_takes_full_jets(published):
    jets = hbb_in.sample()
    paths = sorted((published / "trained_models").glob("*.pth"))
    assert len(paths) == 32
    for path in paths:
        found = hbb_in.load(path).predict(jets.tracks[:2], jets.vertices[:2])
        assert np.isfinite(found).all()
