# SPDX-License-Identifier: MIT
"""What the base class of model packages makes of the parts that a package defines."""

import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

import numpy as np
import pytest

from fairreg import models, runners
from fairreg.errors import ModelError, UsageError
from fairreg.models.common.graph_builder import GraphBuilder
from fairreg.models.common.network_package import Description, NetworkPackage
from fairreg.models.common.tensor_shapes import check_values, widths_of
from fairreg.runners.weights import fingerprint, read_tensors
from fairreg.schemas.record import Tensor
from support.weight_files import Files

RUNTIMES = ["onnx", pytest.param("torch", marks=pytest.mark.torch)]
PACKAGES = [name for name in models.names() if isinstance(models.get(name), NetworkPackage)]


@dataclass(frozen=True)
class Widths:
    taken: int
    given: int

    @property
    def parameter_count(self):
        return (self.taken + 1) * self.given


class Layers(NetworkPackage[Widths, float]):
    """One layer, whose factor stands in a file beside the weights."""

    model, called, input_names = "layers", "a layer", ("x",)
    sample_source, sample_warning, default_batch = "toy numbers", "Only numbers.", 5

    def identify(self, file):
        if file.tensors.keys() != {"a.weight", "a.bias"}:
            raise ModelError("The weights are not those of a layer.")
        return file.tensors, Widths(*reversed(file.tensors["a.weight"].shape))

    def settings(self, path, tensors, sizes):
        if not (path.parent / "factor").exists():
            raise ModelError("The factor is missing.", hint="Write it.")
        return float((path.parent / "factor").read_text())

    def describe(self, file, sizes, factor):
        return Description("Layer", vars(sizes) | ({} if factor is None else {"factor": factor}))

    def signature(self, network):
        sizes = (("x", network.sizes.taken), ("y", network.sizes.given))
        return tuple((Tensor(name=name, dtype="float32", shape=("N", size)),) for name, size in sizes)

    def graph(self, network):
        graph = GraphBuilder(network.tensors)
        graph.node("Mul", graph.linear("x", "a"), graph.number(network.settings), output="y")
        return graph.model("layers", *self.signature(network))

    def torch_network(self, network, device):
        import torch

        weight, bias = (torch.from_numpy(network.tensors[f"a.{kind}"].copy()) for kind in ("weight", "bias"))
        return lambda x: network.settings * (x @ weight.T + bias)

    def toy_sample(self, sizes):
        return {
            "x": np.random.default_rng(0).normal(size=(12, sizes.taken if sizes else 3)).astype(np.float32)
        }

    def definition(self, network, arrays):
        weight, bias = (network.tensors[f"a.{kind}"].astype(np.float64) for kind in ("weight", "bias"))
        return {"y": network.settings * (arrays["x"] @ weight.T + bias)}


LAYERS = Layers()


@pytest.fixture
def weights(tmp_path):
    random = np.random.default_rng(1)
    tensors = {"a.weight": random.normal(size=(2, 3)), "a.bias": random.normal(size=2)}
    path = tmp_path / "layer.pt"
    path.write_bytes(Files().zipped({name: array.astype(np.float32) for name, array in tensors.items()}))
    (tmp_path / "factor").write_text("2")
    return path


def test_what_is_recognised_is_what_the_package_describes(weights):
    found = LAYERS.recognise(weights)
    assert (found.model, found.title, found.format, found.parameter_count) == (
        "layers",
        "Layer",
        "pytorch",
        8,
    )
    assert dict(found.hyperparameters) == {"taken": 3, "given": 2, "factor": 2}
    assert found.fingerprint == fingerprint(weights)
    assert found.obstacle is None
    (weights.parent / "text.txt").write_text("no weights")
    assert LAYERS.recognise(weights.parent / "text.txt") is None


def test_missing_settings_are_the_obstacle_and_the_error_of_loading(weights):
    (weights.parent / "factor").unlink()
    found = LAYERS.recognise(weights)
    assert found.obstacle.message == "The factor is missing."
    assert "factor" not in found.hyperparameters
    for attempt in (LAYERS.load, LAYERS.onnx_graph):
        with pytest.raises(ModelError, match="The factor is missing") as caught:
            attempt(found)
        assert caught.value.hint == "Write it."
    assert LAYERS.sample_for(found)["x"].shape == (12, 3)


