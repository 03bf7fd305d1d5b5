# SPDX-License-Identifier: MIT
"""Reader of ONNX files: weights (docs/fingerprints.md), signature, and whole models with their side files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fairreg.errors import ModelError
from fairreg.runners._onnx_signature import ELEMENTS
from fairreg.runners.weights.tensors import BFLOAT16, MAX_FILE_BYTES, Array, Tensors, check_whole
from fairreg.schemas.record import ANY_AXES, Tensor
from fairreg.storage.formats import HEAD_BYTES, FileFormat, format_of_head

__all__ = [
    "SUFFIXES",
    "OnnxContent",
    "complete",
    "knows",
    "parse",
    "read",
    "side_files",
    "signature",
    "signature_of",
    "view_of",
]

_MAX_DEPTH = 32  # of graphs inside nodes of graphs, and of types inside types
_CONTAINERS = {"sequence_type": "sequence", "optional_type": "optional"}
# Protobuf serialises less than 2 GiB; the rest is for the graph and the framing of its tensors.
_MAX_INLINE = (2 << 30) - (64 << 20)

# What is met under the name of a model.
_OTHERS: Mapping[FileFormat, str] = {
    "text": "a text file",
    "zip": "a zip archive",
    "zip_torch": "a PyTorch file",
    "hdf5": "an HDF5 file",
}

# Told by their first bytes, so that nothing else of them, which may be gigabytes, is read.
_NOT_READ: frozenset[FileFormat] = frozenset(
    {"safetensors", "zip", "zip_torch", "legacy_torch", "hdf5", "gguf"}
)

SUFFIXES = frozenset({".onnx"})

# Beginnings of the names of operators of ai.onnx.ml whose attributes are a trained model.
_MODEL_OPERATORS = ("TreeEnsemble", "Linear", "SVM", "Scaler", "Imputer")


def knows(_start: bytes, suffix: str) -> bool:
    """Tell whether a file is an ONNX model: protobuf has no magic number, so the suffix decides."""
    return suffix in SUFFIXES


def read(path: Path) -> Tensors:
    """Read the main graph's initializers with weights in order. Raises ModelError, SecurityRefusal.

    Those are of floating-point and of 8 or 4 bits (quantised) types. If there are none beside single numbers,
    trees, linear models and support vectors have theirs in attributes of their operators, and constants count
    where there are none at all.
    """
    model = _whole(_read_bytes(path), path.parent, path.name)
    types = _weight_types()
    try:
        found = {item.name: _array(item) for item in model.graph.initializer if item.data_type in types}
        if any(array.size > 1 for array in found.values()):
            return found
        return {**(found or _constants(model.graph, types)), **_of_operators(model.graph)}
    except (ValueError, TypeError, KeyError, MemoryError) as error:
        raise ModelError(f"{path.name} is not a valid ONNX model: an initializer is damaged.") from error


def view_of(path: Path) -> Tensors:
    """Read as `read`: protobuf has to be read into memory as a whole."""
    return read(path)


def signature(path: Path) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Read the declared inputs and outputs of the graph, without its side files and without a runtime.

    Raises ModelError.
    """
    return signature_of(parse(_read_bytes(path), path.name))


