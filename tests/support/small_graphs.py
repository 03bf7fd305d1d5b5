# SPDX-License-Identifier: MIT
"""ONNX graphs of a node or two, to try one kind of value at a time."""

from typing import Any

import onnx
from onnx import TensorProto, helper

__all__ = ["element", "identity", "model", "sequence_of", "tensor", "zip_map"]

ML = "ai.onnx.ml"


def model(nodes, inputs, outputs, *, initializers=(), opset=21, ir=10, domains=((ML, 3),)) -> bytes:
    """The bytes of a model of these nodes and declarations."""
    graph = helper.make_graph(nodes, "small", inputs, outputs, list(initializers))
    opsets = [helper.make_opsetid(domain, version) for domain, version in (("", opset), *domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir).SerializeToString()


def element(name: str) -> int:
    """ONNX's number of an element type in onnx's spelling, such as FLOAT8E4M3FN."""
    return int(TensorProto.DataType.Value(name))


def tensor(name: str, kind: str = "FLOAT", shape: Any = None) -> Any:
    """Declare a tensor; `shape` None states no shape."""
    return helper.make_tensor_value_info(name, element(kind), shape)


def sequence_of(name: str, kind: str = "FLOAT", *, optional: bool = False) -> Any:
    """Declare a sequence of tensors of any shape."""
    made = helper.make_sequence_type_proto(helper.make_tensor_type_proto(element(kind), None))
    return helper.make_value_info(name, helper.make_optional_type_proto(made) if optional else made)


def identity(given: Any, made: Any, **options: Any) -> bytes:
    """A model that gives its input `x` as its output `y`."""
    return model([helper.make_node("Identity", ["x"], ["y"])], [given], [made], **options)


def zip_map(labels: list[int] | list[str], *, columns: int | None = None) -> bytes:
    """A model that gives its columns as a sequence of maps, as the converters of classifiers do."""
    texts = all(isinstance(item, str) for item in labels)
    made = onnx.ValueInfoProto(name="probabilities")
    entry = made.type.sequence_type.elem_type.map_type
    entry.key_type = TensorProto.STRING if texts else TensorProto.INT64
    entry.value_type.tensor_type.elem_type = TensorProto.FLOAT
    given = {"classlabels_strings" if texts else "classlabels_int64s": labels}
    node = helper.make_node("ZipMap", ["x"], ["probabilities"], domain=ML, **given)
    return model([node], [tensor("x", shape=["N", columns or len(labels)])], [made])
