# SPDX-License-Identifier: MIT
"""Configuration of an ONNX model for Triton Inference Server, in protobuf's text format.

The fields are those of ``ModelConfig`` in model_config.proto (triton-inference-server/common); the rules are
those of "Model Configuration" in Triton's user guide, and of the checks that Triton's ONNX Runtime backend
makes when it loads a model: the names, element types and numbers of axes of the configuration must be those
that onnxruntime reports, a length of an output too.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from fairreg.errors import ModelError

__all__ = ["FREE", "TritonConfig", "TritonTensor", "configure", "quoted"]

FREE = -1  # length of an axis that is free
# onnxruntime's element types (ONNX names) in Triton's words; its ONNX Runtime backend takes no others.
_DATA_TYPES = MappingProxyType(
    {
        "float16": "TYPE_FP16",
        "float": "TYPE_FP32",
        "double": "TYPE_FP64",
        "bool": "TYPE_BOOL",
        "string": "TYPE_STRING",
        **{name: f"TYPE_{name.upper()}" for name in ("int8", "int16", "int32", "int64")},
        **{name: f"TYPE_{name.upper()}" for name in ("uint8", "uint16", "uint32", "uint64")},
    }
)
_TENSOR = re.compile(r"tensor\((\w+)\)")
_PRINTABLE = range(0x20, 0x7F)


@dataclass(frozen=True)
class TritonTensor:
    """An input or output; `dims` omit the batch axis. `axes` is their number in the graph, without it."""

    name: str
    data_type: str
    dims: tuple[int, ...]
    axes: int
    optional: bool = False

    def lines(self) -> Iterator[str]:
        """Yield the fields in text format."""
        yield f"name: {quoted(self.name)}"
        yield f"data_type: {self.data_type}"
        yield f"dims: [ {', '.join(map(str, self.dims))} ]"
        if self.optional:
            yield "optional: true"


@dataclass(frozen=True)
class TritonConfig:
    """The configuration of one model; with `max_batch_size` 0 the dims name every axis."""

    name: str
    max_batch_size: int
    inputs: tuple[TritonTensor, ...]
    outputs: tuple[TritonTensor, ...]

    def to_text(self, remarks: Iterable[str] = ()) -> str:
        """Text of ``config.pbtxt``, in ASCII, with `remarks` as comments."""
        return "".join(f"{line}\n" for line in self._lines(remarks))

    def _lines(self, remarks: Iterable[str]) -> Iterator[str]:
        yield from (f"# {remark}" for remark in remarks)
        yield f"name: {quoted(self.name)}"
        yield 'platform: "onnxruntime_onnx"'
        yield 'backend: "onnxruntime"'
        yield f"max_batch_size: {self.max_batch_size}"
        for kind, tensors in (("input", self.inputs), ("output", self.outputs)):
            for tensor in tensors:
                yield from (f"{kind} {{", *(f"  {line}" for line in self._fields(tensor)), "}")
        if self.max_batch_size:
            yield "dynamic_batching { }"

    def _fields(self, tensor: TritonTensor) -> Iterator[str]:
        yield from tensor.lines()
        if self.max_batch_size and not tensor.axes:
            # Nothing is left beside the batch axis, but Triton wants dims. Without a batch axis, its backend
            # takes dims of ones for a scalar, and Triton refuses the empty reshape.
            yield "reshape { shape: [ ] }"


def configure(
    name: str,
    session: Any,
    *,
    max_batch_size: int,
    is_scalar: Callable[[str], bool],
    lengths: Mapping[str, tuple[int | str, ...]] = MappingProxyType({}),
) -> tuple[TritonConfig, tuple[str, ...]]:
    """Configure the model of an onnxruntime session; return the configuration and warnings.

    `max_batch_size` becomes 0 if the first axis of an input or output is not free. `lengths` has shapes of
    inputs that are stricter than the graph's. `is_scalar` tells whether the file declares a value to have no
    axes: onnxruntime reports none also where they are unknown. Raises ModelError for inputs and outputs that
    Triton cannot serve; inputs with a default value are left out instead, with a warning.
    """
    read = _Reader(is_scalar)
    inputs = [read.tensor(item, "input", lengths.get(item.name)) for item in session.get_inputs()]
    outputs = [read.tensor(item, "output") for item in session.get_outputs()]
    free = inputs and all(item.dims[:1] == (FREE,) for item in (*inputs, *outputs))
    batched = max_batch_size > 0 and bool(free)
    optional, warnings = read.optional(session.get_overridable_initializers(), batched=batched)
    if not inputs and not optional:
        raise ModelError(
            "The model has no inputs: Triton would complete its configuration by itself, so none is written.",
            hint="Export the model with an input.",
        )
    if batched:
        inputs, outputs = (list(map(_without_batch, part)) for part in (inputs, outputs))
    served = (*map(_served, inputs), *optional), tuple(map(_served, outputs))
    return TritonConfig(name, max_batch_size if batched else 0, *served), warnings


def quoted(text: str) -> str:
    """Quote a string for protobuf's text format, in ASCII: every other byte of its UTF-8 in octal."""
    content = text.encode("utf-8", "surrogateescape")
    plain = (chr(byte) if byte in _PRINTABLE and byte not in b'"\\' else f"\\{byte:03o}" for byte in content)
    return f'"{"".join(plain)}"'


