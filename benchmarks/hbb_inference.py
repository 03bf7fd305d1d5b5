# SPDX-License-Identifier: MIT
"""Speed of the Hbb network on the CPU: fairreg's runner against the network as it is defined.

    python benchmarks/hbb_inference.py [--sample FILE] [--published FILE.onnx] [--jets 512] [--rounds 5]

All candidates hold the same weights and see the same jets, in turns, in one process:

- the definition in onnxruntime, pair by pair, or the published ONNX file where one is given: full batches on
  all processors, and at its best, one jet a call in as many threads as there are processors;
- the definition in PyTorch, where that is installed;
- fairreg's runners.

It prints the largest difference in probability to the first, the median rate of each, and the ratios.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from fairreg.models.hbb_in import load_jets
from fairreg.models.hbb_in.network import INPUTS, OUTPUT
from fairreg.models.hbb_in.published import PAPER
from fairreg.models.hbb_in.runner import build
from fairreg.models.hbb_in.toy import toy_jets
from fairreg.runners.weights import read_tensors

Arrays = dict[str, NDArray[np.float32]]
Candidate = Callable[[Arrays], NDArray[np.float32]]
BATCH = 128


def main() -> None:
    asked = _arguments()
    jets = load_jets(asked.sample) if asked.sample else toy_jets(asked.jets, seed=1)
    arrays = {
        name: np.ascontiguousarray(array[: asked.jets], dtype=np.float32)
        for name, array in zip(INPUTS, (jets.tracks, jets.vertices), strict=True)
    }
    candidates = _candidates(asked)
    outputs = {name: predict(arrays) for name, predict in candidates.items()}
    rates: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(asked.rounds):
        for name, predict in candidates.items():
            begin = time.perf_counter()
            predict(arrays)
            rates[name].append(asked.jets / (time.perf_counter() - begin))
    _print(asked, arrays, outputs, {name: statistics.median(found) for name, found in rates.items()})


def _candidates(asked: argparse.Namespace) -> dict[str, Candidate]:
    tensors = dict(read_tensors(asked.published)) if asked.published else _random_weights()
    model = asked.published.read_bytes() if asked.published else pairwise(tensors)
    whole, single = _session(model), _session(model, threads=1)
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    pool = ThreadPoolExecutor(processors)
    found: dict[str, Candidate] = {
        f"definition, batch {BATCH}": lambda arrays: _in_batches(whole, arrays, BATCH),
        "definition, a jet a call": lambda arrays: np.concatenate(
            list(pool.map(lambda jet: _call(single, arrays, jet, 1), range(len(arrays[INPUTS[0]]))))
        ),
    }
    if find_spec("torch"):
        found["definition, PyTorch"] = _torch_definition(tensors)
        found["fairreg, PyTorch"] = _predict(build(tensors, runtime="torch"))
    found["fairreg, onnxruntime"] = _predict(build(tensors, batch_size=4096))
    return found


def _predict(runner: Any) -> Candidate:
    return lambda arrays: runner.run(arrays)[OUTPUT]


def _print(
    asked: argparse.Namespace,
    arrays: Arrays,
    outputs: dict[str, NDArray[np.float32]],
    rates: dict[str, float],
) -> None:
    tracks = arrays[INPUTS[0]].any(axis=1).sum(axis=1).mean()
    reference = next(iter(outputs))
    ours = rates["fairreg, onnxruntime"]
    print(f"{asked.jets} jets with {tracks:.1f} tracks on average, onnxruntime {onnxruntime.__version__}")
    for name, rate in rates.items():
        difference = np.abs(outputs[name] - outputs[reference]).max()
        print(
            f"{name:>26}: {rate:8.0f} jets/s, max |dp| {difference:.1e}, fairreg is {ours / rate:5.2f} times"
        )


def _torch_definition(tensors: Arrays) -> Candidate:
    """The definition, written down plainly: every pair's features side by side."""
    import torch

    weights = {name: torch.from_numpy(np.array(array)) for name, array in tensors.items()}

    def layers(value: torch.Tensor, *names: str) -> torch.Tensor:
        for name in names:
            value = torch.relu(value @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])
        return value

    def network(tracks: torch.Tensor, vertices: torch.Tensor) -> torch.Tensor:
        x, y = tracks.transpose(1, 2), vertices.transpose(1, 2)
        slots = x.shape[1]
        receiver = torch.arange(slots).repeat_interleave(slots - 1)
        sender = torch.tensor([j for i in range(slots) for j in range(slots) if i != j])
        pairs = layers(torch.cat((x[:, receiver], x[:, sender]), 2), "fr1", "fr2", "fr3")
        from_tracks = pairs.reshape(len(x), slots, slots - 1, -1).sum(2)
        receiver = torch.arange(slots).repeat_interleave(y.shape[1])
        sender = torch.arange(y.shape[1]).repeat(slots)
        pairs = layers(torch.cat((x[:, receiver], y[:, sender]), 2), "fr1_pv", "fr2_pv", "fr3_pv")
        from_vertices = pairs.reshape(len(x), slots, y.shape[1], -1).sum(2)
        objects = layers(torch.cat((x, from_tracks, from_vertices), 2), "fo1", "fo2", "fo3")
        return torch.softmax(objects.sum(1) @ weights["fc_fixed.weight"].T + weights["fc_fixed.bias"], 1)

    def predict(arrays: Arrays) -> NDArray[np.float32]:
        parts = []
        with torch.inference_mode():
            for first in range(0, len(arrays[INPUTS[0]]), BATCH):
                batch = (torch.from_numpy(arrays[name][first : first + BATCH]) for name in INPUTS)
                parts.append(network(*batch).numpy())
        return np.concatenate(parts)

    return predict


