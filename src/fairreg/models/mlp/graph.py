# SPDX-License-Identifier: MIT
"""Multilayer perceptrons as ONNX graphs; `definition` says what they compute."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from fairreg.models.common.graph_builder import GraphBuilder
from fairreg.models.mlp.architecture import NAME, PerceptronSizes
from fairreg.models.mlp.inputs import signature
from fairreg.models.mlp.settings import Activation, PerceptronSettings

__all__ = ["onnx_bytes"]


def onnx_bytes(
    tensors: Mapping[str, NDArray[Any]], sizes: PerceptronSizes, settings: PerceptronSettings
) -> bytes:
    """Serialise the network in float32, for any number of rows; weights in float64 are rounded."""
    graph = GraphBuilder(tensors)
    value = NAME
    *hidden, last = sizes.layers
    for index, layer in enumerate(hidden):
        value = graph.linear(value, layer)
        if sizes.normalisations:
            value = graph.batch_norm(value, sizes.normalisations[index])
        value = _activated(graph, value, settings.activation)
    inputs, outputs = signature(sizes, settings)
    if sizes.family == "cdms":
        graph.linear(value, last, output=outputs[0].name)
    else:
        graph.node("Softmax", graph.linear(value, last), output=outputs[0].name, axis=1)
    return graph.model("mlp", inputs, outputs)


def _activated(graph: GraphBuilder, value: str, activation: Activation) -> str:
    if activation.name == "LeakyReLU":
        return graph.node("LeakyRelu", value, alpha=activation.slope)
    return graph.node({"ReLU": "Relu", "Sigmoid": "Sigmoid", "Tanh": "Tanh"}[activation.name], value)
