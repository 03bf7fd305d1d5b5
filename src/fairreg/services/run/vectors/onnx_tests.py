# SPDX-License-Identifier: MIT
"""Layout of ONNX's own tests and its model zoo: ``test_data_set_0/input_0.pb`` and ``output_0.pb``.

Sources: onnx/backend/test of the onnx package (TensorProto files in the order of the graph's inputs and
outputs; ``data.json`` beside the model has the tolerance, by default rtol 1e-3 and atol 1e-7).
"""

import posixpath
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from fairreg.services.run.vectors.arrays import json_in, largest
from fairreg.services.run.vectors.base import Array, Files, Tolerance, VectorFiles, VectorSet, unusable

__all__ = ["LAYOUT", "find", "wanted"]

LAYOUT = "ONNX test data"
_TENSOR = re.compile(r"(?P<folder>(?:.*/)?test_data_set_\d+)/(?P<side>input|output)_(?P<number>\d{1,4})\.pb")
_RELATIVE, _ABSOLUTE = 1e-3, 1e-7
_TOLERANCES = "data.json"
_GROWTH = 8  # at most, of the bytes of a tensor that is kept as a list of numbers


def wanted(names: Collection[str]) -> set[str]:
    """Tensors, and the tolerances above their folders."""
    tensors = {name: match["folder"] for name in names if (match := _TENSOR.fullmatch(name))}
    limits = {posixpath.join(posixpath.dirname(folder), _TOLERANCES) for folder in tensors.values()}
    return set(tensors) | (limits & set(names))


def find(files: Files, models: Collection[str]) -> Iterator[VectorFiles]:
    """Yield the sets of each folder of tensors; they are for the only model in the folder above it."""
    sides: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for name in sorted(files):
        if match := _TENSOR.fullmatch(name):
            sides[match["folder"], match["side"]][int(match["number"])] = name
    for folder in sorted({folder for folder, _ in sides}):
        inputs, outputs = (
            [name for _, name in sorted(sides[folder, side].items())] for side in ("input", "output")
        )
        if not inputs or not outputs:
            continue
        above = posixpath.dirname(folder)
        own = [name for name in models if posixpath.dirname(name) == above]
        tolerances = posixpath.join(above, _TOLERANCES)
        names = (*inputs, *outputs, *([tolerances] if tolerances in files else []))
        read = partial(_read, files, inputs, outputs, tolerances)
        yield VectorFiles(LAYOUT, names, own[0] if len(own) == 1 else None, read)


def _read(files: Files, inputs: Sequence[str], outputs: Sequence[str], tolerances: str) -> VectorSet:
    """Read one set. Raises ModelError."""
    given, expected = (tuple(_tensor(files[name], name) for name in names) for names in (inputs, outputs))
    stated = json_in(files[tolerances], tolerances) if tolerances in files else {}
    limits = [_limit(stated, key, default) for key, default in (("atol", _ABSOLUTE), ("rtol", _RELATIVE))]
    return VectorSet(given, expected, (Tolerance(limits[0], limits[1]),))


def _tensor(path: Path, name: str) -> Array:
    """Read a TensorProto that holds its own values. Raises ModelError."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped, unused-ignore]
    from onnx import TensorProto, numpy_helper

    if path.stat().st_size > largest() // _GROWTH:
        raise unusable(name, "it is too large for the memory that is left")
    tensor = TensorProto()
    try:
        tensor.ParseFromString(path.read_bytes())
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            raise unusable(name, "its values are in another file")
        found: Array = numpy_helper.to_array(tensor)
        return found
    except (DecodeError, ValueError, TypeError, KeyError, OverflowError, MemoryError) as error:
        raise unusable(name, "it is no tensor of ONNX") from error


def _limit(stated: Any, key: str, default: float) -> float:
    value = stated.get(key, default) if isinstance(stated, dict) else default
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise unusable(_TOLERANCES, f"{key} is not a tolerance")
    return float(value)
