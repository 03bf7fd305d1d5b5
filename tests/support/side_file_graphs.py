# SPDX-License-Identifier: MIT
"""A small ONNX graph, y = relu(x W + b), with its weights inside or in side files."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = ["X", "external", "inline", "outputs", "save_external"]

X = np.random.default_rng(3).normal(size=(5, 4)).astype(np.float32)


def weights(seed: int = 1) -> dict[str, np.ndarray]:
    """The matrix and the bias."""
    random = np.random.default_rng(seed)
    return {"W": random.normal(size=(4, 8)).astype("f4"), "b": random.normal(size=8).astype("f4")}


def outputs(seed: int = 1) -> np.ndarray:
    """The outputs for X."""
    own = weights(seed)
    return np.maximum(X @ own["W"] + own["b"], 0)


def inline(seed: int = 1) -> onnx.ModelProto:
    """The model with its weights inside."""
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", size])
        for name, size in (("x", 4), ("y", 8))
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "W"], ["p"]),
        helper.make_node("Add", ["p", "b"], ["q"]),
        helper.make_node("Relu", ["q"], ["y"]),
    ]
    tensors = [numpy_helper.from_array(array, name) for name, array in weights(seed).items()]
    graph = helper.make_graph(nodes, "tagger", values[:1], values[1:], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def external(tensor: TensorProto, location: str, **entries: object) -> bytes:
    """Make a tensor refer to a side file; return the bytes that it had inside."""
    content = tensor.raw_data
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    del tensor.external_data[:]
    for key, value in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=str(value))
    return content


def save_external(path: Path, location: str | None = None, seed: int = 1) -> tuple[bytes, bytes]:
    """Write the model as PyTorch does, all weights in one side file; return the bytes of both files."""
    model, content = inline(seed), b""
    place = location or f"{path.name}.data"
    for tensor in model.graph.initializer:
        length = len(tensor.raw_data)
        content += external(tensor, place, offset=len(content), length=length)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    side = path.parent / place
    side.parent.mkdir(parents=True, exist_ok=True)
    side.write_bytes(content)
    return path.read_bytes(), content
