# SPDX-License-Identifier: MIT
"""A device is there, or one true sentence says why not; nothing computes elsewhere without a word."""

import ctypes
import sys
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from fairreg import runners
from fairreg.errors import ModelError, UsageError
from fairreg.runners import devices, onnx, torch
from fairreg.runners.devices import Device


def doubled() -> bytes:
    """The bytes of an ONNX model of float32 numbers."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 2]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "doubled", values[:1], values[1:])
    opset = helper.make_opsetid("", 17)
    return helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString()


class Driver:
    """NVIDIA's driver library with `number` GPUs, or one whose functions give an error."""

    def __init__(self, number=0, error=0):
        self.number, self.error = number, error

    def cuInit(self, _flags):
        return self.error

    def cuDeviceGetCount(self, number):
        number._obj.value = self.number
        return 0

    def cuGetErrorName(self, _error, text):
        text._obj.value = b"CUDA_ERROR_OUT_OF_ORDER"
        return 0


@pytest.fixture
def driver(monkeypatch):
    """Install a driver."""

    def install(found):
        def opened(_name):
            if found is None:
                raise OSError("no such file")
            return found

        # Of this module only: engines load libraries of their own while this is in place.
        monkeypatch.setattr(devices, "ctypes", SimpleNamespace(**{**vars(ctypes), "CDLL": opened}))

    return install


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("cpu", Device()),
        ("cuda", Device("cuda")),
        ("cuda:0", Device("cuda")),
        ("cuda:12", Device("cuda", 12)),
    ],
)
def test_the_words_for_devices(text, device):
    assert devices.parse(text) == device
    assert devices.parse(str(device)) == device


def test_nothing_asked_is_the_default():
    assert devices.parse(None) == Device()
    assert devices.parse(None, Device("cuda", 1)) == Device("cuda", 1)


@given(
    st.one_of(st.text(max_size=12), st.sampled_from(["CUDA", "cuda:", "cuda:-1", "cuda:1\n", "gpu", "cpu:0"]))
)
def test_any_other_text_is_wrong_usage(text):
    if text in {"cpu", "cuda"} or (text.startswith("cuda:") and text[5:].isdecimal()):
        return
    with pytest.raises(UsageError, match="There is no device") as refused:
        devices.parse(text)
    assert "cuda:N" in (refused.value.hint or "")


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (None, "driver is not installed"),
        (Driver(0), "sees none"),
        (Driver(0, 100), "sees none"),
        (Driver(0, 708), "does not start: CUDA_ERROR_OUT_OF_ORDER"),
    ],
)
def test_the_reason_for_no_gpu_is_the_drivers(driver, found, reason):
    driver(found)
    assert devices.count() == 0
    for module in (onnx, torch) if torch.available() else (onnx,):
        with pytest.raises(ModelError) as refused:
            module.check_device(Device("cuda"))
        assert reason in refused.value.message or "CPU only" in refused.value.message
    with pytest.raises(ModelError, match=reason):
        devices.require(Device("cuda"))


@pytest.mark.parametrize(("number", "known"), [(1, "only the GPU 0"), (4, "the GPUs 0 to 3")])
def test_a_number_beyond_the_last_gpu_is_said(driver, number, known):
    driver(Driver(number))
    devices.require(Device("cuda", number - 1))
    with pytest.raises(ModelError, match=f"There is no GPU 7; this machine has {known}"):
        devices.require(Device("cuda", 7))


@pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="onnxruntime has CUDA"
)
def test_the_build_of_onnxruntime_for_the_cpu_is_said_with_what_to_install(driver):
    driver(Driver(1))
    with pytest.raises(ModelError, match="computes on the CPU only") as refused:
        onnx.load(doubled(), device="cuda")
    assert "onnxruntime-gpu" in (refused.value.hint or "")


class Session:
    """A session of onnxruntime that got the providers `got`."""

    asked: list[object]

    def __init__(self, got, complaint=""):
        self.got, self.complaint = got, complaint

    def __call__(self, _content, _options, *, providers, enable_fallback):
        assert enable_fallback == 0
        if self.complaint:
            raise RuntimeError(self.complaint)
        self.asked = providers
        return self

    def get_providers(self):
        return self.got

    def get_overridable_initializers(self):
        return []

    def get_inputs(self):
        return [SimpleNamespace(name="x", type="tensor(float)", shape=["N", 2])]

    def get_outputs(self):
        return [SimpleNamespace(name="y", type="tensor(float)", shape=["N", 2])]


