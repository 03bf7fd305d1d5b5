# SPDX-License-Identifier: MIT
"""ParticleNet: recognised by names and shapes, and equal to its definition on every engine."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import models, runners
from fairreg.errors import ModelError
from fairreg.models.common.network_runner import KnownNetwork
from fairreg.models.common.weight_file import WeightFile
from fairreg.models.particlenet.architecture import LITE, PUBLISHED, ObjectStream, ParticleNetArchitecture
from fairreg.models.particlenet.definition import logits, neighbours_of, probabilities
from support.particlenet import EVERY, FUSED, SMALL, TAGGER, as_in_weaver, random_jets, random_tensors
from support.weight_files import saved

particlenet = models.get("particlenet")


def build(tensors, neighbours=None, **options):
    sizes = ParticleNetArchitecture.from_tensors(tensors)
    return particlenet.build(KnownNetwork(tensors, sizes, neighbours or sizes.neighbours), **options)


K = 4
PUBLISHED_SIZES = ParticleNetArchitecture((ObjectStream("", 7),), PUBLISHED, (256,), 10)


def weight_file(tensors, tmp_path, name="weights.safetensors"):
    return WeightFile(tmp_path / name, "safetensors", tensors)


@pytest.fixture(params=["onnx", pytest.param("torch", marks=pytest.mark.torch)])
def runtime(request):
    return request.param


@pytest.fixture(params=sorted(EVERY))
def sizes(request):
    return EVERY[request.param]


def test_every_engine_agrees_with_the_definition(runtime, sizes):
    tensors, jets = random_tensors(sizes), random_jets(sizes)
    found = build(tensors, runtime=runtime, neighbours=K).run(jets)["probabilities"]
    np.testing.assert_allclose(found, probabilities(tensors, jets, K), atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    assert np.ptp(found, axis=0).max() > 0.01  # the jets differ, so that agreement means something


@pytest.mark.torch
@pytest.mark.parametrize("sizes", [SMALL, FUSED])
def test_the_definition_is_what_the_authors_order_of_operations_gives(sizes):
    """With padding at 1e9 the products of float64 lose the places of padding, but of no particle."""
    tensors, jets = random_tensors(sizes), random_jets(sizes)
    expected = as_in_weaver(tensors, sizes, *jets.values(), neighbours=K)
    np.testing.assert_allclose(logits(tensors, jets, K), expected, atol=1e-9)


def test_permuting_the_particles_changes_nothing(runtime, sizes):
    tensors, jets = random_tensors(sizes), random_jets(sizes)
    runner, random = build(tensors, runtime=runtime, neighbours=K), np.random.default_rng(5)
    moved = {}
    for stream in sizes.streams:
        order = random.permutation(jets[stream.names[2]].shape[2])
        moved |= {name: jets[name][:, :, order] for name in stream.names}
    found = [runner.run(item)["probabilities"] for item in (jets, moved)]
    np.testing.assert_allclose(*found, atol=1e-6)


@pytest.mark.parametrize("content", [0.0, 1e9, np.nan, np.inf])
def test_masked_particles_change_nothing(runtime, sizes, content):
    tensors, jets = random_tensors(sizes), random_jets(sizes)
    runner = build(tensors, runtime=runtime, neighbours=K)
    expected = runner.run(jets)["probabilities"]
    for stream in sizes.streams:
        points, features, mask = stream.names
        for name in (points, features):
            jets[name] = np.where(jets[mask] == 0, np.float32(content), jets[name])
    np.testing.assert_array_equal(runner.run(jets)["probabilities"], expected)


def test_more_padding_changes_nothing_and_short_jets_are_padded(runtime):
    """k neighbours need k + 1 slots: jets of fewer take padding for the rest, however much there is."""
    tensors = random_tensors(SMALL)
    runner = build(tensors, runtime=runtime, neighbours=K)
    for slots in (1, 2, K, K + 1):
        jets = random_jets(SMALL, jets=3, slots=slots, fewest=1)
        expected = probabilities(tensors, jets, K)
        for more in (0, 1, 9):
            wider = {name: np.pad(array, ((0, 0), (0, 0), (0, more))) for name, array in jets.items()}
            np.testing.assert_allclose(runner.run(wider)["probabilities"], expected, atol=1e-5)


def test_jets_without_particles_and_no_jets_are_computed(runtime):
    tensors = random_tensors(SMALL)
    runner = build(tensors, runtime=runtime, neighbours=K)
    empty = {name: array[:2] * 0 for name, array in random_jets(SMALL).items()}
    expected = probabilities(tensors, empty, K)
    np.testing.assert_allclose(runner.run(empty)["probabilities"], expected, atol=1e-6)
    no_slots = {name: array[:, :, :0] for name, array in empty.items()}
    np.testing.assert_allclose(runner.run(no_slots)["probabilities"], expected, atol=1e-6)
    assert runner.run({name: array[:0] for name, array in empty.items()})["probabilities"].shape == (0, 10)


def test_neighbours_are_the_nearest_others_with_padding_last():
    points = np.array([[0, 0], [3, 0], [1, 0], [0, 0], [0, 0]], dtype=float)
    real = np.array([True, True, True, True, False])
    assert neighbours_of(points, real, 0, 3) == [3, 2, 1]
    assert neighbours_of(points, real, 3, 4) == [0, 2, 1, 4]
    assert neighbours_of(points, real, 2, 2) == [0, 3]  # equally far: the earlier slot first


def test_particles_in_one_place_keep_their_neighbours_on_every_engine(runtime):
    """Exact ties, as of particles of one calorimeter tower: all engines take the earlier slots."""
    tensors, jets = random_tensors(SMALL), random_jets(SMALL, fewest=12)
    jets["points"] = np.round(jets["points"])
    found = build(tensors, runtime=runtime, neighbours=K).run(jets)["probabilities"]
    np.testing.assert_allclose(found, probabilities(tensors, jets, K), atol=1e-5)


def test_the_order_of_equal_particles_changes_nothing(runtime):
    tensors, jets = random_tensors(SMALL), random_jets(SMALL, jets=2, fewest=12)
    for name in ("points", "features"):
        jets[name][:, :, 3:9] = jets[name][:, :, 2:3]
    runner, order = build(tensors, runtime=runtime, neighbours=K), np.random.default_rng(0).permutation(12)
    found = [runner.run(item) for item in (jets, {name: array[:, :, order] for name, array in jets.items()})]
    np.testing.assert_allclose(*(item["probabilities"] for item in found), atol=1e-6)


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_networks_of_any_sizes_are_recognised_and_agree(data):
    widths = st.integers(1, 6)
    sizes = ParticleNetArchitecture(
        (ObjectStream("", data.draw(st.integers(1, 5))),),
        tuple(
            data.draw(st.lists(st.lists(widths, min_size=1, max_size=3).map(tuple), min_size=1, max_size=3))
        ),
        tuple(data.draw(st.lists(widths, min_size=1, max_size=2))),
        data.draw(st.integers(2, 4)),
        fused=data.draw(st.sampled_from((0, 5))),
        normalised=data.draw(st.booleans()),
    )
    tensors = random_tensors(sizes, data.draw(st.integers(0, 9)))
    assert ParticleNetArchitecture.from_tensors(tensors) == sizes
    jets = random_jets(sizes, jets=2, slots=data.draw(st.integers(1, 7)))
    found = build(tensors, neighbours=3).run(jets)["probabilities"]
    np.testing.assert_allclose(found, probabilities(tensors, jets, 3), atol=1e-4)


@pytest.mark.parametrize("prefix", ["", "mod.", "module.", "module.mod.", "_orig_mod."])
@pytest.mark.parametrize("kind", sorted(EVERY))
def test_every_published_naming_is_recognised(tmp_path, prefix, kind):
    tensors = random_tensors(EVERY[kind])
    found = particlenet.recognise_weights(
        weight_file({f"{prefix}{name}": array for name, array in tensors.items()}, tmp_path)
    )
    assert (found.model, found.parameter_count) == ("particlenet", EVERY[kind].parameter_count)
    assert found.title == ("ParticleNet tagger" if kind == "tagger" else "ParticleNet")


@pytest.mark.parametrize("wrapper", ["", "module."])
def test_a_fine_tuned_network_is_recognised_and_runs(tmp_path, wrapper):
    """The authors' wrapper (networks/example_ParticleNet_finetune.py) holds the last layer as fc_out."""
    tensors, jets = random_tensors(SMALL), random_jets(SMALL, slots=20)
    last = {"fc.1.weight": "fc_out.weight", "fc.1.bias": "fc_out.bias"}
    tuned = {f"{wrapper}{last.get(name, f'mod.{name}')}": array for name, array in tensors.items()}
    found = models.recognise(saved(tuned, tmp_path / "tuned.safetensors"))
    assert found.model == "particlenet"
    expected = probabilities(tensors, jets)
    np.testing.assert_allclose(models.load(found).run(jets)["probabilities"], expected, atol=1e-5)
    both = tuned | {f"{wrapper}mod.fc.1.weight": tensors["fc.1.weight"]}
    assert particlenet.recognise_weights(weight_file(both, tmp_path)) is None


