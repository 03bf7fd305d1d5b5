# SPDX-License-Identifier: MIT
"""ONNX graphs in ONNX's own textual syntax (https://onnx.ai/onnx/repo-docs/Syntax.html)."""

from typing import Any

import numpy as np

__all__ = ["model", "rows_apart"]


def model(
    body: str, given: str = "float[n,4] x", made: str = "float[n,m] y", opset: int = 17, **constants: Any
):
    """The ModelProto of a body such as ``y = Relu(x)``; `constants` are initializers by name."""
    from onnx import numpy_helper, parser

    domains = f'"" : {opset}, "ai.onnx.ml" : 3'
    found = parser.parse_model(
        f"<ir_version: 8, opset_import: [{domains}]> g ({given}) => ({made}) {{ {body} }}"
    )
    for name, value in constants.items():
        array = np.asarray(value)
        kept = array.astype(np.float32) if array.dtype == np.float64 else array
        found.graph.initializer.append(numpy_helper.from_array(kept, name))
    return found


def rows_apart(content: bytes, arrays: dict[str, np.ndarray], size: int) -> tuple[list[Any], list[Any]]:
    """onnxruntime's own outputs for all rows at once, and joined for pieces of `size` rows."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    rows = len(next(iter(arrays.values())))
    pieces = [
        session.run(None, {name: array[first : first + size] for name, array in arrays.items()})
        for first in range(0, rows, size)
    ]
    return session.run(None, arrays), [np.concatenate(parts) for parts in zip(*pieces, strict=True)]
