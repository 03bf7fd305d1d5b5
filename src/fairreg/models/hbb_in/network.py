# SPDX-License-Identifier: MIT
"""The interaction network for boosted H->bb jets as an ONNX graph.

Definition (E. A. Moreno et al., Phys. Rev. D 102, 012010, arXiv:1909.12285, in the form of arXiv:2212.05081):
a perceptron f_R on every ordered pair of different tracks and one f_R_pv on every pair of track and secondary
vertex give messages, which are summed at the (receiving) track; f_O maps a track with its two sums to d_o
numbers; their sum over the tracks goes through one linear layer. ReLU follows every layer but the last.
Every layer may have a width of its own: f_R of the first publication (10.5281/zenodo.3891869) has 60, 30 and
20 outputs. A network of tracks only has no f_R_pv. Padded tracks and vertices are zero vectors that take part
in all sums.

The graph uses three identities, all exact:

- the first layer of a pair splits into a receiver's and a sender's part, each computed once per track;
- the sum over the others is the sum over all less the pair of a track with itself;
- all padded slots are equal, so that one may represent many. The graph takes any number K >= 1 of track
  slots: the last one represents 61 - K (only itself, where all 60 are given), likewise 6 - V for vertices.
  Callers that give fewer slots than the definition must leave the last one empty; `packing` does so.

The floating-point initializers are the tensors themselves: the graph has the fingerprint of the weights.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners.signature import LONGEST_AXIS

__all__ = ["CLASSES", "INPUTS", "OUTPUT", "Hyperparameters", "onnx_bytes"]

INPUTS = ("input_cpf", "input_sv")
OUTPUT = "probabilities"
CLASSES = ("QCD", "Hbb")

_OPSET, _IR_VERSION = 17, 8  # every onnxruntime since 1.12 and TensorRT since 8.5 reads these
_TRACK_TRACK = ("fr1", "fr2", "fr3")
_TRACK_VERTEX = ("fr1_pv", "fr2_pv", "fr3_pv")
_OBJECT = ("fo1", "fo2", "fo3")
_LAST = "fc_fixed"
_NOT_OURS = "The weights are not those of a Hbb interaction network"

Array = NDArray[Any]


@dataclass(frozen=True)
class Hyperparameters:
    """Sizes of a network: features per track and vertex, hidden units, dimensions of the edge (`d_e`) and
    node (`d_o`) representations, slots for tracks and vertices.

    `widths` names the layers with another number of outputs than these say, as (("fr2", 30), ...). A network
    of tracks only has no vertex features. The authors' class of that kind (``GraphNetnoSV`` in gnn.py of
    eric-moreno/IN) has layers for pairs with vertices that it never uses; `unused_inputs` is the number of
    inputs of the first of them, 0 where there are none.
    """

    track_features: int
    vertex_features: int
    hidden: int
    d_e: int
    d_o: int
    n_tracks: int = 60
    n_vertices: int = 5
    widths: tuple[tuple[str, int], ...] = ()
    unused_inputs: int = 0

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array]) -> "Hyperparameters":
        """Derive the sizes from the shapes; ModelError names a missing, unexpected or misshapen tensor."""
        tracks, d_e = _size(tensors, "fr1.weight", 1) // 2, _size(tensors, "fr3.weight", 0)
        # f_O takes the features of a track and one sum for each kind of pair.
        tracks_only = _size(tensors, "fo1.weight", 1) == tracks + d_e
        of_pairs = 0 if tracks_only and "fr1_pv.weight" not in tensors else _size(tensors, "fr1_pv.weight", 1)
        found = cls(
            track_features=tracks,
            vertex_features=0 if tracks_only else of_pairs - tracks,
            hidden=_size(tensors, "fr1.weight", 0),
            d_e=d_e,
            d_o=_size(tensors, "fo3.weight", 0),
            unused_inputs=of_pairs if tracks_only else 0,
        )
        if not tracks_only and found.vertex_features < 1:
            raise ModelError(f"{_NOT_OURS}: the layer fr1_pv takes no features of vertices.")
        found = found._with_widths(tensors)
        _check(tensors, found.shapes())
        return found

    def _with_widths(self, tensors: Mapping[str, Array]) -> "Hyperparameters":
        sizes = {layer: _size(tensors, f"{layer}.weight", 0) for layer in self._layers() if layer != _LAST}
        return replace(
            self, widths=tuple((name, size) for name, size in sizes.items() if size != self.width(name))
        )

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the network's inputs: tracks, and vertices unless it is of tracks only."""
        return INPUTS if self.vertex_features else INPUTS[:1]

    def width(self, layer: str) -> int:
        """Number of outputs of a layer."""
        usual = {"fr3": self.d_e, "fr3_pv": self.d_e, "fo3": self.d_o, _LAST: len(CLASSES)}
        return dict(self.widths).get(layer, usual.get(layer, self.hidden))

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter tensor by its published name."""
        shapes: dict[str, tuple[int, ...]] = {}
        for layers, inputs in self._perceptrons():
            taken = inputs
            for layer in layers:
                size = self.width(layer)
                shapes |= {f"{layer}.weight": (size, taken), f"{layer}.bias": (size,)}
                taken = size
        return shapes

    def _perceptrons(self) -> tuple[tuple[tuple[str, ...], int], ...]:
        """Layers one after another, each group with the number of inputs of its first layer."""
        pairs = self.track_features + self.vertex_features if self.vertex_features else self.unused_inputs
        sums = self.width("fr3") + (self.width("fr3_pv") if self.vertex_features else 0)
        return (
            (_TRACK_TRACK, 2 * self.track_features),
            *(((_TRACK_VERTEX, pairs),) if pairs else ()),
            ((*_OBJECT, _LAST), self.track_features + sums),
        )

    def _layers(self) -> tuple[str, ...]:
        return tuple(layer for layers, _ in self._perceptrons() for layer in layers)

    @property
    def parameter_count(self) -> int:
        """Number of trainable parameters, those of unused layers included."""
        return sum(int(np.prod(shape)) for shape in self.shapes().values())

    def to_json(self) -> dict[str, int]:
        """All sizes by name, with the outputs of each layer of `widths` by its name."""
        sizes = {name: value for name, value in vars(self).items() if name != "widths"}
        return sizes | dict(self.widths)


def _size(tensors: Mapping[str, Array], name: str, axis: int) -> int:
    if name not in tensors or tensors[name].ndim != 2:  # noqa: PLR2004  a matrix
        raise ModelError(f"{_NOT_OURS}: {name} is not a matrix.")
    return int(tensors[name].shape[axis])


def _check(tensors: Mapping[str, Array], shapes: Mapping[str, tuple[int, ...]]) -> None:
    if unlike := sorted(tensors.keys() ^ shapes.keys()):
        raise ModelError(f"{_NOT_OURS}: {unlike[0]} is missing or unexpected.")
    for name, shape in shapes.items():
        array = tensors[name]
        if array.shape != shape or min(shape) < 1:
            raise ModelError(f"The tensor {name} has shape {array.shape}; the other tensors require {shape}.")
        if array.dtype.name not in {"float32", "float64"}:
            raise ModelError(f"The tensor {name} has element type {array.dtype}, not float32 or float64.")


def onnx_bytes(tensors: Mapping[str, Array], pairs: str = "float32") -> bytes:
    """Serialised ONNX model of the network with these weights.

    Inputs `input_cpf` (N, track features, K) and `input_sv` (N, vertex features, V), output `probabilities`
    (N, 2), QCD and H->bb, after the softmax; float32, any N, 1 <= K <= 60, 1 <= V <= 5. The last slot
    represents all that are not given. A network of tracks only has no `input_sv`. Weights in float64 are
    rounded to float32. With `pairs` "bfloat16" the messages of the pairs are computed so, their sums and all
    else in float32: a graph for GPUs. Raises ModelError for tensors of another network.
    """
    from onnx import helper

    sizes = Hyperparameters.from_tensors(tensors)
    graph = _Graph(tensors, pairs)
    _build(graph, sizes)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes, "hbb_in", _inputs(sizes), [_value(OUTPUT, "N", len(CLASSES))], graph.initializers
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="fairreg",
    )
    longest = {"tracks": sizes.n_tracks, "vertices": sizes.n_vertices if sizes.vertex_features else 0}
    helper.set_model_props(
        model, {f"{LONGEST_AXIS}{axis}": str(slots) for axis, slots in longest.items() if slots}
    )
    content: bytes = model.SerializeToString()
    return content


class _Graph:
    """Nodes and initializers of a graph under construction; each method returns the name of its result."""

    def __init__(self, tensors: Mapping[str, Array], pairs: str) -> None:
        from onnx import numpy_helper

        self.pairs = pairs
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

    def shaped(self, value: str, *shape: int | str) -> str:
        """Reshape `value`; the sizes are numbers or names of scalar tensors."""
        sizes = [self.integers(size) if isinstance(size, int) else size for size in shape]
        fixed = [size for size in shape if isinstance(size, int)]
        whole = self.integers(*fixed) if len(fixed) == len(shape) else self.node("Concat", *sizes, axis=0)
        return self.node("Reshape", value, whole)

    def columns(self, layer: str, first: int, last: int) -> str:
        """Columns of the weights of `layer`; the engine folds this when it loads the model."""
        bounds = (self.integers(first), self.integers(last), self.integers(1))
        return self.node("Slice", f"{layer}.weight", *bounds)

    def linear(self, value: str, layer: str) -> str:
        return self.node("Gemm", value, f"{layer}.weight", f"{layer}.bias", transB=1)

    def cast(self, value: str, dtype: str) -> str:
        """Convert to an element type; nothing where the pairs are computed in float32 as all else is."""
        from onnx import TensorProto

        if self.pairs == "float32":
            return value
        return self.node("Cast", value, to=TensorProto.DataType.Value(dtype.upper()))

    def of_pairs(self, value: str, layers: tuple[str, ...]) -> str:
        """The layers after the first one for pairs, (rows, hidden) -> (rows, d_e), float32."""
        for layer in layers:
            parameters = (self.cast(f"{layer}.{kind}", self.pairs) for kind in ("weight", "bias"))
            value = self.node("Relu", self.node("Gemm", value, *parameters, transB=1))
        return self.cast(value, "float")

    def perceptron(self, value: str, layers: tuple[str, ...]) -> str:
        for layer in layers:
            value = self.node("Relu", self.linear(value, layer))
        return value


@dataclass(frozen=True)
class _Objects:
    """Tracks or vertices in the graph: `rows` is (N * slots, features).

    `slots` holds their number, `unseen` the number of further slots in the definition, as a float.
    """

    rows: str
    slots: str
    unseen: str


def _build(graph: _Graph, sizes: Hyperparameters) -> None:
    tracks = _objects(graph, INPUTS[0], sizes.track_features, sizes.n_tracks)
    if sizes.vertex_features:
        vertices = _objects(graph, INPUTS[1], sizes.vertex_features, sizes.n_vertices)
        messages = [_track_messages(graph, sizes, tracks), _vertex_messages(graph, sizes, tracks, vertices)]
    else:
        messages = [_track_messages(graph, sizes, tracks)]
    found = graph.perceptron(graph.node("Concat", tracks.rows, *messages, axis=1), _OBJECT)
    total = _sum(graph, graph.shaped(found, -1, tracks.slots, sizes.d_o), tracks)
    graph.node("Softmax", graph.linear(total, _LAST), output=OUTPUT, axis=1)


def _objects(graph: _Graph, value: str, features: int, total: int) -> _Objects:
    """Lay out one row per object: (N, features, slots) -> (N * slots, features)."""
    from onnx import TensorProto

    across = graph.node("Transpose", value, perm=[0, 2, 1])
    slots = graph.node("Shape", across, start=1, end=2)
    unseen = graph.node("Cast", graph.node("Sub", graph.integers(total), slots), to=TensorProto.FLOAT)
    return _Objects(graph.shaped(across, -1, features), slots, unseen)


def _sum(graph: _Graph, value: str, objects: _Objects) -> str:
    """Sum over the slots (axis 1); the last slot also counts for all unseen ones."""
    axis = graph.integers(1)
    seen = graph.node("ReduceSum", value, axis, keepdims=0)
    last = graph.node("Gather", value, graph.integers(-1), axis=1)
    rest = graph.node("Mul", graph.node("Squeeze", last, axis), objects.unseen)
    return graph.node("Add", seen, rest)


def _track_messages(graph: _Graph, sizes: Hyperparameters, tracks: _Objects) -> str:
    """Sums of the messages from the other tracks, (N * tracks, d_e)."""
    first, *others = _TRACK_TRACK
    features = sizes.track_features
    receiver = graph.node("Gemm", tracks.rows, graph.columns(first, 0, features), f"{first}.bias", transB=1)
    sender = graph.node("Gemm", tracks.rows, graph.columns(first, features, 2 * features), transB=1)
    receiver, sender = graph.cast(receiver, graph.pairs), graph.cast(sender, graph.pairs)
    everyone = _grid(graph, sizes, (tracks, receiver), (tracks, sender), _TRACK_TRACK)
    itself = graph.of_pairs(graph.node("Relu", graph.node("Add", receiver, sender)), tuple(others))
    return graph.node("Sub", everyone, itself)


def _vertex_messages(graph: _Graph, sizes: Hyperparameters, tracks: _Objects, vertices: _Objects) -> str:
    """Sums of the messages from the vertices, (N * tracks, d_e)."""
    first = _TRACK_VERTEX[0]
    features, end = sizes.track_features, sizes.track_features + sizes.vertex_features
    receiver = graph.node("Gemm", tracks.rows, graph.columns(first, 0, features), f"{first}.bias", transB=1)
    sender = graph.node("Gemm", vertices.rows, graph.columns(first, features, end), transB=1)
    receiver, sender = graph.cast(receiver, graph.pairs), graph.cast(sender, graph.pairs)
    return _grid(graph, sizes, (tracks, receiver), (vertices, sender), _TRACK_VERTEX)


def _grid(
    graph: _Graph,
    sizes: Hyperparameters,
    receivers: tuple[_Objects, str],
    senders: tuple[_Objects, str],
    layers: tuple[str, ...],
) -> str:
    """Sum the messages of all pairs over the senders, from both parts of the first of their layers."""
    hidden, messages = sizes.width(layers[0]), sizes.width(layers[-1])
    receiver = graph.shaped(receivers[1], -1, receivers[0].slots, 1, hidden)
    sender = graph.shaped(senders[1], -1, 1, senders[0].slots, hidden)
    pairs = graph.shaped(graph.node("Relu", graph.node("Add", receiver, sender)), -1, hidden)
    summands = graph.shaped(graph.of_pairs(pairs, layers[1:]), -1, senders[0].slots, messages)
    return _sum(graph, summands, senders[0])


def _inputs(sizes: Hyperparameters) -> list[Any]:
    values = [
        _value(INPUTS[0], "N", sizes.track_features, "tracks"),
        _value(INPUTS[1], "N", sizes.vertex_features, "vertices"),
    ]
    return values[: len(sizes.inputs)]


def _value(name: str, *shape: int | str) -> Any:
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
