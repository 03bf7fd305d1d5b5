# SPDX-License-Identifier: MIT
"""The interaction network for boosted H->bb jets as an ONNX graph.

Definition (E. A. Moreno et al., Phys. Rev. D 102, 012010, arXiv:1909.12285, in the form of arXiv:2212.05081):
a perceptron f_R on every ordered pair of different tracks and one f_R_pv on every pair of track and secondary
vertex give messages, which are summed at the (receiving) track; f_O maps a track with its two sums to d_o
numbers; their sum over the tracks goes through one linear layer. ReLU follows every layer but the last.
Padded tracks and vertices are zero vectors that take part in all sums.

The graph uses that the first layer of a pair splits into a receiver's and a sender's part, each computed once
a track, and that the sum over the others is the sum over all less the pair of a track with itself. Both are
exact. The initializers are the tensors themselves, so that the graph has the fingerprint of the weights.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError

__all__ = ["CLASSES", "INPUTS", "OUTPUT", "Hyperparameters", "onnx_bytes"]

INPUTS = ("input_cpf", "input_sv")
OUTPUT = "probabilities"
CLASSES = ("QCD", "Hbb")

_OPSET, _IR_VERSION = 17, 8  # every onnxruntime since 1.12 and TensorRT since 8.5 reads these
_TRACK_TRACK = ("fr1", "fr2", "fr3")
_TRACK_VERTEX = ("fr1_pv", "fr2_pv", "fr3_pv")
_OBJECT = ("fo1", "fo2", "fo3")
_LAST = "fc_fixed"

Array = NDArray[Any]


@dataclass(frozen=True)
class Hyperparameters:
    """Sizes of a network: features a track and a vertex, hidden units, numbers a message (`d_e`) and a track
    (`d_o`), slots for tracks and vertices."""

    track_features: int
    vertex_features: int
    hidden: int
    d_e: int
    d_o: int
    n_tracks: int = 60
    n_vertices: int = 5

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array]) -> "Hyperparameters":
        """Sizes read off the shapes; ModelError says which tensor is missing, too many or does not fit."""
        found = cls(
            track_features=_size(tensors, "fr1.weight", 1) // 2,
            vertex_features=_size(tensors, "fr1_pv.weight", 1) - _size(tensors, "fr1.weight", 1) // 2,
            hidden=_size(tensors, "fr1.weight", 0),
            d_e=_size(tensors, "fr3.weight", 0),
            d_o=_size(tensors, "fo3.weight", 0),
        )
        _check(tensors, found.shapes())
        return found

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter tensor by its published name."""
        inputs = {
            "fr1": 2 * self.track_features,
            "fr1_pv": self.track_features + self.vertex_features,
            "fo1": self.track_features + 2 * self.d_e,
            _LAST: self.d_o,
        }
        outputs = {"fr3": self.d_e, "fr3_pv": self.d_e, "fo3": self.d_o, _LAST: len(CLASSES)}
        shapes: dict[str, tuple[int, ...]] = {}
        for layer in (*_TRACK_TRACK, *_TRACK_VERTEX, *_OBJECT, _LAST):
            size = outputs.get(layer, self.hidden)
            shapes |= {f"{layer}.weight": (size, inputs.get(layer, self.hidden)), f"{layer}.bias": (size,)}
        return shapes

    @property
    def parameter_count(self) -> int:
        """Number of trainable numbers."""
        return sum(int(np.prod(shape)) for shape in self.shapes().values())


def _size(tensors: Mapping[str, Array], name: str, axis: int) -> int:
    if name not in tensors or tensors[name].ndim != 2:  # noqa: PLR2004  a matrix
        raise ModelError(
            f"The weights are not those of a Hbb interaction network: {name} is no matrix in them."
        )
    return int(tensors[name].shape[axis])


def _check(tensors: Mapping[str, Array], shapes: Mapping[str, tuple[int, ...]]) -> None:
    if unlike := sorted(tensors.keys() ^ shapes.keys()):
        raise ModelError(
            f"The weights are not those of a Hbb interaction network: {unlike[0]} is too many or missing."
        )
    for name, shape in shapes.items():
        array = tensors[name]
        if array.shape != shape or min(shape) < 1:
            raise ModelError(f"The tensor {name} has shape {array.shape} where the others ask for {shape}.")
        if array.dtype.name not in {"float32", "float64"}:
            raise ModelError(f"The tensor {name} has element type {array.dtype}, not float32 or float64.")


def onnx_bytes(tensors: Mapping[str, Array]) -> bytes:
    """Serialised ONNX model of the network with these weights.

    Inputs `input_cpf` (N, track features, 60) and `input_sv` (N, vertex features, 5), output `probabilities`
    (N, 2), QCD and H->bb, after the softmax; float32, any N. Weights in float64 are rounded to float32.
    Raises ModelError for tensors of another network.
    """
    from onnx import helper

    sizes = Hyperparameters.from_tensors(tensors)
    graph = _Graph(tensors)
    _build(graph, sizes)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes, "hbb_in", _inputs(sizes), [_value(OUTPUT, "N", len(CLASSES))], graph.initializers
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="fairreg",
    )
    content: bytes = model.SerializeToString()
    return content


