# SPDX-License-Identifier: MIT
"""The Particle Transformer: recognised by names and shapes, and equal to its definition on every engine."""

import numpy as np
import pytest

from fairreg import models, runners
from fairreg.errors import ModelError
from fairreg.models.common.weight_file import WeightFile
from fairreg.models.particle_transformer.architecture import ParticleTransformerArchitecture
from fairreg.models.particle_transformer.definition import logits, pair_features, probabilities
from support.particle_transformer import DEEP, EVERY, SMALL, random_jets, random_tensors
from support.weight_files import saved

particle_transformer = models.get("particle_transformer")

PUBLISHED = ParticleTransformerArchitecture(17, (128, 512, 128), (64, 64, 64, 8), 8, 2, 512, (), 10)


def recognised(tensors, tmp_path):
    return particle_transformer.recognise_weights(WeightFile(tmp_path / "w.pt", "pytorch", tensors))


@pytest.fixture(params=["onnx", pytest.param("torch", marks=pytest.mark.torch)])
def runtime(request):
    return request.param


@pytest.fixture(params=sorted(EVERY))
def network(request, tmp_path):
    """Sizes, tensors and the file of a network."""
    tensors = random_tensors(EVERY[request.param])
    return EVERY[request.param], tensors, saved(tensors, tmp_path / "w.safetensors")


def test_every_engine_agrees_with_the_definition(network, runtime):
    sizes, tensors, path = network
    jets = random_jets(sizes)
    found = models.load(path, runtime=runtime).run(jets)["probabilities"]
    np.testing.assert_allclose(found, probabilities(tensors, jets), atol=1e-5)
    assert np.ptp(found, axis=0).max() > 0.01  # the jets differ, so that agreement means something


def test_permuting_the_particles_changes_nothing(network, runtime):
    sizes, _, path = network
    jets, runner = random_jets(sizes), models.load(path, runtime=runtime)
    order = np.random.default_rng(1).permutation(jets["mask"].shape[2])
    moved = {name: array[:, :, order] for name, array in jets.items()}
    found = [runner.run(item)["probabilities"] for item in (jets, moved)]
    np.testing.assert_allclose(*found, atol=2e-6)


@pytest.mark.sliced(7)
@pytest.mark.parametrize("content", [0.0, 1e9, np.nan, np.inf])
def test_masked_particles_change_nothing(network, runtime, content):
    sizes, tensors, path = network
    jets = random_jets(sizes)
    expected = probabilities(tensors, jets)
    for name in ("features", "lorentz_vectors"):
        jets[name] = np.where(jets["mask"] == 0, np.float32(content), jets[name])
    wider = {name: np.pad(array, ((0, 0), (0, 0), (0, 3))) for name, array in jets.items()}
    for item in (jets, wider):
        found = models.load(path, runtime=runtime).run(item)["probabilities"]
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_particles_on_the_beam_axis_behind_each_other_and_at_equal_places_agree(network, runtime):
    sizes, tensors, path = network
    jets = random_jets(sizes, jets=1)
    jets["mask"][:] = 1
    vectors = [
        [0, 0, 5, 5],
        [0.01, 0, -3, 3.1],
        [1, 0, 0, 1],
        [-1, 0, 0, 1],
        [-1, -1e-6, 0, 1],
        [-1, 1e-6, 0, 1],
    ]
    jets["lorentz_vectors"] = np.array([vectors], np.float32).transpose(0, 2, 1)
    found = models.load(path, runtime=runtime).run(jets)["probabilities"]
    np.testing.assert_allclose(found, probabilities(tensors, jets), atol=1e-5)


def test_no_jets_give_no_probabilities(network, runtime):
    sizes, _, path = network
    empty = {name: array[:0] for name, array in random_jets(sizes).items()}
    assert models.load(path, runtime=runtime).run(empty)["probabilities"].shape == (0, sizes.classes)


def test_features_of_a_pair_are_those_of_the_paper():
    """Two massless particles across each other: Delta is pi / 2, m2 is 2 E1 E2."""
    found = pair_features(np.array([3.0, 0, 0, 3]), np.array([0, 1.0, 0, 1]))
    expected = np.log([np.pi / 2, 1 / 4, np.pi / 2, 6])  # kT, z, Delta, m2
    np.testing.assert_allclose(found, expected)
    turned = pair_features(np.array([-1, 1e-3, 0, 1]), np.array([-1, -1e-3, 0, 1]))
    np.testing.assert_allclose(np.exp(turned[2]), 2e-3, rtol=1e-5)  # across the cut at pi
    boosted = [np.array([1, 0, np.sinh(eta), np.cosh(eta)]) for eta in (0.5, 2.0)]
    np.testing.assert_allclose(np.exp(pair_features(*boosted)[2]), 1.5)
    np.testing.assert_allclose(pair_features(boosted[0], boosted[0])[2], np.log(1e-8))


