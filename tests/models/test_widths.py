# SPDX-License-Identifier: MIT
"""Networks with a width for each layer, as the founding one of 10.5281/zenodo.3891869, and of tracks only."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import models
from fairreg.errors import ModelError
from fairreg.models import hbb_in
from fairreg.models.hbb_in.benchmark.candidates import candidates
from fairreg.models.hbb_in.explain.passes import Network, groups
from fairreg.models.hbb_in.explain.relevance import relevances
from fairreg.models.hbb_in.network import Hyperparameters, onnx_bytes
from fairreg.models.hbb_in.packing import class_packs
from fairreg.models.hbb_in.pairwise import definition, pairwise_bytes
from fairreg.models.hbb_in.published import FOUNDING, PAPER, kept_features, metadata_document
from fairreg.models.hbb_in.runner import build
from fairreg.models.hbb_in.workflows.export import export
from fairreg.runners import available, get
from fairreg.runners.weights import fingerprint, fingerprint_of
from support.examples import examples
from support.networks import TRACKS_ONLY, WITH_UNUSED, random_jets, random_tensors
from support.networks import definition as slow_definition
from support.weight_files import Files

NETWORKS = {"founding": FOUNDING, "tracks only": TRACKS_ONLY, "unused layers": WITH_UNUSED}
TOLERANCE = 1e-6  # of a probability, between float32 and the definition in float64

every_network = pytest.mark.parametrize("sizes", NETWORKS.values(), ids=NETWORKS.keys())


def some_jets(sizes, count=9):
    tracks, vertices = random_jets(count, replace(sizes, vertex_features=14))
    return tracks, vertices


@st.composite
def sizes_of_every_layer(draw):
    """Any network: with vertices, of tracks only, or of tracks only with unused layers."""
    numbers = st.integers(1, 6)
    base = Hyperparameters(*(draw(numbers) for _ in range(5)))
    widths = {name: draw(numbers) for name in ("fr2", "fr1_pv", "fr2_pv", "fr3_pv", "fo1", "fo2")}
    kind = draw(st.sampled_from(["vertices", "tracks", "unused"]))
    if kind == "tracks":
        widths = {name: size for name, size in widths.items() if not name.endswith("_pv")}
    usual = {"fr3_pv": base.d_e}
    return replace(
        base,
        vertex_features=base.vertex_features if kind == "vertices" else 0,
        unused_inputs=draw(numbers) if kind == "unused" else 0,
        widths=tuple((name, size) for name, size in widths.items() if size != usual.get(name, base.hidden)),
    )


@settings(max_examples=examples(25), deadline=None)
@given(sizes_of_every_layer())
def test_the_sizes_of_every_layer_are_read_off_the_shapes_and_the_graph_computes_them(sizes):
    tensors = random_tensors(sizes)
    found = Hyperparameters.from_tensors(tensors)
    assert found == sizes
    assert found.parameter_count == sum(array.size for array in tensors.values())
    tracks, vertices = random_jets(3, sizes)
    expected = definition(tensors)(tracks, vertices)
    np.testing.assert_allclose(expected, slow_definition(tensors, tracks, vertices), rtol=0, atol=1e-12)
    runner = build(tensors, threads=1)
    np.testing.assert_allclose(runner.predict(tracks, vertices), expected, rtol=0, atol=TOLERANCE)
    runner.close()


@pytest.mark.sliced(2)
@every_network
@pytest.mark.parametrize("runtime", ["onnx", pytest.param("torch", marks=pytest.mark.torch)])
def test_every_runtime_agrees_with_the_definition_in_float64(sizes, runtime):
    if runtime not in available():
        pytest.skip(f"{runtime} is not installed")
    tensors, (tracks, vertices) = random_tensors(sizes), some_jets(sizes)
    expected = definition(tensors)(tracks, vertices)
    assert expected.min() > 1e-3  # or a softmax would hide differences
    found = build(tensors, runtime=runtime, threads=1).predict(tracks, vertices)
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE)


@every_network
def test_both_graphs_are_valid_with_the_fingerprint_of_the_weights(sizes, tmp_path):
    import onnx

    tensors = random_tensors(sizes)
    for write in (onnx_bytes, pairwise_bytes):
        path = tmp_path / "x.onnx"
        path.write_bytes(write(tensors))
        onnx.checker.check_model(onnx.load(path), full_check=True)
        assert fingerprint(path) == fingerprint_of(tensors)
        assert [item.name for item in get("onnx").load(path).inputs] == list(sizes.inputs)


@every_network
def test_every_form_of_a_benchmark_agrees(sizes):
    tensors, (tracks, vertices) = random_tensors(sizes), some_jets(sizes, 4)
    expected = definition(tensors)(tracks, vertices)
    ran = []
    for candidate in candidates(tensors, threads=1):
        try:
            runner = candidate.load()
        except ModelError:
            continue  # an engine that is not installed, or has no GPU
        np.testing.assert_allclose(runner.predict(tracks, vertices), expected, rtol=0, atol=TOLERANCE)
        ran.append(candidate.name)
    assert {"onnx", "onnx-full", "onnx-pairwise"} <= set(ran)


@pytest.mark.sliced(5)
@every_network
def test_the_packaged_sample_is_for_it_and_exports_are_checked_on_it(sizes, tmp_path):
    tensors, jets = random_tensors(sizes), hbb_in.sample()
    tensors["fc_fixed.weight"] *= np.float32(0.01)  # real features reach hundreds
    weights = tmp_path / "gnn_new_best.pth"
    weights.write_bytes(Files().legacy(tensors))
    runner = models.load(weights, threads=1)
    features = [feature.name for feature in runner.inputs[0].features]
    assert features[:2] == ["track_ptrel", "track_erel"]
    found = runner.predict(jets.tracks[:20], jets.vertices[:20])
    expected = definition(tensors)(jets.tracks[:20], jets.vertices[:20])
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE)
    report = export(weights, tmp_path / "out", ["onnx", "safetensors", "pairwise"])
    assert {item.fingerprint for item in report.files} == {fingerprint_of(tensors)}
    assert all(models.recognise(item.path).parameter_count == sizes.parameter_count for item in report.files)


def test_a_network_of_tracks_only_does_without_vertices_and_leaves_them_aside():
    tracks, vertices = some_jets(TRACKS_ONLY)
    runner = build(random_tensors(TRACKS_ONLY), threads=1)
    assert [item.name for item in runner.inputs] == ["input_cpf"]
    alone = runner.predict(tracks)
    np.testing.assert_array_equal(runner.predict(tracks, vertices), alone)
    np.testing.assert_array_equal(runner.run({"input_cpf": tracks})["probabilities"], alone)
    with pytest.raises(ModelError, match="input_sv"):
        build(random_tensors(FOUNDING), threads=1).predict(tracks)


def test_unused_layers_count_as_parameters_and_change_no_probability():
    tensors, (tracks, _) = random_tensors(WITH_UNUSED), some_jets(WITH_UNUSED)
    used = {name: array for name, array in tensors.items() if "_pv" not in name}
    np.testing.assert_array_equal(build(tensors).predict(tracks), build(used).predict(tracks))
    assert WITH_UNUSED.parameter_count > TRACKS_ONLY.parameter_count
    assert fingerprint_of(tensors) != fingerprint_of(used)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"fr2.weight": (30, 61)}, r"fr2\.weight has shape \(30, 61\)"),
        ({"fr3.weight": (20, 60)}, r"fr3\.weight has shape \(20, 60\)"),
        ({"fo2.bias": (60,)}, r"fo2\.bias has shape"),
        ({"fo1.weight": (60, 71)}, r"fo1\.weight has shape"),
        ({"fr1_pv.weight": (60, 30)}, "fr1_pv takes no features of vertices"),
        ({"fc_fixed.weight": (3, 24), "fc_fixed.bias": (3,)}, r"fc_fixed\.weight has shape"),
        ({"fr1_vv.weight": (60, 28)}, r"fr1_vv\.weight is missing or unexpected"),
    ],
)
def test_layers_that_do_not_follow_each_other_are_another_network(change, reason):
    tensors = random_tensors(FOUNDING)
    tensors |= {name: np.zeros(shape, np.float32) for name, shape in change.items()}
    with pytest.raises(ModelError, match=reason):
        Hyperparameters.from_tensors(tensors)


def test_of_several_networks_the_one_with_all_inputs_is_meant(tmp_path):
    found = {}
    for name, sizes in NETWORKS.items() | {("paper", PAPER), ("other", replace(PAPER, hidden=8))}:
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(onnx_bytes(random_tensors(sizes)))
        found[name] = models.recognise(path)
    assert {name: item.preference for name, item in found.items()} == {
        "paper": 2, "founding": 2, "other": 1, "tracks only": 0, "unused layers": 0
    }  # fmt: skip
    assert found["founding"].hyperparameters["fr2"] == 30
    assert all(isinstance(value, int) for value in found["founding"].hyperparameters.values())


@pytest.mark.parametrize("features", [7, 29, 31])
def test_a_network_of_tracks_only_with_other_features_is_that_of_other_jets(tmp_path, features):
    path = tmp_path / "graph_best.pth"
    path.write_bytes(Files().zipped(random_tensors(replace(TRACKS_ONLY, track_features=features))))
    assert models.recognise(path) is None


def test_explanations_follow_the_widths_and_refuse_tracks_only():
    sizes = Hyperparameters(5, 3, 7, 4, 6, widths=(("fr2", 5), ("fr1_pv", 6), ("fr3_pv", 3), ("fo2", 2)))
    tensors, (tracks, vertices) = random_tensors(sizes), random_jets(4, sizes)
    network, logits = Network(tensors), np.zeros((4, 2))
    for group in groups(tracks, vertices):
        logits[group.jets] = network.forward(group).logits
    exponentials = np.exp(logits)
    found = exponentials / exponentials.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, definition(tensors)(tracks, vertices), rtol=0, atol=1e-12)
    explained = relevances(tensors, tracks, vertices, np.array([0, 1, 0, 1]))
    assert explained.vertices.shape == vertices.shape
    np.testing.assert_allclose(explained.lost, 0, atol=1e-9 * np.abs(explained.start).max())
    with pytest.raises(ModelError, match="takes tracks only"):
        relevances(random_tensors(TRACKS_ONLY), tracks, vertices, np.zeros(4, int))


def test_the_metadata_of_a_network_names_its_widths(tmp_path):
    selection = kept_features(tmp_path / "x.pth", TRACKS_ONLY)
    assert (len(selection.tracks), selection.vertices) == (30, ())
    about = metadata_document(TRACKS_ONLY, selection)
    assert (about["hidden"], about["widths"]) == (60, {"fr2": 30, "fo2": 30})
    assert about["drop_svfeatures"] == ",".join(map(str, range(14)))
    assert "widths" not in metadata_document(PAPER, kept_features(tmp_path / "x.pth", PAPER))


@every_network
def test_the_packs_and_the_graph_of_a_gpu_agree_too(sizes):
    from onnx import load_model_from_string
    from onnx.reference import ReferenceEvaluator

    tensors, (tracks, vertices) = random_tensors(sizes), some_jets(sizes, 4)
    expected = definition(tensors)(tracks, vertices)
    given = dict(zip(sizes.inputs, (tracks, vertices), strict=False))
    graph = ReferenceEvaluator(load_model_from_string(onnx_bytes(tensors, "bfloat16")))
    assert np.abs(graph.run(None, given)[0] - expected).max() < 5e-3
    engine, found = get("onnx").load(onnx_bytes(tensors)), np.empty((4, 2))
    of_objects = vertices if sizes.vertex_features else np.zeros((4, 0, 1), np.float32)
    for pack in class_packs(tracks, of_objects, 2):
        part = zip(sizes.inputs, (pack.tracks, pack.vertices), strict=False)
        found[pack.jets] = engine.run(dict(part))["probabilities"]
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.torch
@every_network
def test_the_derivatives_of_every_layer_are_those_of_the_definition(sizes):
    torch = pytest.importorskip("torch")
    from fairreg.models.hbb_in.pytorch.network import forward, layers

    tensors, (tracks, vertices) = random_tensors(sizes), some_jets(sizes, 3)
    module = layers(sizes).double()
    module.load_state_dict({name: torch.from_numpy(array.astype("f8")) for name, array in tensors.items()})
    jets = [torch.from_numpy(array.astype("f8")) for array in (tracks, vertices)]
    forward(module, *jets)[:, 1].sum().backward()
    slopes = {name: value.grad for name, value in module.named_parameters()}
    unused = {name for name, slope in slopes.items() if slope is None}
    assert unused == {name for name in tensors if "_pv" in name and not sizes.vertex_features}
    step, logits = 1e-6, []
    for layer in ("fr2.weight", "fo2.bias"):
        for sign in (1, -1):
            with torch.no_grad():
                dict(module.named_parameters())[layer].view(-1)[0] += sign * step
                logits.append(float(forward(module, *jets)[:, 1].sum()))
                dict(module.named_parameters())[layer].view(-1)[0] -= sign * step
        numeric = (logits[-2] - logits[-1]) / (2 * step)
        assert float(slopes[layer].view(-1)[0]) == pytest.approx(numeric, rel=1e-5, abs=1e-6)