def test_a_graph_with_the_tensors_of_a_network_is_run_as_it_is(weights):
    path = weights.parent / "squared.onnx"
    graph = GraphBuilder(read_tensors(weights))
    layer = graph.linear("x", "a")
    graph.node("Mul", layer, layer, output="y")
    network = LAYERS.read(weights)
    path.write_bytes(graph.model("squared", *LAYERS.signature(network)))
    assert fingerprint(path) == fingerprint(weights)
    assert LAYERS.recognise(path) is None
    for attempt in (LAYERS.load, LAYERS.onnx_graph):
        with pytest.raises(ModelError, match=r"squared\.onnx is an ONNX model"):
            attempt(path)


def test_the_graph_of_a_network_states_that_its_rows_are_independent(weights):
    plain = runners.load("onnx", LAYERS.onnx_graph(weights))
    assert (plain.batching.reason, LAYERS.load(weights).batching.reason) == ("stated", "stated")
    rows = LAYERS.toy_sample(None)
    np.testing.assert_allclose(plain.run(rows)["y"], LAYERS.load(weights).run(rows)["y"], atol=1e-6)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_runner_says_what_computes_and_where(weights, runtime):
    runner = LAYERS.load(weights, runtime=runtime, device="cpu")
    assert (runner.name, runner.device, runner.precision, runner.batch_size) == (runtime, "cpu", "float32", 5)
    assert runner.engine.split()[0] == {"onnx": "onnxruntime", "torch": "PyTorch"}[runtime]
    shown = LAYERS.demonstrate(runner)
    assert 0 < shown.metrics["max_difference"] < 1e-6
    assert (shown.source, shown.items, shown.batch_size, shown.warnings) == (
        "toy numbers", 12, 5, ("Only numbers.",),
    )  # fmt: skip
    assert LAYERS.load(weights, runtime=runtime, batch_size=3).batch_size == 3


def test_a_wrong_result_shows_in_the_demonstration(weights, monkeypatch):
    runner = LAYERS.load(weights)
    compute = runner.compute
    monkeypatch.setattr(runner, "compute", lambda arrays: {"y": compute(arrays)["y"] + 0.5})
    assert LAYERS.demonstrate(runner).metrics["max_difference"] == pytest.approx(0.5, abs=1e-6)


def test_runners_of_other_packages_and_unknown_runtimes_are_refused(weights):
    with pytest.raises(ModelError, match=r"The runner is not a layer\."):
        LAYERS.demonstrate(Layers().load(weights))
    with pytest.raises(ModelError, match=r"The runner is not a layer\."):
        LAYERS.demonstrate(object())
    with pytest.raises(UsageError, match="abacus"):
        LAYERS.load(weights, runtime="abacus")


@pytest.mark.parametrize("value", [np.nan, -np.inf, 1e300])
def test_weights_that_are_not_finite_in_float32_are_named_and_not_run(weights, value):
    tensors = {"a.weight": np.ones((2, 3)), "a.bias": np.array([0, value])}
    weights.write_bytes(Files().zipped(tensors))
    found = LAYERS.recognise(weights)
    assert "The tensor a.bias has the value" in found.obstacle.message
    for attempt in (LAYERS.load, LAYERS.onnx_graph):
        with pytest.raises(ModelError, match=r"a\.bias .* not finite in float32"):
            attempt(found)


def test_a_negative_variance_is_refused_and_tensors_that_nothing_depends_on_may_hold_anything():
    with pytest.raises(ModelError, match=r"n\.running_var has the value -1\.0, below 0"):
        check_values({"n.running_var": np.array([1.0, -1.0])})
    check_values({"n.weight": np.array([np.nan]), "n.counter": np.array([1])}, {"n.weight"})


def test_weights_in_float16_are_computed_as_float32(weights):
    half = {name: array.astype(np.float16) for name, array in read_tensors(weights).items()}
    weights.write_bytes(Files().zipped(half))
    network = LAYERS.read(weights)
    assert {array.dtype.name for array in network.tensors.values()} == {"float32"}
    rows = LAYERS.toy_sample(None)
    expected = 2 * (rows["x"] @ half["a.weight"].astype(np.float64).T + half["a.bias"])
    np.testing.assert_allclose(LAYERS.load(weights).run(rows)["y"], expected, atol=1e-6)


