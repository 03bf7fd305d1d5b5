# SPDX-License-Identifier: MIT
"""TensorRT where there is no GPU: what is refused and why, and, with the engine, that it builds our graph."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from fairreg.errors import MissingEngine, ModelError, SecurityRefusal, UsageError
from fairreg.models.hbb_in.network import Hyperparameters, onnx_bytes
from fairreg.runners import devices, tensorrt
from support.side_file_graphs import save_external

SIZES = Hyperparameters(30, 14, 8, 4, 4)


def _network() -> bytes:
    random = np.random.default_rng(1)
    return onnx_bytes(
        {name: random.normal(size=shape).astype("f4") for name, shape in SIZES.shapes().items()}
    )


@pytest.mark.parametrize("suffix", [".plan", ".engine", ".trt"])
def test_a_plan_from_elsewhere_is_refused_whether_or_not_tensorrt_is_there(
    tmp_path: Path, suffix: str
) -> None:
    (tmp_path / f"net{suffix}").write_bytes(b"ftrt")
    with pytest.raises(SecurityRefusal, match="fits only the GPU") as refused:
        tensorrt.load(tmp_path / f"net{suffix}")
    assert "ONNX" in (refused.value.hint or "")


@pytest.mark.skipif(tensorrt.available(), reason="TensorRT is installed")
def test_without_tensorrt_the_pip_line_is_said() -> None:
    with pytest.raises(MissingEngine, match="TensorRT is not installed") as missing:
        tensorrt.load(_network())
    assert "fairreg[tensorrt]" in (missing.value.hint or "")


@pytest.mark.skipif(not tensorrt.available(), reason="TensorRT is not installed")
def test_without_a_gpu_one_sentence_says_so_and_names_another_runtime() -> None:
    if devices.count():
        pytest.skip("there is a GPU")
    with pytest.raises(ModelError, match="There is no NVIDIA GPU to compute on") as refused:
        tensorrt.load(_network())
    assert "--runtime onnx" in (refused.value.hint or "")


def test_an_axis_without_bounds_is_explained() -> None:
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", "long"]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "relu", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with pytest.raises(ModelError, match="no largest length for axis 1 of its input 'x'") as refused:
        tensorrt.build(model.SerializeToString(), batch_size=8)
    assert "fairreg.longest.long" in (refused.value.hint or "")


def test_an_unknown_precision_is_explained() -> None:
    with pytest.raises(UsageError, match="does not compute in 'int8'"):
        tensorrt.build(_network(), batch_size=8, precision="int8")


def test_the_parser_gets_no_model_that_refers_to_side_files(tmp_path: Path) -> None:
    graph, _ = save_external(tmp_path / "x.onnx")
    with pytest.raises(ModelError, match="given as bytes without folder"):
        tensorrt.build(graph, batch_size=8)


@pytest.mark.skipif(not tensorrt.available(), reason="TensorRT is not installed")
def test_a_plan_of_the_hbb_network_is_built() -> None:
    assert len(tensorrt.build(_network(), batch_size=600)) > 10_000


@pytest.mark.gpu
@pytest.mark.skipif(not tensorrt.available(), reason="TensorRT is not installed")
def test_tensorrt_agrees_with_onnxruntime_and_keeps_its_plan(tmp_path: Path) -> None:
    if not devices.count():
        pytest.skip("there is no GPU")
    from fairreg.runners import onnx

    random = np.random.default_rng(2)
    arrays = {
        "input_cpf": random.normal(size=(50, 30, 60)).astype("f4"),
        "input_sv": random.normal(size=(50, 14, 5)).astype("f4"),
    }
    found = [
        tensorrt.load(_network(), batch_size=32, engines=tmp_path).run(arrays)["probabilities"]
        for _ in range(2)
    ]
    assert len(list(tmp_path.glob("*.plan"))) == 1
    expected = onnx.load(_network()).run(arrays)["probabilities"]
    for probabilities in found:
        np.testing.assert_allclose(probabilities, expected, atol=1e-5)