class _Graph:
    """Nodes and initializers in the making; every method returns the name of what it adds."""

    def __init__(self, tensors: Mapping[str, Array]) -> None:
        from onnx import numpy_helper

        self.nodes: list[Any] = []
        self.initializers = [
            numpy_helper.from_array(np.ascontiguousarray(array, dtype=np.float32), name)
            for name, array in tensors.items()
        ]

    def node(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        from onnx import helper

        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def integers(self, *values: int) -> str:
        """A constant of the graph: shapes, axes and bounds."""
        from onnx import numpy_helper

        name = f"integers_{'_'.join(map(str, values))}".replace("-", "minus")
        if name not in {item.name for item in self.initializers}:
            self.initializers.append(numpy_helper.from_array(np.array(values, dtype=np.int64), name))
        return name

    def reshape(self, value: str, *shape: int) -> str:
        return self.node("Reshape", value, self.integers(*shape))

    def columns(self, layer: str, first: int, last: int) -> str:
        """Columns of the weights of `layer`; the engine folds this when it loads the model."""
        bounds = (self.integers(first), self.integers(last), self.integers(1))
        return self.node("Slice", f"{layer}.weight", *bounds)

    def linear(self, value: str, layer: str) -> str:
        return self.node("Gemm", value, f"{layer}.weight", f"{layer}.bias", transB=1)

    def perceptron(self, value: str, layers: tuple[str, ...]) -> str:
        for layer in layers:
            value = self.node("Relu", self.linear(value, layer))
        return value


def _build(graph: _Graph, sizes: Hyperparameters) -> None:
    tracks = _rows(graph, INPUTS[0], sizes.track_features)
    vertices = _rows(graph, INPUTS[1], sizes.vertex_features)
    messages = (_track_messages(graph, sizes, tracks), _vertex_messages(graph, sizes, tracks, vertices))
    objects = graph.perceptron(graph.node("Concat", tracks, *messages, axis=1), _OBJECT)
    total = _sum(graph, graph.reshape(objects, -1, sizes.n_tracks, sizes.d_o), 1)
    graph.node("Softmax", graph.linear(total, _LAST), output=OUTPUT, axis=1)


def _rows(graph: _Graph, value: str, features: int) -> str:
    """One row an object: (N, features, slots) -> (N * slots, features)."""
    return graph.reshape(graph.node("Transpose", value, perm=[0, 2, 1]), -1, features)


def _sum(graph: _Graph, value: str, axis: int) -> str:
    return graph.node("ReduceSum", value, graph.integers(axis), keepdims=0)


def _track_messages(graph: _Graph, sizes: Hyperparameters, tracks: str) -> str:
    """Sums of the messages from the other tracks, (N * tracks, d_e)."""
    first, *others = _TRACK_TRACK
    features, slots = sizes.track_features, sizes.n_tracks
    receiver = graph.node("Gemm", tracks, graph.columns(first, 0, features), f"{first}.bias", transB=1)
    sender = graph.node("Gemm", tracks, graph.columns(first, features, 2 * features), transB=1)
    everyone = _grid(graph, sizes, (receiver, sender), slots, tuple(others))
    itself = graph.perceptron(graph.node("Relu", graph.node("Add", receiver, sender)), tuple(others))
    return graph.node("Sub", everyone, itself)


def _vertex_messages(graph: _Graph, sizes: Hyperparameters, tracks: str, vertices: str) -> str:
    """Sums of the messages from the vertices, (N * tracks, d_e)."""
    first, *others = _TRACK_VERTEX
    features, end = sizes.track_features, sizes.track_features + sizes.vertex_features
    receiver = graph.node("Gemm", tracks, graph.columns(first, 0, features), f"{first}.bias", transB=1)
    sender = graph.node("Gemm", vertices, graph.columns(first, features, end), transB=1)
    return _grid(graph, sizes, (receiver, sender), sizes.n_vertices, tuple(others))


def _grid(
    graph: _Graph, sizes: Hyperparameters, parts: tuple[str, str], senders: int, others: tuple[str, ...]
) -> str:
    """Messages of all pairs, summed over `senders`, from both parts of the first layer."""
    receiver = graph.reshape(parts[0], -1, sizes.n_tracks, 1, sizes.hidden)
    sender = graph.reshape(parts[1], -1, 1, senders, sizes.hidden)
    pairs = graph.reshape(graph.node("Relu", graph.node("Add", receiver, sender)), -1, sizes.hidden)
    messages = graph.reshape(graph.perceptron(pairs, others), -1, senders, sizes.d_e)
    return _sum(graph, messages, 1)


def _inputs(sizes: Hyperparameters) -> list[Any]:
    return [
        _value(INPUTS[0], "N", sizes.track_features, sizes.n_tracks),
        _value(INPUTS[1], "N", sizes.vertex_features, sizes.n_vertices),
    ]


def _value(name: str, *shape: int | str) -> Any:
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
