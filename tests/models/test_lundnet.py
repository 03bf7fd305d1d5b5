# SPDX-License-Identifier: MIT
"""LundNet: recognised by its tensors, computed as defined on Lund trees, and nothing but trees taken."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import models, runners
from fairreg.errors import ModelError
from fairreg.models.common.weight_file import WeightFile
from fairreg.models.lundnet.definition import logits
from fairreg.models.lundnet.inputs import check, toy_trees
from fairreg.models.lundnet.sizes import FEATURES, LundNetSizes
from fairreg.runners.weights import fingerprint_of
from support.weight_files import Files

lundnet = models.get("lundnet")
TOLERANCE = 1e-5
RUNTIMES = ["onnx", pytest.param("torch", marks=pytest.mark.torch)]
SMALL = LundNetSizes(input_dims=3, conv_params=((4, 5), (6, 5), (3, 2)), fc_params=(7, 4), num_classes=2)
CONV = ((32, 32), (32, 32), (64, 64), (64, 64), (128, 128), (128, 128))
PUBLISHED = {
    number: LundNetSizes(input_dims=number, conv_params=CONV, fc_params=(256,), num_classes=2)
    for number in (3, 5)
}


def random_tensors(sizes=SMALL, seed=5):
    """Random weights with the published names; the first statistics fit logarithms: values stay near one."""
    random = np.random.default_rng(seed)
    tensors = {}
    for name, shape in sizes.shapes().items():
        drawn = random.normal(size=shape)
        if name.endswith("num_batches_tracked"):
            tensors[name] = np.array(7, dtype=np.int64)
            continue
        if name.endswith("running_var"):
            drawn = np.exp(0.5 * drawn) * (9 if name.startswith("bn_fts") else 1)
        elif len(shape) == 2:
            drawn *= 0.9 / np.sqrt(shape[1])
        elif name.endswith("weight"):
            drawn = 1 + 0.3 * drawn
        else:
            drawn *= 0.3
        tensors[name] = drawn.astype(np.float32)
    return tensors


def save(folder, tensors=None, name="W_QCD_500GeV_LundNet3_state.pt"):
    path = folder / name
    path.write_bytes(Files().zipped(random_tensors() if tensors is None else tensors))
    return path


def permuted(arrays, seed=3):
    """The same trees with their slots, padded ones included, in another order in each jet."""
    random = np.random.default_rng(seed)
    jets, slots = arrays["mask"].shape
    order = random.permuted(np.tile(np.arange(slots), (jets, 1)), axis=1)
    place = np.argsort(order, axis=1)
    parents = np.take_along_axis(arrays["parents"], order, axis=1)
    moved = np.where(parents < 0, -1, np.take_along_axis(place, np.maximum(parents, 0), axis=1))
    return {
        "node_features": np.take_along_axis(arrays["node_features"], order[:, :, None], axis=1),
        "parents": moved,
        "mask": np.take_along_axis(arrays["mask"], order, axis=1),
    }


# Recognition


@pytest.mark.parametrize("number", [3, 5])
def test_a_network_is_recognised_with_its_sizes(tmp_path, number):
    sizes = PUBLISHED[number]
    tensors = random_tensors(sizes)
    found = models.recognise(save(tmp_path, tensors))
    assert (found.model, found.title, found.obstacle) == ("lundnet", f"LundNet-{number}", None)
    assert found.fingerprint == fingerprint_of(tensors)
    trained = [array.size for name, array in tensors.items() if name.endswith(("weight", "bias"))]
    assert found.parameter_count == sum(trained)
    # As in the INFO.txt beside each published file.
    conv = "[[32, 32], [32, 32], [64, 64], [64, 64], [128, 128], [128, 128]]"
    assert found.hyperparameters == {
        "input_dims": number,
        "conv_params": conv,
        "fc_params": "[256]",
        "num_classes": 2,
    }
    assert sizes.fused == 384
    assert "no published file was opened" in found.assumptions[0]
    assert ", ".join(FEATURES[number]) in found.assumptions[1]


def test_prefixes_of_wrappers_are_stripped(tmp_path):
    tensors = {f"module.{name}": array for name, array in random_tensors().items()}
    assert lundnet.demonstrate(models.load(save(tmp_path, tensors))).metrics["max_difference"] < TOLERANCE


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_tensor_missing_added_or_of_another_shape_or_type_is_another_network(data):
    tensors = random_tensors()
    name = data.draw(st.sampled_from(sorted(tensors)))
    array = tensors[name]
    wider = np.ones((*array.shape[:-1], (array.shape or (0,))[-1] + 3), dtype=array.dtype)
    other = np.int64 if array.dtype.kind == "f" else np.float32
    changes = [{}, {name: array.astype(other)}, {name: array[None]}, {name: wider}]
    changes.append({name: array, f"{name}.more": array})
    del tensors[name]
    with pytest.raises(ModelError):
        LundNetSizes.from_tensors(tensors | data.draw(st.sampled_from(changes)))


def test_the_authors_particlenet_and_other_numbers_of_features_are_not_recognised(tmp_path):
    """ParticleNet has the same names, three layers in each block and no fusion block."""
    tensors = random_tensors()
    without = {name: array for name, array in tensors.items() if not name.startswith("fusion_block")}
    third = {"edge_convs.0.fcs.1.weight": np.ones((5, 5), np.float32)}
    wide = LundNetSizes(input_dims=6, conv_params=((4, 5),), fc_params=(3,), num_classes=2)
    for other in (without, tensors | third, random_tensors(wide), {}):
        assert lundnet.recognise_weights(WeightFile(tmp_path / "state.pt", "pytorch", other)) is None


# Agreement with the definition


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("sizes", [SMALL, PUBLISHED[5]], ids=["small", "published"])
def test_the_engines_agree_with_the_definition(tmp_path, runtime, sizes):
    runner = models.load(save(tmp_path, random_tensors(sizes)), runtime=runtime)
    arrays = permuted(toy_trees(sizes.input_dims))
    found = runner.run(arrays)
    expected = lundnet.definition(runner.network, arrays)["logits"]
    assert 0.1 < np.abs(expected - expected.mean(axis=0)).max() < 20
    assert np.abs(found["logits"] - expected).max() < TOLERANCE
    exact = np.exp(expected) / np.exp(expected).sum(axis=1, keepdims=True)
    assert np.abs(found["probabilities"] - exact).max() < TOLERANCE


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_demonstration_compares_with_the_definition(tmp_path, runtime):
    result = lundnet.demonstrate(models.load(save(tmp_path), runtime=runtime))
    assert result.items == 8
    assert 0 < result.metrics["max_difference"] < TOLERANCE
    assert "toy sample" in result.warnings[0]


@pytest.mark.torch
def test_the_layers_of_pytorch_give_the_definition():
    """PyTorch's own layers on a list of directed edges, put together in the order of the authors."""
    import torch
    from torch import nn

    tensors = random_tensors()

    def layer(name, kind):
        state = {
            key.removeprefix(f"{name}."): torch.from_numpy(array)
            for key, array in tensors.items()
            if key.startswith(f"{name}.")
        }
        shape = state["weight"].shape
        made = kind(shape[0]) if kind is nn.BatchNorm1d else kind(shape[1], shape[0], bias="bias" in state)
        made.load_state_dict(state)
        return made.double().eval()

    arrays = toy_trees(SMALL.input_dims)
    features, parents = arrays["node_features"][3], arrays["parents"][3]
    kept = arrays["mask"][3] > 0
    expected = logits(tensors, SMALL, features[kept], parents[kept])
    linked = np.flatnonzero(parents[kept] >= 0)
    source = torch.from_numpy(np.concatenate([linked, parents[kept][linked]]))
    target = torch.from_numpy(np.concatenate([parents[kept][linked], linked]))

    x, outputs = layer("bn_fts", nn.BatchNorm1d)(torch.from_numpy(features[kept]).double()), []
    for number in range(len(SMALL.conv_params)):
        name = f"edge_convs.{number}"
        e = layer(f"{name}.theta", nn.Linear)(x[target] - x[source]) + layer(f"{name}.phi", nn.Linear)(
            x[source]
        )
        e = layer(f"{name}.bns.0", nn.BatchNorm1d)(e).relu()
        e = layer(f"{name}.bns.1", nn.BatchNorm1d)(layer(f"{name}.fcs.0", nn.Linear)(e)).relu()
        mean = torch.stack([e[target == node].mean(0) for node in range(len(x))])
        shortcut = x
        if f"{name}.sc.weight" in tensors:
            shortcut = layer(f"{name}.sc_bn", nn.BatchNorm1d)(layer(f"{name}.sc", nn.Linear)(x))
        x = (mean + shortcut).relu()
        outputs.append(x)
    fused = layer("fusion_block.0", nn.Linear)(torch.cat(outputs, 1)).relu()
    value = layer("fusion_block.2", nn.BatchNorm1d)(fused).mean(0)
    for number in range(len(SMALL.fc_params)):
        value = layer(f"fc.{number}.0", nn.Linear)(value).relu()
    found = layer(f"fc.{len(SMALL.fc_params)}", nn.Linear)(value).detach().numpy()
    assert np.abs(found - expected).max() < 1e-12