@pytest.fixture
def cuda_build(driver, monkeypatch):
    """onnxruntime for GPUs, with a driver for two; `session` replaces its sessions."""
    driver(Driver(2))
    both = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: both)

    def install(session, said=""):
        monkeypatch.setattr(onnxruntime, "InferenceSession", session)
        monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: sys.stdout.write(said), raising=False)
        return session

    return install


@pytest.mark.parametrize(("precision", "tf32"), [("float32", "0"), ("tf32", "1")])
def test_onnxruntime_gets_the_number_of_the_gpu_and_no_tf32_unless_asked(cuda_build, precision, tf32):
    session = cuda_build(Session(["CUDAExecutionProvider", "CPUExecutionProvider"]))
    runner = onnx.load(doubled(), device="cuda:1", precision=precision)
    assert session.asked[0] == ("CUDAExecutionProvider", {"device_id": "1", "use_tf32": tf32})
    assert (runner.device, runner.precision) == ("cuda:1", precision)


def test_a_session_that_fell_back_to_the_cpu_is_an_error_with_the_reason(cuda_build, capsys):
    cuda_build(Session(["CPUExecutionProvider"]), said="\x1b[33mlibcudnn.so.9 was not found.\x1b[0m\nmore\n")
    with pytest.raises(
        ModelError, match=r"cannot use the GPU: libcudnn\.so\.9 was not found\.\nHint: "
    ) as refused:
        onnx.load(doubled(), device="cuda")
    assert "onnxruntime-gpu[cuda,cudnn]" in (refused.value.hint or "")
    assert capsys.readouterr().out == ""


def test_the_providers_own_reason_is_said(cuda_build):
    cuda_build(Session([], complaint="CUDA failure 2: out of memory"))
    with pytest.raises(ModelError, match="CUDA failure 2: out of memory"):
        onnx.load(doubled(), device="cuda")


def test_a_precision_that_is_not_there_is_wrong_usage():
    for precision in ("tf32", "float8"):
        with pytest.raises(UsageError, match=f"'{precision}' on cpu"):
            onnx.load(doubled(), precision=precision)


def test_the_cpu_may_be_asked_for():
    runner = runners.load("onnx", doubled(), device="cpu")
    assert runner.device == "cpu"
    with runner:
        found = runner.run({"x": np.ones((3, 2), "f4")})["y"]
    assert found.tolist() == [[2, 2]] * 3


def test_tensorrt_is_not_for_the_cpu():
    with pytest.raises(UsageError, match="NVIDIA GPUs only"):
        runners.check_device("tensorrt", "cpu")


def test_a_runtime_of_others_that_knows_no_devices_says_so(monkeypatch):
    monkeypatch.setattr(runners, "get", lambda _name: SimpleNamespace(load=lambda source: source))
    assert runners.load("theirs", b"x", device=None) == b"x"
    runners.check_device("theirs", "cuda")
    with pytest.raises(UsageError, match="The runtime 'theirs' takes no device"):
        runners.load("theirs", b"x", device="cuda")


@pytest.mark.torch
def test_pytorch_says_whether_its_build_or_the_driver_lacks_the_gpu(driver, monkeypatch):
    library = pytest.importorskip("torch")
    monkeypatch.setattr(library.cuda, "is_available", lambda: False)
    driver(None)
    monkeypatch.setattr(library.backends.cuda, "is_built", lambda: False)
    with pytest.raises(ModelError, match="computes on the CPU only"):
        torch.place("cuda")
    monkeypatch.setattr(library.backends.cuda, "is_built", lambda: True)
    with pytest.raises(ModelError, match="driver is not installed"):
        torch.place("cuda")
    driver(Driver(1))
    with pytest.raises(ModelError, match="cannot use the GPU that NVIDIA's driver sees"):
        torch.place("cuda")
    monkeypatch.setattr(library.cuda, "is_available", lambda: True)
    monkeypatch.setattr(library.cuda, "device_count", lambda: 1)
    assert str(torch.place("cuda:0")) == "cuda:0"
    with pytest.raises(ModelError, match="only the GPU 0"):
        torch.place("cuda:1")


@pytest.mark.parametrize("name", ["lightgbm", "skops", "tflite", "xgboost"])
def test_an_engine_that_fairreg_runs_on_the_cpu_refuses_a_gpu_as_wrong_usage(name, monkeypatch):
    runner = runners.get(name)
    monkeypatch.setattr(runner, "available", lambda: True)
    runner.check_device(devices.CPU)
    with pytest.raises(UsageError, match=r"^fairreg runs \S+ on the CPU\.\n"):
        runner.check_device(devices.parse("cuda:1"))
