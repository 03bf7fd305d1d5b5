# SPDX-License-Identifier: MIT
"""Multilayer perceptrons: the multi-body top tagger and the CDMS regressor."""

import json
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg import models
from fairreg.errors import ModelError
from fairreg.models.common.network_runner import KnownNetwork
from fairreg.models.mlp.architecture import PerceptronSizes
from fairreg.models.mlp.definition import compute
from fairreg.models.mlp.inputs import toy_rows
from fairreg.models.mlp.settings import Activation, PerceptronSettings
from fairreg.runners.weights import fingerprint_of, read_tensors
from support.particle_flow import published, random_weights
from support.weight_files import Files

mlp = models.get("mlp")

TAGGER = PerceptronSizes("multi_body", 22, (12, 9), 2)
REGRESSOR = PerceptronSizes("cdms", 19, (32,), 1)
OPTIONS = {"nodes": "12,9", "use_pt": True, "use_mass": True, "tau_x_1": False, "N": 8}
METADATA = {
    "hyperparameters": {
        "n_hidden_layers": 1,
        "n_nodes_in hidden_layers": 32,
        "activation": "LeakyReLU",
        "activation_hyperparameter": 0.01,
    }
}
ACTIVATIONS = [Activation("ReLU"), Activation("LeakyReLU", 0.01), Activation("Sigmoid"), Activation("Tanh")]
NAME = "MultiBody8-Subjettiness_massTrue_ptTrue"


def worst(found, expected):
    assert found.keys() == expected.keys()
    return max(float(np.abs(found[name] - value).max()) for name, value in expected.items())


def regressor(tmp_path, metadata=METADATA):
    path = tmp_path / "trained-model.pt"
    path.write_bytes(Files().zipped(random_weights(REGRESSOR.shapes())))
    if metadata is not None:
        (tmp_path / "model-metadata.json").write_text(json.dumps(metadata))
    return path


@pytest.mark.parametrize("runtime", ["onnx", "torch"])
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda item: item.name)
@pytest.mark.parametrize("sizes", [TAGGER, REGRESSOR], ids=lambda item: item.family)
def test_every_activation_agrees_with_the_definition(sizes, activation, runtime):
    if runtime == "torch":
        pytest.importorskip("torch")
    tensors, settings = random_weights(sizes.shapes()), PerceptronSettings(activation)
    runner = mlp.build(KnownNetwork(tensors, sizes, settings), runtime=runtime, batch_size=5)
    rows = toy_rows(sizes)
    found = runner.run(rows)
    assert worst(found, compute(tensors, sizes, settings, rows)) < 1e-5
    assert np.ptp(next(iter(found.values()))) > 1e-3


@given(rows=st.permutations(range(6)))
def test_rows_do_not_depend_on_each_other(rows):
    tensors = random_weights(REGRESSOR.shapes())
    settings = PerceptronSettings(ACTIVATIONS[1])
    values = toy_rows(REGRESSOR, 6)["features"]
    once = compute(tensors, REGRESSOR, settings, {"features": values})["impact_location"]
    moved = compute(tensors, REGRESSOR, settings, {"features": values[list(rows)]})["impact_location"]
    np.testing.assert_allclose(moved, once[list(rows)], rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_tagger_without_a_suffix_is_recognised_and_its_inputs_are_named(tmp_path, dtype):
    tensors = random_weights(TAGGER.shapes(), dtype=dtype)  # the published ones are float64
    found = models.recognise(published(tmp_path, f"{NAME}_best", tensors))
    assert (found.model, found.title) == ("mlp", "Multi-body top tagger")
    assert found.parameter_count == TAGGER.parameter_count == 22 * 12 + 12 + 12 * 9 + 9 + 9 * 2 + 2
    assert "variables the inputs are is stated in" in found.assumptions[1]
    named = models.load(published(tmp_path, f"{NAME}_last", tensors, OPTIONS))
    names = [item.name for item in named.inputs[0].features]
    assert names[:4] == ["tau_1_0.5", "tau_1_1", "tau_1_2", "tau_2_0.5"]
    assert names[-4:] == ["tau_7_1", "tau_7_2", "jet_pt", "jet_mass"]
    assert [item.name for item in named.outputs[0].features] == ["QCD", "top quark"]
    assert mlp.demonstrate(named).metrics["max_difference"] < 1e-5


@pytest.mark.parametrize(
    ("inputs", "changes"),
    [
        (20, {"use_pt": False, "use_mass": False}),
        (21, {"use_pt": False}),
        (9, {"tau_x_1": True}),
        (19, {"N": 7}),
    ],
)
def test_options_count_the_inputs_as_the_training_program_does(tmp_path, inputs, changes):
    sizes = PerceptronSizes("multi_body", inputs, (12, 9), 2)
    path = published(tmp_path, f"{NAME}_best", random_weights(sizes.shapes()), OPTIONS | changes)
    assert len(models.load(path).inputs[0].features) == inputs


def test_published_sizes_with_one_to_four_hidden_layers_are_recognised():
    for hidden in ((400,), (200, 200), (200, 200, 50), (200, 200, 50, 50)):
        sizes = PerceptronSizes("multi_body", 22, hidden, 2)
        assert PerceptronSizes.from_tensors(random_weights(sizes.shapes())) == sizes


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nodes": "200,200,50,50"}, "states nodes 200,200,50,50, but the weights have 12,9"),
        ({"N": 7}, "states 19 inputs, but the weights have 22"),
        ({"use_pt": 1}, "use_pt as something that is not true or false"),
    ],
)
def test_options_of_another_tagger_are_refused(tmp_path, changes, words):
    path = published(tmp_path, f"{NAME}_best", random_weights(TAGGER.shapes()), OPTIONS | changes)
    with pytest.raises(ModelError, match=words):
        models.load(path)


