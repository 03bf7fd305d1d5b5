# SPDX-License-Identifier: MIT
"""Tensors of an ONNX model whose bytes are in side files: where they are, and how they come into the model.

Source: ONNX, docs/ExternalData.md and onnx.proto (`TensorProto.external_data`).
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fairreg.errors import ModelError, SecurityRefusal
from fairreg.runners.weights.side_file import Excerpt, open_side_file, parts_of
from fairreg.runners.weights.tensors import MAX_FILE_BYTES, Tensors

__all__ = ["embed", "external_tensors", "locations"]

_MAX_DEPTH = 32  # of graphs inside nodes of graphs
_MAX_NAME = 80  # characters of a foreign name in a message
# A larger initializer need not be in the graph. Engines read smaller ones while they infer shapes.
_LARGE = 1 << 20
_NOWHERE = "in the memory of fairreg"
_NUMBER = re.compile(r"[0-9]{1,19}")
# Element types that several to a byte are packed into: the bits of one, in the type's name.
_PACKED = re.compile(r"U?(?:INT|FLOAT)([246])(?![0-9])")
_VALUES = ("float_data", "int32_data", "int64_data", "uint64_data", "double_data", "string_data", "raw_data")


def locations(model: Any, name: str) -> tuple[str, ...]:
    """Names of the side files of a ModelProto, sorted; `name` is the model's, for messages.

    Raises ModelError for a tensor that names none, SecurityRefusal for a file outside the model's folder.
    """
    return tuple(sorted({_location(tensor, name) for tensor in external_tensors(model)}))


def external_tensors(model: Any) -> Iterator[Any]:
    """Yield every TensorProto of a ModelProto whose bytes are in a side file. Raises ModelError."""
    trainings = (part for info in model.training_info for part in (info.initialization, info.algorithm))
    for graph in (model.graph, *model.functions, *trainings):
        for tensor in _tensors(graph, 0):
            if _is_external(tensor):
                yield tensor


def embed(model: Any, folder: Path | None, name: str, *, size: int = 0, inline: int | None = None) -> Tensors:
    """Move the bytes of all tensors in side files into the ModelProto; `size` bytes of it are read already.

    Each file is opened once. If all is more than `inline` bytes, the large initializers of the main graph are
    returned by name instead, as read-only arrays, and their location in the model leads nowhere. Raises
    SecurityRefusal for a file outside `folder` or a link, ModelError for one that is missing, too short or
    does not fit its tensor, ChecksumMismatch for one that is not the stated one.
    """
    excerpts = [(tensor, _excerpt(tensor, name)) for tensor in external_tensors(model)]
    size += sum(excerpt.length for _, excerpt in excerpts)
    if size > MAX_FILE_BYTES:
        raise ModelError(
            f"{name} and its side files exceed the limit of {MAX_FILE_BYTES >> 30} GiB for weights."
        )
    if excerpts and folder is None:
        raise ModelError(
            f"{name} keeps tensors in {excerpts[0][1].location!r}, but was given as bytes without folder.",
            hint="Give the path of the model file, or save it with its weights inside.",
        )
    # The first tensors that `external_tensors` yields are the initializers of the main graph.
    apart = sum(map(_is_external, model.graph.initializer)) if inline is not None and size > inline else 0
    files: dict[str, list[_Member]] = defaultdict(list)
    for number, (tensor, excerpt) in enumerate(excerpts):
        aside = number < apart and _is_large(tensor, excerpt)
        files[excerpt.location].append(_Member(tensor, excerpt, aside))
    taken: Tensors = {}
    for location, members in files.items():
        taken |= _read(members, folder or Path(), location, name)
    return taken


class _Member(NamedTuple):
    """A tensor in a side file; `aside`: it is returned as an array and does not come into the model."""

    tensor: Any
    excerpt: Excerpt
    aside: bool


def _read(members: list[_Member], folder: Path, location: str, name: str) -> Tensors:
    """Read the tensors in one side file; return those that do not come into the model."""
    taken: Tensors = {}
    with open_side_file(folder, location, name) as file:
        for checksum in dict.fromkeys(item.excerpt.checksum for item in members):
            if checksum is not None:
                file.verify(checksum)
        for tensor, excerpt, aside in members:
            content = file.read(excerpt)
            for values in ("data_location", "external_data", *_VALUES):
                tensor.ClearField(values)
            if aside:
                taken[tensor.name] = np.frombuffer(content, _dtype(tensor)).reshape(tuple(tensor.dims))
                tensor.data_location = tensor.EXTERNAL
                tensor.external_data.add(key="location", value=_NOWHERE)
            else:
                tensor.raw_data = content
    return taken


def _is_external(tensor: Any) -> bool:
    return bool(tensor.data_location == tensor.EXTERNAL)


def _is_large(tensor: Any, excerpt: Excerpt) -> bool:
    """Tell whether a tensor is worth an array of its own, of a type that numpy has."""
    return excerpt.length >= _LARGE and _dtype(tensor).kind in "biufc"


def _dtype(tensor: Any) -> np.dtype[Any]:
    from onnx.helper import tensor_dtype_to_np_dtype

    found: np.dtype[Any] = tensor_dtype_to_np_dtype(tensor.data_type)
    return found


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


def _excerpt(tensor: Any, name: str) -> Excerpt:
    """The place of the bytes of a tensor; a missing length is that of its shape. Raises as `embed`."""
    location = _location(tensor, name)
    stated = {entry.key: entry.value for entry in tensor.external_data}
    needed = _size(tensor, name)
    length = _number(stated.get("length"), needed, tensor, name)
    if length != needed:
        raise ModelError(
            f"The tensor {_short(tensor)} of {name} takes {needed} bytes by its shape and type, but {length} "
            f"bytes in {location!r}.",
            hint="The model is damaged: get it again, or export it again.",
        )
    offset = _number(stated.get("offset"), 0, tensor, name)
    return Excerpt(tensor.name, location, offset, length, stated.get("checksum") or None)


def _location(tensor: Any, name: str) -> str:
    """The name of the tensor's side file, without ``.`` and doubled separators."""
    location = {entry.key: entry.value for entry in tensor.external_data}.get("location")
    if not location:
        raise ModelError(
            f"{name} keeps its tensor {_short(tensor)} in another file, but does not name that file.",
            hint="The model is damaged: get it again, or export it again.",
        )
    parts = parts_of(location)
    if not parts:
        raise SecurityRefusal(
            f"{name} keeps its tensor {_short(tensor)} in {location!r}, which is not a file in its folder.",
            hint="Only files in the folder of the model are read. Save the model with its weights beside it.",
        )
    return "/".join(parts)