def pairwise(tensors: Arrays) -> bytes:
    """The definition as a graph: every pair's features side by side, one row a pair."""
    slots, vertices = PAPER.n_tracks, PAPER.n_vertices
    senders = [[sender for sender in range(slots) if sender != receiver] for receiver in range(slots)]
    constants: dict[str, NDArray[np.generic]] = {
        "receiver": np.repeat(np.arange(slots), slots - 1),
        "sender": np.array(senders).ravel(),
        "track": np.repeat(np.arange(slots), vertices),
        "vertex": np.tile(np.arange(vertices), slots),
        "by_track": np.array([0, slots, slots - 1, PAPER.d_e]),
        "by_vertex": np.array([0, slots, vertices, PAPER.d_e]),
        "axis_1": np.array([1]),
        "axis_2": np.array([2]),
    }
    nodes = [
        helper.make_node("Transpose", [INPUTS[0]], ["x"], perm=[0, 2, 1]),
        helper.make_node("Transpose", [INPUTS[1]], ["y"], perm=[0, 2, 1]),
        *_messages("x", "x", "receiver", "sender", "fr", "", "by_track", "from_tracks"),
        *_messages("x", "y", "track", "vertex", "fr", "_pv", "by_vertex", "from_vertices"),
        helper.make_node("Concat", ["x", "from_tracks", "from_vertices"], ["objects"], axis=2),
        *_perceptron("objects", ["fo1", "fo2", "fo3"], "summands"),
        helper.make_node("ReduceSum", ["summands", "axis_1"], ["jet"], keepdims=0),
        *_linear("jet", "fc_fixed", "logits"),
        helper.make_node("Softmax", ["logits"], [OUTPUT], axis=-1),
    ]
    stored = {name: array.T if name.endswith("weight") else array for name, array in tensors.items()}
    initializers = [
        numpy_helper.from_array(np.ascontiguousarray(array), name)
        for name, array in {**stored, **constants}.items()
    ]
    shapes = {
        INPUTS[0]: ["N", PAPER.track_features, slots],
        INPUTS[1]: ["N", PAPER.vertex_features, vertices],
        OUTPUT: ["N", 2],
    }
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    graph = helper.make_graph(nodes, "pairwise", values[:2], values[2:], initializers)
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    content: bytes = model.SerializeToString()
    return content


def _messages(
    left: str, right: str, first: str, second: str, layer: str, suffix: str, shape: str, output: str
) -> list[onnx.NodeProto]:
    layers = [f"{layer}{number}{suffix}" for number in (1, 2, 3)]
    return [
        helper.make_node("Gather", [left, first], [f"{output}_left"], axis=1),
        helper.make_node("Gather", [right, second], [f"{output}_right"], axis=1),
        helper.make_node("Concat", [f"{output}_left", f"{output}_right"], [f"{output}_pairs"], axis=2),
        *_perceptron(f"{output}_pairs", layers, f"{output}_edges"),
        helper.make_node("Reshape", [f"{output}_edges", shape], [f"{output}_grid"]),
        helper.make_node("ReduceSum", [f"{output}_grid", "axis_2"], [output], keepdims=0),
    ]


def _perceptron(value: str, layers: list[str], output: str) -> list[onnx.NodeProto]:
    nodes: list[onnx.NodeProto] = []
    for layer in layers:
        after = output if layer == layers[-1] else f"{layer}_active"
        nodes += [*_linear(value, layer, f"{layer}_sum"), helper.make_node("Relu", [f"{layer}_sum"], [after])]
        value = after
    return nodes


def _linear(value: str, layer: str, output: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("MatMul", [value, f"{layer}.weight"], [f"{output}_product"]),
        helper.make_node("Add", [f"{output}_product", f"{layer}.bias"], [output]),
    ]


def _random_weights() -> Arrays:
    random = np.random.default_rng(1)
    tensors = {
        name: (random.normal(size=shape) / np.sqrt(shape[-1])).astype(np.float32)
        for name, shape in PAPER.shapes().items()
    }
    # The sums run over thousands of pairs: this keeps the probabilities away from 0 and 1.
    tensors["fc_fixed.weight"] *= np.float32(1e-4)
    return tensors


def _session(model: bytes, threads: int = 0) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _in_batches(session: onnxruntime.InferenceSession, arrays: Arrays, batch: int) -> NDArray[np.float32]:
    count = len(next(iter(arrays.values())))
    return np.concatenate([_call(session, arrays, first, batch) for first in range(0, count, batch)])


def _call(
    session: onnxruntime.InferenceSession, arrays: Arrays, first: int, batch: int
) -> NDArray[np.float32]:
    inputs = {name: array[first : first + batch] for name, array in arrays.items()}
    found: NDArray[np.float32] = session.run(None, inputs)[0]
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sample", type=Path, help="jets to run on (default: toy jets)")
    parser.add_argument("--published", type=Path, help="the published ONNX file, to compare with it")
    parser.add_argument("--jets", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