def test_inputs_are_counted_before_they_are_named(tmp_path):
    """N is any number in a file: a name for each of that many inputs would take all memory."""
    path = published(tmp_path, f"{NAME}_best", random_weights(TAGGER.shapes()), OPTIONS | {"N": 10**30})
    with pytest.raises(ModelError, match=f"states {3 * (10**30 - 1) + 1} inputs, but the weights have 22"):
        models.load(path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ('{"nodes": "' + "9" * 5000 + '"}', "which is no list of numbers"),
        ('{"nodes": "12,9", "N": ' + "9" * 5000 + "}", "an integer of 5000 digits; at most 40 are read"),
        ('{"nodes": "1,2", "N": 8, "nodes": "12,9"}', "states 'nodes' more than once"),
    ],
    ids=["width", "integer", "twice"],
)
def test_options_that_cannot_be_read_are_refused(tmp_path, options, words):
    path = published(tmp_path, f"{NAME}_best", random_weights(TAGGER.shapes()), OPTIONS)
    (tmp_path / "trained_model_dicts" / f"{NAME}.json").write_text(options)
    with pytest.raises(ModelError, match=words) as caught:
        models.load(path)
    assert "published" in caught.value.hint


@pytest.mark.parametrize(
    "change",
    [
        {"_nn.0.0.weight": np.ones((12, 22, 1), "f4")},
        {"_nn.1.0.bias": np.ones(8, "f4")},
        {"_nn.1.1.weight": np.ones(9, "f4")},
        {"_nn.2.0.weight": np.ones((3, 9), "f4"), "_nn.2.0.bias": np.ones(3, "f4")},
        {"_nn.2.0.bias": np.ones(2, "i8")},
        {"nn.Linear0.weight": np.ones((2, 2), "f4")},
    ],
)
def test_a_different_network_with_similar_names_is_none_of_them(change):
    assert PerceptronSizes.from_tensors(random_weights(TAGGER.shapes()) | change) is None


@pytest.mark.parametrize("missing", ["nn.BatchNorm0.running_var", "nn.Linear1.weight", "nn.Linear0.bias"])
def test_a_regressor_that_lacks_a_tensor_is_none(missing):
    tensors = random_weights(REGRESSOR.shapes())
    del tensors[missing]
    assert PerceptronSizes.from_tensors(tensors) is None


def test_the_regressor_takes_its_activation_from_the_metadata_beside_it(tmp_path):
    found = models.recognise(regressor(tmp_path))
    assert (found.model, found.parameter_count) == ("mlp", 19 * 32 + 32 + 64 + 32 + 1)
    assert (found.hyperparameters["activation"], found.hyperparameters["slope"]) == ("LeakyReLU", 0.01)
    runner = models.load(found)
    assert [item.name for item in runner.inputs[0].features][:5] == [
        *("PBstart", "PCstart", "PDstart", "PFstart", "PArise")
    ]
    assert mlp.demonstrate(runner).metrics["max_difference"] < 1e-5
    assert set(models.sample_for(found)) == {"features"}


