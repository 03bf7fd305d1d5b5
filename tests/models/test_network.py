# SPDX-License-Identifier: MIT
"""The ONNX graph and the PyTorch network are the network of the definition."""

import json

import numpy as np
import pytest

from fairreg.errors import ModelError, UsageError
from fairreg.models import hbb_in
from fairreg.models.hbb_in.network import Hyperparameters, onnx_bytes
from fairreg.models.hbb_in.published import BASELINE, kept_features, published_names
from fairreg.models.hbb_in.runner import build
from fairreg.runners.weights import fingerprint, fingerprint_of, read_tensors

TOLERANCE = 1e-5


@pytest.mark.parametrize("count", [60, pytest.param(500, marks=pytest.mark.long)])
def test_the_graph_agrees_with_the_definition_on_random_and_padded_jets(
    paper_sizes, make_tensors, make_jets, reference, count
):
    tensors = make_tensors(paper_sizes)
    tracks, vertices = make_jets(count, paper_sizes)
    found = build(tensors, threads=1).predict(tracks, vertices)
    assert (found.shape, found.dtype) == ((count, 2), np.float32)
    assert np.ptp(found[:, 1]) > 0.1
    np.testing.assert_allclose(found, reference(tensors, tracks, vertices), rtol=0, atol=TOLERANCE)


def test_other_sizes_agree_too_and_the_batch_size_does_not_matter(
    small_sizes, make_tensors, make_jets, reference
):
    tensors = make_tensors(small_sizes)
    tracks, vertices = make_jets(20, small_sizes)
    expected = reference(tensors, tracks, vertices)
    for batch_size in (1, 7, 128):
        found = build(tensors, batch_size=batch_size, threads=1).predict(tracks, vertices)
        np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE)


def test_no_jets_give_no_probabilities(small_sizes, make_tensors, make_jets):
    tracks, vertices = make_jets(3, small_sizes)
    assert build(make_tensors(small_sizes)).predict(tracks[:0], vertices[:0]).shape == (0, 2)


def test_the_exported_graph_is_valid_and_has_the_same_fingerprint(tmp_path, paper_sizes, make_tensors):
    import onnx

    tensors = make_tensors(paper_sizes)
    (tmp_path / "x.onnx").write_bytes(onnx_bytes(tensors))
    onnx.checker.check_model(onnx.load(tmp_path / "x.onnx"), full_check=True)
    assert fingerprint(tmp_path / "x.onnx") == fingerprint_of(tensors)
    assert onnx_bytes(tensors) == (tmp_path / "x.onnx").read_bytes()


def test_sizes_are_read_off_the_shapes(paper_sizes, small_sizes, make_tensors):
    for sizes in (paper_sizes, small_sizes):
        assert Hyperparameters.from_tensors(make_tensors(sizes)) == sizes
    assert paper_sizes.parameter_count == 25_554


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda tensors: tensors.pop("fr1.weight"), r"fr1\.weight is not a matrix"),
        (lambda tensors: tensors.pop("fo2.bias"), r"fo2\.bias is missing or unexpected"),
        (lambda tensors: tensors.update(more=tensors["fr1.bias"]), "more is missing or unexpected"),
        (
            lambda tensors: tensors.update({"fr2.bias": np.zeros(3, np.float32)}),
            r"fr2\.bias has shape \(3,\)",
        ),
        (lambda tensors: tensors.update({"fr2.bias": tensors["fr2.bias"].astype("f2")}), "float16"),
        (lambda tensors: tensors.update({"fr1.weight": tensors["fr1.weight"][:, 1:]}), "has shape"),
    ],
)
def test_tensors_of_another_network_are_a_model_error(small_sizes, make_tensors, change, reason):
    tensors = make_tensors(small_sizes)
    change(tensors)
    with pytest.raises(ModelError, match=reason):
        Hyperparameters.from_tensors(tensors)


def test_an_unknown_runtime_is_a_usage_error(small_sizes, make_tensors):
    with pytest.raises(UsageError, match="abacus"):
        build(make_tensors(small_sizes), runtime="abacus")


@pytest.mark.torch
def test_pytorch_agrees_with_onnx(paper_sizes, make_tensors, make_jets):
    pytest.importorskip("torch")
    tensors = make_tensors(paper_sizes)
    jets = make_jets(300, paper_sizes)
    found = build(tensors, runtime="torch", batch_size=64).predict(*jets)
    np.testing.assert_allclose(found, build(tensors).predict(*jets), rtol=0, atol=TOLERANCE)


