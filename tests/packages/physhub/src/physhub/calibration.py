# SPDX-License-Identifier: MIT
"""A calibration of calorimeter cells: energy = gain * response + pedestal, one gain and pedestal per cell.

Weights are two tensors of shape (cells,), ``gain`` and ``pedestal``, in any format that fairreg reads.
"""

from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from fairreg import runners
from fairreg.errors import ModelError
from fairreg.models.base import Demonstration, Inputs, Recognition
from fairreg.runners import Runner
from fairreg.runners.weights import Tensors, fingerprint_of, format_of, read_tensors
from fairreg.schemas.identifiers import Identifier

TITLE = "Cell calibration"
_NAMES = ("gain", "pedestal")
_SAMPLE = 64


def recognise(path: Path) -> Recognition | None:
    """Return what the file is, None unless it holds a gain and a pedestal of the same shape (cells,)."""
    try:
        file_format = format_of(path)
    except ModelError:
        return None
    tensors = read_tensors(path)
    if set(tensors) != set(_NAMES) or len({array.shape for array in tensors.values()}) != 1:
        return None
    cells = tensors["gain"].size
    return Recognition(
        model="calibration",
        title=TITLE,
        path=path,
        format=file_format,
        fingerprint=fingerprint_of(tensors),
        parameter_count=2 * cells,
        hyperparameters={"cells": cells},
    )


def load(
    source: Recognition | Path,
    *,
    runtime: str = "onnx",
    batch_size: int = 128,
    threads: int | None = None,
    engines: Path | None = None,
) -> Runner:
    """Return the calibration on `runtime`: the weights become an ONNX graph that every runtime loads."""
    path = source.path if isinstance(source, Recognition) else source
    graph = _graph(read_tensors(path))
    engine = runners.get(runtime)
    return engine.load(graph, batch_size=batch_size, threads=threads, engines=engines)


def onnx_graph(source: Recognition) -> bytes:
    """Return the calibration as an ONNX model, for `fairreg convert`."""
    return _graph(read_tensors(source.path))


def reference(identifier: Identifier) -> Recognition | None:
    """Return None: no weights are packaged that could stand in for published ones."""
    return None


def read_inputs(path: Path, start: int = 0, stop: int | None = None) -> Inputs:
    """Return the responses `start` to before `stop` of a .npy file, shape (events, cells). ModelError."""
    return Inputs({"response": _responses(path)[start:stop]})


def count_inputs(path: Path) -> int | None:
    """Return the number of events in the file. Raises ModelError as `read_inputs`."""
    return len(_responses(path))


def measure(outputs: Mapping[str, NDArray[Any]], labels: NDArray[Any]) -> Mapping[str, float]:
    """Return the mean absolute error of the energies, in GeV, for true energies of shape (events, cells)."""
    return {"mean_absolute_error": float(np.abs(outputs["energy"] - labels).mean())}


def sample_inputs() -> Mapping[str, NDArray[Any]]:
    """Return made-up responses of one cell, shape (64, 1), float32."""
    return {"response": np.linspace(0, 1, _SAMPLE, dtype=np.float32)[:, None]}


def demonstrate(runner: Runner) -> Demonstration:
    """Return the speed on made-up responses; nothing is known of how right the energies are."""
    cells = runner.inputs[0].shape[1]
    response = np.repeat(sample_inputs()["response"], int(cells), axis=1)
    begun = perf_counter()
    runner.run({"response": response})
    rate = len(response) / (perf_counter() - begun)
    return Demonstration("made-up responses", len(response), {}, rate, runner.batch_size)


def _responses(path: Path) -> NDArray[np.float32]:
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ModelError(f"{path.name} cannot be read as a .npy file of responses.") from error
    return np.asarray(found, dtype=np.float32)


def _graph(tensors: Tensors) -> bytes:
    weights = [
        numpy_helper.from_array(np.asarray(tensors[name], np.float32).reshape(-1), name) for name in _NAMES
    ]
    shape = ["n", tensors["gain"].size]
    response = helper.make_tensor_value_info("response", TensorProto.FLOAT, shape)
    energy = helper.make_tensor_value_info("energy", TensorProto.FLOAT, shape)
    nodes = [
        helper.make_node("Mul", ["response", "gain"], ["scaled"]),
        helper.make_node("Add", ["scaled", "pedestal"], ["energy"]),
    ]
    graph = helper.make_graph(nodes, "calibration", [response], [energy], weights)
    opset = helper.make_opsetid("", 17)
    content: bytes = helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString()
    return content
