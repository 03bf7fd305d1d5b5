# SPDX-License-Identifier: MIT
"""The generators as ONNX graphs."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.common.graph_builder import GraphBuilder
from fairreg.models.mpgan.arguments import LARGEST, GeneratorArguments
from fairreg.models.mpgan.definition import PT_SHIFT, TINY
from fairreg.models.mpgan.inputs import signature
from fairreg.models.mpgan.layout import GeneratorLayout, MessageLayer

__all__ = ["onnx_bytes"]

Array = NDArray[Any]


def onnx_bytes(tensors: Mapping[str, Array], layout: GeneratorLayout, arguments: GeneratorArguments) -> bytes:
    """Serialised ONNX model with the inputs and outputs of `signature`; any number of jets, float32."""
    graph = _Graph(tensors, arguments)
    graph.finish(graph.dense(layout.dense) if layout.dense else graph.passing(layout))
    return graph.model("mpgan", *signature(arguments))


class _Graph(GraphBuilder):
    def __init__(self, tensors: Mapping[str, Array], arguments: GeneratorArguments) -> None:
        super().__init__(tensors)
        self._arguments = arguments
        self._mask = ""

    def leaky_perceptron(self, value: str, layers: tuple[str, ...], *, last_linear: bool) -> str:
        for number, layer in enumerate(layers):
            value = self.along_last_axis(value, layer)
            if number < len(layers) - 1 or not last_linear:
                value = self.leaky(value)
        return value

    def leaky(self, value: str) -> str:
        return self.node("LeakyRelu", value, alpha=self._arguments.slope)

    def dense(self, layers: tuple[str, ...]) -> str:
        """A generator without message passing."""
        found = self.node("Tanh", self.leaky_perceptron("noise", layers, last_linear=True))
        return self._nodes_of(found, self._arguments.features)

    def _nodes_of(self, value: str, size: int) -> str:
        return self.node("Reshape", value, self.integers(-1, self._arguments.slots, size))

    def passing(self, layout: GeneratorLayout) -> str:
        """A generator with message passing."""
        x = "noise"
        if layout.first is not None:
            x = self._nodes_of(self.along_last_axis(x, layout.first), layout.messages[0].node_size)
        if self._arguments.masked:
            self._mask = self._ranked(x)
        for layer in layout.messages:
            x = self._passed(x, layer)
        if layout.messages[-1].output_size > self._arguments.features:
            x = self.part(x, 0, self._arguments.features, axis=2)
        return self.node("Tanh", x) if self._arguments.tanh else x

    def _ranked(self, x: str) -> str:
        """Mask (jets, slots, 1): 1 for as many particles as the jet has, those of the lowest first feature.

        The rank is the number of particles before it, so that equal features keep their order.
        """
        value = self.part(x, 0, 1, axis=2)
        other = self.node("Transpose", value, perm=[0, 2, 1])
        order = np.arange(self._arguments.slots)
        earlier = self.constant(order[None, :] < order[:, None], "bool")
        tie = self.node("And", self.node("Equal", other, value), earlier)
        before = self.cast(self.node("Or", self.node("Less", other, value), tie), "INT64")
        rank = self.total(before, 2, keep=True)
        number = self.with_axis("num_particles", 1, 2)
        return self.cast(self.node("Less", rank, number), "FLOAT")

    def _passed(self, x: str, layer: MessageLayer) -> str:
        """One message passing layer; the first layer of the edge network is applied to its parts."""
        size = layer.node_size
        receiver = self.with_axis(self._applied(x, layer, 0, size), 2)
        sender = self.with_axis(self._applied(x, layer, size, 2 * size), 1)
        value = self.node("Add", self.node("Add", receiver, sender), f"{layer.fe[0]}.bias")
        if layer.edge_size:
            value = self.node("Add", value, self._applied(self._distances(x), layer, 2 * size, 2 * size + 1))
        messages = self.leaky_perceptron(self.leaky(value), layer.fe[1:], last_linear=False)
        if self._mask:
            messages = self.node("Mul", messages, self.with_axis(self._mask, 1))
        found = self.total(messages, 2)
        if not self._arguments.total:
            found = self.node("Div", found, self.constant(self._arguments.slots, "float32"))
        return self.leaky_perceptron(self.node("Concat", found, x, axis=2), layer.fn, last_linear=True)

    def _applied(self, value: str, layer: MessageLayer, first: int, last: int) -> str:
        return self.product(value, self.part(f"{layer.fe[0]}.weight", first, last, axis=1))

    def _distances(self, x: str) -> str:
        if self._arguments.distance is not None:
            x = self.part(x, 0, self._arguments.distance, axis=2)
        sender, receiver = (self.with_axis(x, axis) for axis in (1, 2))
        difference = self.node("Sub", sender, receiver)
        square = self.node("Mul", *2 * (self.node("Add", difference, self.constant(TINY, "float32")),))
        return self.node("Sqrt", self.total(square, 3, keep=True))

    def finish(self, x: str) -> None:
        """Compute the outputs from the features of the nodes."""
        half = self.constant(0.5, "float32")
        if self._mask:
            self.node("Concat", x, self.node("Sub", self._mask, half), axis=2, output="network_output")
        else:
            self.node("Identity", x, output="network_output")
        if not self._arguments.has_particles:
            return
        shifted = self.node("Add", x, self.constant([0, 0, PT_SHIFT], "float32"))
        scaled = self.node("Mul", shifted, self.constant(LARGEST[self._arguments.jets], "float32"))
        least = self.constant([-np.inf, -np.inf, 0], "float32")
        if not self._mask:
            self.node("Max", scaled, least, output="particles")
            return
        kept = self.node("Max", self.node("Mul", scaled, self._mask), least)
        self.node("Concat", kept, self._mask, axis=2, output="particles")
