# SPDX-License-Identifier: MIT
"""Generators of EPiC-GAN: recognised in the authors' checkpoints, and computed as defined."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import models, runners
from fairreg.errors import ModelError
from fairreg.models.epicgan.definition import generated, scaled
from fairreg.models.epicgan.scale import SCALES
from fairreg.models.epicgan.sizes import EpicGanSizes, generator_of
from fairreg.runners.weights import fingerprint, fingerprint_of
from fairreg.storage.archive import is_archive
from support.weight_files import Files

epicgan = models.get("epicgan")

TOLERANCE = 1e-5
RUNTIMES = ["onnx", pytest.param("torch", marks=pytest.mark.torch)]
SMALL = EpicGanSizes(latent=4, latent_local=2, hid_d=6, feats=3, equiv_layers_generator=2)
PUBLISHED = EpicGanSizes(latent=10, latent_local=3, hid_d=128, feats=3, equiv_layers_generator=6)
LAYERS_D = 3
NAME = "EPiC_jetnet_top_30.tar"


def random_tensors(shapes, seed=5):
    """Random weights with these names and shapes; the sums over particles stay near one."""
    random = np.random.default_rng(seed)
    drawn = {name: random.normal(size=shape) for name, shape in shapes.items()}
    for name, array in drawn.items():
        if name.endswith("bias"):
            drawn[name] = 0.3 * array
        if name.endswith("weight_g"):
            drawn[name] = 0.4 * np.abs(array) + 0.1
    return {name: array.astype(np.float32) for name, array in drawn.items()}


def generator(sizes=SMALL, seed=5):
    return random_tensors(sizes.shapes(), seed)


def checkpoint(sizes=SMALL):
    """Both networks under the keys of the authors' checkpoints, as they are read."""
    both = {f"decoder_state.{name}": array for name, array in generator(sizes).items()}
    other = random_tensors(sizes.discriminator_shapes(LAYERS_D), seed=6)
    return both | {f"discr_state.{name}": array for name, array in other.items()}


def save(folder, tensors=None, name=NAME):
    path = folder / name
    path.write_bytes(Files().zipped(checkpoint() if tensors is None else tensors))
    return path


def noise(sizes=SMALL, slots=7, seed=1):
    """Noise for jets of all numbers of particles from 1 to `slots`; padding is the rest of the slots."""
    random = np.random.default_rng(seed)
    return {
        "global_noise": random.normal(size=(slots, sizes.latent)).astype(np.float32),
        "local_noise": random.normal(size=(slots, slots, sizes.latent_local)).astype(np.float32),
        "mask": np.tri(slots, dtype=np.float32),
    }


# Recognition


@pytest.mark.parametrize(
    ("jets", "words"), [("gluon", "gluon"), ("quark", "light quark"), ("top", "top quark")]
)
@pytest.mark.parametrize("slots", [30, 150])
def test_the_checkpoint_of_both_networks_is_recognised_with_its_data_set(tmp_path, jets, words, slots):
    tensors = checkpoint()
    path = save(tmp_path, tensors, f"EPiC_jetnet_{jets}_{slots}.tar")
    found = models.recognise(path)
    assert found.model == "epicgan"
    assert found.title == f"EPiC-GAN generator ({words} jets, up to {slots} particles)"
    assert found.fingerprint == fingerprint_of(tensors) == fingerprint(path)
    assert found.parameter_count == sum(array.size for array in generator().values())
    assert found.hyperparameters == vars(SMALL) | {"jets": jets, "n_points": slots}
    assert found.obstacle is None
    assert "no published file was opened" in found.assumptions[0]
    assert f"{slots} particles" in found.assumptions[1]


def test_a_generator_alone_has_no_scale_without_a_published_name(tmp_path):
    found = models.recognise(save(tmp_path, generator(), "generator.pt"))
    assert (found.title, found.hyperparameters) == ("EPiC-GAN generator", vars(SMALL))
    assert found.fingerprint == fingerprint_of(generator())
    assert "scale of the particles is unknown" in found.assumptions[1]
    assert [item.name for item in models.load(found).outputs] == ["network_output"]


def test_other_features_have_no_scale(tmp_path):
    sizes = EpicGanSizes(latent=2, latent_local=2, hid_d=3, feats=4, equiv_layers_generator=1)
    runner = models.load(save(tmp_path, checkpoint(sizes)))
    assert [item.name for item in runner.outputs] == ["network_output"]
    assert runner.outputs[0].features == ()


def test_the_published_sizes_are_those_of_generate_py():
    _, sizes = generator_of(generator(PUBLISHED))
    assert sizes == PUBLISHED
    assert {name: array.shape[1:] for name, array in epicgan.sample_inputs().items()} == {
        "global_noise": (10,),
        "local_noise": (30, 3),
        "mask": (30,),
    }


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_tensor_missing_added_or_of_another_shape_or_type_is_another_network(data):
    tensors = checkpoint()
    name = data.draw(st.sampled_from(sorted(tensors)))
    array = tensors[name]
    wider = np.ones((*array.shape[:-1], array.shape[-1] + 3), dtype=np.float32)
    change = data.draw(
        st.sampled_from(
            [
                {},
                {name: array.astype(np.int64)},
                {name: array[None]},
                {name: array[:0]},
                {name: wider},
                {name: array, f"{name}.more": array},
                {name: array, name.replace("_state", "_other"): array},
            ]
        )
    )
    del tensors[name]
    try:
        generator_of(tensors | change)
    except ModelError:
        return
    # Only the sizes of the noise are free.
    assert change.get(name) is wider
    assert name == "decoder_state.local_0.weight_v"


