# SPDX-License-Identifier: MIT
"""LorentzNet as an ONNX graph.

Minkowski products are differences of large squares, so four-momenta and products are computed in float64 and
everything after psi in float32. The authors compute in float32 throughout; their rounding is not imitated.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.common.graph_builder import GraphBuilder
from fairreg.models.lorentznet.definition import BEAMS, LIMIT, METRIC, PARTICLES, psi
from fairreg.models.lorentznet.inputs import signature
from fairreg.models.lorentznet.sizes import GEOMETRY, LorentzNetSizes

__all__ = ["onnx_bytes"]

Array = NDArray[Any]


def onnx_bytes(tensors: Mapping[str, Array], weight: float) -> bytes:
    """Serialised ONNX model with the inputs and outputs of `signature`; any number of jets and particles.

    `weight` is that of the coordinates' update. Raises ModelError for tensors of another network.
    """
    sizes = LorentzNetSizes.from_tensors(tensors)
    graph = _Graph(tensors, sizes)
    momenta, scalars, real = graph.points()
    h = graph.along_last_axis(scalars, "embedding")
    graph.see(real)
    for number in range(sizes.layers):
        last = number == sizes.layers - 1
        momenta, h = graph.block(f"LGEBs.{number}", momenta, h, scalars, None if last else weight)
    graph.classify(h)
    return graph.model("lorentznet", *signature(sizes))


class _Graph(GraphBuilder):
    def __init__(self, tensors: Mapping[str, Array], sizes: LorentzNetSizes) -> None:
        super().__init__(tensors)
        self._sizes = sizes
        self._real = self._pairs = self._neighbours = ""

    def points(self) -> tuple[str, str, str]:
        """Four-momenta (N, nodes, 4), scalars (N, nodes, n) and real nodes (N, nodes) as booleans."""
        if self._sizes.scalars == len(BEAMS):
            return self._with_beams()
        if self._sizes.scalars == len(PARTICLES):
            identifiers = self.node("Abs", "pdg_id")
            every = self.with_axis(identifiers, 2)
            scalars = self.cast(self.node("Equal", every, self.constant(PARTICLES, "float64")), "FLOAT")
            real = self.nonzero(identifiers, "float64")
        else:
            real = self.nonzero("mask", "float32")
            scalars = self._kept("scalars", real, "float32")
        return self._kept("four_momenta", real, "float64"), scalars, real

    def _kept(self, value: str, real: str, dtype: str) -> str:
        """Zeros in the place of what padded slots hold: NaN and inf times 0 are NaN."""
        return self.node("Where", self.with_axis(real, 2), value, self.number(0, dtype))

    def _with_beams(self) -> tuple[str, str, str]:
        jets = self.length("four_momenta", 0)

        def for_each_jet(values: Array, dtype: str) -> str:
            shape = self.node("Concat", jets, self.integers(*values.shape), axis=0)
            return self.node("Expand", self.constant(values[None], dtype), shape)

        energy = self.node("Gather", "four_momenta", self.constant(0, "int64"), axis=2)
        particles = self._kept("four_momenta", self.nonzero(energy, "float64"), "float64")
        momenta = self.node("Concat", for_each_jet(BEAMS, "float64"), particles, axis=1)
        square = self.node("Abs", self._products(particles, particles))
        masses = self.cast(self._psi(self.node("Sqrt", square)), "FLOAT")
        of_particles = self.node("MatMul", masses, self.constant([[1, 0]], "float32"))
        beam = psi(np.sqrt(np.abs((BEAMS * BEAMS) @ METRIC)))
        of_beams = for_each_jet(np.stack([np.zeros_like(beam), beam], axis=1), "float32")
        energy = self.node("Gather", momenta, self.constant(0, "int64"), axis=2)
        scalars = self.node("Concat", of_beams, of_particles, axis=1)
        return momenta, scalars, self.nonzero(energy, "float64")

    def see(self, real: str) -> None:
        """Derive from the real nodes which pairs have an edge, and the number of each node's neighbours."""
        self._real = self.with_axis(self.cast(real, "FLOAT"), 2)
        number = self.numbered(self.length(real, 1))
        others = self.cast(self.node("Not", self.node("Equal", self.with_axis(number, 1), number)), "FLOAT")
        both = self.node("MatMul", self._real, self.node("Transpose", self._real, perm=[0, 2, 1]))
        self._pairs = self.with_axis(self.node("Mul", both, others), 3)
        seen = self.total(self._pairs, 2)
        self._neighbours = self.cast(self.node("Max", seen, self.constant(1, "float32")), "DOUBLE")

    def block(self, layer: str, momenta: str, h: str, scalars: str, weight: float | None) -> tuple[str, str]:
        """One Lorentz group equivariant block: new four-momenta and new scalars."""
        receiver, sender = (self.with_axis(momenta, axis) for axis in (2, 1))
        difference = self.node("Sub", receiver, sender)
        products = (self._products(difference, difference), self._products(receiver, sender))
        geometry = self.cast(self._psi(self.node("Concat", *products, axis=3)), "FLOAT")
        message = self.node("Mul", self._message(layer, h, geometry), self._pairs)
        if weight is not None:
            momenta = self._moved(layer, momenta, difference, message, weight)
        total = self.total(message, 2)
        hidden = self.along_last_axis(self.node("Concat", h, total, scalars, axis=2), f"{layer}.phi_h.0")
        hidden = self.relu(self.normalised(hidden, f"{layer}.phi_h.1"))
        return momenta, self.node("Add", h, self.along_last_axis(hidden, f"{layer}.phi_h.3"))

    def _message(self, layer: str, h: str, geometry: str) -> str:
        """Messages (N, nodes, nodes, hidden); the first layer is applied to its three parts."""
        size = self._sizes.hidden
        receiver = self.with_axis(self._applied(h, layer, 0, size), 2)
        sender = self.with_axis(self._applied(h, layer, size, 2 * size), 1)
        of_pair = self._applied(geometry, layer, 2 * size, 2 * size + GEOMETRY)
        value = self.node("Add", self.node("Add", receiver, sender), of_pair)
        value = self.relu(self.normalised(value, f"{layer}.phi_e.1"))
        value = self.relu(self.along_last_axis(value, f"{layer}.phi_e.3"))
        return self.node("Mul", value, self.node("Sigmoid", self.along_last_axis(value, f"{layer}.phi_m.0")))

    def _applied(self, value: str, layer: str, first: int, last: int) -> str:
        return self.product(value, self.part(f"{layer}.phi_e.0.weight", first, last, axis=1))

    def _moved(self, layer: str, momenta: str, difference: str, message: str, weight: float) -> str:
        hidden = self.relu(self.along_last_axis(message, f"{layer}.phi_x.0"))
        factor = self.cast(self.along_last_axis(hidden, f"{layer}.phi_x.2", bias=False), "DOUBLE")
        limits = (self.constant(-LIMIT, "float64"), self.constant(LIMIT, "float64"))
        steps = self.node("Clip", self.node("Mul", difference, factor), *limits)
        steps = self.node("Mul", steps, self.cast(self._pairs, "DOUBLE"))
        mean = self.node("Div", self.total(steps, 2), self._neighbours)
        return self.node("Add", momenta, self.node("Mul", mean, self.constant(weight, "float64")))

    def _products(self, one: str, other: str) -> str:
        """Minkowski products along the last axis, which is kept with length 1."""
        return self.node("MatMul", self.node("Mul", one, other), self.constant(METRIC[:, None], "float64"))

    def _psi(self, value: str) -> str:
        grown = self.node("Add", self.node("Abs", value), self.constant(1, "float64"))
        return self.node("Mul", self.node("Sign", value), self.node("Log", grown))

    def classify(self, h: str) -> None:
        """Average over all nodes, real or not, and compute the outputs."""
        pooled = self.node("ReduceMean", self.node("Mul", h, self._real), axes=[1], keepdims=0)
        hidden = self.relu(self.along_last_axis(pooled, "graph_dec.0"))
        found = self.along_last_axis(hidden, "graph_dec.3", output="logits")
        self.node("Softmax", found, output="probabilities", axis=1)
