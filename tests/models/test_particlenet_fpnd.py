# SPDX-License-Identifier: MIT
"""JetNet's ParticleNet: another network than weaver's, with its own names."""

import numpy as np
import pytest

from fairreg import models, runners
from fairreg.errors import ModelError
from fairreg.models.common.weight_file import WeightFile
from fairreg.models.particlenet_fpnd.architecture import PUBLISHED, FpndArchitecture
from fairreg.models.particlenet_fpnd.definition import scores_and_activations
from fairreg.models.particlenet_fpnd.jets import normalised, toy_jets

particlenet, particlenet_fpnd = (models.get(name) for name in ("particlenet", "particlenet_fpnd"))

SMALL = FpndArchitecture(3, (4, 6), 7, 5)


def random_tensors(sizes, seed=1):
    """Weights by published name, with counters and with the copies of the edge networks."""
    random = np.random.default_rng(seed)
    tensors = {}
    for name, shape in sizes.shapes().items():
        values = random.normal(size=shape) / np.sqrt(shape[-1])
        if name.endswith("running_var"):
            values = random.uniform(0.3, 2, shape)
            tensors[name.replace("running_var", "num_batches_tracked")] = np.array(7)
        tensors[name] = values.astype(np.float32)
    copies = {
        name.replace("edge_nets.", "edge_convs.").replace(".model.", ".nn.model."): array
        for name, array in tensors.items()
        if name.startswith("edge_nets.")
    }
    return tensors | copies


@pytest.fixture
def weights(tmp_path):
    from safetensors.numpy import save_file

    path = tmp_path / "pnet.safetensors"
    save_file({name: array.copy() for name, array in random_tensors(SMALL).items()}, path)
    return path


def recognised(tensors, tmp_path):
    file = WeightFile(tmp_path / "pnet.pt", "pytorch", tensors)
    return particlenet_fpnd.recognise_weights(file), particlenet.recognise_weights(file)


def test_it_is_recognised_and_is_not_weavers(tmp_path):
    tensors = random_tensors(FpndArchitecture(3, PUBLISHED, 256, 5))
    assert len(tensors) == 130
    found, other = recognised(tensors, tmp_path)
    assert other is None
    assert (found.title, found.parameter_count, found.preference) == ("JetNet's ParticleNet", 410_437, 1)
    assert "JetNet.fpnd_norm" in " ".join(found.assumptions)


@pytest.mark.parametrize("runtime", ["onnx", pytest.param("torch", marks=pytest.mark.torch)])
def test_every_engine_agrees_with_the_definition_in_any_order_of_particles(weights, runtime):
    runner, jets = models.load(weights, runtime=runtime), toy_jets(SMALL)
    expected = scores_and_activations(random_tensors(SMALL), jets)
    order = np.random.default_rng(2).permutation(30)
    for given in (jets, jets[:, order]):
        found = runner.run({"particles": given})
        np.testing.assert_allclose(found["scores"], expected[0], atol=1e-5)
        np.testing.assert_allclose(found["activations"], expected[1], atol=1e-5)


def test_the_demonstration_compares_with_the_definition(weights):
    shown = particlenet_fpnd.demonstrate(models.load(weights))
    assert shown.metrics["max_difference"] < 1e-5
    assert models.sample_for(models.recognise(weights))["particles"].shape == (16, 30, 3)


def test_the_onnx_file_computes_the_same_as_a_plain_graph(weights, tmp_path):
    (tmp_path / "pnet.onnx").write_bytes(models.onnx_graph(models.recognise(weights)))
    assert models.recognise(tmp_path / "pnet.onnx") is None
    jets, made = models.sample_for(models.recognise(weights)), runners.load("onnx", tmp_path / "pnet.onnx")
    np.testing.assert_allclose(made.run(jets)["scores"], models.load(weights).run(jets)["scores"], atol=1e-5)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("edge_nets.0.model.0.weight", np.zeros((4, 5), np.float32)),
        ("edge_nets.1.model.3.bias", np.zeros(5, np.float32)),
        ("edge_convs.0.nn.model.0.bias", np.zeros(4, np.float32)),  # a copy that differs
        ("edge_convs.0.nn.model.9.bias", np.zeros(4, np.float32)),
        ("fc1.0.weight", np.zeros((7, 12), np.float32)),
        ("fc2.weight", np.zeros((), np.float32)),
        ("fc2.bias", np.zeros(5, np.int64)),
        ("fc3.bias", np.zeros(5, np.float32)),
        ("edge_nets.0.model.1.num_batches_tracked", np.zeros(2, np.int64)),
    ],
)
def test_a_network_with_similar_names_is_refused(tmp_path, name, array):
    tensors = random_tensors(SMALL)
    assert recognised(tensors, tmp_path)[0] is not None
    assert recognised(tensors | {name: array}, tmp_path) == (None, None)
    if name in tensors:
        assert recognised({key: item for key, item in tensors.items() if key != name}, tmp_path)[0] is None


def test_particles_are_normalised_as_in_jetnet():
    largest = np.array([[[1.6211985349655151, 0.520724892616272, 0.8934717178344727]]])
    np.testing.assert_allclose(normalised(largest), [[[1, 1, 0.5]]])
    np.testing.assert_array_equal(normalised(0 * largest), [[[0, 0, -0.5]]])


def test_jets_are_read_from_either_kind_of_file(tmp_path):
    jets = toy_jets(SMALL)
    np.save(tmp_path / "a.npy", jets)
    np.savez(tmp_path / "a.npz", particles=jets, labels=np.arange(16) % 5)
    for name in ("a.npy", "a.npz"):
        np.testing.assert_array_equal(
            particlenet_fpnd.read_inputs(tmp_path / name, 2, 4).arrays["particles"], jets[2:4]
        )
        assert particlenet_fpnd.count_inputs(tmp_path / name) == 16
    np.savez(tmp_path / "b.npz", jets=jets)
    with pytest.raises(ModelError, match=r"b\.npz has no array 'particles'"):
        particlenet_fpnd.read_inputs(tmp_path / "b.npz")
    assert particlenet_fpnd.sample_inputs()["particles"].shape == (16, 30, 3)


def test_accuracy_is_that_of_the_highest_score():
    found = particlenet_fpnd.measure({"scores": np.array([[5.0, 0], [0, 5]])}, np.array([0, 0]))
    assert found["accuracy"] == 0.5


@pytest.mark.shared
@pytest.mark.torch
def test_the_published_network_runs_and_agrees(shared):
    folder = shared / "models-in-the-wild/weights/rkansal47+JetNet/jetnet/evaluation/fpnd_resources/jetnet"
    found = models.recognise(folder / "30_particles/pnet_state_dict.pt")
    assert found.published_name == "pnet_state_dict.pt"
    for runtime in ("onnx", "torch"):
        shown = particlenet_fpnd.demonstrate(models.load(found, runtime=runtime))
        assert shown.metrics["max_difference"] < 5e-5  # of scores up to 9


def test_particles_that_are_not_finite_are_refused(weights):
    jets = toy_jets(SMALL)
    jets[6, 3, 1] = np.nan
    with pytest.raises(ModelError, match=r"particles of row 6 is nan at \(3, 1\) \(phirel\)"):
        models.load(weights).run({"particles": jets})