@pytest.mark.torch
def test_the_torch_layers_have_the_published_names(paper_sizes):
    pytest.importorskip("torch")
    from fairreg.models.hbb_in.pytorch.network import layers

    state = layers(paper_sizes).state_dict()
    assert {name: tuple(tensor.shape) for name, tensor in state.items()} == paper_sizes.shapes()


@pytest.mark.sliced(13)
@pytest.mark.shared
@pytest.mark.parametrize("count", [4, pytest.param(25, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", sorted(published_names().values()))
def test_every_published_file_agrees_with_the_definition(published, name, count, make_jets, reference):
    path = published / "trained_models" / name
    tensors = read_tensors(path)
    runner = hbb_in.load(path, threads=1)
    random = make_jets(20 * count if name == "gnn_baseline_best.pth" else count, runner.hyperparameters)
    kept, toys = kept_features(path, runner.hyperparameters), hbb_in.sample()
    toy = (toys.tracks[:count, list(kept.tracks)], toys.vertices[:count, list(kept.vertices)])
    for jets in (random, toy):
        expected = reference(tensors, *jets)
        np.testing.assert_allclose(runner.predict(*jets), expected, rtol=0, atol=TOLERANCE)


@pytest.mark.shared
@pytest.mark.torch
def test_pytorch_agrees_with_onnx_for_the_baseline(published):
    pytest.importorskip("torch")
    path, jets = published / "trained_models/gnn_baseline_best.pth", hbb_in.sample()
    found = [
        hbb_in.load(path, runtime=name).predict(jets.tracks, jets.vertices) for name in ("onnx", "torch")
    ]
    np.testing.assert_allclose(*found, rtol=0, atol=TOLERANCE)


@pytest.mark.shared
def test_the_baseline_agrees_with_the_definition_on_the_packaged_sample(published, reference):
    path, jets = published / "trained_models/gnn_baseline_best.pth", hbb_in.sample()
    expected = reference(read_tensors(path), jets.tracks[:100], jets.vertices[:100])
    found = hbb_in.load(path).predict(jets.tracks[:100], jets.vertices[:100])
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.shared
@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.long)])
def test_the_published_onnx_file_agrees_with_our_graph_of_its_weights(published, every):
    from fairreg.runners import get

    path, jets = published / "trained_models/onnx_model/5_10_gnn_128.onnx", hbb_in.sample()
    runner, ours = get("onnx").load(path), hbb_in.load(path)
    for start in range(0, len(jets.tracks), 100 * every):  # all jets in one call would take 5 GB
        tracks, vertices = (rows[start : start + 100] for rows in (jets.tracks, jets.vertices))
        theirs = runner.run({"input_cpf": tracks, "input_sv": vertices})["output1"]
        np.testing.assert_allclose(ours.predict(tracks, vertices), theirs, rtol=0, atol=TOLERANCE)


@pytest.mark.shared
def test_sizes_of_every_published_file_are_the_published_ones(published, shared):
    rows = json.loads((shared / "published/weights.json").read_text())
    assert len(rows) == 32
    for row in rows:
        sizes = Hyperparameters.from_tensors(read_tensors(published / "trained_models" / row["file"]))
        found = (sizes.track_features, sizes.vertex_features, sizes.hidden, sizes.d_e, sizes.d_o)
        assert found == tuple(row[key] for key in ("P", "S", "hidden", "De", "Do"))
        assert sizes.parameter_count == row["npar"]


@pytest.mark.shared
def test_the_known_fingerprints_are_those_of_the_files(published):
    folder = published / "trained_models"
    assert fingerprint(folder / "gnn_baseline_best.pth") == BASELINE
    for known, name in published_names().items():
        assert fingerprint(folder / name) == known
    assert len(published_names()) == 31


def test_the_graph_with_pairs_in_bfloat16_keeps_inputs_weights_and_nearly_the_probabilities(
    tmp_path, small_sizes, make_tensors, make_jets, reference
):
    import onnx
    from onnx.reference import ReferenceEvaluator

    tensors, (tracks, vertices) = make_tensors(small_sizes), make_jets(5, small_sizes)
    content = onnx_bytes(tensors, "bfloat16")
    model = onnx.load_model_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    assert {value.type.tensor_type.elem_type for value in (*model.graph.input, *model.graph.output)} == {1}
    (tmp_path / "x.onnx").write_bytes(content)
    assert fingerprint(tmp_path / "x.onnx") == fingerprint_of(tensors)
    given = {"input_cpf": tracks, "input_sv": vertices}
    (found,) = ReferenceEvaluator(model).run(None, given)
    difference = np.abs(found - reference(tensors, tracks, vertices)).max()
    assert 1e-7 < difference < 5e-3