def test_a_file_runs_under_each_naming(tmp_path):
    tensors, jets = random_tensors(SMALL), random_jets(SMALL, slots=20)
    wrapped = {f"mod.{name}": array for name, array in tensors.items()}
    paths = [
        saved(item, tmp_path / name)
        for item, name in ((tensors, "a.safetensors"), (wrapped, "b.safetensors"))
    ]
    plain, other = (models.load(path).run(jets)["probabilities"] for path in paths)
    np.testing.assert_array_equal(plain, other)
    np.testing.assert_allclose(plain, probabilities(tensors, jets), atol=1e-5)


def test_the_onnx_file_computes_the_same_as_a_plain_graph(tmp_path):
    path = saved(random_tensors(TAGGER), tmp_path / "tagger.safetensors")
    (tmp_path / "tagger.onnx").write_bytes(models.onnx_graph(models.recognise(path)))
    assert models.recognise(tmp_path / "tagger.onnx") is None
    jets = particlenet.sample_for(models.recognise(path))
    expected = models.load(path).run(jets)["probabilities"]
    plain = runners.load("onnx", tmp_path / "tagger.onnx")
    assert plain.batching.reason == "stated"
    np.testing.assert_allclose(plain.run(jets)["probabilities"], expected, atol=1e-6)


def changed(tensors, name, **changes):
    """The tensors with one of them renamed (`to`), reshaped (`shape`), of another type or left out."""
    others = {key: array for key, array in tensors.items() if key != name}
    array = tensors[name]
    if "shape" in changes:
        array = np.zeros(changes["shape"], array.dtype)
    if "dtype" in changes:
        array = array.astype(changes["dtype"])
    return others if changes.get("missing") else others | {changes.get("to", name): array}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("edge_convs.1.convs.1.weight", {"to": "edge_convs.1.convs.one.weight"}),
        ("edge_convs.0.bns.0.running_var", {"to": "edge_convs.0.bns.0.running_std"}),
        ("edge_convs.0.bns.0.num_batches_tracked", {"to": "edge_convs.0.num_batches_tracked"}),
        ("edge_convs.0.sc.weight", {"missing": True}),
        ("bn_fts.running_mean", {"missing": True}),
        ("edge_convs.0.convs.0.weight", {"shape": (6, 13, 1, 1)}),  # not two equal halves
        ("edge_convs.0.convs.0.weight", {"shape": (6, 14, 3, 3)}),  # a larger kernel
        ("edge_convs.0.convs.0.weight", {"shape": (6, 14)}),
        ("edge_convs.0.convs.0.weight", {"shape": ()}),
        ("edge_convs.2.bns.0.bias", {"shape": (8,)}),
        ("edge_convs.2.bns.0.num_batches_tracked", {"shape": (2,)}),
        ("fc.0.0.weight", {"shape": (10, 9, 1)}),  # of a segmentation
        ("fc.1.weight", {"shape": (10, 11)}),
        ("fc.1.bias", {"missing": True}),
        ("fc.1.bias", {"dtype": "int64"}),
    ],
)
def test_a_network_with_similar_names_is_refused(tmp_path, name, changes):
    tensors = random_tensors(SMALL)
    assert particlenet.recognise_weights(weight_file(tensors, tmp_path)) is not None
    assert particlenet.recognise_weights(weight_file(changed(tensors, name, **changes), tmp_path)) is None