def test_the_graph_runs_by_itself(tmp_path):
    path = save(tmp_path)
    (tmp_path / "model.onnx").write_bytes(models.onnx_graph(models.recognise(path)))
    arrays = toy_trees(SMALL.input_dims)
    plain = runners.load("onnx", tmp_path / "model.onnx").run(arrays)
    for name, found in models.load(path).run(arrays).items():
        assert np.array_equal(found, plain[name])


# Symmetry and padding


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_permuting_the_nodes_changes_nothing(tmp_path, runtime):
    runner = models.load(save(tmp_path), runtime=runtime)
    arrays = toy_trees(SMALL.input_dims)
    found = runner.run(permuted(arrays))["logits"]
    assert np.allclose(found, runner.run(arrays)["logits"], rtol=0, atol=2e-6)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_padded_slots_change_nothing_whatever_they_hold(tmp_path, runtime):
    runner = models.load(save(tmp_path), runtime=runtime)
    arrays = toy_trees(SMALL.input_dims)
    padded = arrays["mask"] == 0
    filled = {name: array.copy() for name, array in arrays.items()}
    filled["node_features"][padded] = [np.inf, np.nan, -9]
    filled["parents"][padded] = 0
    expected = runner.run(arrays)["logits"]
    assert np.array_equal(runner.run(filled)["logits"], expected)
    longer = {
        name: np.concatenate([array, np.ones_like(array[:, :3]) * (name != "mask")], axis=1)
        for name, array in arrays.items()
    }
    longer["parents"] = longer["parents"].astype(np.int64)
    assert np.allclose(runner.run(longer)["logits"], expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_jets_do_not_depend_on_each_other(tmp_path, runtime):
    path, arrays = save(tmp_path), toy_trees(SMALL.input_dims)
    whole = models.load(path, runtime=runtime).run(arrays)["logits"]
    # A batch may be of jets of one node only, without any edge.
    parts = models.load(path, runtime=runtime, batch_size=1).run(arrays)["logits"]
    assert np.isfinite(parts).all()
    assert np.allclose(whole, parts, rtol=0, atol=2e-6)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_tree_matters(tmp_path, runtime):
    runner = models.load(save(tmp_path), runtime=runtime)
    arrays = toy_trees(SMALL.input_dims)
    chain = np.where(arrays["mask"] > 0, np.arange(16) - 1, -1)
    difference = runner.run(arrays)["logits"] - runner.run(arrays | {"parents": chain})["logits"]
    assert np.abs(difference).max() > 1e-3


# Inputs


@pytest.mark.parametrize(
    ("parents", "message"),
    [
        ([-1, 0, 7], "the parent 7, which is not another node"),
        ([-1, 0, -2], "the parent -2, which is not another node"),
        ([-1, 1, 0], "the parent 1, which is not another node"),
        ([-1, 3, 0], "the parent 3, which is not another node"),
        ([-1, -1, 0], "2 nodes with the parent -1"),
        ([1, 2, 0], "0 nodes with the parent -1"),
        ([-1, 2, 1], "its own ancestor"),
    ],
)
def test_nodes_that_form_no_tree_are_refused(tmp_path, parents, message):
    runner = models.load(save(tmp_path))
    arrays = {
        "node_features": np.zeros((2, 4, 3), np.float32),
        "parents": np.array([[-1, 0, 1, 0], [*parents, 5]]),
        "mask": np.array([[1, 1, 1, 1], [1, 1, 1, 0]], np.float32),
    }
    with pytest.raises(ModelError, match=message):
        runner.run(arrays)


def test_a_jet_without_nodes_is_refused():
    with pytest.raises(ModelError, match="A jet has no nodes") as caught:
        check(np.full((2, 3), -1), np.array([[1, 0, 0], [0, 0, 0]]))
    assert "one node of zeros" in caught.value.hint


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-2, 6), min_size=1, max_size=6), st.data())
def test_exactly_the_trees_are_accepted(parents, data):
    real = data.draw(st.lists(st.booleans(), min_size=len(parents), max_size=len(parents)))

    def is_rooted(node, steps):
        if steps > len(parents) or not (0 <= node < len(parents)) or not real[node]:
            return False
        return parents[node] == -1 or is_rooted(parents[node], steps + 1)

    nodes = [node for node, kept in enumerate(real) if kept]
    tree = sum(parents[node] == -1 for node in nodes) == 1 and all(is_rooted(node, 0) for node in nodes)
    try:
        check(np.array([parents]), np.array([real], dtype=float))
    except ModelError:
        assert not tree
    else:
        assert tree