def test_a_constant_outside_the_range_of_its_type_is_refused():
    with pytest.raises(ModelError, match=r"constant 1e\+300, which is no float32"):
        GraphBuilder({}).number(1e300)
    GraphBuilder({}).number(float("-inf"))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_inputs_that_are_not_finite_are_refused_with_their_place(weights, value):
    rows = LAYERS.toy_sample(None)["x"].astype(np.float64)
    rows[7, 2] = value
    with pytest.raises(ModelError, match=r"x of row 7 is .* at 2; inputs must be finite"):
        LAYERS.load(weights).run({"x": rows})


class Masked(Layers):
    """The layer, whose input a mask hides."""

    masks = MappingProxyType({"mask": ("x",)})

    def signature(self, network):
        (x,), outputs = super().signature(network)
        return (x, Tensor(name="mask", dtype="float32", shape=("N",))), outputs

    def graph(self, network):
        graph = GraphBuilder(network.tensors)
        real, zero = graph.with_axis(graph.nonzero("mask"), 1), graph.number(0)
        graph.node("Identity", graph.linear(graph.node("Where", real, "x", zero), "a"), output="y")
        return graph.model("layers", *self.signature(network))


@pytest.mark.parametrize("kind", [np.float32, np.int64, np.uint8, bool])
def test_masks_may_be_integers_and_padding_may_hold_anything(weights, kind):
    runner, rows = Masked().load(weights), LAYERS.toy_sample(None)["x"]
    mask = np.arange(12) % 2
    expected = runner.run({"x": rows * mask[:, None], "mask": mask.astype(np.float32)})["y"]
    rows[::2] = np.nan
    found = runner.run({"x": rows, "mask": mask.astype(kind)})["y"]
    np.testing.assert_array_equal(found, expected)
    rows[3, 1] = np.inf
    with pytest.raises(ModelError, match="x of row 3 is inf at 1") as caught:
        runner.run({"x": rows, "mask": mask.astype(kind)})
    assert "set the mask to 0" in caught.value.hint


@pytest.mark.parametrize("value", [2, -1, 2**40])
def test_a_mask_of_other_integers_is_refused(weights, value):
    mask = np.ones(12, dtype=np.int64)
    mask[5] = value
    with pytest.raises(ModelError, match=f"mask has the value {value}; a mask of integers has only 0 and 1"):
        Masked().load(weights).run({"x": LAYERS.toy_sample(None)["x"], "mask": mask})


def test_arrays_that_no_network_takes_are_refused_with_the_name_that_was_meant(tmp_path):
    rows = LAYERS.toy_sample(None)["x"]
    np.savez(tmp_path / "x.npz", x=rows, labels=np.zeros(12))
    assert LAYERS.read_inputs(tmp_path / "x.npz").labels is not None
    np.savez(tmp_path / "x.npz", x=rows, Label=np.zeros(12))
    with pytest.raises(
        ModelError, match=r"x\.npz has the array 'Label', which is none of x and labels"
    ) as caught:
        LAYERS.read_inputs(tmp_path / "x.npz")
    assert caught.value.hint == "Rename it to labels, or leave it out."
    np.savez(tmp_path / "x.npz", x=rows, zzz=np.zeros(12))
    with pytest.raises(ModelError, match="'zzz'") as caught:
        LAYERS.read_inputs(tmp_path / "x.npz")
    assert caught.value.hint == "Leave it out."


@pytest.mark.parametrize("name", PACKAGES)
def test_an_array_beside_the_inputs_of_a_package_is_refused(name, tmp_path):
    package = models.get(name)
    np.savez(tmp_path / "x.npz", **package.sample_inputs())
    package.read_inputs(tmp_path / "x.npz")
    np.savez(tmp_path / "x.npz", **package.sample_inputs(), Masked=np.ones(3))
    with pytest.raises(ModelError, match="has the array 'Masked', which is none of"):
        package.read_inputs(tmp_path / "x.npz")