@pytest.mark.parametrize(
    "extra", ["fc_out.weight", "edge_convs.0.extra.weight", "bn_fts.extra", "pn.fc.0.0.bias"]
)
def test_a_network_with_a_tensor_more_is_refused(tmp_path, extra):
    tensors = random_tensors(SMALL) | {extra: np.zeros(3, np.float32)}
    assert particlenet.recognise_weights(weight_file(tensors, tmp_path)) is None


def test_the_published_sizes_are_named_and_what_no_tensor_shows_is_said(tmp_path):
    tensors = random_tensors(PUBLISHED_SIZES)
    assert len(tensors) == 81
    found = particlenet.recognise_weights(weight_file(tensors, tmp_path))
    assert (found.preference, found.hyperparameters["neighbours"]) == (1, 16)
    said = " ".join(found.assumptions)
    assert "k = 16 neighbours, as in networks/example_ParticleNet.py" in said
    assert "use_counts" in said
    assert "JetClass_kin.yaml" in said
    lite = ParticleNetArchitecture((ObjectStream("", 17),), LITE, (128,), 2, fused=128)
    found = particlenet.recognise_weights(weight_file(random_tensors(lite), tmp_path))
    assert found.hyperparameters["neighbours"] == 7
    assert "which the file does not name" in " ".join(found.assumptions)


