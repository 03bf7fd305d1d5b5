# SPDX-License-Identifier: MIT
"""ParticleNet as an ONNX graph, with any number of jets and particles.

Two identities, both exact, save most of the work of an edge convolution, and BatchNorm is folded:

- the first layer takes (x_i, x_j - x_i), so that its product is (A - B) x_i + B x_j: both terms are computed
  once per particle, and neighbours are looked up after that;
- padding is left out of the search by a constant in the place of its distance, and the particle itself by a
  larger one. Jets shorter than k + 1 slots are padded in the graph.

The floating-point initializers are the tensors themselves; products of weights are computed in the graph,
where an engine folds them when it loads the model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from fairreg.models.common.graph_builder import FoldedLayer, GraphBuilder
from fairreg.models.particlenet.architecture import POINT_COORDINATES, ObjectStream, ParticleNetArchitecture
from fairreg.models.particlenet.jets import OUTPUT, signature

__all__ = ["EdgeGraph", "ObjectRows", "onnx_bytes"]

Array = NDArray[Any]

# Distances are squared: no feature of a float32 network comes near the root of these.
_PADDING, _ITSELF = -1e30, -2e30


def onnx_bytes(tensors: Mapping[str, Array], neighbours: int | None = None) -> bytes:
    """Serialised ONNX model of the network with these weights, in float32.

    Inputs and output are those of `jets.signature`. `neighbours` is k; by default that of the published
    network. Weights in float64 are rounded. Raises ModelError for tensors of another network.
    """
    sizes = ParticleNetArchitecture.from_tensors(tensors)
    graph = EdgeGraph({name: tensors[name] for name in sizes.shapes()}, neighbours or sizes.neighbours)
    rows = _inputs(graph, sizes)
    found, outputs = rows.features, []
    if sizes.normalised:
        found = rows.kept(graph, graph.normalised(found, f"{sizes.core}bn_fts"))
    for index in range(len(sizes.blocks)):
        searched = rows.points if index == 0 else found
        found = _block(graph, rows, searched, found, f"{sizes.core}edge_convs.{index}", expanded=index > 0)
        outputs.append(found)
    if sizes.fused:
        block = f"{sizes.core}fusion_block"
        joined = graph.node("Concat", *outputs, axis=1)
        found = rows.kept(
            graph, graph.relu(graph.applied(joined, graph.folded(f"{block}.0.weight", f"{block}.1")))
        )
    _classify(graph, rows, found, sizes)
    return graph.model("particlenet", *signature(sizes))


@dataclass(frozen=True)
class ObjectRows:
    """Objects of all jets, one per row: `points` (N * P, coordinates), `features` (N * P, channels).

    `real` is 1 or 0 per row, (N * P, 1); `padding` is (N, 1, P), true where there is no object; both are ""
    where all are real. `jets`, `slots` and `all` are N, P and N * P, each of one element.
    """

    points: str
    features: str
    real: str
    padding: str
    jets: str
    slots: str
    all: str

    def kept(self, graph: "EdgeGraph", value: str) -> str:
        """ObjectRows of `value`, zero where there is no object."""
        return graph.node("Mul", value, self.real)


class EdgeGraph(GraphBuilder):
    """A graph with edge convolutions, each particle with `neighbours` others."""

    def __init__(self, tensors: Mapping[str, Array], neighbours: int) -> None:
        super().__init__(tensors)
        self.neighbours = neighbours

    def edges(
        self, rows: ObjectRows, searched: str, value: str, layers: list[FoldedLayer], *, expanded: bool
    ) -> str:
        """Mean over the neighbours of the layers on (x_i, x_j - x_i): (rows, channels) to (rows, outputs).

        Neighbours are nearest in `searched`; `expanded` computes distances by products, for many channels.
        """
        first, *others = layers
        matrix = first.weight
        halves = self.node("Split", matrix, axis=1), self.second_output()
        own = self.node("Sub", *halves)
        receiver = self.node("Gemm", value, own, first.bias, transB=1)
        sender = self.node("Gemm", value, halves[1], transB=1)
        found = self.node("Gather", sender, self._neighbours(rows, searched, expanded=expanded), axis=0)
        found = self.relu(self.node("Add", found, self.with_axis(receiver, 1)))
        for layer in others:
            found = self.relu(self.applied(self.node("Flatten", found, axis=-1), layer))
        whole = self.shaped(found, rows.all, self.neighbours, self.length(found if others else receiver, 1))
        return self.node("ReduceMean", whole, axes=[1], keepdims=0)

    def _neighbours(self, rows: ObjectRows, searched: str, *, expanded: bool) -> str:
        """ObjectRows of the neighbours of each row, (rows, k)."""
        own = self.shaped(searched, rows.jets, rows.slots, self.length(searched, 1))
        nearness = self._by_products(own) if expanded else self._by_differences(own)
        if rows.padding:
            nearness = self.node("Where", rows.padding, self.number(_PADDING), nearness)
        slots = self.numbered(rows.slots)
        same = self.node("Equal", self.with_axis(slots, 0), self.with_axis(slots, 1))
        nearness = self.node("Where", same, self.number(_ITSELF), nearness)
        self.node("TopK", nearness, self.integers(self.neighbours), axis=-1, largest=1, sorted=1)
        indices = self.second_output()
        base = self.node("Mul", self.numbered(rows.jets), rows.slots)
        shifted = self.node("Add", indices, self.with_axis(base, 1, 2))
        return self.shaped(shifted, rows.all, self.neighbours)

    def _by_differences(self, own: str) -> str:
        """Negative squared distances (N, P, P) by differences: exact for near points of few coordinates."""
        pairs = [self.with_axis(own, axis) for axis in (2, 1)]
        squares = self.node("ReduceSumSquare", self.node("Sub", *pairs), axes=[3], keepdims=0)
        return self.node("Neg", squares)

    def _by_products(self, own: str) -> str:
        """Negative squared distances up to a term of the receiver, which does not change their order."""
        products = self.node("MatMul", own, self.node("Transpose", own, perm=[0, 2, 1]))
        squares = self.node("ReduceSumSquare", own, axes=[2], keepdims=0)
        across = self.with_axis(squares, 1)
        return self.node("Sub", self.node("Mul", products, self.number(2.0)), across)


def _inputs(graph: EdgeGraph, sizes: ParticleNetArchitecture) -> ObjectRows:
    """Objects of all streams, one after another in each jet, padded to k + 1 slots."""
    parts = [_stream(graph, stream, sizes) for stream in sizes.streams]
    joined = [
        graph.node("Concat", *column, axis=1) if len(column) > 1 else column[0]
        for column in zip(*parts, strict=True)
    ]
    points, features, real = joined
    jets, slots = graph.length(points, 0), graph.length(points, 1)
    total = graph.node("Mul", jets, slots)
    missing = graph.node("Equal", graph.node("Transpose", real, perm=[0, 2, 1]), graph.number(0.0))
    return ObjectRows(
        points=graph.shaped(points, total, POINT_COORDINATES),
        features=graph.shaped(features, total, sizes.width),
        real=graph.shaped(real, total, 1),
        padding=missing,
        jets=jets,
        slots=slots,
        all=total,
    )


def _stream(graph: EdgeGraph, stream: ObjectStream, sizes: ParticleNetArchitecture) -> tuple[str, str, str]:
    """Points, channels and mask of one stream, each (N, P, channels), zero where there is no object."""
    points, features, mask = stream.names
    missing = graph.node("Sub", graph.integers(graph.neighbours + 1), graph.length(mask, 2))
    pads = graph.node(
        "Concat", graph.integers(0, 0, 0, 0, 0), graph.node("Max", missing, graph.integers(0)), axis=0
    )
    mask = graph.node("Transpose", graph.node("Pad", mask, pads), perm=[0, 2, 1])
    present = graph.nonzero(mask)
    real = graph.cast(present, "FLOAT")
    rows = []
    for name in (points, features):
        across = graph.node("Transpose", graph.node("Pad", name, pads), perm=[0, 2, 1])
        rows.append(graph.node("Where", present, across, graph.number(0.0)))
    if sizes.embedded:
        scaled = graph.normalised(graph.shaped(rows[1], -1, stream.features), f"{stream.layer}.0")
        layer = graph.folded(f"{stream.layer}.1.weight", f"{stream.layer}.2")
        embedded = graph.relu(graph.applied(scaled, layer))
        whole = graph.shaped(embedded, graph.length(mask, 0), graph.length(mask, 1), sizes.embedded)
        rows[1] = graph.node("Mul", whole, real)
    return rows[0], rows[1], real


def _block(
    graph: EdgeGraph, rows: ObjectRows, searched: str, value: str, name: str, *, expanded: bool
) -> str:
    """One edge convolution block: (rows, channels) to (rows, outputs)."""
    layers: list[FoldedLayer] = []
    while graph.has(f"{name}.convs.{len(layers)}.weight"):
        layers.append(graph.folded(f"{name}.convs.{len(layers)}.weight", f"{name}.bns.{len(layers)}"))
    mean = graph.edges(rows, searched, value, layers, expanded=expanded)
    if graph.has(f"{name}.sc.weight"):
        value = graph.applied(value, graph.folded(f"{name}.sc.weight", f"{name}.sc_bn"))
    return rows.kept(graph, graph.relu(graph.node("Add", value, mean)))


def _classify(graph: EdgeGraph, rows: ObjectRows, value: str, sizes: ParticleNetArchitecture) -> None:
    """Mean over the real objects of a jet, the layers after it and the softmax."""
    across = graph.shaped(value, rows.jets, rows.slots, sizes.fused or sizes.blocks[-1][-1])
    counts = graph.total(graph.shaped(rows.real, rows.jets, rows.slots), 1, keep=True)
    found = graph.node("Div", graph.total(across, 1), graph.node("Max", counts, graph.number(1.0)))
    found = graph.perceptron(found, [f"{sizes.core}fc.{index}.0" for index in range(len(sizes.hidden))])
    scores = graph.linear(found, f"{sizes.core}fc.{len(sizes.hidden)}")
    graph.node("Softmax", scores, output=OUTPUT, axis=1)
