# SPDX-License-Identifier: MIT
"""Signatures of ONNX graphs: the types and shapes of onnxruntime in the words of `_casting`.

The signature of an output states the arrays that `_onnx_values.from_engine` makes of it: float32 for the
float types that numpy lacks, a table for a sequence of maps.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import structs

from fairreg.errors import ModelError
from fairreg.runners._casting import NARROW, TEXT, is_optional, parted
from fairreg.runners.signature import COLUMNS
from fairreg.schemas.record import ANY_AXES, Feature, Tensor
from fairreg.schemas.text import one_line

__all__ = [
    "ELEMENTS",
    "class_labels",
    "column_names",
    "given_tensor",
    "map_value",
    "named_columns",
    "taken_tensor",
    "words",
]

# onnxruntime's element types (ONNX names) in our words.
ELEMENTS = {
    "float": "float32",
    "double": "float64",
    "string": TEXT,
    "float8e4m3fn": "float8_e4m3fn",
    "float8e4m3fnuz": "float8_e4m3fnuz",
    "float8e5m2": "float8_e5m2",
    "float8e5m2fnuz": "float8_e5m2fnuz",
    "float8e8m0": "float8_e8m0fnu",
    **{name: name for name in ("float16", "bool", "bfloat16", "int4", "uint4", "int2", "uint2")},
    **{f"{sign}int{bits}": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}
_KINDS = {"seq": "sequence", "optional": "optional"}
_TYPE = re.compile(r"(tensor|seq|optional|map)\((.*)\)", re.DOTALL)


def words(kind: str) -> str | None:
    """Translate onnxruntime's spelling of a type, such as seq(tensor(float)); None for an unknown one."""
    found = _TYPE.fullmatch(kind)
    if found is None:
        return None
    outer, inner = found.groups()
    if outer == "tensor":
        return ELEMENTS.get(inner)
    if outer == "map":
        key, _, item = inner.partition(",")
        parts = ELEMENTS.get(key), words(item)
        return None if None in parts else f"map({parts[0]}, {parts[1]})"
    content = words(inner)
    return None if content is None else f"{_KINDS[outer]}({content})"


def taken_tensor(argument: Any, *, stated: bool, default: bool = False) -> Tensor:
    """Return the signature of an input; `stated`: the graph states its shape, `default`: it has a default.

    Raises ModelError for a type that fairreg cannot pass on.
    """
    dtype = _supported(argument)
    if default and not is_optional(dtype):
        dtype = f"optional({dtype})"
    return Tensor(name=argument.name, dtype=dtype, shape=_shape(argument, stated=stated))


def given_tensor(argument: Any, *, stated: bool, classes: tuple[str | int, ...] = ()) -> Tensor:
    """Return the signature of an output as arrays; `classes` are those of its maps.

    Raises ModelError as `taken_tensor`.
    """
    dtype, shape = _supported(argument), _shape(argument, stated=stated)
    outer, inner = parted(dtype)
    if outer == "map":
        raise _unsupported(argument)
    if inner.startswith("map("):
        columns: tuple[int | str, ...] = (len(classes) if classes else f"{argument.name}_1",)
        features = tuple(Feature(name=str(label)) for label in classes)
        rows = f"{argument.name}_0"
        return Tensor(name=argument.name, dtype=map_value(inner), shape=(rows, *columns), features=features)
    return Tensor(name=argument.name, dtype=NARROW[dtype].wide if dtype in NARROW else dtype, shape=shape)


def map_value(dtype: str) -> str:
    """Element type of the values of "map(K, T)"."""
    return dtype.rpartition(", ")[2].removesuffix(")")


def _supported(argument: Any) -> str:
    dtype = words(argument.type)
    if dtype is None:
        raise _unsupported(argument)
    return dtype


def _unsupported(argument: Any) -> ModelError:
    return ModelError(f"The model's {argument.name!r} is a {argument.type}, which fairreg does not support.")


def _shape(argument: Any, *, stated: bool) -> tuple[int | str, ...]:
    if not argument.shape and not (stated and argument.type.startswith("tensor(")):
        return (ANY_AXES,)
    return tuple(
        size if isinstance(size, (int, str)) else f"{argument.name}_{axis}"
        for axis, size in enumerate(argument.shape)
    )


def column_names(model: Any) -> dict[str, tuple[str, ...]]:
    """Names of the columns of inputs and outputs, from the properties that fairreg's converters write."""
    found = {}
    for item in model.metadata_props:
        if not item.key.startswith(COLUMNS):
            continue
        try:
            found[item.key.removeprefix(COLUMNS)] = msgspec.json.decode(item.value, type=tuple[str, ...])
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            continue  # a property of others under this name says nothing
    return found


def named_columns(tensor: Tensor, columns: Mapping[str, tuple[str, ...]]) -> Tensor:
    """Return the tensor with the names of its columns, where there is one for each."""
    names = columns.get(tensor.name, ())
    if tensor.features or not names or tensor.shape[-1:] != (len(names),):
        return tensor
    return structs.replace(tensor, features=tuple(Feature(name=one_line(name)) for name in names))


def class_labels(graph: Any) -> dict[str, tuple[str | int, ...]]:
    """Labels of the classes, in the order of their columns, by the name of the ZipMap output."""
    found: dict[str, tuple[str | int, ...]] = {}
    for node in graph.node:
        if node.op_type == "ZipMap" and node.domain == "ai.onnx.ml" and node.output:
            texts = (text.decode("utf-8", "replace") for item in node.attribute for text in item.strings)
            numbers = (number for item in node.attribute for number in item.ints)
            found[node.output[0]] = (*texts, *numbers)
    return found
