# SPDX-License-Identifier: MIT
"""AresGW as an ONNX graph; `definition` says what it computes."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from fairreg.models.aresgw.architecture import DAIN_EPSILON, INPUT, OUTPUT, ResidualBlock, ResidualNetwork
from fairreg.models.aresgw.inputs import signature
from fairreg.models.common.graph_builder import GraphBuilder

__all__ = ["onnx_bytes"]


def onnx_bytes(tensors: Mapping[str, NDArray[Any]], network: ResidualNetwork) -> bytes:
    """Serialise the graph: `whitened_strain` (N, 2, 2048) to `probabilities` (N, 2), float32, any N."""
    graph = GraphBuilder(network.used(tensors))
    value = _normalised(graph, INPUT)
    for block in network.blocks:
        value = _residual(graph, block, value)
    value = _convolved(graph, "net.cls_head.0", value)
    value = graph.relu(graph.batch_norm(value, "net.cls_head.1"))
    logits = graph.node("Flatten", _convolved(graph, "net.cls_head.3", value), axis=1)
    graph.node("Softmax", logits, output=OUTPUT, axis=1)
    return graph.model("aresgw", *signature())


def _normalised(graph: GraphBuilder, x: str) -> str:
    """Deep adaptive input normalisation."""
    one, epsilon = graph.number(1), graph.number(DAIN_EPSILON)
    x = graph.node("Sub", x, _along(graph, _linear(graph, _mean(graph, x), "mean_layer")))
    variance = graph.node("Add", _mean(graph, graph.node("Mul", x, x)), epsilon)
    scale = _linear(graph, graph.node("Sqrt", variance), "scaling_layer")
    scale = graph.node("Where", graph.node("LessOrEqual", scale, epsilon), one, scale)
    x = graph.node("Div", x, _along(graph, scale))
    gate = graph.node("Sigmoid", graph.linear(_mean(graph, x), "norm.gating_layer"))
    return graph.node("Mul", x, _along(graph, gate))


def _mean(graph: GraphBuilder, x: str) -> str:
    return graph.node("ReduceMean", x, axes=[2], keepdims=0)


def _linear(graph: GraphBuilder, value: str, layer: str) -> str:
    return graph.node("Gemm", value, f"norm.{layer}.weight", transB=1)


def _along(graph: GraphBuilder, value: str) -> str:
    """One number per detector, to be combined with all its samples."""
    return graph.with_axis(value, 2)


def _residual(graph: GraphBuilder, block: ResidualBlock, x: str) -> str:
    inner = graph.batch_norm(_convolved(graph, f"{block.name}.body.0", x, 1), f"{block.name}.body.1")
    outer = _convolved(graph, f"{block.name}.body.3", graph.relu(inner), 1, block.stride)
    body = graph.batch_norm(outer, f"{block.name}.body.4")
    shortcut = _convolved(graph, f"{block.name}.x_transform", x, 0, block.stride) if block.transforms else x
    return graph.relu(graph.node("Add", body, shortcut))


def _convolved(graph: GraphBuilder, layer: str, x: str, padding: int = 0, stride: int = 1) -> str:
    parameters = (f"{layer}.{kind}" for kind in ("weight", "bias"))
    return graph.node("Conv", x, *parameters, pads=[padding, padding], strides=[stride])
