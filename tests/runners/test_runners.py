# SPDX-License-Identifier: MIT
"""A runner checks names, shapes and element types, works in batches and speaks only in our errors."""

import subprocess
import sys

import numpy as np
import pytest

from fairreg import runners
from fairreg.errors import MissingEngine, ModelError, UsageError
from fairreg.runners.base import Runner
from fairreg.schemas.record import Tensor


class Doubling(Runner):
    """Adds two inputs and remembers the sizes of its batches."""

    def __init__(self, first="N", **options):
        pair = tuple(Tensor(name=name, dtype="float32", shape=(first, 3)) for name in ("a", "b"))
        super().__init__(
            "doubling", pair, (Tensor(name="sum", dtype="float32", shape=(first, 3)),), **options
        )
        self.sizes = []

    def compute(self, arrays):
        self.sizes.append(len(arrays["a"]))
        return {"sum": arrays["a"] + arrays["b"]}


def ones(count, dtype=np.float32):
    return {name: np.ones((count, 3), dtype=dtype) for name in ("a", "b")}


@pytest.mark.parametrize(("count", "sizes"), [(0, [0]), (4, [4]), (5, [4, 1]), (8, [4, 4])])
def test_batches_cover_every_row_once(count, sizes):
    runner = Doubling(batch_size=4)
    a = np.arange(count * 3, dtype=np.float32).reshape(count, 3)
    np.testing.assert_array_equal(runner.run({"a": a, "b": a})["sum"], 2 * a)
    assert runner.sizes == sizes


def test_a_model_with_a_fixed_first_axis_runs_at_once():
    runner = Doubling(first=9, batch_size=4)
    assert runner.run(ones(9))["sum"].shape == (9, 3)
    assert runner.sizes == [9]


@pytest.mark.parametrize("dtype", ["float64", "float16", "int8", "int16", "bool"])
def test_element_types_that_fit_are_cast(dtype):
    assert Doubling().run(ones(2, dtype))["sum"].dtype == np.float32


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda arrays: arrays.pop("b"), "needs the input 'b'"),
        (lambda arrays: arrays.update(c=arrays["a"]), "no input 'c'"),
        (lambda arrays: arrays.update(a=np.ones((2, 4), np.float32)), r"shape \(2, 4\), .* \(N = 2, 3\)"),
        (lambda arrays: arrays.update(a=np.ones(3, np.float32)), r"shape \(3,\)"),
        (
            lambda arrays: arrays.update(b=np.ones((5, 3), np.float32)),
            r"'b' has shape \(5, 3\), .* \(N = 2, 3\)",
        ),
        (
            lambda arrays: arrays.update(a=np.ones((2, 3), np.int64)),
            "int64, which cannot safely become float32",
        ),
        (lambda arrays: arrays.update(a=np.ones((2, 3), np.complex64)), "complex64"),
        (lambda arrays: arrays.update(a=np.full((2, 3), "x")), "cannot safely become"),
        (lambda arrays: arrays.update(a=np.full((2, 3), 1e300)), "beyond the range of float32"),
    ],
)
def test_what_does_not_fit_is_said(change, reason):
    arrays = ones(2)
    change(arrays)
    with pytest.raises(ModelError, match=reason):
        Doubling().run(arrays)


def test_infinities_pass():
    arrays = ones(1, np.float64)
    arrays["a"][0, 0] = np.inf
    assert np.isinf(Doubling().run(arrays)["sum"][0, 0])


def test_a_batch_size_below_one_is_a_usage_error():
    with pytest.raises(UsageError, match="batch size"):
        Doubling(batch_size=0)


def test_the_runtimes_are_found_and_an_unknown_one_names_them():
    assert {"onnx", "torch"} <= set(runners.names())
    assert "onnx" in runners.available()
    with pytest.raises(UsageError) as caught:
        runners.get("abacus")
    assert ", ".join(runners.names()) in caught.value.hint


@pytest.mark.parametrize("name", runners.names())
def test_every_runner_module_keeps_the_protocol(name):
    module = runners.get(name)
    assert name == module.RUNTIME
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in module.SUFFIXES)
    assert isinstance(module.available(), bool)
    assert callable(module.load)


def test_no_engine_is_imported_with_the_rooms():
    code = (
        "import sys, fairreg.models.hbb_in, fairreg.runners as r; [r.get(n) for n in r.names()];"
        "print(sorted({'onnx', 'onnxruntime', 'torch'} & set(sys.modules)))"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (child.stdout, child.stderr) == ("[]\n", "")


def test_an_onnx_model_runs_from_path_and_from_bytes(tmp_path, files, tensors):
    content = files.onnx(tensors)
    (tmp_path / "x.onnx").write_bytes(content)
    x = np.array([[-1, 0, 2]], dtype=np.float32)
    for source in (content, tmp_path / "x.onnx"):
        runner = runners.get("onnx").load(source, threads=1)
        assert (runner.name, runner.device, runner.precision) == ("onnx", "cpu", "float32")
        assert runner.inputs == (Tensor(name="x", dtype="float32", shape=("n", 3)),)
        np.testing.assert_array_equal(runner.run({"x": x})["y"], [[0, 0, 2]])


def test_what_onnxruntime_cannot_load_is_a_model_error(tmp_path, files, tensors):
    import onnx

    model = onnx.ModelProto.FromString(files.onnx(tensors))
    model.graph.node[0].op_type = "Unheard"
    with pytest.raises(ModelError, match=r"the operator Unheard, which onnxruntime .* does not know"):
        runners.get("onnx").load(model.SerializeToString())
    with pytest.raises(ModelError, match=r"missing\.onnx cannot be read"):
        runners.get("onnx").load(tmp_path / "missing.onnx")
    with pytest.raises(ModelError, match="not a valid ONNX model"):
        runners.get("onnx").load(b"garbage")


def test_what_onnxruntime_cannot_run_is_a_model_error(files, tensors):
    runner = runners.get("onnx").load(files.onnx(tensors))
    with pytest.raises(ModelError, match="could not run the model"):
        runner.compute({"x": np.zeros((1, 2), dtype=np.float32)})


def test_without_pytorch_its_runner_says_how_to_install_it(monkeypatch):
    module = runners.get("torch")
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert not module.available()
    with pytest.raises(MissingEngine) as caught:
        module.load(b"")
    assert caught.value.hint == "Install it with: pip install 'fairreg[torch]'"


@pytest.mark.torch
def test_a_torch_callable_runs_and_its_errors_are_ours(tmp_path):
    torch = pytest.importorskip("torch")
    signature = (Tensor(name="x", dtype="float32", shape=("n", 3)),)
    results = tuple(Tensor(name=name, dtype="float32", shape=("n", 3)) for name in "yz")
    module = runners.get("torch")
    runner = module.wrap(lambda x: (x + 1, 2 * x), signature, results, batch_size=2)
    found = runner.run({"x": np.ones((5, 3))})
    np.testing.assert_array_equal(found["y"], np.full((5, 3), 2))
    np.testing.assert_array_equal(found["z"], np.full((5, 3), 2))
    failing = module.wrap(lambda x: x @ torch.ones(7, 7), signature, results[:1])
    with pytest.raises(ModelError, match="PyTorch could not run"):
        failing.run({"x": np.ones((5, 3))})
    with pytest.raises(ModelError, match=r"x\.pth is none of them"):
        module.load(tmp_path / "x.pth")
