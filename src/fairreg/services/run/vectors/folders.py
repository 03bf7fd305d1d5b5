# SPDX-License-Identifier: MIT
"""Layout of fairreg's project template: arrays of inputs and of outputs in one folder, with a tolerance.

``tests/vectors/inputs.npz``, ``outputs.npz`` and ``tolerance.json``, and ``signature.json`` in that folder or
above it; docs/running.md says which other names are read.
"""

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from math import isfinite
from typing import Any, NamedTuple

from fairreg.runners.signature import Array
from fairreg.runners.signature.mismatch import named, shape_fits
from fairreg.schemas.record import ANY_AXES, Tensor
from fairreg.services.run.vectors.arrays import arrays_in, json_in
from fairreg.services.run.vectors.base import (
    Files,
    NamedOrOrdered,
    Tolerance,
    VectorFiles,
    VectorSet,
    unusable,
)

__all__ = ["LAYOUT", "SIGNATURE", "find", "incomplete", "wanted"]

LAYOUT = "vectors"
SIGNATURE = "signature.json"
_FILE = re.compile(
    r"(?P<stem>.*?)[._-]?(?:(?:reference|expected|test|sample)[._-])?(?P<side>input|output)s?\.(?:npz|npy|json)",
    re.IGNORECASE,
)
_TOLERANCE = re.compile(r"(?P<stem>.*?)[._-]?tolerances?\.json", re.IGNORECASE)
_MOST_AXES = 64


class _Key(NamedTuple):
    """Folder of a set of vectors, and the model's name before the names of its files."""

    folder: str
    stem: str


def wanted(names: Collection[str]) -> set[str]:
    """Inputs that have outputs and these, their tolerances and signatures."""
    inputs, outputs = _sides(names, "input"), _sides(names, "output")
    pairs = inputs.keys() & outputs.keys()
    about = {name for name in names if posixpath.basename(name) == SIGNATURE or _match(_TOLERANCE, name)}
    return {side[key] for side in (inputs, outputs) for key in pairs} | (about if pairs else set())


def find(files: Files, models: Collection[str]) -> Iterator[VectorFiles]:
    """Yield a set for each pair of inputs and outputs. Raises ModelError for a signature that is none."""
    inputs, outputs = _sides(files, "input"), _sides(files, "output")
    tolerances = {_key(name, match): name for name in files if (match := _match(_TOLERANCE, name))}
    for key in sorted(inputs.keys() & outputs.keys()):
        model = _model_of_stem(key, models)
        if key.stem and model is None:
            continue  # arrays of something else, such as encoder_input.npy beside model.onnx
        tolerance = tolerances.get(key, tolerances.get(_Key(key.folder, "")))
        stated = _signature(key.folder, files)
        names = (inputs[key], outputs[key], *([tolerance] if tolerance else []))
        read = partial(_read, files, inputs[key], outputs[key], tolerance, stated)
        yield VectorFiles(LAYOUT, names, model or _model_of(stated, models), read)


def incomplete(files: Iterable[str]) -> str | None:
    """The name of a file of inputs without outputs, or the reverse, to name what is missing; else None."""
    names = sorted(files)
    sides = {side: _sides(names, side) for side in ("input", "output")}
    for one, other in (("input", "output"), ("output", "input")):
        for key in sorted(sides[one].keys() - sides[other].keys()):
            if "test" in sides[one][key].lower() or "vector" in sides[one][key].lower():
                return sides[one][key]
    return None


def _match(pattern: re.Pattern[str], name: str) -> re.Match[str] | None:
    return pattern.fullmatch(posixpath.basename(name))


def _key(name: str, match: re.Match[str]) -> _Key:
    return _Key(posixpath.dirname(name), match["stem"].lower())


def _sides(files: Collection[str], side: str) -> dict[_Key, str]:
    """Names of the files of inputs, or of outputs; of several the first by name."""
    found: dict[_Key, str] = {}
    for name in sorted(files):
        match = _match(_FILE, name)
        if match and match["side"].lower() == side:
            found.setdefault(_key(name, match), name)
    return found


def _model_of_stem(key: _Key, models: Collection[str]) -> str | None:
    """The model whose name without suffix begins the names of the vectors, or is that of their folder."""
    stem = key.stem or posixpath.basename(key.folder).lower()
    found = [name for name in models if posixpath.splitext(posixpath.basename(name))[0].lower() == stem]
    return found[0] if len(found) == 1 else None


class _Signature(NamedTuple):
    """A signature file: its name, and its content."""

    name: str
    document: Mapping[str, Any]


def _signature(folder: str, files: Files) -> _Signature | None:
    """The signature in a folder, or in the nearest one above it."""
    while True:
        name = posixpath.join(folder, SIGNATURE)
        if name in files:
            document = json_in(files[name], name)
            return _Signature(name, document) if isinstance(document, dict) else None
        if not folder:
            return None
        folder = posixpath.dirname(folder)


