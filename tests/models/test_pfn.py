# SPDX-License-Identifier: MIT
"""Particle Flow Networks and Particle Flow Interaction Networks under their published names and shapes."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import models
from fairreg.errors import ModelError, SecurityRefusal, UsageError
from fairreg.models.base import Recognition
from fairreg.models.common.network_runner import KnownNetwork
from fairreg.models.pfn.architecture import ParticleFlowSizes, options_file
from fairreg.models.pfn.inputs import toy_jets
from fairreg.models.pfn.settings import ParticleFlowSettings
from fairreg.runners import onnx
from fairreg.runners.weights import fingerprint_of
from support.particle_flow import published, random_weights
from support.weight_files import Files

pfn = models.get("pfn")

PFN = ParticleFlowSizes(3, (9, 8, 7 + 1), (6, 5), 2)
PFIN = ParticleFlowSizes(3, (9, 8), (6, 5), 2, 10)
KINDS = {
    "pfn": PFN,
    "pfn_taus": replace(PFN, taus=7),
    "sum": PFIN,
    "cat": replace(PFIN, combination="cat"),
    "cat_taus": replace(PFIN, combination="cat", taus=7),
    "jetnet": replace(PFIN, classes=5),
    "jetclass": replace(PFIN, features=11, classes=10),
}
# The options that the training programs write, of which the settings come.
UQ = {
    "n_phiI": 10,
    "x_mode": "sum",
    "phi_nodes": "9,8",
    "f_nodes": "6,5",
    "data_type": "topdata",
    "skiplabels": "",
    "use_softmax": False,
    "use_dropout": False,
}
TOP = {
    "n_phiI": 10,
    "x_mode": "sum",
    "phi_nodes": "9,8",
    "f_nodes": "6,5",
    "preprocessed": True,
    "augmented": False,
}


def settings_for(sizes, output="softmax"):
    return ParticleFlowSettings("PFIN", output, tuple(f"class {number}" for number in range(sizes.classes)))


def runner_of(sizes, output="softmax", runtime="onnx", seed=0):
    tensors = random_weights(sizes.shapes(), seed)
    last = tensors[f"{sizes.last}.weight"]
    last[0] = abs(last[0])  # the first class always has evidence
    known = KnownNetwork(tensors, sizes, settings_for(sizes, output))
    return pfn.build(known, runtime=runtime, batch_size=128)


def worst(found, expected):
    """Largest difference, relative where a value exceeds 1: evidence has no upper bound."""
    assert found.keys() == expected.keys()
    return max(
        float((np.abs(found[name] - value) / np.maximum(1, np.abs(value))).max())
        for name, value in expected.items()
    )


def defined(runner, jets):
    taken = {item.name: jets[item.name] for item in runner.inputs}
    return pfn.definition(runner.network, taken)


@pytest.mark.parametrize("runtime", ["onnx", "torch"])
@pytest.mark.parametrize("output", ["softmax", "evidence"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_agrees_with_the_definition(kind, output, runtime):
    if runtime == "torch":
        pytest.importorskip("torch")
    runner = runner_of(KINDS[kind], output, runtime)
    jets = toy_jets(KINDS[kind], jets=7, slots=9)
    found = runner.run(jets)
    assert worst(found, defined(runner, jets)) < 1e-5
    assert np.ptp(found["probabilities"], axis=0).max() > 1e-3  # jets are told apart


def test_networks_of_the_published_sizes_have_the_published_number_of_parameters_and_agree():
    # 96806 is printed in evaluation/EDL-Evaluation.ipynb of PFIN4UQAD for the data set topdata.
    sizes = ParticleFlowSizes(3, (100, 100, 64), (64, 100, 100), 2, 128)
    assert sizes.parameter_count == 96_806
    runner = runner_of(sizes, "evidence")
    jets = toy_jets(sizes, jets=4, slots=20)
    assert worst(runner.run(jets), defined(runner, jets)) < 1e-5


@settings(max_examples=20, deadline=None)
@given(kind=st.sampled_from(sorted(KINDS)), seed=st.integers(0, 2**32 - 1))
def test_permuting_the_particles_changes_nothing(kind, seed):
    runner, jets = RUNNERS[kind], dict(toy_jets(KINDS[kind], jets=5, slots=8, seed=seed))
    order = np.random.default_rng(seed).permutation(8)
    moved = jets | {"particles": jets["particles"][:, order], "masks": jets["masks"][:, :, order]}
    assert worst(runner.run(moved), runner.run(jets)) < 1e-5


@settings(max_examples=20, deadline=None)
@given(kind=st.sampled_from(sorted(KINDS)), seed=st.integers(0, 2**32 - 1), more=st.integers(0, 5))
def test_padded_particles_change_nothing_whatever_they_hold(kind, seed, more):
    runner, jets = RUNNERS[kind], dict(toy_jets(KINDS[kind], jets=5, slots=6, seed=seed))
    rubbish = np.random.default_rng(seed).uniform(0, 2, (5, 6 + more, KINDS[kind].features))
    masks = np.pad(jets["masks"], ((0, 0), (0, 0), (0, more)))
    real = np.pad(jets["particles"], ((0, 0), (0, more), (0, 0)))
    padded = jets | {"masks": masks, "particles": np.where(masks.transpose(0, 2, 1) > 0, real, rubbish)}
    assert worst(runner.run(padded), runner.run(jets)) < 1e-5


RUNNERS = {
    kind: runner_of(sizes, "evidence" if kind == "jetnet" else "softmax") for kind, sizes in KINDS.items()
}


@pytest.mark.parametrize("rubbish", [np.nan, np.inf, -np.inf, -7.0])
@pytest.mark.parametrize("kind", KINDS)
def test_padded_particles_may_hold_what_no_particle_can(kind, rubbish):
    runner, jets = RUNNERS[kind], dict(toy_jets(KINDS[kind], jets=5, slots=6))
    padded = jets["masks"].transpose(0, 2, 1) == 0
    assert padded.any()
    changed = jets | {"particles": np.where(padded, np.float32(rubbish), jets["particles"])}
    assert worst(runner.run(changed), runner.run(jets)) == 0
    # The engine by itself, as a converted graph runs elsewhere.
    taken = {item.name: changed[item.name] for item in runner.inputs}
    assert worst(runner._engine.run(taken), runner.run(jets)) == 0


@pytest.mark.torch
def test_padded_particles_may_hold_what_no_particle_can_in_torch():
    runner, jets = runner_of(PFIN, runtime="torch"), dict(toy_jets(PFIN, jets=5, slots=6))
    padded = jets["masks"].transpose(0, 2, 1) == 0
    taken = {item.name: jets[item.name] for item in runner.inputs}
    changed = taken | {"particles": np.where(padded, np.float32(np.nan), jets["particles"])}
    assert worst(runner._engine.run(changed), runner.run(jets)) == 0


@pytest.mark.parametrize("runtime", ["onnx", pytest.param("torch", marks=pytest.mark.torch)])
@pytest.mark.parametrize("kind", KINDS)
def test_jets_without_slots_are_jets_of_padding(kind, runtime):
    runner, jets = runner_of(KINDS[kind], runtime=runtime), dict(toy_jets(KINDS[kind], jets=3, slots=4))
    none = jets | {"particles": jets["particles"][:, :0], "masks": jets["masks"][:, :, :0]}
    found = runner.run(none)
    assert worst(found, runner.run(jets | {"masks": np.zeros_like(jets["masks"])})) < 1e-6
    assert worst(found, defined(runner, none)) < 1e-5
    nobody = {name: array[:0] for name, array in none.items()}
    assert runner.run(nobody)["probabilities"].shape == (0, KINDS[kind].classes)


def test_particles_with_swapped_axes_get_the_step_that_repairs_them():
    jets = dict(toy_jets(PFIN, jets=3, slots=4))
    jets["particles"] = jets["particles"].transpose(0, 2, 1) - 1  # negative as features are
    with pytest.raises(ModelError, match="'particles' has shape") as caught:
        RUNNERS["sum"].run(jets)
    assert caught.value.hint == "It fits with axes 1 and 2 swapped: numpy.swapaxes(particles, 1, 2)"


@pytest.mark.parametrize("kind", KINDS)
def test_a_jet_of_one_particle_has_no_pairs_and_agrees(kind):
    runner, jets = RUNNERS[kind], toy_jets(KINDS[kind], jets=3, slots=1)
    assert worst(runner.run(jets), defined(runner, jets)) < 1e-5


def test_an_empty_jet_is_defined_without_pairs():
    jets = dict(toy_jets(PFN, jets=3, slots=4))
    jets["masks"][1] = 0
    assert worst(RUNNERS["pfn"].run(jets), defined(RUNNERS["pfn"], jets)) < 1e-5


def test_an_empty_jet_is_refused_where_the_network_divides_by_the_number_of_particles():
    jets = dict(toy_jets(PFIN, jets=3, slots=4))
    jets["aug_data"][2, 6] = 0
    with pytest.raises(ModelError, match="jet_nconst of jet 2 is not positive") as caught:
        RUNNERS["sum"].run(jets)
    assert "without particles" in caught.value.hint


def test_equal_and_collinear_particles_have_finite_outputs_that_agree():
    jets = dict(toy_jets(PFIN, jets=2, slots=5))
    jets["particles"][:, 1] = jets["particles"][:, 0]
    jets["particles"][:, 2, 1:] = jets["particles"][:, 0, 1:] + 1e-6
    jets["masks"][:] = 1
    assert worst(RUNNERS["sum"].run(jets), defined(RUNNERS["sum"], jets)) < 1e-5


def test_jets_far_along_the_beam_agree_because_their_axes_cancel():
    jets = dict(toy_jets(PFIN, jets=4, slots=6))
    before = RUNNERS["sum"].run(jets)
    jets["aug_data"][:, 3:5] += (1.5, 2.0)
    assert worst(RUNNERS["sum"].run(jets), before) == 0
    assert worst(before, defined(RUNNERS["sum"], jets)) < 1e-5


def test_many_jets_are_computed_in_parts_with_the_same_result(monkeypatch):
    jets = toy_jets(PFIN, jets=7, slots=6)
    whole = RUNNERS["sum"].run(jets)
    monkeypatch.setattr("fairreg.models.pfn.runner._PAIRS", 2 * 36)
    sizes = []
    compute_part = RUNNERS["sum"]._engine.compute
    monkeypatch.setattr(
        RUNNERS["sum"]._engine, "compute", lambda part: sizes.append(len(part["masks"])) or compute_part(part)
    )
    assert worst(RUNNERS["sum"].run(jets), whole) < 1e-6
    assert sizes == [2, 2, 2, 1]


@pytest.mark.parametrize(
    ("name", "place", "value", "words"),
    [
        ("particles", (1, 0, 1), np.nan, "particles of jet 1 is not finite"),
        ("aug_data", (2, 5), np.inf, "aug_data of jet 2 is not finite"),
        ("masks", (0, 0, 0), 0.5, "masks has values other than 0 and 1"),
        ("particles", (2, 0, 0), -0.1, "jet 2 has a negative transverse momentum"),
    ],
)
def test_jets_for_which_the_network_is_not_defined_are_refused_by_name(name, place, value, words):
    jets = dict(toy_jets(PFIN, jets=3, slots=4))
    jets["masks"][:] = 1
    jets[name][place] = value
    with pytest.raises(ModelError, match=words):
        RUNNERS["sum"].run(jets)


def test_evidence_gives_the_expected_probability_and_the_uncertainty_of_a_dirichlet_distribution():
    found = RUNNERS["jetnet"].run(toy_jets(KINDS["jetnet"], jets=6, slots=5))
    alpha = found["evidence"].astype(float) + 1
    assert (found["evidence"] >= 0).all()
    np.testing.assert_allclose(found["probabilities"], alpha / alpha.sum(1, keepdims=True), rtol=1e-6)
    np.testing.assert_allclose(found["uncertainty"], 5 / alpha.sum(1, keepdims=True), rtol=1e-6)


# Recognition


@pytest.mark.parametrize("kind", ["zipped", "legacy", "safetensors"])
def test_weights_without_a_suffix_are_recognised_and_run(tmp_path, kind):
    tensors = random_weights(PFIN.shapes())
    path = published(tmp_path, "UQPFIN_best_topdata_nominal_0.1_baseline", tensors, UQ, kind)
    found = models.recognise(path)
    assert isinstance(found, Recognition)
    assert (found.model, found.title) == ("pfn", "Particle Flow Interaction Network")
    assert found.parameter_count == PFIN.parameter_count
    assert found.hyperparameters["output"] == "evidence"
    runner = models.load(found, batch_size=2)
    assert [item.name for item in runner.outputs] == ["evidence", "probabilities", "uncertainty"]
    assert [item.name for item in runner.outputs[0].features] == ["QCD", "top quark"]
    assert [item.shape for item in runner.inputs] == [("N", "P", 3), ("N", 1, "P"), ("N", 7)]
    done = pfn.demonstrate(runner)
    assert done.metrics["max_difference"] < 1e-5
    assert done.items == 12


@pytest.mark.parametrize("prefix", ["module.", ""])
@pytest.mark.parametrize("kind", KINDS)
def test_sizes_come_from_the_shapes(kind, prefix, tmp_path):
    tensors = {prefix + name: array for name, array in random_weights(KINDS[kind].shapes()).items()}
    found = models.recognise(published(tmp_path, "PFN_best", tensors))
    assert found.model == "pfn"
    expected = KINDS[kind].to_json()
    assert {name: found.hyperparameters[name] for name in expected} == expected


def altered(change):
    tensors = random_weights(PFIN.shapes())
    change(tensors)
    return tensors


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: tensors.pop("phi.1.0.bias"),
        lambda tensors: tensors.update({"phi.0.1.weight": np.ones(9, "f4")}),
        lambda tensors: tensors.update({"phi.0.0.weight": np.ones((9, 3, 1), "f4")}),
        lambda tensors: tensors.update({"phi.0.0.weight": np.ones((9, 4), "f4")}),
        lambda tensors: tensors.update({"phiInt.0.0.weight": np.ones((10, 5), "f4")}),
        lambda tensors: tensors.update({"phiInt.0.0.weight": np.float32(1)}),
        lambda tensors: tensors.update({"fc.0.0.weight": np.ones((6, 9), "f4")}),
        lambda tensors: tensors.update({"fc.2.weight": np.ones((1, 5), "f4"), "fc.2.bias": np.ones(1, "f4")}),
        lambda tensors: tensors.update({"phi.1.0.bias": np.ones(8, "i8")}),
    ],
)
def test_a_different_network_with_similar_names_is_none_of_them(change):
    assert ParticleFlowSizes.from_tensors(altered(change)) is None


NAMES = [*PFIN.shapes(), "phi.2.0.weight", "phiInt.3.0.weight", "fc.3.weight", "phi"]
SHAPES = st.lists(st.integers(0, 3), max_size=3).map(tuple)


@given(st.dictionaries(st.sampled_from(NAMES), SHAPES))
def test_any_shapes_under_these_names_are_none_of_them_or_give_the_sizes_that_they_have(changes):
    shapes = PFIN.shapes() | changes
    found = ParticleFlowSizes.from_tensors({name: np.zeros(shape, "f4") for name, shape in shapes.items()})
    assert found is None or found.shapes() == shapes


def test_a_width_that_leaves_two_readings_is_not_guessed():
    # 14 inputs of F are two sums of 7 numbers, or one with 7 taus.
    sizes = ParticleFlowSizes(3, (9, 7), (6, 5), 2, 10, "cat")
    assert ParticleFlowSizes.from_tensors(random_weights(sizes.shapes())) is None


def test_the_network_in_a_whole_checkpoint_of_several_gpus_is_found(tmp_path):
    tensors = random_weights(PFIN.shapes())

    def checkpoint(op, pieces):
        network = op.mapping({f"module.{name}": piece for name, piece in pieces.items()})
        return op.mapping({"epoch": op.integer(3), "model_state_dict": network})

    path = published(tmp_path, "UQPFIN_best_alldicts_x", tensors)
    path.write_bytes(Files().checkpoint(tensors, checkpoint))
    (tmp_path / "trained_model_dicts").mkdir()
    (tmp_path / "trained_model_dicts/UQPFIN_x.json").write_text(json.dumps(UQ))
    assert models.recognise(path).hyperparameters["output"] == "evidence"


# Options beside the weights


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("PFN_best", "PFN.json"),
        ("PFIN_last_v3_cat", "PFIN_v3_cat.json"),
        ("UQPFIN_best_jetnet_0.7_skiptop_ocmodel", "UQPFIN_jetnet_0.7_skiptop_ocmodel.json"),
        ("UQPFIN_best_alldicts_jetclass20M_0_baseline", "UQPFIN_jetclass20M_0_baseline.json"),
    ],
)
def test_options_have_the_name_of_the_weights_without_best_and_last(tmp_path, name, options):
    assert options_file(tmp_path / name) == options


def test_without_options_the_output_is_not_guessed(tmp_path):
    found = models.recognise(published(tmp_path, "PFIN_best_v3_sum", random_weights(PFIN.shapes())))
    assert found.model == "pfn"
    assert "output" not in found.hyperparameters
    assert found.obstacle.message.startswith("The weights do not show whether a softmax")
    with pytest.raises(ModelError, match=r"fairreg needs PFIN_v3_sum\.json") as caught:
        models.load(found)
    assert "trained_model_dicts" in caught.value.hint


def test_options_may_lie_beside_the_weights(tmp_path):
    path = published(tmp_path, "PFIN_best_v3_sum", random_weights(PFIN.shapes()))
    (path.parent / "PFIN_v3_sum.json").write_text(json.dumps(TOP))
    assert models.recognise(path).hyperparameters["architecture"] == "PFIN"
    assert [item.name for item in models.load(path).outputs] == ["probabilities"]


def test_the_data_set_names_the_classes_that_were_not_skipped(tmp_path):
    options = UQ | {"data_type": "jetnet", "skiplabels": "2", "use_softmax": True}
    tensors = random_weights(replace(PFIN, classes=4).shapes())
    runner = models.load(published(tmp_path, "UQPFIN_best_jetnet_softmax_skiptop_0", tensors, options))
    assert [item.name for item in runner.outputs[0].features] == [
        "gluon",
        "light quark",
        "W boson",
        "Z boson",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"phi_nodes": "100,100,64"}, "states phi_nodes 100,100,64, but the weights have 9,8"),
        ({"f_nodes": "6"}, "states f_nodes 6, but"),
        ({"n_phiI": 128}, "states n_phiI 128, but the weights have 10"),
        ({"x_mode": "cat"}, "states x_mode cat, but the weights have sum"),
        ({"data_type": "jetclass"}, "jetclass with 11 features and 10 classes, but"),
        ({"data_type": "other"}, "the data set 'other', which fairreg does not know"),
        ({"data_type": "jetnet", "skiplabels": "0;1"}, "skiplabels as '0;1', which is no list of numbers"),
        ({"use_softmax": "yes"}, "states use_softmax as something that is not true or false"),
        ({"phi_nodes": None}, "states phi_nodes as something that is not a text"),
        ({"n_phiI": True}, "n_phiI as True, which is not a positive integer"),
    ],
)
def test_options_of_another_network_are_refused_by_name(tmp_path, changes, words):
    path = published(tmp_path, "UQPFIN_best_x", random_weights(PFIN.shapes()), UQ | changes)
    with pytest.raises(ModelError, match=words):
        models.load(path)
    assert models.recognise(path).obstacle is not None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "is not valid JSON"),
        (b"\xff{}", "is not valid JSON"),
        (b"[" * 50_000, "is not valid JSON"),
        (b"[1]", "is not a JSON object"),
        (b"{}", "does not state phi_nodes"),
        (b" " * 70_000, "is too large"),
    ],
)
def test_damaged_options_are_refused(tmp_path, content, words):
    path = published(tmp_path, "UQPFIN_best_x", random_weights(PFIN.shapes()))
    (path.parent / "UQPFIN_x.json").write_bytes(content)
    with pytest.raises(ModelError, match=words):
        models.load(path)


def test_options_behind_a_link_are_refused(tmp_path):
    path = published(tmp_path, "UQPFIN_best_x", random_weights(PFIN.shapes()))
    (tmp_path / "elsewhere.json").write_text(json.dumps(UQ))
    (path.parent / "UQPFIN_x.json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(SecurityRefusal, match=r"UQPFIN_x\.json beside UQPFIN_best_x is a link"):
        models.recognise(path)


def test_a_network_without_pairs_runs_without_options_and_says_what_is_assumed(tmp_path):
    found = models.recognise(published(tmp_path, "PFN_best_v4", random_weights(PFN.shapes())))
    assert found.hyperparameters["output"] == "softmax"
    assert "the particles are summed" in found.assumptions[0]
    assert "stated in PFN_v4.json" in found.assumptions[1]
    assert pfn.demonstrate(models.load(found)).metrics["max_difference"] < 1e-5


# The package's other functions


def test_the_graph_has_the_fingerprint_of_the_weights(tmp_path):
    tensors = random_weights(PFIN.shapes())
    found = models.recognise(published(tmp_path, "UQPFIN_best_x", tensors, UQ))
    content = models.onnx_graph(found)
    graph = tmp_path / "x.onnx"
    graph.write_bytes(content)
    assert found.fingerprint == fingerprint_of(tensors)
    assert [item.name for item in onnx.load(content).inputs] == ["particles", "masks", "aug_data"]
    assert content == models.onnx_graph(found)


def test_jets_of_the_authors_files_are_read_with_their_labels(tmp_path):
    jets = toy_jets(jets=4, slots=3)
    labels = np.eye(2)[[0, 1, 1, 0]]
    np.savez(tmp_path / "jets.npz", **jets, labels=labels, latents=np.ones(4))
    assert pfn.count_inputs(tmp_path / "jets.npz") == 4
    found = pfn.read_inputs(tmp_path / "jets.npz", 1, 3)
    np.testing.assert_array_equal(found.labels, labels[1:3])
    np.testing.assert_array_equal(found.arrays["particles"], jets["particles"][1:3])
    assert RUNNERS["pfn"].run(found.arrays)["probabilities"].shape == (2, 2)  # aug_data is left aside


def test_a_file_without_jets_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", tracks=np.ones(3))
    with pytest.raises(ModelError, match=r"x\.npz has no array particles") as caught:
        pfn.read_inputs(tmp_path / "x.npz")
    assert caught.value.hint == "It has tracks."
    (tmp_path / "y.npz").write_bytes(b"PK")
    with pytest.raises(ModelError, match="cannot be read"):
        pfn.read_inputs(tmp_path / "y.npz")


def test_figures_of_merit_are_those_of_the_probabilities():
    outputs = {"probabilities": np.array([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.8, 0.2]])}
    labels = np.array([[1, 0], [0, 1], [1, 0], [0, 1]])
    assert pfn.measure(outputs, labels) == {"accuracy": 0.5, "roc_auc": 0.5}
    with pytest.raises(ModelError, match="labels has shape"):
        pfn.measure(outputs, labels[:, :1])


def test_the_sample_fits_every_recognised_network(tmp_path):
    for kind, sizes in KINDS.items():
        found = models.recognise(published(tmp_path, f"PFN_best_{kind}", random_weights(sizes.shapes())))
        assert RUNNERS[kind].run(models.sample_for(found))["probabilities"].shape == (12, sizes.classes)


def test_an_unknown_runtime_is_refused(tmp_path):
    path = published(tmp_path, "PFN_best", random_weights(PFN.shapes()))
    with pytest.raises(UsageError):
        models.load(path, runtime="abacus")


def test_masks_may_be_integers():
    jets = dict(toy_jets(PFN, jets=3, slots=4))
    expected = RUNNERS["pfn"].run(jets)["probabilities"]
    found = RUNNERS["pfn"].run(jets | {"masks": jets["masks"].astype(np.int64)})["probabilities"]
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(ModelError, match="masks has the value 2"):
        RUNNERS["pfn"].run(jets | {"masks": 2 * jets["masks"].astype(np.int64)})
