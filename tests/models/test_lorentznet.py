# SPDX-License-Identifier: MIT
"""LorentzNet: recognised by names and shapes, computed as defined, and as symmetric as the paper says."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import models
from fairreg.errors import ModelError, SecurityRefusal
from fairreg.models.lorentznet.definition import BEAMS, METRIC, JetNodes, logits, nodes_of
from fairreg.models.lorentznet.graph import onnx_bytes
from fairreg.models.lorentznet.inputs import toy_jets
from fairreg.models.lorentznet.sizes import LorentzNetSizes
from fairreg.runners.weights import fingerprint, fingerprint_of
from support.weight_files import Files

lorentznet = models.get("lorentznet")

TOP = LorentzNetSizes(scalars=2, hidden=5, classes=2, layers=3)
QUARK_GLUON = LorentzNetSizes(scalars=8, hidden=5, classes=2, layers=3)
OTHER = LorentzNetSizes(scalars=3, hidden=4, classes=4, layers=2)
TOLERANCE = 1e-5
RUNTIMES = ["onnx", pytest.param("torch", marks=pytest.mark.torch)]


def random_tensors(sizes, seed=7):
    """Random weights with the published names and shapes; coordinates move by about their own size."""
    random = np.random.default_rng(seed)
    tensors = {}
    for name, shape in sizes.shapes().items():
        if name.endswith("num_batches_tracked"):
            tensors[name] = np.array(1000, dtype=np.int64)
        elif name.endswith("running_var"):
            tensors[name] = random.uniform(0.5, 2, shape).astype(np.float32)
        else:
            scale = np.sqrt(shape[-1]) if len(shape) == 2 else 2
            tensors[name] = (random.normal(size=shape) / scale).astype(np.float32)
    return tensors


def save(folder, tensors, c_weight=0.05, name="best-val-model.pt", **more):
    """The file as the authors' programs write it: names under ``module.``, arguments beside."""
    path = folder / name
    path.write_bytes(Files().zipped({f"module.{name}": array for name, array in tensors.items()}))
    if c_weight is not None:
        (folder / "args.json").write_text(json.dumps({"exp_name": "own", "c_weight": c_weight} | more))
    return path


def expected(tensors, arrays, c_weight=0.05):
    sizes = LorentzNetSizes.from_tensors(tensors)
    nodes = (nodes_of(arrays, jet, sizes.scalars) for jet in range(len(arrays["four_momenta"])))
    return np.stack([logits(tensors, c_weight, item) for item in nodes])


def boost(beta, axis):
    """A boost along an axis after a rotation in its plane and another."""
    gamma = 1 / np.sqrt(1 - beta**2)
    found = np.eye(4)
    found[0, 0] = found[axis, axis] = gamma
    found[0, axis] = found[axis, 0] = -gamma * beta
    return found


def rotation(angle, one, other):
    found = np.eye(4)
    found[one, one] = found[other, other] = np.cos(angle)
    found[one, other], found[other, one] = -np.sin(angle), np.sin(angle)
    return found


# Recognition


def test_the_published_sizes_are_135_tensors_under_the_prefix_of_the_parallel_wrapper(tmp_path):
    published = LorentzNetSizes(scalars=2, hidden=72, classes=2, layers=6)
    assert len(published.shapes()) == 135
    path = save(tmp_path, random_tensors(published), c_weight=0.005, n_hidden=72, n_layers=6)
    found = models.recognise(path)
    assert (found.model, found.title) == ("lorentznet", "LorentzNet for top tagging")
    stated = {"scalars": 2, "hidden": 72, "classes": 2, "layers": 6, "c_weight": 0.005}
    assert found.hyperparameters == stated
    assert found.fingerprint == fingerprint(path)


def test_parameters_are_counted_without_the_statistics(tmp_path):
    found = models.recognise(save(tmp_path, random_tensors(TOP)))
    tensors = random_tensors(TOP)
    trained = [
        array.size
        for name, array in tensors.items()
        if "running_" not in name and not name.endswith("num_batches_tracked")
    ]
    assert found.parameter_count == sum(trained)


