# SPDX-License-Identifier: MIT
"""An ONNX graph without its weights: what its shapes are inferred from."""

from math import prod
from typing import Any

__all__ = ["LARGEST_CONSTANT", "without_weights"]

LARGEST_CONSTANT = 4096  # elements of a constant whose values may matter: axes, sizes, indices


def without_weights(model: Any) -> Any:
    """The model without the content of large tensors and without the shapes that its author noted."""
    import onnx

    bare = onnx.ModelProto(ir_version=model.ir_version)
    bare.opset_import.extend(model.opset_import)
    bare.functions.extend(model.functions)
    graph = model.graph
    bare.graph.name = graph.name
    bare.graph.node.extend(graph.node)
    bare.graph.input.extend(graph.input)
    bare.graph.output.extend(graph.output)
    for item in bare.graph.output:
        if item.type.HasField("tensor_type"):
            item.type.tensor_type.ClearField("shape")
    bare.graph.sparse_initializer.extend(graph.sparse_initializer)
    for item in graph.initializer:
        large = prod(item.dims) > LARGEST_CONSTANT or item.external_data
        kept = onnx.TensorProto(name=item.name, dims=item.dims, data_type=item.data_type) if large else item
        bare.graph.initializer.append(kept)
    return bare