@pytest.mark.parametrize("number", sorted(FEATURES))
def test_toy_trees_are_lund_trees_with_the_features_in_order(number):
    arrays = toy_trees(number)
    check(arrays["parents"], arrays["mask"])
    real = arrays["mask"] > 0
    assert real.sum(axis=1).min() == 1
    assert not arrays["node_features"][0].any()
    for jet in range(8):
        kept = arrays["parents"][jet][real[jet]]
        assert np.bincount(kept[kept >= 0], minlength=1).max() <= 2
    values = dict(
        zip(FEATURES[number], np.moveaxis(arrays["node_features"][1:][real[1:]], 1, 0), strict=True)
    )
    if "lnz" in values:
        assert np.log(0.01) <= values["lnz"].min() <= values["lnz"].max() <= np.log(0.5)
        # kT = pT2 Delta and z = pT2 / (pT1 + pT2) give the momentum of both subjets, at most that of the jet.
        momentum = np.exp(values["lnKt"] - values["lnz"] - values["lnDelta"])
        assert momentum.max() == pytest.approx(500, rel=1e-4)


def test_trees_and_labels_are_read_from_a_file(tmp_path):
    arrays = toy_trees(3)
    labels = np.eye(2)[np.arange(8) % 2]
    np.savez(tmp_path / "trees.npz", **arrays, labels=labels)
    found = lundnet.read_inputs(tmp_path / "trees.npz", 2, 6)
    assert np.array_equal(found.labels, labels[2:6])
    assert all(np.array_equal(found.arrays[name], array[2:6]) for name, array in arrays.items())
    assert lundnet.count_inputs(tmp_path / "trees.npz") == 8
    figures = lundnet.measure({"probabilities": labels}, labels)
    assert figures == {"accuracy": 1, "roc_auc": 1}
    np.savez(tmp_path / "other.npz", jets=np.ones(3))
    with pytest.raises(ModelError, match="has no array node_features"):
        lundnet.read_inputs(tmp_path / "other.npz")


def test_coordinates_that_are_not_finite_are_refused_unless_they_are_padding(tmp_path):
    runner, arrays = models.load(save(tmp_path)), toy_trees(SMALL.input_dims)
    arrays["node_features"][0, 1:] = np.nan
    assert np.isfinite(runner.run(arrays)["logits"]).all()
    arrays["node_features"][0, 0, 2] = np.inf
    with pytest.raises(ModelError, match=r"node_features of row 0 is inf at \(0, 2\) \(lnKt\)"):
        runner.run(arrays)