@pytest.mark.parametrize("name", ["embedding.bias", "LGEBs.1.phi_x.2.weight", "LGEBs.2.phi_m.0.bias"])
def test_a_missing_tensor_is_another_network(tmp_path, name):
    tensors = random_tensors(TOP)
    del tensors[name]
    assert models.recognise(save(tmp_path, tensors)) is None


@pytest.mark.parametrize("name", ["LGEBs.2.phi_x.2.weight", "LGEBs.0.phi_q.0.bias", "head.weight"])
def test_another_tensor_is_another_network(tmp_path, name):
    tensors = random_tensors(TOP) | {name: np.zeros((1, 5), dtype=np.float32)}
    assert models.recognise(save(tmp_path, tensors)) is None


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(TOP.shapes())), st.sampled_from(["longer", "flat", "boolean"]))
def test_a_tensor_of_another_shape_or_type_is_another_network(name, change):
    tensors = random_tensors(TOP)
    array = tensors[name]
    changes = {
        "longer": np.ones((7, *array.shape), dtype=array.dtype),
        "flat": np.ones(array.size + 3, dtype=array.dtype),
        "boolean": array.astype(bool),
    }
    with pytest.raises(ModelError, match="not those of a LorentzNet"):
        LorentzNetSizes.from_tensors(tensors | {name: changes[change]})


# The weight c of the coordinates' update


def test_without_arguments_the_default_of_the_authors_program_is_a_stated_assumption(tmp_path):
    for sizes, weight, program in ((TOP, 0.005, "top_tagging.py"), (QUARK_GLUON, 0.001, "qg_tagging.py")):
        found = models.recognise(save(tmp_path, random_tensors(sizes), c_weight=None))
        assert found.hyperparameters["c_weight"] == weight
        assert program in found.assumptions[0]


def test_the_weight_stands_in_the_arguments_and_matters(tmp_path):
    tensors, arrays = random_tensors(TOP), toy_jets(2)
    still = models.load(save(tmp_path, tensors, c_weight=0.0)).run(arrays)["logits"]
    moved = models.load(save(tmp_path, tensors, c_weight=0.05)).run(arrays)["logits"]
    assert np.abs(still - moved).max() > 1e-3
    np.testing.assert_allclose(moved, expected(tensors, arrays), atol=TOLERANCE)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"c_weight": "0.005"}', "states c_weight as something that is not a number"),
        ('{"c_weight": 0.005, "n_hidden": 72}', "its n_hidden is 72, that of the weights 5"),
        ('{"c_weight": 0.005, "n_layers": 6}', "its n_layers is 6, that of the weights 3"),
        ("{}", "does not state c_weight"),
        ('{"c_weight": NaN}', "nan, which is not a finite number"),
        ('{"c_weight": 1e999}', "inf, which is not a finite number"),
        ('{"c_weight": 1e308}', "1e+308, which is not a finite number (float32)"),
        ('{"c_weight": ' + "9" * 5000 + "}", "an integer of 5000 digits"),
        ('{"c_weight": 0.005, "c_weight": 0.001}', "states 'c_weight' more than once"),
        ('{"c_weight": 0.005, "x": ' + "[" * 60_000, "is not valid JSON"),
        ('{"c_weight": 0.005, "x": "' + "x" * 70_000 + '"}', "more than 65536"),
    ],
)
def test_arguments_of_another_network_are_said_and_nothing_is_computed(tmp_path, text, why):
    path = save(tmp_path, random_tensors(TOP), c_weight=None)
    (tmp_path / "args.json").write_text(text)
    found = models.recognise(path)
    assert "c_weight" not in found.hyperparameters
    assert why in found.obstacle.message
    with pytest.raises(ModelError) as caught:
        models.load(found)
    assert caught.value.message == found.obstacle.message
    assert "args.json" in found.obstacle.message
    assert found.obstacle.hint or "too large" in found.obstacle.message


def test_a_negative_weight_is_computed_as_the_authors_programs_would(tmp_path):
    tensors, arrays = random_tensors(TOP), toy_jets(2)
    found = models.load(save(tmp_path, tensors, c_weight=-0.05)).run(arrays)["logits"]
    np.testing.assert_allclose(found, expected(tensors, arrays, -0.05), atol=TOLERANCE)


