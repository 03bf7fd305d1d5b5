# SPDX-License-Identifier: MIT
"""Small models with test vectors beside them, in the layouts that fairreg reads."""

import io
import json

import numpy as np
import onnx
from onnx import helper, numpy_helper

from support.small_graphs import model, tensor

__all__ = ["X", "npy", "npz", "onnx_tests", "project", "scaled", "signature"]

X = np.arange(12, dtype=np.float32).reshape(4, 3)


def scaled(factor: float = 2.0, *, inputs: str = "x", outputs: str = "y", **properties: str) -> bytes:
    """A model that multiplies rows of three numbers."""
    number = numpy_helper.from_array(np.array(factor, np.float32), "factor")
    node = helper.make_node("Mul", [inputs, "factor"], [outputs])
    ends = [tensor(name, shape=["items", 3]) for name in (inputs, outputs)]
    content = onnx.ModelProto.FromString(
        model([node], ends[:1], ends[1:], initializers=[number], opset=17, ir=8, domains=())
    )
    helper.set_model_props(content, properties)
    return content.SerializeToString()


def npz(**arrays) -> bytes:
    """A .npz file of these arrays."""
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def npy(array) -> bytes:
    """A .npy file of this array."""
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def signature(model_name: str = "models/toy.onnx", *, columns: int = 3) -> bytes:
    """A signature of `scaled`, as the project template writes it."""
    ends = {
        side: [{"name": name, "dtype": "float32", "shape": ["items", columns]}]
        for side, name in (("inputs", "x"), ("outputs", "y"))
    }
    return json.dumps({"model": model_name, **ends}).encode()


def project(expected=2 * X, tolerance=1e-5, **more: bytes) -> dict[str, bytes]:
    """Files of a project of the template with `scaled` as its model."""
    return {
        "models/toy.onnx": scaled(),
        "signature.json": signature(),
        "tests/vectors/inputs.npz": npz(x=X),
        "tests/vectors/outputs.npz": npz(y=expected),
        "tests/vectors/tolerance.json": json.dumps({"y": tolerance}).encode(),
        **more,
    }


def onnx_tests(expected=2 * X, folder: str = "") -> dict[str, bytes]:
    """A model with a set of tensors as ONNX's own tests have them."""
    tensors = {"input_0.pb": X, "output_0.pb": expected}
    made = {name: numpy_helper.from_array(array).SerializeToString() for name, array in tensors.items()}
    return {f"{folder}model.onnx": scaled()} | {
        f"{folder}test_data_set_0/{name}": pb for name, pb in made.items()
    }
