# SPDX-License-Identifier: MIT
"""The MIParT: recognised by names and shapes, and equal to its definition on every engine."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fairreg import models, runners
from fairreg.errors import ModelError
from fairreg.models.common.weight_file import WeightFile
from fairreg.models.mipart.architecture import MIParTArchitecture
from fairreg.models.mipart.definition import logits, probabilities
from fairreg.models.particle_transformer.definition import pair_features
from support import particle_transformer as plain
from support.particle_transformer import random_jets, random_tensors
from support.weight_files import saved

SMALL = MIParTArchitecture(7, (6, 8), (5, 8, 4), 2, 2, 12, (), 10, 2)  # as the authors': a channel a head
DEEP = MIParTArchitecture(3, (12,), (4, 2), 1, 1, 6, (9, 8), 3, 2)
EVERY = {"small": SMALL, "deep": DEEP}
PUBLISHED = MIParTArchitecture(7, (128, 512, 64), (64, 64, 64, 8), 5, 2, 256, (), 10, 5)


def recognised(tensors, tmp_path, model="mipart"):
    return models.get(model).recognise_weights(WeightFile(tmp_path / "w.pt", "pytorch", tensors))


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


def test_no_tensor_is_left_unused(network):
    sizes, tensors, _ = network
    jets = random_jets(sizes, jets=2, slots=4)
    expected, random = logits(tensors, jets), np.random.default_rng(5)
    for name in sizes.shapes():
        moved = tensors[name] + random.uniform(0.1, 0.3, tensors[name].shape).astype(np.float32)
        assert np.abs(logits(tensors | {name: moved}, jets) - expected).max() > 1e-8, name


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
    runner = models.load(path, runtime=runtime)
    for item in (jets, wider):
        np.testing.assert_allclose(runner.run(item)["probabilities"], expected, atol=1e-5)


def test_no_jets_give_no_probabilities(network, runtime):
    sizes, _, path = network
    empty = {name: array[:0] for name, array in random_jets(sizes).items()}
    assert models.load(path, runtime=runtime).run(empty)["probabilities"].shape == (0, sizes.classes)


@pytest.mark.torch
def test_the_network_is_what_torchs_modules_give_in_the_authors_order(network):
    """The modules take the tensors by name, none left over, and compute in float64, with padding."""
    import torch

    from support.mipart_modules import MIParTModules

    sizes, tensors, _ = network
    jets = random_jets(sizes)
    modules = MIParTModules(sizes)
    modules.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in tensors.items()})
    vectors = jets["lorentz_vectors"].astype(np.float64).transpose(0, 2, 1)
    pairs = [[[pair_features(one, other) for other in jet] for one in jet] for jet in vectors]
    given = (jets["features"], np.array(pairs).transpose(0, 3, 1, 2), jets["mask"])
    with torch.no_grad():
        found = modules.double().eval()(*(torch.from_numpy(item.astype(np.float64)) for item in given))
    np.testing.assert_allclose(logits(tensors, jets), found.numpy(), atol=1e-10)


@pytest.mark.parametrize("prefix", ["", "mod.", "module.mod."])
def test_every_naming_is_recognised(tmp_path, prefix):
    tensors = {f"{prefix}{name}": array for name, array in random_tensors(PUBLISHED).items()}
    found = recognised(tensors, tmp_path)
    assert (found.model, found.title) == ("mipart", "More-Interaction Particle Transformer")
    assert found.hyperparameters["pair_embedding"] == "64-64-64-8"
    assert found.hyperparameters["interaction_blocks"] == 5
    said = " ".join(found.assumptions)
    assert "No published weights could be opened" in said
    assert "use_pre_activation_pair=False" in said
    assert "example_MIParticleTransformer.py of USST-HEP/MIParT" in said
    assert "JetClass_kin.yaml" in said


def test_a_fine_tuned_network_is_recognised(tmp_path):
    tensors = random_tensors(DEEP)
    tuned = {name if name.startswith("fc.") else f"mod.{name}": array for name, array in tensors.items()}
    assert recognised(tuned, tmp_path).parameter_count == DEEP.parameter_count


def test_neither_transformer_is_taken_for_the_other(tmp_path):
    ours, other = random_tensors(SMALL), random_tensors(plain.SMALL)
    assert recognised(ours, tmp_path, "particle_transformer") is None
    assert recognised(other, tmp_path) is None
    assert models.recognise(saved(other, tmp_path / "a.safetensors")).model == "particle_transformer"
    assert models.recognise(saved(ours, tmp_path / "b.safetensors")).model == "mipart"
    for path, model in (("a.safetensors", "mipart"), ("b.safetensors", "particle_transformer")):
        with pytest.raises(ModelError):
            models.get(model).load(tmp_path / path)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("cls_token", (1, 1, 7)),
        ("blocks.0.c_attn", (4,)),
        ("blocks2.0.c_attn", (8,)),
        ("blocks.1.attn.vv.weight", (8, 9)),
        ("blocks.1.attn.vv.bias", (8,)),
        ("blocks.0.attn.out_proj.weight", (8, 8)),
        ("blocks2.1.attn.in_proj_weight", (24, 9)),
        ("pair_embed.embed1.4.weight", (8, 4, 1)),
        ("pair_embed.embed1.4.weight", (0, 5, 1)),
        ("pair_embed.embed2.0.weight", (4, 7, 1)),
        ("pair_embed.embed2.0.weight", (3, 8, 1)),
        ("pair_embed.embed2.2.weight", (4,)),
        ("pair_embed.fts_embed1.0.weight", (2,)),
        ("embed.embed.4.weight", ()),
        ("fc_out.weight", (2, 2)),
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


@given(st.sampled_from(sorted(SMALL.shapes())), st.lists(st.integers(0, 9), max_size=4))
def test_a_tensor_of_any_other_shape_is_refused(name, shape):
    assume(tuple(shape) != SMALL.shapes()[name])
    changed = random_tensors(SMALL) | {name: np.zeros(shape, np.float32)}
    for model in ("mipart", "particle_transformer"):
        assert recognised(changed, Path(), model) is None
    assert recognised({key: array for key, array in changed.items() if key != name}, Path()) is None


def test_a_network_without_interactions_or_with_uneven_heads_is_refused(tmp_path):
    from dataclasses import replace

    for sizes in (
        replace(SMALL, interaction_blocks=0),
        replace(SMALL, pair_embedding=(5, 3, 4)),
        replace(SMALL, pair_embedding=(5, 8, 3)),
        replace(SMALL, class_blocks=0),
    ):
        assert recognised(random_tensors(sizes), tmp_path) is None


def test_the_demonstration_and_the_onnx_file(network, tmp_path):
    sizes, _, path = network
    shown = models.get("mipart").demonstrate(models.load(path))
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
    assert models.get("mipart").sample_inputs()["features"].shape == (16, 7, 24)


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
    with pytest.raises(ModelError, match="not a More-Interaction Particle Transformer"):
        models.get("mipart").demonstrate(
            models.load(saved(random_tensors(plain.SMALL), tmp_path / "p.safetensors"))
        )
