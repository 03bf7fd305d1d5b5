# SPDX-License-Identifier: MIT
"""Old ONNX models in a newer operator set, with onnx's own version converter.

onnxruntime implements all operators from version 7 of ``ai.onnx`` on, of older ones only some. `TARGET` is
the operator set that fairreg writes everywhere: onnxruntime 1.20 and TensorRT read it. Where onnx has no
adapter that far, version 7 is written, which takes the fewest adapters.
"""

import re
from pathlib import Path
from typing import Any

from fairreg.errors import ModelError, SecurityRefusal
from fairreg.runners import onnx as engine
from fairreg.runners.converters.base import Conversion
from fairreg.runners.converters.opset import comparison, isolation, sizes
from fairreg.runners.weights.onnx import complete, parse
from fairreg.storage.formats import FileFormat
from fairreg.storage.recognition import FormatDescription

__all__ = ["FORMATS", "TARGET", "accepts", "convert"]

FORMATS: frozenset[FileFormat] = frozenset({"onnx"})
TARGET = 17
_OLDEST = 7
_IR = 8
_DEFAULT = frozenset({"", "ai.onnx"})
# IR version from which on an initializer need not be an input, and is a default where it is one.
_FREE_INITIALIZERS = 4
_NO_ADAPTER = re.compile(r"No Adapter (?:From Version \$?(\d+) )?[Ff]or (\w+)")
_ASSERTION = re.compile(r".*Assertion `.*?` failed: ", re.DOTALL)
_SYMBOL = "is a param instead of an int"
_STARTS = (5, 1009)  # of the numbers for free axes


def accepts(described: FormatDescription, /) -> bool:
    """Tell whether the file is an ONNX model; `convert` refuses one that is new enough."""
    return described.format in FORMATS


def convert(path: Path, /) -> Conversion:
    """Write a model in the operator set `TARGET`, with its side files inside.

    Names and values of inputs, outputs and initializers stay. Raises ModelError, with the operator where onnx
    has no adapter for it, and SecurityRefusal for a side file outside the model's folder.
    """
    name = path.name
    found = complete(path, name)
    version = _version(found.model, name)
    if found.large:
        raise ModelError(f"{name} has 2 GiB or more of tensors, which onnx's version converter cannot take.")
    _check(found.model, name)
    target, model = _upgraded(found.model, version, name)
    _restore(model, found.model, name)
    content = bytes(model.SerializeToString())
    _check_runs(content, target, name)
    runs = _runs(found.content)
    return Conversion(
        content,
        f"ONNX, operator set {version}",
        "onnx" if runs else None,
        remarks=(f"Version {version} of the operator set ai.onnx became version {target}.",),
        checked=None if runs else comparison.compared(found.content, content, name),
    )


def _version(model: Any, name: str) -> int:
    """Version of ai.onnx that is to be upgraded. Raises ModelError where there is nothing to do."""
    stated = [item.version for item in model.opset_import if item.domain in _DEFAULT]
    if len(stated) != 1 or stated[0] < 1:
        raise ModelError(f"{name} does not state one version of the operator set ai.onnx.")
    if stated[0] >= TARGET:
        raise ModelError(
            f"{name} is in version {stated[0]} of the operator set ai.onnx: no upgrade is needed."
        )
    return int(stated[0])


def _check(model: Any, name: str) -> None:
    """Raise ModelError for what onnx's version converter would leave out."""
    lost = {"functions of its own": model.functions, "sparse initializers": model.graph.sparse_initializer}
    for words, items in lost.items():
        if items:
            raise ModelError(f"{name} has {words}, which onnx's version converter leaves out.")


def _upgraded(model: Any, version: int, name: str) -> tuple[int, Any]:
    """Upgrade to the first target that works. Raises ModelError with the reason of the newest."""
    faults = []
    for target in (TARGET, _OLDEST):
        if version >= target:
            continue
        try:
            return target, _converted(model, target, name)
        except isolation.Fault as fault:
            faults.append(_sentence(str(fault), version, target, name))
    raise ModelError(faults[0], hint="Export the model again, with a newer operator set.")


def _converted(model: Any, target: int, name: str) -> Any:
    try:
        return parse(isolation.converted(model.SerializeToString(), target), name)
    except isolation.Fault as fault:
        if _SYMBOL not in str(fault):
            raise
    first, second = (
        parse(isolation.converted(sizes.numbered(model, start).SerializeToString(), target), name)
        for start in _STARTS
    )
    if not sizes.same_graph(first, second):
        raise isolation.Fault("what it writes depends on the lengths of the free axes")
    return first


def _sentence(fault: str, version: int, target: int, name: str) -> str:
    if found := _NO_ADAPTER.search(fault):
        return (
            f"{name}: onnx's version converter has no adapter for {found[2]} from version {version} of the "
            f"operator set ai.onnx to {target}."
        )
    return (
        f"{name}: onnx's version converter does not upgrade it from version {version} to {target} of the "
        f"operator set ai.onnx: {_ASSERTION.sub('', fault)}."
    )


def _restore(model: Any, original: Any, name: str) -> None:
    """Give the upgraded model the declared inputs and outputs of the original, and check the rest.

    Before IR version 4 initializers were inputs as well, but constants: they do not become defaults.
    """
    held = {item.name for item in original.graph.initializer}
    constants = held if original.ir_version < _FREE_INITIALIZERS else set()
    for part in ("input", "output"):
        now, before = getattr(model.graph, part), getattr(original.graph, part)
        if not {item.name for item in before} <= {item.name for item in now} | constants:
            raise ModelError(f"{name}: onnx's version converter changed the names of its {part}s.")
        del now[:]
        now.extend(item for item in before if part == "output" or item.name not in constants)
    del model.graph.value_info[:]
    if any(_values(original)[key] != _values(model).get(key) for key in held):
        raise ModelError(f"{name}: onnx's version converter changed its initializers.")
    model.ir_version = max(original.ir_version, _IR)


def _values(model: Any) -> dict[str, tuple[Any, ...]]:
    """Element type, shape and bytes of the initializers, in whatever field they are."""
    from onnx import numpy_helper

    found = {}
    for item in model.graph.initializer:
        try:
            array = numpy_helper.to_array(item)
            content = array.tolist() if array.dtype.hasobject else array.tobytes()
        except (ValueError, TypeError, KeyError) as error:
            raise ModelError(f"The initializer {item.name[:60]!r} of the model is damaged.") from error
        found[item.name] = (item.data_type, tuple(item.dims), content)
    return found


def _check_runs(content: bytes, target: int, name: str) -> None:
    """Raise ModelError where onnxruntime does not run the upgraded model either."""
    try:
        engine.load(content)
    except ModelError as error:
        raise ModelError(
            f"{name} was upgraded to version {target} of the operator set ai.onnx, but does not run: "
            f"{error.message}",
            hint=error.hint,
        ) from error


def _runs(content: bytes) -> bool:
    """Tell whether onnxruntime runs the original."""
    try:
        engine.load(content)
    except (ModelError, SecurityRefusal):
        return False
    return True
