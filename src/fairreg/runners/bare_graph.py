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
    for node in graph.node:  # one by one, so that a large constant is never copied
        bare.graph.node.append(_without_value(node) if _has_large_value(node) else node)
    bare.graph.input.extend(graph.input)
    bare.graph.output.extend(graph.output)
    for item in bare.graph.output:
        if item.type.HasField("tensor_type"):
            item.type.tensor_type.ClearField("shape")
    bare.graph.sparse_initializer.extend(graph.sparse_initializer)
    for item in graph.initializer:
        bare.graph.initializer.append(_without_content(item) if _is_large(item) else item)
    return bare


def _is_large(tensor: Any) -> bool:
    return prod(tensor.dims) > LARGEST_CONSTANT or bool(tensor.external_data)


def _without_content(tensor: Any) -> Any:
    import onnx

    return onnx.TensorProto(name=tensor.name, dims=tensor.dims, data_type=tensor.data_type)


def _has_large_value(node: Any) -> bool:
    return node.op_type == "Constant" and any(_is_large(item.t) for item in node.attribute)


def _without_value(node: Any) -> Any:
    """A Constant node whose tensor has no content."""
    from onnx import NodeProto, helper

    kept = NodeProto(name=node.name, op_type=node.op_type, domain=node.domain, output=node.output)
    kept.attribute.extend(
        helper.make_attribute(item.name, _without_content(item.t)) for item in node.attribute
    )
    return kept