def signature_of(model: Any) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Declared inputs, without those that have a value, and outputs of the graph of a ModelProto."""
    graph = model.graph
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
    form = kind.WhichOneof("value")
    if form == "tensor_type":
        return _element(kind.tensor_type.elem_type)
    if form in _CONTAINERS and depth < _MAX_DEPTH:
        inner = _dtype(getattr(kind, form).elem_type, depth + 1)
        return f"{_CONTAINERS[form]}({inner})"
    if form == "map_type" and depth < _MAX_DEPTH:
        key = _element(kind.map_type.key_type)
        return f"map({key}, {_dtype(kind.map_type.value_type, depth + 1)})"
    return "other"


def _element(number: int) -> str:
    """Spell an element type; one that ONNX does not know, or leaves open, is "other"."""
    from onnx import TensorProto

    if number not in TensorProto.DataType.values() or number == TensorProto.UNDEFINED:
        return "other"
    name: str = TensorProto.DataType.Name(number).lower()
    return ELEMENTS.get(name, name)


@dataclass(frozen=True)
class OnnxContent:
    """A ModelProto without references to files, also serialised; `large` are initializers without room there.

    In `content`, such an initializer has its name, type and shape, and a location that leads nowhere.
    """

    content: bytes
    model: Any
    large: Mapping[str, Array] = field(default_factory=dict)


def complete(source: Path | bytes, name: str, *, inline: int | None = None) -> OnnxContent:
    """Read a model with its side files, so that an engine needs to open none.

    Beyond `inline` bytes (None: about 2 GiB), large initializers are not in the `content`. Raises ModelError,
    also for the bytes of a model with side files, which have no folder, and SecurityRefusal.
    """
    from google.protobuf.message import EncodeError  # type: ignore[import-untyped, unused-ignore]

    from fairreg.runners.weights.external_data import embed, external_tensors

    content = _read_bytes(source) if isinstance(source, Path) else source
    model = parse(content, name)
    if not any(True for _ in external_tensors(model)):
        return OnnxContent(content, model)
    folder = source.parent if isinstance(source, Path) else None
    large = embed(model, folder, name, size=len(content), inline=_MAX_INLINE if inline is None else inline)
    try:
        return OnnxContent(model.SerializeToString(), model, large)
    except (EncodeError, ValueError) as error:
        raise ModelError(
            f"{name} has 2 GiB or more of tensors outside its main graph, or of types that numpy lacks."
        ) from error


def side_files(path: Path) -> tuple[str, ...]:
    """Names of the files beside a model that it needs, sorted, by paths from its folder.

    Raises ModelError, SecurityRefusal for one outside that folder.
    """
    from fairreg.runners.weights.external_data import locations

    return locations(parse(_read_bytes(path), path.name), path.name)


def parse(content: bytes, name: str) -> Any:
    """Parse the ModelProto in `content` without its side files; `name` is for messages. Raises ModelError."""
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped, unused-ignore]

    check_whole(content[:HEAD_BYTES], name)
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except (DecodeError, RecursionError, MemoryError) as error:
        raise ModelError(f"{name} is not a valid ONNX model.", hint=_other_format(content)) from error
    if not model.graph.node:
        raise ModelError(
            f"{name} is not a valid ONNX model: its graph is empty.", hint=_other_format(content)
        )
    return model


def _other_format(content: bytes) -> str | None:
    """A hint for the bytes of something else under the name of a model.

    A damaged model may be short enough to have no byte that is none of a text, but begins with a field's tag.
    """
    found = _OTHERS.get(format_of_head(content[:HEAD_BYTES], ""))
    return f"It is {found}." if found and content[:1] >= b"\t" else None


def _whole(content: bytes, folder: Path, name: str) -> Any:
    from fairreg.runners.weights.external_data import embed

    model = parse(content, name)
    embed(model, folder, name, size=len(content))
    return model


def _read_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ModelError(f"{path.name} exceeds the limit of {MAX_FILE_BYTES >> 30} GiB for ONNX models.")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            if format_of_head(head, "") in _NOT_READ:
                raise ModelError(f"{path.name} is not a valid ONNX model.", hint=_other_format(head))
            file.seek(0)
            return file.read()
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror or error}.") from error


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


def _of_operators(graph: Any) -> Tensors:
    """Lists of numbers, tensors and texts in the attributes of operators of ai.onnx.ml that hold a model.

    Source: https://onnx.ai/onnx/operators/#ai-onnx-ml. Texts are their bytes in UTF-8, each ended by a zero.
    """
    found: Tensors = {}
    for number, node in enumerate(graph.node):
        if node.domain != "ai.onnx.ml" or not node.op_type.startswith(_MODEL_OPERATORS):
            continue
        for attribute in node.attribute:
            array = _of_attribute(attribute)
            if array is not None and array.size:
                found[f"{number}.{node.op_type}.{attribute.name}"] = array
    return found


def _of_attribute(attribute: Any) -> Array | None:
    """A list or tensor as an array; None for single values, which are options."""
    from onnx import AttributeProto

    if attribute.type == AttributeProto.FLOATS:
        return np.array(attribute.floats, np.float32)
    if attribute.type == AttributeProto.INTS:
        return np.array(attribute.ints, np.int64)
    if attribute.type == AttributeProto.STRINGS:
        return np.frombuffer(b"".join(item + b"\0" for item in attribute.strings), np.uint8)
    return _array(attribute.t) if attribute.type == AttributeProto.TENSOR else None


def _array(tensor: Any) -> Array:
    from onnx import numpy_helper

    array: Array = np.asarray(numpy_helper.to_array(tensor))
    if array.dtype.name == "bfloat16":
        return array.view(np.dtype("<u2")).view(BFLOAT16)
    return array