def test_arguments_behind_a_link_are_refused(tmp_path):
    path = save(tmp_path, random_tensors(TOP), c_weight=None)
    (tmp_path / "elsewhere.json").write_text('{"c_weight": 0.005}')
    (tmp_path / "args.json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(SecurityRefusal, match="is a link or no regular file"):
        models.recognise(path)
    (tmp_path / "args.json").unlink()
    (tmp_path / "args.json").mkdir()
    with pytest.raises(SecurityRefusal, match="is a link or no regular file"):
        models.recognise(path)


# Agreement


@pytest.mark.sliced(2)
@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("sizes", [TOP, QUARK_GLUON, OTHER], ids=["top", "quark-gluon", "other"])
def test_every_runtime_agrees_with_the_definition(tmp_path, sizes, runtime):
    tensors, arrays = random_tensors(sizes), toy_jets(sizes.scalars)
    with models.load(save(tmp_path, tensors), runtime=runtime) as runner:
        found = runner.run(arrays)
        assert models.get("lorentznet").demonstrate(runner).metrics["max_difference"] < TOLERANCE
    np.testing.assert_allclose(found["logits"], expected(tensors, arrays), atol=TOLERANCE)
    np.testing.assert_allclose(found["probabilities"].sum(axis=1), 1, atol=1e-6)
    spread = np.abs(found["logits"] - found["logits"].mean(axis=0)).max()
    assert spread > 100 * TOLERANCE  # jets differ by more than the tolerance


def test_the_graph_holds_the_weights_themselves(tmp_path):
    tensors = random_tensors(TOP)
    (tmp_path / "graph.onnx").write_bytes(onnx_bytes(tensors, 0.05))
    from fairreg.runners.weights import read_tensors

    graph = read_tensors(tmp_path / "graph.onnx")
    floating = {name: array for name, array in tensors.items() if not name.endswith("tracked")}
    assert fingerprint_of(graph) == fingerprint_of(floating)


@pytest.mark.torch
@pytest.mark.parametrize("sizes", [TOP, QUARK_GLUON], ids=["top", "quark-gluon"])
def test_the_definition_agrees_with_layers_of_torch_on_a_list_of_edges(sizes):
    """A third reading of the equations: PyTorch's own layers, edges as pairs of indices."""
    import torch

    tensors, arrays = random_tensors(sizes), toy_jets(sizes.scalars)
    weights = {name: torch.from_numpy(array).double() for name, array in tensors.items()}
    linear, batch_norm = torch.nn.functional.linear, torch.nn.functional.batch_norm

    def layer(name, value):
        return linear(value, weights[f"{name}.weight"], weights.get(f"{name}.bias"))

    def normalised(name, value):
        kinds = ("running_mean", "running_var", "weight", "bias")
        return batch_norm(value, *(weights[f"{name}.{kind}"] for kind in kinds))

    for jet in range(len(arrays["four_momenta"])):
        nodes = nodes_of(arrays, jet, sizes.scalars)
        x, scalars = torch.from_numpy(nodes.momenta), torch.from_numpy(nodes.scalars)
        real = torch.from_numpy(nodes.real)
        i, j = torch.nonzero(real[:, None] & real[None] & ~torch.eye(len(x), dtype=torch.bool)).T
        degree = torch.bincount(i, minlength=len(x)).clamp(min=1)[:, None]
        h = layer("embedding", scalars)
        for number in range(sizes.layers):
            name = f"LGEBs.{number}"
            products = [2 * v[:, 0] - v.sum(1) for v in ((x[i] - x[j]) ** 2, x[i] * x[j])]
            features = [(p.sign() * p.abs().log1p())[:, None] for p in products]
            m = normalised(f"{name}.phi_e.1", layer(f"{name}.phi_e.0", torch.cat([h[i], h[j], *features], 1)))
            m = layer(f"{name}.phi_e.3", m.relu()).relu()
            m = m * layer(f"{name}.phi_m.0", m).sigmoid()
            if number < sizes.layers - 1:
                step = (x[i] - x[j]) * layer(f"{name}.phi_x.2", layer(f"{name}.phi_x.0", m).relu())
                moved = torch.zeros_like(x).index_add(0, i, step.clamp(-100, 100))
                x = x + 0.05 * moved / degree
            total = torch.zeros_like(h).index_add(0, i, m)
            hidden = normalised(
                f"{name}.phi_h.1", layer(f"{name}.phi_h.0", torch.cat([h, total, scalars], 1))
            )
            h = h + layer(f"{name}.phi_h.3", hidden.relu())
        found = layer("graph_dec.3", layer("graph_dec.0", (h * real[:, None]).mean(0)).relu())
        np.testing.assert_allclose(found.numpy(), logits(tensors, 0.05, nodes), atol=1e-10)


# Symmetries


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_boosts_and_rotations_change_no_logit_without_beams(tmp_path, runtime):
    tensors, arrays = random_tensors(QUARK_GLUON), toy_jets(8)
    # Small steps: the clamp of the published network is not covariant where it acts.
    for name in tensors:
        if name.endswith("phi_x.2.weight"):
            tensors[name] *= 0.01
    runner = models.load(save(tmp_path, tensors), runtime=runtime)
    before = runner.run(arrays)["logits"]
    for transformation in (boost(0.6, 1), boost(-0.8, 3), rotation(1.1, 1, 3) @ boost(0.5, 2)):
        np.testing.assert_allclose(
            transformation.T @ np.diag(METRIC) @ transformation, np.diag(METRIC), atol=1e-12
        )
        turned = arrays | {"four_momenta": arrays["four_momenta"] @ transformation.T}
        np.testing.assert_allclose(runner.run(turned)["logits"], before, atol=TOLERANCE)


def test_boosts_with_the_beams_change_no_logit():
    tensors, arrays = random_tensors(TOP), toy_jets(2)
    for name in tensors:
        if name.endswith("phi_x.2.weight"):
            tensors[name] *= 0.01
    transformation = rotation(0.7, 2, 3) @ boost(0.6, 1)
    nodes = nodes_of(arrays, 0, 2)
    turned = JetNodes(nodes.momenta @ transformation.T, nodes.scalars, nodes.real)
    np.testing.assert_allclose(logits(tensors, 0.05, turned), logits(tensors, 0.05, nodes), atol=1e-9)
    # With the beams where they are, the boosted jet is another one.
    alone = JetNodes(np.concatenate([BEAMS, turned.momenta[2:]]), nodes.scalars, nodes.real)
    assert np.abs(logits(tensors, 0.05, alone) - logits(tensors, 0.05, nodes)).max() > 1e-4


def test_rotations_around_the_beams_change_no_logit_of_a_top_tagger(tmp_path):
    arrays = toy_jets(2)
    runner = models.load(save(tmp_path, random_tensors(TOP), c_weight=1e-4))
    turned = {"four_momenta": arrays["four_momenta"] @ rotation(1.3, 1, 2).T}
    np.testing.assert_allclose(runner.run(turned)["logits"], runner.run(arrays)["logits"], atol=TOLERANCE)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("sizes", [TOP, QUARK_GLUON], ids=["top", "quark-gluon"])
def test_permuting_the_particles_changes_nothing(tmp_path, sizes, runtime):
    arrays = toy_jets(sizes.scalars)
    runner = models.load(save(tmp_path, random_tensors(sizes)), runtime=runtime)
    order = np.random.default_rng(3).permutation(arrays["four_momenta"].shape[1])
    shuffled = {name: array[:, order] for name, array in arrays.items()}
    np.testing.assert_allclose(runner.run(shuffled)["logits"], runner.run(arrays)["logits"], atol=TOLERANCE)


def padding(arrays):
    """The padded slots of toy jets (jets, slots)."""
    if "mask" in arrays:
        return arrays["mask"] == 0
    return arrays["pdg_id" if "pdg_id" in arrays else "four_momenta"].reshape(8, 16, -1)[:, :, 0] == 0


@pytest.mark.sliced(7)
@pytest.mark.parametrize("rubbish", [1e3, np.nan, np.inf, -1e300])
@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("sizes", [TOP, QUARK_GLUON, OTHER], ids=["top", "quark-gluon", "other"])
def test_what_stands_in_padded_slots_changes_nothing(tmp_path, sizes, runtime, rubbish):
    tensors, arrays = random_tensors(sizes), dict(toy_jets(sizes.scalars))
    runner = models.load(save(tmp_path, tensors), runtime=runtime)
    before = runner.run(arrays)["logits"]
    padded = padding(arrays)
    assert padded.any()
    momenta = np.where(padded[:, :, None], rubbish, arrays["four_momenta"])
    if sizes is TOP:  # E = 0 marks padding
        momenta[:, :, 0] = arrays["four_momenta"][:, :, 0]
    arrays["four_momenta"] = momenta
    if sizes is OTHER and abs(rubbish) != 1e300:  # beyond float32
        arrays["scalars"] = np.where(padded[:, :, None], np.float32(rubbish), arrays["scalars"])
    np.testing.assert_allclose(runner.run(arrays)["logits"], before, atol=TOLERANCE)
    np.testing.assert_allclose(expected(tensors, arrays), before, atol=TOLERANCE)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("sizes", [TOP, QUARK_GLUON, OTHER], ids=["top", "quark-gluon", "other"])
def test_jets_without_slots_are_refused_where_there_are_no_beams(tmp_path, sizes, runtime):
    tensors = random_tensors(sizes)
    arrays = {name: array[:, :0] for name, array in toy_jets(sizes.scalars).items()}
    runner = models.load(save(tmp_path, tensors), runtime=runtime)
    if sizes is TOP:
        found = runner.run(arrays)["logits"]
        np.testing.assert_allclose(found, expected(tensors, arrays), atol=TOLERANCE)
    else:
        with pytest.raises(ModelError, match="have no slots for particles"):
            runner.run(arrays)


def test_the_number_of_slots_divides_the_sum_as_in_the_authors_class(tmp_path):
    tensors, arrays = random_tensors(TOP), toy_jets(2)
    longer = {"four_momenta": np.pad(arrays["four_momenta"], ((0, 0), (0, 9), (0, 0)))}
    found = models.recognise(save(tmp_path, tensors))
    assert "padding included" in found.assumptions[-1]
    after = models.load(found).run(longer)["logits"]
    assert np.abs(after - expected(tensors, arrays)).max() > 1e-3
    # The same sum over the particles, divided by 27 nodes in the place of 18.
    scaled = dict(tensors) | {"graph_dec.0.weight": tensors["graph_dec.0.weight"] * np.float32(18 / 27)}
    np.testing.assert_allclose(after, expected(scaled, arrays), atol=TOLERANCE)


def test_jets_do_not_depend_on_each_other(tmp_path):
    arrays = toy_jets(2)
    runner = models.load(save(tmp_path, random_tensors(TOP)), batch_size=3)
    alone = np.concatenate(
        [runner.run({"four_momenta": arrays["four_momenta"][[jet]]})["logits"] for jet in range(8)]
    )
    np.testing.assert_allclose(runner.run(arrays)["logits"], alone, atol=1e-6)


def test_jets_of_one_particle_and_of_none_are_computed(tmp_path):
    tensors = random_tensors(QUARK_GLUON)
    arrays = {"four_momenta": np.zeros((2, 4, 4)), "pdg_id": np.zeros((2, 4))}
    arrays["four_momenta"][0, 0], arrays["pdg_id"][0, 0] = [50.0, 30.0, 0.0, 40.0], -211
    found = models.load(save(tmp_path, tensors)).run(arrays)["logits"]
    np.testing.assert_allclose(found, expected(tensors, arrays), atol=TOLERANCE)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_particles_of_a_thousand_gev_agree_because_products_are_computed_in_float64(tmp_path, runtime):
    tensors, arrays = random_tensors(QUARK_GLUON), dict(toy_jets(8))
    arrays["four_momenta"] = arrays["four_momenta"] * 100
    found = models.load(save(tmp_path, tensors), runtime=runtime).run(arrays)["logits"]
    np.testing.assert_allclose(found, expected(tensors, arrays), atol=5 * TOLERANCE)


# Inputs and outputs


def test_inputs_and_outputs_have_physics_names(tmp_path):
    runner = models.load(save(tmp_path, random_tensors(QUARK_GLUON)))
    momenta, identifiers = runner.inputs
    assert [(item.name, item.unit) for item in momenta.features] == [
        ("E", "GeV"),
        ("px", "GeV"),
        ("py", "GeV"),
        ("pz", "GeV"),
    ]
    assert (momenta.shape, identifiers.shape) == (("jets", "particles", 4), ("jets", "particles"))
    assert [item.name for item in runner.outputs] == ["logits", "probabilities"]
    assert [item.name for item in runner.outputs[0].features] == ["gluon", "quark"]
    assert all(item.description for item in (*runner.inputs, *runner.outputs))


@pytest.mark.parametrize("names", [("four_momenta", "labels"), ("Pmu", "is_signal")])
def test_files_are_read_under_our_names_and_under_those_of_the_top_tagging_files(tmp_path, names):
    momenta, labels = toy_jets(2)["four_momenta"], np.arange(8) % 2
    path = tmp_path / "jets.npz"
    np.savez(path, **{names[0]: momenta, names[1]: labels, "Nobj": labels})
    found = lorentznet.read_inputs(path, 2, 7)
    np.testing.assert_array_equal(found.arrays["four_momenta"], momenta[2:7])
    np.testing.assert_array_equal(found.labels, labels[2:7])
    assert found.arrays.keys() == {"four_momenta"}
    assert lorentznet.count_inputs(path) == 8


def test_a_file_without_four_momenta_is_refused_with_the_next_step(tmp_path):
    np.savez(tmp_path / "jets.npz", pt=np.zeros(3))
    with pytest.raises(ModelError, match="no array 'four_momenta'") as caught:
        lorentznet.read_inputs(tmp_path / "jets.npz")
    assert "E, px, py, pz" in caught.value.hint


def test_labels_give_auc_and_accuracy():
    outputs = {"probabilities": np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])}
    assert lorentznet.measure(outputs, np.array([0, 1, 1])) == {
        "roc_auc": 1.0,
        "accuracy": pytest.approx(2 / 3),
    }


