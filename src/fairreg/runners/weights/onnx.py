# SPDX-License-Identifier: MIT
"""Reader of the floating-point initializers of ONNX files, and the check for data kept in other files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fairreg.errors import ModelError, SecurityRefusal
from fairreg.runners._onnx_signature import ELEMENTS
from fairreg.runners.weights.tensors import BFLOAT16, Array, Tensors
from fairreg.schemas.record import ANY_AXES, Tensor

__all__ = ["SUFFIXES", "knows", "parse", "read", "signature"]

_MAX_DEPTH = 32  # of graphs inside nodes of graphs, and of types inside types
_CONTAINERS = {"sequence_type": "sequence", "optional_type": "optional"}

SUFFIXES = frozenset({".onnx"})


def knows(_start: bytes, suffix: str) -> bool:
    """Tell whether a file is an ONNX model: protobuf has no magic number, so the suffix decides."""
    return suffix in SUFFIXES


def read(path: Path) -> Tensors:
    """Read the main graph's floating-point initializers in order. Raises ModelError, SecurityRefusal."""
    model = _parsed(path)
    floating = _floating_types()
    try:
        return {item.name: _array(item) for item in model.graph.initializer if item.data_type in floating}
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
    """An input or output as declared; a value without a stated shape has any number of axes."""
    kind = value.type.tensor_type if value.type.HasField("tensor_type") else None
    shape: tuple[int | str, ...] = (ANY_AXES,)
    if kind is not None and kind.HasField("shape"):
        shape = tuple(_axis(dim, f"{value.name}_{axis}") for axis, dim in enumerate(kind.shape.dim))
    return Tensor(name=value.name, dtype=_dtype(value.type, 0), shape=shape)


def _axis(dim: Any, free: str) -> int | str:
    """Size of an axis, or its name; `free` is the name of one with neither, or with the size -1."""
    if dim.HasField("dim_value") and dim.dim_value >= 0:
        return int(dim.dim_value)
    return dim.dim_param or free


def _dtype(kind: Any, depth: int) -> str:
    """Spell a type as the runner of ONNX models does; sparse and opaque types are "other"."""
    from onnx import TensorProto

    form = kind.WhichOneof("value")
    if form == "tensor_type" and kind.tensor_type.elem_type in TensorProto.DataType.values():
        element = TensorProto.DataType.Name(kind.tensor_type.elem_type).lower()
        return ELEMENTS.get(element, "other" if element == "undefined" else element)
    if form in _CONTAINERS and depth < _MAX_DEPTH:
        inner = _dtype(getattr(kind, form).elem_type, depth + 1)
        return f"{_CONTAINERS[form]}({inner})"
    if form == "map_type" and depth < _MAX_DEPTH:
        key = TensorProto.DataType.Name(kind.map_type.key_type).lower()
        return f"map({ELEMENTS.get(key, key)}, {_dtype(kind.map_type.value_type, depth + 1)})"
    return "other"


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


def _floating_types() -> frozenset[int]:
    from onnx import TensorProto

    return frozenset((TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16))


def _array(tensor: Any) -> Array:
    from onnx import numpy_helper

    array: Array = np.asarray(numpy_helper.to_array(tensor))
    if array.dtype.name == "bfloat16":
        return array.view(np.dtype("<u2")).view(BFLOAT16)
    return array