@pytest.mark.parametrize(
    ("features", "classes", "first", "label"),
    [
        (7, 10, "part_pt_log", "QCD"),
        (13, 10, "part_pt_log", "QCD"),
        (17, 10, "part_pt_log", "QCD"),
        (7, 2, "part_pt_log", "class_0"),
        (13, 2, None, "class_0"),
        (8, 10, None, "class_0"),
    ],
)
def test_features_and_classes_are_named_where_their_number_tells(features, classes, first, label):
    sizes = ParticleNetArchitecture((ObjectStream("", features),), ((4,),), (4,), classes)
    runner = build(random_tensors(sizes))
    points, given_features, mask = runner.inputs
    assert (points.shape, mask.shape) == (("N", 2, "particles"), ("N", 1, "particles"))
    assert [item.name for item in points.features] == ["part_deta", "part_dphi"]
    assert (given_features.features[0].name if given_features.features else None) == first
    assert len(given_features.features) in {0, features}
    assert runner.outputs[0].features[0].name == label


@pytest.mark.sliced(2)
@pytest.mark.parametrize("kind", sorted(EVERY))
def test_the_demonstration_compares_with_the_definition(tmp_path, kind):
    path = saved(random_tensors(EVERY[kind]), tmp_path / "weights.safetensors")
    shown = particlenet.demonstrate(models.load(path))
    assert shown.metrics["max_difference"] < 1e-5
    assert "toy" in shown.source
    sample = models.sample_for(models.recognise(path))
    masks = [array for name, array in sample.items() if name.endswith("mask")]
    assert all(0 < mask.mean() < 1 for mask in masks)
    assert all(np.isfinite(array).all() for array in sample.values())


@pytest.mark.long
def test_another_number_of_neighbours_may_be_loaded(tmp_path):
    path, jets = saved(random_tensors(SMALL), tmp_path / "w.safetensors"), random_jets(SMALL, slots=12)
    for asked, meant in ((3, 3), (None, 16)):
        runner = particlenet.load(path, neighbours=asked)
        found, exact = runner.run(jets)["probabilities"], probabilities(random_tensors(SMALL), jets, meant)
        np.testing.assert_allclose(found, exact, atol=1e-5)
        assert particlenet.demonstrate(runner).metrics["max_difference"] < 1e-5
    with pytest.raises(TypeError, match="thread"):
        particlenet.load(path, runtime="torch", thread=1)


def test_the_sample_without_a_network_has_the_seven_kinematic_features():
    assert particlenet.sample_inputs()["features"].shape == (16, 7, 40)