def test_the_onnx_graph_is_what_runs(tmp_path):
    from fairreg import runners

    found = models.recognise(save(tmp_path, random_tensors(TOP)))
    arrays = models.sample_for(found)
    graph = runners.load("onnx", models.onnx_graph(found), batch_size=4)
    assert [item.name for item in graph.inputs] == [item.name for item in models.load(found).inputs]
    np.testing.assert_array_equal(
        graph.run(arrays)["logits"], models.load(found, batch_size=4).run(arrays)["logits"]
    )


def test_the_toy_sample_has_padding_in_every_kind_of_network():
    for scalars in (2, 8, 3):
        arrays = toy_jets(scalars)
        energies = arrays["four_momenta"][:, :, 0]
        assert (energies == 0).any()
        masses = np.einsum("jpc,c,jpc->jp", arrays["four_momenta"], METRIC, arrays["four_momenta"])
        assert masses.min() > -1e-9


def test_a_runner_of_another_model_is_refused():
    with pytest.raises(ModelError, match="not a LorentzNet"):
        lorentznet.demonstrate(None)


def test_the_fingerprint_is_that_of_the_stored_tensors(tmp_path):
    tensors = random_tensors(TOP)
    found = models.recognise(save(tmp_path, tensors))
    assert found.fingerprint == fingerprint_of(tensors)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_four_momenta_that_are_not_finite_are_refused(tmp_path, value):
    arrays = dict(toy_jets(2))
    arrays["four_momenta"][3, 1, 2] = value
    with pytest.raises(ModelError, match=r"four_momenta of row 3 is .* at \(1, 2\) \(py\); inputs must"):
        models.load(save(tmp_path, random_tensors(TOP))).run(arrays)