def test_without_its_metadata_the_regressor_is_recognised_but_not_run(tmp_path):
    found = models.recognise(regressor(tmp_path, None))
    assert found.assumptions == ()
    assert found.obstacle.message.startswith("The weights do not show the activation of the hidden layers")
    with pytest.raises(ModelError, match=r"needs model-metadata\.json") as caught:
        models.onnx_graph(found)
    assert "beside the weights" in caught.value.hint


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"activation": "GELU"}, "the activation 'GELU', which fairreg does not compute"),
        ({"n_hidden_layers": 2}, "states 2 hidden layers of 32 nodes, but the weights have 32"),
        (
            {"activation_hyperparameter": "0.01"},
            "activation_hyperparameter as something that is not a number",
        ),
        ({"activation_hyperparameter": float("nan")}, "as nan, which is not a finite number"),
        ({"activation_hyperparameter": 10**39}, "0, which is not a finite number"),
        ({"activation_hyperparameter": -1e39}, r"as -1e\+39, which is not a finite number"),
        ({"activation_hyperparameter": 10**400}, "an integer of 401 digits"),
    ],
)
def test_metadata_of_another_regressor_are_refused(tmp_path, changes, words):
    metadata = {"hyperparameters": METADATA["hyperparameters"] | changes}
    with pytest.raises(ModelError, match=words):
        models.load(regressor(tmp_path, metadata))


def test_values_that_are_not_finite_are_refused(tmp_path):
    values = toy_rows(REGRESSOR)["features"]
    values[3, 2] = np.nan
    with pytest.raises(ModelError, match=r"must be finite|not finite"):
        models.load(regressor(tmp_path)).run({"features": values})


def test_rows_and_labels_are_read_and_measured(tmp_path):
    rows = toy_rows(REGRESSOR, 5)["features"]
    np.savez(tmp_path / "rows.npz", features=rows, labels=np.arange(5.0))
    found = mlp.read_inputs(tmp_path / "rows.npz", 1, 3)
    np.testing.assert_array_equal(found.arrays["features"], rows[1:3])
    assert mlp.count_inputs(tmp_path / "rows.npz") == 5
    assert mlp.measure({"impact_location": np.array([[1.0], [4.0]])}, found.labels) == {"rmse": 2**0.5}
    with pytest.raises(ModelError, match="do not fit"):
        mlp.measure({"impact_location": np.ones((3, 1))}, found.labels)
    with pytest.raises(ModelError, match="labels of row 1 is not finite"):
        mlp.measure({"impact_location": np.ones((2, 1))}, np.array([1, np.nan]))
    assert mlp.measure({"probabilities": np.eye(2)}, np.eye(2)) == {"accuracy": 1.0, "roc_auc": 1.0}


def test_the_graph_has_the_fingerprint_of_weights_in_float32(tmp_path):
    path = published(tmp_path, f"{NAME}_best", random_weights(TAGGER.shapes()), OPTIONS)
    found = models.recognise(path)
    (tmp_path / "x.onnx").write_bytes(models.onnx_graph(found))
    assert fingerprint_of(read_tensors(tmp_path / "x.onnx")) == found.fingerprint


@pytest.mark.shared
def test_the_published_regressor_runs_with_its_metadata(shared, tmp_path):
    folder = shared / "models-in-the-wild/weights/FAIR-UMN+FAIR-UMN-CDMS/src/models"
    path = tmp_path / "trained-model.pt"
    shutil.copy(folder / "model_02_CDMS-NNRegressor/trained-model.pt", path)
    path.chmod(0o644)
    found = models.recognise(path)
    assert (found.model, found.parameter_count) == ("mlp", REGRESSOR.parameter_count)
    assert found.fingerprint == "sha256:7eab4eb26d93f069c2a5c2f354ff3cf397f7e458fa8d22aca524403bd67cce61"
    (tmp_path / "model-metadata.json").write_text(json.dumps(METADATA))
    runner = models.load(found)
    assert mlp.demonstrate(runner).metrics["max_difference"] < 1e-4  # of locations between -45 and 5
    # The variational autoencoder beside it is another network.
    assert models.recognise(folder / "model_03_CDMS-NNVAE/trained-model.pt") is None
