# SPDX-License-Identifier: MIT
"""The generator as an ONNX graph.

Its floating-point initializers are the tensors themselves, so that it has the fingerprint of a generator's
state dict in float32; the engine folds the normalisation of the weights into constants.
"""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from fairreg.models.common.graph_builder import GraphBuilder
from fairreg.models.epicgan.definition import SLOPE
from fairreg.models.epicgan.inputs import signature
from fairreg.models.epicgan.scale import Scale
from fairreg.models.epicgan.sizes import EpicGanSizes

__all__ = ["onnx_bytes"]

Array = NDArray[Any]


def onnx_bytes(tensors: Mapping[str, Array], sizes: EpicGanSizes, scale: Scale | None) -> bytes:
    """Serialise the generator in float32, for any number of jets and particles."""
    graph = _Graph(tensors, sizes)
    graph.finish(graph.particles(), scale)
    return graph.model("epicgan", *signature(sizes, scale))


class _Graph(GraphBuilder):
    def __init__(self, tensors: Mapping[str, Array], sizes: EpicGanSizes) -> None:
        super().__init__(tensors)
        self._sizes = sizes
        self._real = self.with_axis(self.nonzero("mask"), 2)
        self._mask = self.cast(self._real, "FLOAT")
        self._count = self.node("Max", self.total(self._mask, 1), self.number(1))

    def particles(self) -> str:
        """Features of the particles before the last layer, any numbers in padded slots."""
        # Not a product with the mask: what stands in padded slots may be infinite.
        noise = self.node("Where", self._real, "local_noise", self.number(0))
        local = self._leaky(self._normalised(noise, "local_0"))
        whole = self._leaky(self._normalised("global_noise", "global_0"))
        whole = self._leaky(self._normalised(whole, "global_1"))
        first_whole, first_local = whole, local
        for number in range(self._sizes.equiv_layers_generator):
            whole, local = self._epic_layer(f"nn_list.{number}", whole, local)
            whole, local = self.node("Add", whole, first_whole), self.node("Add", local, first_local)
        return local

    def finish(self, local: str, scale: Scale | None) -> None:
        """Compute the outputs from the features of the particles."""
        found = self._normalised(local, "local_1")
        self._masked(found, "network_output")
        if scale is not None:
            product = self.node("Mul", found, self.constant(scale.factors, "float32"))
            self._masked(self.node("Add", product, self.constant(scale.means, "float32")), "particles")

    def _epic_layer(self, name: str, whole: str, local: str) -> tuple[str, str]:
        total = self.total(self._masked(local), 1)
        pooled = self.node("Concat", self.node("Div", total, self._count), total, whole, axis=1)
        hidden = self._leaky(self._normalised(pooled, f"{name}.fc_global1"))
        update = self._normalised(hidden, f"{name}.fc_global2")
        whole = self._leaky(self.node("Add", update, whole))
        hidden = self._leaky(self._of_both(local, whole, f"{name}.fc_local1"))
        update = self._normalised(hidden, f"{name}.fc_local2")
        return whole, self._leaky(self.node("Add", update, local))

    def _of_both(self, local: str, whole: str, layer: str) -> str:
        """A layer of each particle with the global vector; the part of the latter is computed per jet."""
        weight, split = self._weight(layer), self._sizes.hid_d
        first = self.part(weight, 0, split, axis=1)
        second = self.part(weight, split, split + self._sizes.latent, axis=1)
        shift = self.node("Add", self.product(whole, second), f"{layer}.bias")
        return self.node("Add", self.product(local, first), self.with_axis(shift, 1))

    def _normalised(self, value: str, layer: str) -> str:
        return self.node("Add", self.product(value, self._weight(layer)), f"{layer}.bias")

    def _weight(self, layer: str) -> str:
        direction = f"{layer}.weight_v"
        length = self.node("ReduceL2", direction, axes=[1], keepdims=1)
        return self.node("Mul", self.node("Div", direction, length), f"{layer}.weight_g")

    def _leaky(self, value: str) -> str:
        return self.node("LeakyRelu", value, alpha=SLOPE)

    def _masked(self, value: str, output: str | None = None) -> str:
        return self.node("Mul", value, self._mask, output=output)