def test_jets_are_read_under_either_name_with_their_labels(tmp_path):
    jets = random_jets(SMALL)
    np.savez(tmp_path / "a.npz", **jets, labels=np.arange(5), lorentz_vectors=np.zeros(3))
    np.savez(tmp_path / "b.npz", **{f"pf_{name}": array for name, array in jets.items()})
    read = particlenet.read_inputs(tmp_path / "a.npz", 1, 3)
    other = particlenet.read_inputs(tmp_path / "b.npz", 1, 3)
    np.testing.assert_array_equal(read.labels, [1, 2])
    assert other.labels is None
    assert set(read.arrays) == set(other.arrays) == {"points", "features", "mask"}
    for name, array in read.arrays.items():
        np.testing.assert_array_equal(array, jets[name][1:3])
        np.testing.assert_array_equal(array, other.arrays[name])
    assert particlenet.count_inputs(tmp_path / "a.npz") in {5, None}
    assert particlenet.count_inputs(tmp_path / "b.npz") == 5


def test_jets_of_a_tagger_are_read_by_their_own_names(tmp_path):
    jets = random_jets(TAGGER)
    np.savez(tmp_path / "a.npz", **jets)
    assert set(particlenet.read_inputs(tmp_path / "a.npz").arrays) == set(TAGGER.inputs)


def test_without_a_mask_particles_with_features_are_real(tmp_path):
    jets = random_jets(SMALL)
    jets["features"] *= jets["mask"]
    np.savez(tmp_path / "a.npz", points=jets["points"], features=jets["features"])
    np.testing.assert_array_equal(particlenet.read_inputs(tmp_path / "a.npz").arrays["mask"], jets["mask"])


def test_files_without_jets_are_named(tmp_path):
    np.savez(tmp_path / "a.npz", points=np.zeros((1, 2, 3)))
    with pytest.raises(ModelError, match=r"a\.npz has no array 'features'"):
        particlenet.read_inputs(tmp_path / "a.npz")
    np.save(tmp_path / "a.npy", np.zeros(3))
    with pytest.raises(ModelError, match="contains one array"):
        particlenet.read_inputs(tmp_path / "a.npy")
    (tmp_path / "b.npz").write_bytes(b"PK")
    with pytest.raises(ModelError):
        particlenet.read_inputs(tmp_path / "b.npz")


@pytest.mark.parametrize(
    ("name", "value", "said"), [("mask", 0.5, "mask has the value 0.5"), ("features", np.nan, "nan")]
)
def test_inputs_without_meaning_are_refused(name, value, said):
    jets = random_jets(SMALL, fewest=12)
    jets[name][1, 0, 2] = value
    with pytest.raises(ModelError, match=said):
        build(random_tensors(SMALL)).run(jets)


def test_accuracy_and_cross_entropy_are_those_of_the_labels():
    outputs = {"probabilities": np.array([[0.5, 0.5], [0.25, 0.75], [0.9, 0.1]])}
    found = particlenet.measure(outputs, np.array([0, 1, 1]))
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["cross_entropy"] == pytest.approx(-np.log(0.5 * 0.75 * 0.1) / 3)
    unlabelled = particlenet.measure(outputs, np.array([[1, 0], [0, 1], [0, 0]]))
    assert unlabelled["accuracy"] == 1
    assert particlenet.measure(outputs, np.zeros((3, 2))) == {}
    for labels in (np.array([0, 1, 2]), np.zeros((3, 3))):
        with pytest.raises(ModelError, match=r"labels (has|of row 2 is 2)"):
            particlenet.measure(outputs, labels)


def test_importing_the_package_imports_no_engine():
    code = (
        "import sys, fairreg.models.particlenet; "
        "assert not {'torch', 'onnx', 'onnxruntime', 'h5py'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.long
@pytest.mark.shared
@pytest.mark.torch
def test_the_published_network_runs_and_agrees(shared):
    folder = shared / "models-in-the-wild/weights"
    found = models.recognise(folder / "jet-universe+particle_transformer/models/ParticleNet_kin.pt")
    assert (found.title, found.published_name) == ("ParticleNet", "ParticleNet_kin.pt")
    assert found.parameter_count == 368_216
    for runtime in ("onnx", "torch"):
        shown = particlenet.demonstrate(models.load(found, runtime=runtime))
        assert shown.metrics["max_difference"] < 1e-5