@dataclass(frozen=True)
class _Reader:
    """Reads the arguments of an onnxruntime session as tensors with all their axes."""

    is_scalar: Callable[[str], bool]

    def tensor(self, item: Any, kind: str, stricter: tuple[int | str, ...] | None = None) -> TritonTensor:
        data_type = _data_type(item, kind)
        if "\0" in item.name or not item.name:
            raise ModelError(
                f"The {kind} {item.name!r} of the model has a name that Triton cannot serve.",
                hint="Rename it when exporting the model: the name must not be empty and have no NUL.",
            )
        if not item.shape and not self.is_scalar(item.name):
            raise ModelError(
                f"The model file does not declare the shape of the {kind} {item.name!r}; Triton needs the "
                "number of its axes.",
                hint="Declare it when exporting the model, or add it with onnx.shape_inference.infer_shapes.",
            )
        return TritonTensor(item.name, data_type, _dims(item, kind, stricter), len(item.shape))

    def optional(self, items: Iterable[Any], *, batched: bool) -> tuple[list[TritonTensor], tuple[str, ...]]:
        """Return the inputs with a default value that can be served, and a warning for each other one."""
        found, warnings = [], []
        for item in items:
            try:
                tensor = self.tensor(item, "input")
            except ModelError as error:
                warnings.append(f"{error.message} It has a default value and is left out.")
                continue
            if batched:
                warnings.append(
                    f"The input {item.name!r} of the model has a default value and is left out: Triton takes "
                    "optional inputs only without batching."
                )
            else:
                found.append(replace(_served(tensor), optional=True))
        return found, tuple(warnings)


def _data_type(item: Any, kind: str) -> str:
    tensor = _TENSOR.fullmatch(item.type)
    if tensor is None:
        raise ModelError(
            f"The {kind} {item.name!r} of the model is of the type {item.type}; Triton serves only tensors.",
            hint="Export the model so that it returns arrays"
            + ("; skl2onnx does with options={'zipmap': False}." if "map(" in item.type else "."),
        )
    if tensor[1] not in _DATA_TYPES:
        raise ModelError(
            f"The {kind} {item.name!r} of the model has elements of the type {tensor[1]}, which Triton's "
            "ONNX Runtime backend does not take.",
            hint=f"Export the model with another type of this {kind}, such as float32.",
        )
    return _DATA_TYPES[tensor[1]]


def _dims(item: Any, kind: str, stricter: tuple[int | str, ...] | None) -> tuple[int, ...]:
    dims = tuple(size if isinstance(size, int) and size >= 0 else FREE for size in item.shape)
    if 0 in dims:
        raise ModelError(f"The {kind} {item.name!r} of the model has an axis of length 0; Triton takes none.")
    if stricter is None or len(stricter) != len(dims):
        return dims
    # An input may be stricter than its graph: a fixed length of the model's signature for a free axis.
    pairs = zip(dims, stricter, strict=True)
    return tuple(wanted if size == FREE and isinstance(wanted, int) else size for size, wanted in pairs)


def _without_batch(tensor: TritonTensor) -> TritonTensor:
    return replace(tensor, dims=tensor.dims[1:], axes=tensor.axes - 1)


def _served(tensor: TritonTensor) -> TritonTensor:
    """The tensor with at least one axis: Triton knows no empty shape."""
    return tensor if tensor.dims else replace(tensor, dims=(1,))
