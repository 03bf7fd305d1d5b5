# SPDX-License-Identifier: MIT
"""Values of ONNX graphs as plain arrays: the conversion of what onnxruntime takes and gives.

Types are written in the words of `_casting`. An output comes as arrays, whatever its kind in the graph:

- a sequence of maps from class to number (ZipMap, the default of the converters of scikit-learn, XGBoost and
  LightGBM): shape (items, classes), one column per class in the order of the classes of the graph;
- a sequence of tensors: stacked along a new first axis if all have the same shape, else NAME_0, NAME_1, ...;
- an optional value that is absent: no array;
- text: numpy's text ("<U"), which needs no pickle in a file;
- types that numpy lacks: float32, int8 or uint8, which hold every one of their values.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners._casting import NARROW, TEXT, is_optional, parted
from fairreg.runners._onnx_signature import ELEMENTS, map_value
from fairreg.runners.signature import Arrays
from fairreg.schemas.record import Tensor

__all__ = ["from_engine", "run_by_values", "to_engine"]

# Bytes of a text array; numpy gives each item the room of the longest one.
_MOST_TEXT = 2**31
# Versions of the ONNX operators that convert a type, and of the file format; the others are older.
_OPSETS = {"float8_e8m0fnu": (24, 12), "int2": (25, 13), "uint2": (25, 13)}
_OPSET = (21, 10)


def to_engine(signature: Iterable[Tensor], arrays: Arrays) -> dict[str, Any]:
    """Return the values that onnxruntime takes, for arrays that fit the signature."""
    kinds = {item.name: parted(item.dtype)[1] for item in signature if is_optional(item.dtype)}
    plain = {item.name: item.dtype for item in signature} | kinds
    return {
        name: _narrowed(plain[name], value) if plain[name] in NARROW else value
        for name, value in arrays.items()
    }


def from_engine(
    name: str, dtype: str, value: Any, labels: tuple[str | int, ...] = ()
) -> dict[str, NDArray[Any]]:
    """Return the arrays of an output by name; `dtype` is its type in the graph.

    Raises ModelError for rows with different classes, and for text that numpy's text cannot hold.
    """
    if value is None:
        return {}
    outer, inner = parted(dtype)
    if outer == "optional":
        return from_engine(name, inner, value, labels)
    if inner.startswith("map("):
        return {name: _table(name, inner, value, labels)}
    if outer == "sequence":
        return _several(name, inner, value)
    return {name: _text(name, value) if dtype == TEXT else value}


def _table(
    name: str, dtype: str, rows: list[Mapping[Any, float]], labels: tuple[str | int, ...]
) -> NDArray[Any]:
    """One column per class. A graph that repeats a label has maps with one value for both."""
    columns = labels or tuple(rows[0] if rows else ())
    classes = dict.fromkeys(columns).keys()
    for number, row in enumerate(rows):
        if row.keys() != classes:
            raise ModelError(f"The output {name!r} has other classes in row {number} than in the model.")
    numbers = (row[label] for row in rows for label in columns)
    count = len(rows) * len(columns)
    return np.fromiter(numbers, map_value(dtype), count).reshape(len(rows), len(columns))


def _several(name: str, dtype: str, items: list[Any]) -> dict[str, NDArray[Any]]:
    arrays = [_text(name, item) if dtype == TEXT else item for item in items]
    if not arrays:
        return {name: np.empty(0, dtype=np.dtype(dtype))}
    if all(item.shape == arrays[0].shape for item in arrays):
        return {name: np.stack(arrays)}
    return {f"{name}_{number}": item for number, item in enumerate(arrays)}


def _text(name: str, value: NDArray[Any]) -> NDArray[Any]:
    longest = max(map(len, value.ravel()), default=0)
    if longest * 4 * value.size > _MOST_TEXT:
        raise ModelError(
            f"The output {name!r} is too large: {value.size} texts of up to {longest} characters each.",
            hint="Run the model on fewer items at a time.",
        )
    if any(item.endswith("\0") for item in value.ravel()):
        raise ModelError(f"The output {name!r} has text that ends in NUL, which numpy's text drops.")
    return value.astype(f"<U{max(longest, 1)}")


def run_by_values(session: Any, feeds: Mapping[str, Any], outputs: Sequence[tuple[str, str]]) -> list[Any]:
    """Run a graph that gives types which numpy lacks; `outputs` are its outputs, each with its type there.

    Returns what `InferenceSession.run` would, the types that numpy lacks as those that carry them. Raises
    ModelError for inputs that onnxruntime takes only there: text, sequences and maps.
    """
    from onnxruntime import OrtValue

    if others := [name for name, value in feeds.items() if not _is_numbers(value)]:
        narrow = next(dtype for _, dtype in outputs if dtype in NARROW)
        raise ModelError(
            f"The model gives {narrow} and its input {others[0]!r} is not an array of numbers: onnxruntime's"
            " Python interface passes on only one of both."
        )
    values = {
        name: OrtValue.ortvalue_from_numpy(value) if isinstance(value, np.ndarray) else value
        for name, value in feeds.items()
    }
    found = session.run_with_ort_values([name for name, _ in outputs], values)
    return [_read(dtype, value) for (_, dtype), value in zip(outputs, found, strict=True)]


def _is_numbers(value: Any) -> bool:
    return not isinstance(value, (list, dict)) and not (
        isinstance(value, np.ndarray) and value.dtype.hasobject
    )


def _read(dtype: str, value: Any) -> Any:
    if dtype in NARROW:
        return _converter(dtype, NARROW[dtype].wide).run(None, {"x": value})[0]
    if is_optional(dtype) and not value.has_value():
        return None
    if not parted(dtype)[0] and dtype != TEXT:
        return value.numpy()
    return _converter(dtype, dtype).run(None, {"x": value})[0]


def _narrowed(dtype: str, array: NDArray[Any]) -> Any:
    """Return the array as a value of the engine, rounded as ONNX's Cast rounds."""
    from onnxruntime import OrtValue

    session = _converter(NARROW[dtype].wide, dtype)
    return session.run_with_ort_values(None, {"x": OrtValue.ortvalue_from_numpy(array)})[0]


@cache
def _converter(given: str, wanted: str) -> Any:
    """Return a session that casts values of one type to another, or passes on those of the same type.

    Casting to an 8-bit float does not saturate (infinity stays infinity); the range is compared before.
    """
    import onnxruntime
    from onnx import helper

    node = helper.make_node("Identity" if given == wanted else "Cast", ["x"], ["y"])
    if given != wanted:
        node.attribute.append(helper.make_attribute("to", _element(wanted)))
    if wanted.startswith("float8"):
        node.attribute.append(helper.make_attribute("saturate", 0))
    ends = [[helper.make_value_info(name, _type(kind))] for name, kind in (("x", given), ("y", wanted))]
    opset, version = _OPSETS.get(given) or _OPSETS.get(wanted) or _OPSET
    model = helper.make_model(
        helper.make_graph([node], "convert", *ends),
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=version,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _type(dtype: str) -> Any:
    from onnx import helper

    outer, inner = parted(dtype)
    if not outer:
        return helper.make_tensor_type_proto(_element(dtype), None)
    make = helper.make_optional_type_proto if outer == "optional" else helper.make_sequence_type_proto
    return make(_type(inner))


def _element(dtype: str) -> int:
    from onnx import TensorProto

    spelled = next(name for name, word in ELEMENTS.items() if word == dtype)
    return int(TensorProto.DataType.Value(spelled.upper()))
