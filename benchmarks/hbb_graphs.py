# SPDX-License-Identifier: MIT
"""The Hbb network in other ONNX graphs than fairreg's, to see which an engine likes; see hbb_engines.py."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from fairreg.models.hbb_in.network import INPUTS, OUTPUT, Hyperparameters

Array = NDArray[Any]


class _Graph:
    """A graph in the making; every call adds a node and gives the name of its output."""

    def __init__(self, tensors: Mapping[str, Array]) -> None:
        self.tensors, self.sizes = tensors, Hyperparameters.from_tensors(tensors)
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def __call__(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        name = output or f"value_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def constant(self, array: Array) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, dtype=np.int64))

    def shaped(self, value: str, *shape: int | str) -> str:
        sizes = [self.integers(size) if isinstance(size, int) else size for size in shape]
        return self("Reshape", value, self("Concat", *sizes, axis=0))

    def unseen(self, slots: str, total: int) -> str:
        """How many more slots there are than are given, as a float."""
        return self("Cast", self("Sub", self.integers(total), slots), to=TensorProto.FLOAT)

    def weighted(self, value: str, axis: int, unseen: str) -> str:
        """Sum over an axis whose last element counts for the unseen ones, too."""
        at = self.integers(axis)
        last = self("Squeeze", self("Gather", value, self.integers(-1), axis=axis), at)
        return self("Add", self("ReduceSum", value, at, keepdims=0), self("Mul", last, unseen))

    def finished(self, total: str) -> bytes:
        """The model, from the sum over the tracks on."""
        weight, bias = (self.constant(self.tensors[f"fc_fixed.{name}"]) for name in ("weight", "bias"))
        self("Softmax", self("Gemm", total, weight, bias, transB=1), output=OUTPUT, axis=1)
        shapes: dict[str, tuple[int | str, ...]] = {
            INPUTS[0]: ("N", self.sizes.track_features, "tracks"),
            INPUTS[1]: ("N", self.sizes.vertex_features, "vertices"),
            OUTPUT: ("N", 2),
        }
        values = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()
        ]
        graph = helper.make_graph(self._nodes, "variant", values[:2], values[2:], self._constants)
        model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
        content: bytes = model.SerializeToString()
        return content


def rows(
    tensors: Mapping[str, Array],
    *,
    units: int = 0,
    ones: bool = False,
    cube: bool = False,
    diagonal: bool = False,
) -> bytes:
    """A row a pair, as in fairreg's graph, with changes.

    `units` pads the hidden layers of the pairs with zeros; `ones` makes one unit the constant 1 that carries
    the biases; `cube` multiplies in three dimensions, with the bias apart; `diagonal` takes the pairs of a
    track with itself from the grid instead of computing them once more.
    """
    graph = _Graph(tensors)
    width = units or graph.sizes.hidden + ones
    tracks = _objects(graph, 0)
    vertices = _objects(graph, 1)
    layer = partial(_layer, graph, width, ones, cube)

    def perceptron(value: str, second: str, third: str) -> str:
        return graph("Relu", layer(graph("Relu", layer(value, second, last=False)), third, last=True))

    def grid(receivers: str, senders: str, count: str, suffix: str) -> str:
        one = graph.shaped(receivers, -1, tracks[1], 1, width)
        pairs = graph("Relu", graph("Add", one, graph.shaped(senders, -1, 1, count, width)))
        flat = pairs if cube else graph.shaped(pairs, -1, width)
        return graph.shaped(perceptron(flat, f"fr2{suffix}", f"fr3{suffix}"), -1, count, graph.sizes.d_e)

    split = graph.sizes.track_features
    first = partial(_first, graph, width, ones)
    receivers, senders = first(tracks[0], "fr1", 0, split), first(tracks[0], "fr1", split, 2 * split)
    edges = grid(receivers, senders, tracks[1], "")
    everyone = graph.weighted(edges, 1, tracks[2])
    if diagonal:
        square = graph.shaped(edges, -1, graph("Mul", tracks[1], tracks[1]), graph.sizes.d_e)
        step = graph("Add", tracks[1], graph.integers(1))
        bounds = (graph.integers(0), graph.integers(1 << 30), graph.integers(1))
        itself = graph.shaped(graph("Slice", square, *bounds, step), -1, graph.sizes.d_e)
    else:
        itself = perceptron(graph("Relu", graph("Add", receivers, senders)), "fr2", "fr3")
    receivers = first(tracks[0], "fr1_pv", 0, split)
    senders = first(vertices[0], "fr1_pv", split, split + graph.sizes.vertex_features)
    from_vertices = graph.weighted(grid(receivers, senders, vertices[1], "_pv"), 1, vertices[2])
    value = graph("Concat", tracks[0], graph("Sub", everyone, itself), from_vertices, axis=1)
    for name in ("fo1", "fo2", "fo3"):
        weight, bias = (graph.constant(tensors[f"{name}.{part}"]) for part in ("weight", "bias"))
        value = graph("Relu", graph("Gemm", value, weight, bias, transB=1))
    return graph.finished(graph.weighted(graph.shaped(value, -1, tracks[1], graph.sizes.d_o), 1, tracks[2]))


def _objects(graph: _Graph, which: int) -> tuple[str, str, str]:
    """Rows of the tracks (0) or vertices (1), their number a jet, and how many are unseen."""
    sizes = graph.sizes
    features = (sizes.track_features, sizes.vertex_features)[which]
    across = graph("Transpose", INPUTS[which], perm=[0, 2, 1])
    slots = graph("Shape", across, start=1, end=2)
    unseen = graph.unseen(slots, (sizes.n_tracks, sizes.n_vertices)[which])
    return graph.shaped(across, -1, features), slots, unseen


def _first(graph: _Graph, width: int, ones: bool, value: str, layer: str, begin: int, end: int) -> str:
    """The receivers' part (the columns from 0) or the senders' part of the first layer of a pair."""
    hidden = graph.sizes.hidden
    weight, bias = np.zeros((width, end - begin), np.float32), np.zeros(width, np.float32)
    weight[:hidden] = graph.tensors[f"{layer}.weight"][:, begin:end]
    if begin == 0:
        bias[:hidden] = graph.tensors[f"{layer}.bias"]
        bias[hidden : hidden + ones] = 1
    return graph("Gemm", value, graph.constant(weight), graph.constant(bias), transB=1)


def _layer(graph: _Graph, width: int, ones: bool, cube: bool, value: str, layer: str, *, last: bool) -> str:
    hidden, matrix, bias = (
        graph.sizes.hidden,
        graph.tensors[f"{layer}.weight"],
        graph.tensors[f"{layer}.bias"],
    )
    outputs = len(matrix) if last else width
    weight, shift = np.zeros((outputs, width), np.float32), np.zeros(outputs, np.float32)
    weight[: len(matrix), :hidden], shift[: len(matrix)] = matrix, bias
    if ones:
        weight[: len(matrix), hidden] = bias
        if not last:
            weight[hidden, hidden] = 1
        return graph("MatMul", value, graph.constant(weight.T))
    if cube:
        return graph("Add", graph("MatMul", value, graph.constant(weight.T)), graph.constant(shift))
    return graph("Gemm", value, graph.constant(weight), graph.constant(shift), transB=1)


def convolutions(tensors: Mapping[str, Array], *, units: int = 60, numbers: int = 20) -> bytes:
    """Features before slots, as they come in, and every layer a convolution with a kernel of one.

    The pairs' layers are padded with zeros to so many hidden `units` and `numbers` a message: engines lay out
    channels in blocks of 16.
    """
    graph = _Graph(tensors)
    sizes, split = graph.sizes, graph.sizes.track_features
    totals = (sizes.n_tracks, sizes.n_vertices)
    slots = [graph("Shape", name, start=2, end=3) for name in INPUTS]
    unseen = [graph.unseen(count, total) for count, total in zip(slots, totals, strict=True)]

    def layer(value: str, matrix: Array, bias: Array, shape: tuple[int, int], axes: int) -> str:
        weight, shift = np.zeros(shape, np.float32), np.zeros(shape[0], np.float32)
        weight[: matrix.shape[0], : matrix.shape[1]], shift[: len(bias)] = matrix, bias
        kernel = graph.constant(weight.reshape(*shape, *(1,) * axes))
        return graph("Conv", value, kernel, graph.constant(shift))

    def part(value: str, name: str, begin: int, end: int) -> str:
        bias = tensors[f"{name}.bias"] if begin == 0 else np.zeros(1, np.float32)
        return layer(value, tensors[f"{name}.weight"][:, begin:end], bias, (units, end - begin), 1)

    def through(value: str, names: tuple[str, ...], widths: tuple[int, ...], axes: int) -> str:
        for name, shape in zip(names, zip(widths[1:], widths, strict=False), strict=True):
            value = graph(
                "Relu", layer(value, tensors[f"{name}.weight"], tensors[f"{name}.bias"], shape, axes)
            )
        return value

    def grid(receivers: str, senders: str, suffix: str, absent: str) -> str:
        ends = (
            graph("Unsqueeze", receivers, graph.integers(3)),
            graph("Unsqueeze", senders, graph.integers(2)),
        )
        pairs = graph("Relu", graph("Add", *ends))
        edges = through(pairs, (f"fr2{suffix}", f"fr3{suffix}"), (units, units, numbers), 2)
        return graph.weighted(edges, 3, absent)

    receivers, senders = part(INPUTS[0], "fr1", 0, split), part(INPUTS[0], "fr1", split, 2 * split)
    pair = graph("Relu", graph("Add", receivers, senders))
    itself = through(pair, ("fr2", "fr3"), (units, units, numbers), 1)
    from_tracks = graph("Sub", grid(receivers, senders, "", unseen[0]), itself)
    ends = (
        part(INPUTS[0], "fr1_pv", 0, split),
        part(INPUTS[1], "fr1_pv", split, split + sizes.vertex_features),
    )
    value = graph("Concat", INPUTS[0], from_tracks, grid(*ends, "_pv", unseen[1]), axis=1)
    matrix, gap = tensors["fo1.weight"], np.zeros((sizes.hidden, numbers - sizes.d_e), np.float32)
    middle = split + sizes.d_e
    spread = np.hstack((matrix[:, :middle], gap, matrix[:, middle:], gap))
    value = graph("Relu", layer(value, spread, tensors["fo1.bias"], spread.shape, 1))
    value = through(value, ("fo2", "fo3"), (sizes.hidden, sizes.hidden, sizes.d_o), 1)
    return graph.finished(graph.weighted(value, 2, unseen[0]))


GRAPHS: Mapping[str, Callable[[Mapping[str, Array]], bytes]] = {
    "three-dimensional products": partial(rows, cube=True),
    "biases in a unit of ones": partial(rows, ones=True),
    "hidden layers of 64": partial(rows, units=64),
    "64 with a unit of ones": partial(rows, units=64, ones=True),
    "diagonal from the grid": partial(rows, diagonal=True),
    "convolutions": convolutions,
    "convolutions of 64 and 32": partial(convolutions, units=64, numbers=32),
}
