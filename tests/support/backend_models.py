# SPDX-License-Identifier: MIT
"""The test models of the package onnx: those generated for every operator, and those that it holds."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["BackendCase", "backend_cases", "held_cases"]

HELD = ("simple", "pytorch-operator", "pytorch-converted", "light")


@dataclass(frozen=True)
class BackendCase:
    """A model with inputs and expected outputs by name: arrays, lists for sequences, None if absent."""

    name: str
    content: bytes
    inputs: dict[str, Any]
    expected: dict[str, Any]


@cache
def backend_cases() -> tuple[BackendCase, ...]:
    """The models that onnx generates. The state of numpy's random numbers is left as it was."""
    from onnx.backend.test.loader import load_node_model_tests

    state = np.random.get_state()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the numbers that onnx overflows on purpose
        generated = load_node_model_tests()
    np.random.set_state(state)
    return tuple(
        BackendCase(
            item.name,
            item.model.SerializeToString(),
            _named(item.model.graph.input, item.data_sets[0][0]),
            _named(item.model.graph.output, item.data_sets[0][1]),
        )
        for item in generated
    )


def held_cases() -> Iterator[BackendCase]:
    """Yield the models that lie in the package with their inputs and outputs."""
    import onnx
    from onnx.backend.test.loader import load_model_tests

    for item in (item for kind in HELD for item in load_model_tests(kind=kind)):
        if item.model_dir is None:
            continue
        folder = Path(item.model_dir)
        content = (folder / "model.onnx").read_bytes()
        graph = onnx.ModelProto.FromString(content).graph
        for data in sorted(folder.glob("test_data_set_*")):
            name = f"{item.name}/{data.name}"
            taken, given = _values(data, "input", _taken(graph)), _values(data, "output", graph.output)
            yield BackendCase(name, content, taken, given)


def _values(folder: Path, kind: str, declared: Any) -> dict[str, Any]:
    return {item.name: _read(folder / f"{kind}_{number}.pb", item) for number, item in enumerate(declared)}


def _taken(graph: Any) -> list[Any]:
    held = {item.name for item in graph.initializer}
    return [item for item in graph.input if item.name not in held]


def _read(path: Path, value: Any) -> Any:
    import onnx
    from onnx import numpy_helper

    content = path.read_bytes()
    if value.type.HasField("sequence_type"):
        return numpy_helper.to_list(onnx.SequenceProto.FromString(content))
    if value.type.HasField("optional_type"):
        return numpy_helper.to_optional(onnx.OptionalProto.FromString(content))
    return numpy_helper.to_array(onnx.TensorProto.FromString(content))


def _named(values: Any, given: Any) -> dict[str, Any]:
    return {value.name: _plain(item) for value, item in zip(values, given, strict=False)}


def _plain(item: Any) -> Any:
    from onnx import TensorProto, numpy_helper

    if isinstance(item, TensorProto):
        return numpy_helper.to_array(item)
    if isinstance(item, (list, tuple)):
        return [_plain(part) for part in item]
    return item if item is None else np.asarray(item)