def _model_of(stated: _Signature | None, models: Collection[str]) -> str | None:
    """The model that the signature names by its path from there, else the only one of that name elsewhere.

    A name that no model has is kept: vectors of another model are not those of one that is here.
    """
    model = (stated.document.get("model") or stated.document.get("file")) if stated else None
    if stated is None or not isinstance(model, str):
        return None
    name = posixpath.normpath(posixpath.join(posixpath.dirname(stated.name), model))
    alike = [item for item in models if posixpath.basename(item) == posixpath.basename(name)]
    return alike[0] if name not in models and len(alike) == 1 else name


def _read(
    files: Files, inputs: str, outputs: str, tolerance: str | None, stated: _Signature | None
) -> VectorSet:
    """Read one set and hold it to its signature. Raises ModelError."""
    given = {
        side: _named(arrays_in(files[name], name))
        for side, name in (("inputs", inputs), ("outputs", outputs))
    }
    if stated is not None:
        for side, name in (("inputs", inputs), ("outputs", outputs)):
            given[side] = _fitting(given[side], stated, side, name)
    allowed = _tolerances(json_in(files[tolerance], tolerance), tolerance) if tolerance else {}
    return VectorSet(given["inputs"], given["outputs"], allowed)


def _named(arrays: dict[str, Array] | Array) -> NamedOrOrdered:
    return arrays if isinstance(arrays, dict) else (arrays,)


def _fitting(given: NamedOrOrdered, stated: _Signature, side: str, name: str) -> NamedOrOrdered:
    """Compare arrays with the signature, and name a single one by it. Raises ModelError."""
    tensors = _tensors(stated, side)
    if not tensors:
        return given
    if not isinstance(given, Mapping):
        if len(tensors) != 1:
            raise unusable(name, f"it has one array, and {stated.name} states {len(tensors)} {side}")
        given = {tensors[0].name: given[0]}
    for tensor in tensors:
        array = given.get(tensor.name)
        # Each by itself: exporters give axes of different lengths one name.
        if array is not None and not shape_fits(tensor, array.shape, {}):
            what = f"{tensor.name!r} has shape {array.shape}, and {stated.name} states {named(tensor)}"
            raise unusable(name, what)
    if unknown := given.keys() - {tensor.name for tensor in tensors}:
        raise unusable(name, f"{stated.name} states no {side[:-1]} {min(unknown)!r}")
    return given


def _tensors(stated: _Signature, side: str) -> list[Tensor]:
    """Inputs or outputs by their names; none where one of them is described in another way.

    There is no standard for such files: an axis is free where it is a name, null or -1, and all are where no
    shape is stated.
    """
    listed = stated.document.get(side)
    found = [_tensor(item) for item in listed] if isinstance(listed, list) else []
    return [] if None in found else [item for item in found if item is not None]


def _tensor(item: Any) -> Tensor | None:
    name, shape = (item.get("name"), item.get("shape")) if isinstance(item, dict) else (None, None)
    if not isinstance(name, str):
        return None
    axes: tuple[int | str, ...] = (ANY_AXES,)
    if isinstance(shape, list) and len(shape) <= _MOST_AXES:
        axes = tuple(_axis(size, number) for number, size in enumerate(shape))
    return Tensor(name, str(item.get("dtype")), axes)


def _axis(size: Any, number: int) -> int | str:
    """Size of an axis, or a name of its own for one that is free."""
    return size if type(size) is int and size >= 0 else f"axis {number}"


def _tolerances(document: Any, name: str) -> NamedOrOrdered:
    """Tolerances by output, or one alone. Raises ModelError."""
    if not isinstance(document, dict) or _is_one(document):
        return (_tolerance(document, name),)
    return {output: _tolerance(value, name) for output, value in document.items()}


def _is_one(document: Mapping[str, Any]) -> bool:
    return bool(document) and document.keys() <= {"atol", "rtol", "absolute", "relative"}


def _tolerance(value: Any, name: str) -> Tolerance:
    """A number is an absolute tolerance; an object has ``atol`` and ``rtol``."""
    if isinstance(value, dict) and _is_one(value):
        absolute = value.get("atol", value.get("absolute", 0.0))
        relative = value.get("rtol", value.get("relative", 0.0))
        return Tolerance(_limit(absolute, name), _limit(relative, name))
    return Tolerance(_limit(value, name))


def _limit(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise unusable(name, "a tolerance is a number, or an object with atol and rtol")
    try:
        number = float(value)
    except OverflowError as error:
        raise unusable(name, "a tolerance is beyond all numbers") from error
    if not isfinite(number) or number < 0:
        raise unusable(name, f"a tolerance cannot be {number}")
    return number
