# SPDX-License-Identifier: MIT
"""Speed of the Hbb network's ONNX graph: factorised, as fairreg builds it, against pair by pair, as defined.

    python benchmarks/hbb_inference.py [--jets 256] [--batch 128] [--rounds 5]

Both graphs hold the same random weights and run in onnxruntime on the same jets, in turns, in one process. It
prints the largest difference in probability, the median rate of each and the ratio of the two.
"""

import argparse
import statistics
import time

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from fairreg.models.hbb_in.network import INPUTS, OUTPUT, onnx_bytes
from fairreg.models.hbb_in.published import PAPER
from fairreg.models.hbb_in.toy import toy_jets

Arrays = dict[str, NDArray[np.float32]]


def main() -> None:
    asked = _arguments()
    tensors = _random_weights()
    jets = toy_jets(asked.jets, seed=1)
    sessions = {"pair by pair": _session(pairwise(tensors)), "factorised": _session(onnx_bytes(tensors))}
    arrays = dict(zip(INPUTS, (jets.tracks, jets.vertices), strict=True))
    outputs = {name: _run(session, arrays, asked.batch) for name, session in sessions.items()}
    rates: dict[str, list[float]] = {name: [] for name in sessions}
    for _ in range(asked.rounds):
        for name, session in sessions.items():
            begin = time.perf_counter()
            _run(session, arrays, asked.batch)
            rates[name].append(asked.jets / (time.perf_counter() - begin))
    difference = np.abs(outputs["pair by pair"] - outputs["factorised"]).max()
    medians = {name: statistics.median(found) for name, found in rates.items()}
    print(f"{asked.jets} jets, batch {asked.batch}, onnxruntime {onnxruntime.__version__}")
    print(f"largest difference in probability: {difference:.1e}")
    for name, rate in medians.items():
        print(f"{name:>14}: {rate:8.0f} jets/s")
    print(f"ratio factorised / pair by pair: {medians['factorised'] / medians['pair by pair']:.2f}")


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


def _session(model: bytes) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])


def _run(session: onnxruntime.InferenceSession, arrays: Arrays, batch: int) -> NDArray[np.float32]:
    count = len(next(iter(arrays.values())))
    parts = [
        session.run(None, {name: array[first : first + batch] for name, array in arrays.items()})[0]
        for first in range(0, count, batch)
    ]
    return np.concatenate(parts)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--jets", type=int, default=256)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