def _size(tensor: Any, name: str) -> int:
    """Number of bytes of the tensor in raw form. Raises ModelError for a type without one."""
    import onnx

    types = onnx.TensorProto.DataType
    if min(tensor.dims, default=0) < 0:
        raise ModelError(f"The tensor {_short(tensor)} of {name} has a negative size.")
    known = types.Name(tensor.data_type) if tensor.data_type in types.values() else ""
    if known in {"", "UNDEFINED", "STRING"}:
        raise ModelError(
            f"The tensor {_short(tensor)} of {name} is in another file, but its element type "
            f"{known or tensor.data_type} has no fixed size in onnx {onnx.__version__}.",
            hint="Save the model with its weights inside the file.",
        )
    packed = _PACKED.match(known)
    bits = int(packed[1]) if packed else 8 * _dtype(tensor).itemsize
    return (prod(map(int, tensor.dims)) * bits + 7) // 8


def _number(text: str | None, default: int, tensor: Any, name: str) -> int:
    if text is None:
        return default
    if not _NUMBER.fullmatch(text):
        raise ModelError(
            f"{name} states {text[:_MAX_NAME]!r} as a number of bytes for its tensor {_short(tensor)}.",
            hint="The model is damaged: get it again, or export it again.",
        )
    return int(text)


def _short(tensor: Any) -> str:
    return repr(tensor.name[:_MAX_NAME])