def test_a_discriminator_and_similar_networks_are_not_generators(tmp_path):
    other = random_tensors(SMALL.discriminator_shapes(LAYERS_D))
    plain = {name.replace("weight_v", "weight"): array for name, array in generator().items()}
    both = {f"decoder_state.{name}": array for name, array in other.items()}
    for tensors in (other, plain, both, {}):
        assert epicgan.recognise_weights(models.WeightFile(tmp_path / NAME, "pytorch", tensors)) is None


def test_a_row_without_a_direction_is_refused(tmp_path):
    tensors = generator()
    tensors["nn_list.1.fc_local2.weight_v"][2] = 0
    found = models.recognise(save(tmp_path, tensors))
    assert found.obstacle is not None
    for attempt in (models.load, models.onnx_graph, models.sample_for):
        with pytest.raises(ModelError, match=r"a row of its tensor nn_list\.1\.fc_local2\.weight_v is zero"):
            attempt(found)


# Agreement with the definition


@pytest.mark.sliced(2)
@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("sizes", [SMALL, PUBLISHED], ids=["small", "published"])
def test_the_engines_agree_with_the_definition(tmp_path, runtime, sizes):
    runner = models.load(save(tmp_path, checkpoint(sizes)), runtime=runtime)
    arrays = noise(sizes)
    found = runner.run(arrays)
    expected = epicgan.definition(runner.network, arrays)["network_output"]
    assert 0.3 < np.abs(expected).max() < 10
    assert np.abs(found["network_output"] - expected).max() < TOLERANCE
    particles = scaled(expected, SCALES["top", 30]) * arrays["mask"][:, :, None]
    assert np.abs(found["particles"] - particles).max() < TOLERANCE


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_demonstration_compares_with_the_definition(tmp_path, runtime):
    result = epicgan.demonstrate(models.load(save(tmp_path), runtime=runtime))
    assert result.items == 8
    assert 0 < result.metrics["max_difference"] < TOLERANCE
    assert "drawn at random" in result.warnings[0]


@pytest.mark.torch
def test_the_layers_of_pytorch_give_the_definition():
    """PyTorch's own linear layers and weight normalisation, put together in the order of the authors."""
    import torch
    from torch.nn.functional import leaky_relu
    from torch.nn.utils import weight_norm

    tensors = generator()
    layers = {}
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", FutureWarning
        )  # weight_norm is deprecated; the authors' files have it
        for name in (name.removesuffix(".bias") for name in tensors if name.endswith(".bias")):
            outputs, inputs = tensors[f"{name}.weight_v"].shape
            layers[name] = weight_norm(torch.nn.Linear(inputs, outputs))
            state = {key: torch.from_numpy(tensors[f"{name}.{key}"]) for key in layers[name].state_dict()}
            layers[name].load_state_dict(state)
            layers[name].double()
    random = np.random.default_rng(8)
    whole, local = random.normal(size=SMALL.latent), random.normal(size=(5, SMALL.latent_local))
    expected = generated(tensors, SMALL.equiv_layers_generator, whole, local)

    x, g = torch.from_numpy(local)[None], torch.from_numpy(whole)[None]
    x = x_in = leaky_relu(layers["local_0"](x))
    g = g_in = leaky_relu(layers["global_1"](leaky_relu(layers["global_0"](g))))
    for number in range(SMALL.equiv_layers_generator):
        of = {key: layers[f"nn_list.{number}.fc_{key}"] for key in ("global1", "global2", "local1", "local2")}
        pooled = leaky_relu(of["global1"](torch.cat([x.mean(1), x.sum(1), g], 1)))
        g = leaky_relu(of["global2"](pooled) + g)
        both = torch.cat([x, g[:, None].repeat(1, 5, 1)], 2)
        x = leaky_relu(of["local2"](leaky_relu(of["local1"](both))) + x)
        x, g = x + x_in, g + g_in
    found = layers["local_1"](x)[0].detach().numpy()
    assert np.abs(found - expected).max() < 1e-12