@pytest.mark.torch
def test_a_block_is_what_torchs_modules_give_in_the_authors_order():
    """One particle block, one class block and the rest, built of ``torch.nn`` modules in float64.

    Order of operations: hqucms/weaver-core, weaver/nn/model/ParticleTransformer.py.
    """
    import torch
    from torch import nn

    sizes, tensors = DEEP, random_tensors(DEEP)
    jets = random_jets(sizes, jets=1)
    jets["mask"][:] = 1
    weights = {name: torch.from_numpy(np.asarray(array, np.float64)) for name, array in tensors.items()}

    def filled(module, name, **renamed):
        own = {key: weights[f"{name}.{renamed.get(key, key)}"] for key in module.state_dict()}
        module.load_state_dict(own)
        return module.double().eval()

    def linear(name):
        outputs, inputs = weights[f"{name}.weight"].shape
        return filled(nn.Linear(inputs, outputs), name)

    def layer_norm(name):
        return filled(nn.LayerNorm(len(weights[f"{name}.weight"])), name)

    def block(name, rows, token=None, bias=None):
        attention = filled(nn.MultiheadAttention(sizes.width, sizes.heads), f"{name}.attn")
        norm = layer_norm(f"{name}.pre_attn_norm")
        residual, keys = (rows, norm(rows)) if token is None else (token, norm(torch.cat((token, rows))))
        found = attention(keys if token is None else token, keys, keys, attn_mask=bias)[0]
        split = found.view(len(found), 1, sizes.heads, -1)
        found = torch.einsum("tbhd,h->tbdh", split, weights[f"{name}.c_attn"]).reshape(found.shape)
        found = layer_norm(f"{name}.post_attn_norm")(found) + residual
        inner = nn.GELU()(linear(f"{name}.fc1")(layer_norm(f"{name}.pre_fc_norm")(found)))
        return (
            linear(f"{name}.fc2")(layer_norm(f"{name}.post_fc_norm")(inner))
            + weights[f"{name}.w_resid"] * found
        )

    features = torch.from_numpy(jets["features"].astype(np.float64))
    rows = filled(nn.BatchNorm1d(3), "embed.input_bn")(features).permute(2, 0, 1)
    rows = nn.GELU()(linear("embed.embed.1")(layer_norm("embed.embed.0")(rows)))
    particles = jets["lorentz_vectors"][0].T.astype(np.float64)
    pairs = np.array([[pair_features(one, other) for other in particles] for one in particles])
    pairs = torch.from_numpy(pairs).permute(2, 0, 1).reshape(1, 4, -1)
    pairs = filled(nn.BatchNorm1d(4), "pair_embed.embed.0")(pairs)
    pairs = filled(nn.Conv1d(4, sizes.heads, 1), "pair_embed.embed.1")(pairs)
    pairs = nn.GELU()(filled(nn.BatchNorm1d(sizes.heads), "pair_embed.embed.2")(pairs))
    bias = pairs.view(sizes.heads, len(particles), len(particles))
    with torch.no_grad():
        rows = block("blocks.0", rows, bias=bias)
        token = layer_norm("norm")(block("cls_blocks.0", rows, weights["cls_token"]))[0]
        for index in range(len(sizes.hidden)):
            token = linear(f"fc.{index}.0")(token).relu()
        expected = linear(f"fc.{len(sizes.hidden)}")(token).numpy()
    np.testing.assert_allclose(logits(tensors, jets), expected, atol=1e-10)


@pytest.mark.parametrize("prefix", ["", "mod.", "module.mod."])
def test_every_naming_is_recognised(tmp_path, prefix):
    tensors = {f"{prefix}{name}": array for name, array in random_tensors(PUBLISHED).items()}
    found = recognised(tensors, tmp_path)
    assert (found.model, found.title) == ("particle_transformer", "Particle Transformer")
    assert found.hyperparameters["pair_embedding"] == "64-64-64-8"
    said = " ".join(found.assumptions)
    assert "No published weights could be opened" in said
    assert "use_pre_activation_pair=False" in said
    assert "JetClass_full.yaml" in said


