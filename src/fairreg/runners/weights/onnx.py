# SPDX-License-Identifier: MIT
"""Reader of the weights in ONNX files (docs/fingerprints.md), and the check for data kept in other files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fairreg.errors import ModelError, SecurityRefusal
from fairreg.runners.weights.tensors import BFLOAT16, Array, Tensors
from fairreg.schemas.record import Tensor

__all__ = ["SUFFIXES", "knows", "parse", "read", "signature"]

_MAX_DEPTH = 32  # of graphs inside nodes of graphs

SUFFIXES = frozenset({".onnx"})


def knows(_start: bytes, suffix: str) -> bool:
    """Tell whether a file is an ONNX model: protobuf has no magic number, so the suffix decides."""
    return suffix in SUFFIXES


def read(path: Path) -> Tensors:
    """Read the main graph's initializers with weights in order. Raises ModelError, SecurityRefusal.

    Those are of floating-point and of 8 or 4 bits (quantised) types; if there are none, the constants.
    """
    model = _parsed(path)
    types = _weight_types()
    try:
        found = {item.name: _array(item) for item in model.graph.initializer if item.data_type in types}
        return found or _constants(model.graph, types)
    except (ValueError, TypeError, KeyError, MemoryError) as error:
        raise ModelError(f"{path.name} is not a valid ONNX model: an initializer is damaged.") from error


def signature(path: Path) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Read the declared inputs and outputs of the graph, without loading it into a runtime.

    Raises ModelError, SecurityRefusal.
    """
    graph = _parsed(path).graph
    held = {item.name for item in graph.initializer}
    inputs = tuple(_declared(item) for item in graph.input if item.name not in held)
    return inputs, tuple(map(_declared, graph.output))


def _declared(value: Any) -> Tensor:
    dims = enumerate(value.type.tensor_type.shape.dim)
    return Tensor(
        name=value.name,
        dtype=_dtype(value.type.tensor_type.elem_type),
        shape=tuple(dim.dim_param or dim.dim_value or f"{value.name}_{axis}" for axis, dim in dims),
    )


def _dtype(element: int) -> str:
    """Name of an element type as in the runner of ONNX models; 0 stands for a value other than a tensor."""
    import onnx

    if element == onnx.TensorProto.STRING:
        return "str"
    known = element and element in onnx.TensorProto.DataType.values()
    return str(onnx.helper.tensor_dtype_to_np_dtype(element).name) if known else "other"


def _parsed(path: Path) -> Any:
    try:
        return parse(path.read_bytes(), path.name)
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror or error}.") from error


def parse(content: bytes, name: str) -> Any:
    """Parse the ModelProto in `content`; `name` is for messages.

    Raises ModelError for other content and SecurityRefusal for a model with tensors in other files: such a
    reference could name any file of this machine, and the digest of the model would not cover it.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped, unused-ignore]

    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except (DecodeError, RecursionError, MemoryError) as error:
        raise ModelError(f"{name} is not a valid ONNX model.") from error
    if not model.graph.node:
        raise ModelError(f"{name} is not a valid ONNX model: its graph is empty.")
    _refuse_external(model, name)
    return model


def _refuse_external(model: Any, name: str) -> None:
    import onnx

    trainings = (part for info in model.training_info for part in (info.initialization, info.algorithm))
    graphs = [model.graph, *model.functions, *trainings]
    for tensor in (tensor for graph in graphs for tensor in _tensors(graph, 0)):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            place = next((entry.value for entry in tensor.external_data if entry.key == "location"), "?")
            raise SecurityRefusal(
                f"{name} keeps its tensor {tensor.name!r} in another file ({place!r}), which is not read.",
                hint="Save the model with its weights inside the file.",
            )


def _tensors(graph: Any, depth: int) -> Iterator[Any]:
    """Yield every TensorProto of a graph or function, including those in attributes and inner graphs."""
    if depth > _MAX_DEPTH:
        raise ModelError("The ONNX model nests its graphs too deeply.")
    yield from getattr(graph, "initializer", ())
    for sparse in getattr(graph, "sparse_initializer", ()):
        yield from (sparse.values, sparse.indices)
    own = getattr(graph, "attribute_proto", ())
    for attribute in (*own, *(attribute for node in graph.node for attribute in node.attribute)):
        yield from (attribute.t, *attribute.tensors)
        for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
            yield from (sparse.values, sparse.indices)
        for inner in (attribute.g, *attribute.graphs):
            yield from _tensors(inner, depth + 1)


def _weight_types() -> frozenset[int]:
    """Element types of weights: all others are of shapes, indices and masks."""
    from onnx import TensorProto

    kinds = ("FLOAT", "DOUBLE", "BFLOAT16", "INT8", "UINT8", "INT4", "UINT4", "INT2", "UINT2")
    return frozenset(number for name, number in TensorProto.DataType.items() if name.startswith(kinds))


def _constants(graph: Any, types: frozenset[int]) -> Tensors:
    """The tensors of Constant nodes with a matrix among them; single numbers are no weights."""
    values = {
        node.output[0]: attribute.t
        for node in graph.node
        for attribute in node.attribute
        if node.op_type == "Constant" and attribute.name == "value" and attribute.t.data_type in types
        if node.output
    }
    matrices = any(len(tensor.dims) > 1 for tensor in values.values())
    return {name: _array(tensor) for name, tensor in values.items() if matrices and tensor.dims}


def _array(tensor: Any) -> Array:
    from onnx import numpy_helper

    array: Array = np.asarray(numpy_helper.to_array(tensor))
    if array.dtype.name == "bfloat16":
        return array.view(np.dtype("<u2")).view(BFLOAT16)
    return array