@pytest.mark.sliced(2)
@pytest.mark.torch
@pytest.mark.parametrize("new_format", [True, False], ids=["zip", "legacy"])
def test_the_checkpoints_of_the_authors_program_are_read(tmp_path, new_format):
    """A file with the keys of save_model in utils/utils.py, with the states of both optimizers."""
    import torch

    path = tmp_path / NAME
    states = {}
    for key, shapes in (
        ("decoder", SMALL.shapes()),
        ("discr", SMALL.discriminator_shapes(LAYERS_D)),
    ):
        drawn = random_tensors(shapes)
        parameters = {name: torch.nn.Parameter(torch.from_numpy(array)) for name, array in drawn.items()}
        optimizer = torch.optim.Adam(parameters.values())
        sum(item.square().sum() for item in parameters.values()).backward()
        optimizer.step()
        states[f"{key}_state"] = {name: item.detach() for name, item in parameters.items()}
        states["optimizer_D_state" if key == "decoder" else "optimizer_C_state"] = optimizer.state_dict()
    torch.save(states, path, _use_new_zipfile_serialization=new_format)
    assert not is_archive(path)
    runner = models.load(path)
    assert epicgan.demonstrate(runner).metrics["max_difference"] < TOLERANCE
    assert np.array_equal(
        runner.network.tensors["local_0.bias"], states["decoder_state"]["local_0.bias"].numpy()
    )


def test_the_graph_has_the_fingerprint_of_a_generator(tmp_path):
    path = save(tmp_path, generator(), "generator.pt")
    (tmp_path / "model.onnx").write_bytes(models.onnx_graph(models.recognise(path)))
    assert fingerprint(tmp_path / "model.onnx") == fingerprint(path)
    arrays = noise()
    plain = runners.load("onnx", tmp_path / "model.onnx").run(arrays)["network_output"]
    assert np.array_equal(plain, models.load(path).run(arrays)["network_output"])


# Symmetry and padding


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_permuting_the_particles_permutes_the_output(tmp_path, runtime):
    runner = models.load(save(tmp_path), runtime=runtime)
    arrays = noise()
    order = np.random.default_rng(2).permutation(7)
    moved = arrays | {name: arrays[name][:, order] for name in ("local_noise", "mask")}
    assert np.allclose(
        runner.run(arrays)["particles"][:, order], runner.run(moved)["particles"], rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_padded_slots_change_nothing_whatever_they_hold(tmp_path, runtime):
    runner = models.load(save(tmp_path), runtime=runtime)
    arrays = noise()
    padded = arrays["mask"] == 0
    filled = arrays["local_noise"].copy()
    filled[padded] = [np.inf, np.nan]
    expected = runner.run(arrays)
    for name, found in runner.run(arrays | {"local_noise": filled}).items():
        assert np.array_equal(found, expected[name])
        assert not found[padded].any()
    cut = {"global_noise": arrays["global_noise"][:3]} | {
        name: arrays[name][:3, :3] for name in ("local_noise", "mask")
    }
    for name, found in runner.run(cut).items():
        assert np.allclose(found, expected[name][:3, :3], rtol=0, atol=1e-6)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_jet_without_particles_is_empty(tmp_path, runtime):
    runner = models.load(save(tmp_path), runtime=runtime)
    arrays = noise() | {"mask": np.zeros((7, 7), np.float32)}
    assert not any(found.any() for found in runner.run(arrays).values())
    assert not epicgan.definition(runner.network, arrays)["network_output"].any()


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_jets_do_not_depend_on_each_other(tmp_path, runtime):
    path, arrays = save(tmp_path), noise()
    whole = models.load(path, runtime=runtime).run(arrays)["network_output"]
    parts = models.load(path, runtime=runtime, batch_size=2).run(arrays)["network_output"]
    assert np.allclose(whole, parts, rtol=0, atol=1e-6)


# Inputs


def test_noise_is_read_from_a_file(tmp_path):
    arrays = noise()
    np.savez(tmp_path / "noise.npz", **arrays)
    found = epicgan.read_inputs(tmp_path / "noise.npz", 2, 5)
    assert found.labels is None
    assert all(np.array_equal(found.arrays[name], array[2:5]) for name, array in arrays.items())
    assert epicgan.count_inputs(tmp_path / "noise.npz") == 7
    np.savez(tmp_path / "other.npz", jets=np.ones(3))
    with pytest.raises(ModelError, match="has no array global_noise"):
        epicgan.read_inputs(tmp_path / "other.npz")


def test_the_sample_is_fixed_and_has_padding_between_particles(tmp_path):
    found = models.recognise(save(tmp_path))
    first, second = models.sample_for(found), models.sample_for(found)
    assert all(np.array_equal(first[name], second[name]) for name in epicgan.input_names)
    mask = first["mask"]
    assert mask.sum(axis=1).min() >= 1
    assert (np.diff(mask, axis=1) > 0).any()  # a particle behind a padded slot


@pytest.mark.parametrize("name", ["global_noise", "local_noise"])
def test_noise_that_is_not_finite_is_refused_unless_it_is_padding(tmp_path, name):
    path = save(tmp_path)
    runner, arrays = models.load(path), dict(models.sample_for(models.recognise(path)))
    arrays["local_noise"][arrays["mask"] == 0] = np.nan
    assert np.isfinite(runner.run(arrays)["network_output"]).all()
    arrays["mask"][2, 5] = 1
    arrays["local_noise"][2, 5] = 0
    arrays[name][2, ..., 1] = np.nan
    with pytest.raises(ModelError, match=f"{name} of row 2 is nan at"):
        runner.run(arrays)