def test_a_fine_tuned_network_is_recognised(tmp_path):
    """The authors' wrapper holds the last layers as fc (networks/example_ParticleTransformer_finetune.py)."""
    tensors = random_tensors(DEEP)
    tuned = {name if name.startswith("fc.") else f"mod.{name}": array for name, array in tensors.items()}
    found = recognised(tuned, tmp_path)
    assert found.parameter_count == DEEP.parameter_count
    assert recognised(tuned | {"mod.fc.2.bias": tensors["fc.2.bias"]}, tmp_path) is None


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("cls_token", (1, 1, 7)),
        ("cls_token", (8,)),
        ("blocks.0.c_attn", (8,)),
        ("blocks.1.attn.in_proj_weight", (24, 9)),
        ("cls_blocks.1.fc1.weight", (13, 8)),
        ("pair_embed.embed.1.weight", (5, 6, 1)),
        ("pair_embed.embed.4.weight", (3, 5, 1)),
        ("pair_embed.embed.4.weight", (0, 5, 1)),
        ("embed.embed.4.weight", ()),
        ("fc.0.bias", (9,)),
        ("fc_out.weight", (2, 2)),
        ("pair_embed.fts_embed.0.weight", (2,)),
    ],
)
def test_a_network_with_similar_names_is_refused(tmp_path, name, shape):
    tensors = random_tensors(SMALL)
    assert recognised(tensors, tmp_path) is not None
    assert recognised(tensors | {name: np.zeros(shape, np.float32)}, tmp_path) is None
    if name in tensors:
        others = {key: array for key, array in tensors.items() if key != name}
        assert recognised(others, tmp_path) is None
        assert recognised(others | {f"{name}s": tensors[name]}, tmp_path) is None
        assert recognised(others | {name: tensors[name].astype(np.int64)}, tmp_path) is None


@pytest.mark.parametrize("counter", [np.zeros(2, np.int64), np.zeros((), np.float32)])
def test_a_counter_of_batches_is_one_integer_or_missing(tmp_path, counter):
    name, tensors = "pair_embed.embed.5.num_batches_tracked", random_tensors(SMALL)
    assert recognised(tensors | {name: counter}, tmp_path) is None
    del tensors[name]
    assert recognised(tensors, tmp_path) is not None


def test_the_demonstration_and_the_onnx_file(network, tmp_path):
    sizes, _, path = network
    shown = particle_transformer.demonstrate(models.load(path))
    assert shown.metrics["max_difference"] < 1e-5
    sample = models.sample_for(models.recognise(path))
    assert sample["features"].shape == (16, sizes.features, 24)
    assert 0 < sample["mask"].mean() < 1
    (tmp_path / "w.onnx").write_bytes(models.onnx_graph(models.recognise(path)))
    assert models.recognise(tmp_path / "w.onnx") is None
    plain, known = (
        made.run(sample)["probabilities"]
        for made in (runners.load("onnx", tmp_path / "w.onnx"), models.load(path))
    )
    np.testing.assert_allclose(plain, known, atol=1e-6)
    assert particle_transformer.sample_inputs()["features"].shape == (16, 7, 24)


def test_a_particle_along_minus_z_is_refused(tmp_path):
    jets = random_jets(SMALL)
    jets["mask"][:] = 1
    jets["lorentz_vectors"][1, :, 2] = 0, 0, -3, 3
    with pytest.raises(ModelError, match="pz of particle 2 of jet 1 is not positive"):
        models.load(saved(random_tensors(SMALL), tmp_path / "w.safetensors")).run(jets)


def test_inputs_without_meaning_are_refused(tmp_path):
    runner = models.load(saved(random_tensors(SMALL), tmp_path / "w.safetensors"))
    for name, value, said in (
        ("mask", 0.5, "mask has values other"),
        ("mask", 0, "has no particles"),
        ("features", np.nan, "must be finite"),
    ):
        jets = random_jets(SMALL)
        jets[name][2] = value
        with pytest.raises(ModelError, match=said):
            runner.run(jets)


def test_jets_are_read_under_either_name(tmp_path):
    jets = random_jets(SMALL)
    np.savez(tmp_path / "a.npz", **jets, labels=np.arange(4), points=np.zeros(4))
    aliases = {"features": "pf_features", "lorentz_vectors": "pf_vectors", "mask": "pf_mask"}
    np.savez(tmp_path / "b.npz", **{aliases[name]: array for name, array in jets.items()})
    for name in ("a.npz", "b.npz"):
        read = particle_transformer.read_inputs(tmp_path / name, 1, 3)
        for key, array in read.arrays.items():
            np.testing.assert_array_equal(array, jets[key][1:3])
        assert list(read.arrays) == list(jets)
    assert particle_transformer.count_inputs(tmp_path / "b.npz") == 4
    np.savez(tmp_path / "c.npz", features=jets["features"])
    with pytest.raises(ModelError, match="has no array 'lorentz_vectors'"):
        particle_transformer.read_inputs(tmp_path / "c.npz")
    np.save(tmp_path / "c.npy", jets["features"])
    with pytest.raises(ModelError, match="has no array 'features'"):
        particle_transformer.read_inputs(tmp_path / "c.npy")


def test_accuracy_is_that_of_the_most_probable_class():
    found = particle_transformer.measure({"probabilities": np.array([[0.9, 0.1]])}, np.array([0]))
    assert found["accuracy"] == 1