@pytest.mark.parametrize("name", ["aresgw", "lorentznet", "mlp", "mpgan", "particlenet_fpnd"])
def test_an_array_without_a_name_is_the_single_input(name, tmp_path):
    package = models.get(name)
    first, array = next(iter(package.sample_inputs().items()))
    np.save(tmp_path / "x.npy", array)
    found = package.read_inputs(tmp_path / "x.npy", 1, 3)
    assert list(found.arrays) == [first]
    np.testing.assert_array_equal(found.arrays[first], array[1:3])


def test_an_array_without_a_name_is_refused_for_several_inputs(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros(3))
    with pytest.raises(ModelError, match="one array without a name"):
        models.get("lundnet").read_inputs(tmp_path / "x.npy")


CLASSIFIERS = [name for name in PACKAGES if name not in {"epicgan", "mpgan"}]


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (np.array([0, np.nan, 1]), "labels of row 1 is nan, which is none of the classes 0 to 1"),
        (np.array([0, 1, 2]), "labels of row 2 is 2"),
        (np.array([0, -1, 1]), "labels of row 1 is -1"),
        (np.array([0, 0.5, 1]), "labels of row 1 is 0.5"),
        (np.full((3, 2), np.nan), "does not name one class: row 0"),
        (np.array([[1, 0], [1, 1], [0, 1]]), "does not name one class: row 1"),
        (np.array([[1, 0], [0, 1], [0.3, 0.7]]), "does not name one class: row 2"),
        (np.array([[1, 0], [0, 1]]), r"labels has shape \(2, 2\)"),
        (np.array(["a", "b", "c"]), "which is no number"),
    ],
)
def test_labels_without_meaning_are_not_measured(name, labels, said):
    scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    outputs = {"probabilities": scores, "scores": scores}
    with pytest.raises(ModelError, match=said):
        models.get(name).measure(outputs, labels)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_labels_are_indices_or_rows_with_one_1(name):
    scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    outputs, measure = {"probabilities": scores, "scores": scores}, models.get(name).measure
    expected = measure(outputs, np.array([[1, 0], [0, 1], [0, 1]]))
    assert expected["accuracy"] == pytest.approx(2 / 3)
    for kind in (np.int8, np.float32, bool):
        assert measure(outputs, np.array([0, 1, 1], dtype=kind)) == expected
    assert measure(outputs, np.array([[1, 0], [0, 1], [0, 0]]))["accuracy"] == 1


def test_a_network_with_one_class_is_said_to_have_one(weights):
    class Single(Layers):
        def signature(self, network):
            inputs, _ = super().signature(network)
            shape = ("N", network.sizes.given)
            return inputs, (Tensor(name="probabilities", dtype="float32", shape=shape),)

    assert Single().recognise(weights).assumptions == ()
    weights.write_bytes(Files().zipped({"a.weight": np.ones((1, 3)), "a.bias": np.ones(1)}))
    assert Single().recognise(weights).assumptions == (
        "The network has one class, whose probability is always 1.",
    )


def test_no_hidden_layers_are_written_as_none():
    assert (widths_of(()), widths_of((3, 2))) == ("none", "3,2")


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_is_called_as_its_folder_and_has_a_sample_of_its_inputs(name):
    package = models.get(name)
    assert package is import_module(f"fairreg.models.{name}").PACKAGE
    assert package.model == name
    assert set(package.sample_inputs()) <= set(package.input_names)
    with pytest.raises(ModelError, match=f"The runner is not {package.called}"):
        package.demonstrate(None)


def test_looking_at_a_file_imports_only_what_recognition_takes(weights):
    code = (
        "import sys\nfrom pathlib import Path\nfrom fairreg import models\n"
        f"assert models.recognise(Path({str(weights)!r})) is None\n"
        "parts = ('graph', 'definition', 'torch_network', 'inputs', 'jets', 'runner', 'sample', 'settings')\n"
        f"names = [f'fairreg.models.{{name}}.{{part}}' for name in {PACKAGES} for part in parts]\n"
        "names += ['onnx', 'torch', 'onnxruntime']\n"
        "print(sorted(name for name in names if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
