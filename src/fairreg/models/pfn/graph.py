# SPDX-License-Identifier: MIT
"""Particle Flow (Interaction) Networks as ONNX graphs; `definition` says what they compute.

The graph uses two exact identities. A pair's features are symmetric, so that the pairs of every particle with
every other are laid out as a square and its diagonal is masked. And the mass of a pair of massless particles
is m^2 = 4 pT_i pT_j (sinh^2(Delta eta / 2) + sin^2(Delta phi / 2)), which needs neither the jet's axis nor a
difference of large squares.
"""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from fairreg.models.common.graph_builder import GraphBuilder
from fairreg.models.pfn.architecture import PAIR_FEATURES, ParticleFlowSizes
from fairreg.models.pfn.inputs import signature
from fairreg.models.pfn.settings import ParticleFlowSettings

__all__ = ["onnx_bytes"]

# Particles that the authors' programs take at most, without and with pairs.
_LONGEST, _LONGEST_WITH_PAIRS = 200, 60
_SMALL = 1e-5
_SUM_PT, _CONSTITUENTS = 5, 6


def onnx_bytes(
    tensors: Mapping[str, NDArray[Any]], sizes: ParticleFlowSizes, settings: ParticleFlowSettings
) -> bytes:
    """Serialise the network in float32, for any number of jets and particles; float64 weights are rounded."""
    graph = _ParticleGraph(tensors, sizes)
    value = graph.latent()
    _finish(graph, value, sizes, settings)
    longest = _LONGEST_WITH_PAIRS if sizes.pair_nodes else _LONGEST
    return graph.model("pfn", *signature(sizes, settings), {"P": longest})


def _finish(
    graph: GraphBuilder, latent: str, sizes: ParticleFlowSizes, settings: ParticleFlowSettings
) -> None:
    logits = graph.linear(graph.perceptron(latent, sizes.layers["fc"]), sizes.last)
    if settings.output == "softmax":
        graph.node("Softmax", logits, output="probabilities", axis=1)
        return
    evidence = graph.node("Relu", logits, output="evidence")
    alpha = graph.node("Add", evidence, graph.number(1))
    total = graph.total(alpha, 1, keep=True)
    graph.node("Div", alpha, total, output="probabilities")
    graph.node("Div", graph.number(sizes.classes), total, output="uncertainty")


class _ParticleGraph(GraphBuilder):
    """The graph with the particles of a jet: `mask` is (N, P, 1), `particles` (N, P, features) masked."""

    def __init__(self, tensors: Mapping[str, NDArray[Any]], sizes: ParticleFlowSizes) -> None:
        super().__init__(tensors)
        self.sizes = sizes
        self.mask = self._across("masks")
        real = self.cast(self.mask, "BOOL")  # NaN and inf times 0 are NaN
        self.particles = self.node("Where", real, "particles", self.number(0))
        self.slots = self.length("particles", 1)

    def latent(self) -> str:
        """The input of F, (N, inputs)."""
        sums = [self._sum(self.particles, self.sizes.features, "phi")]
        if self.sizes.pair_nodes:
            inputs = self.node("Concat", self.particles, self._messages(), axis=2)
            sums.append(self._sum(inputs, self.sizes.features + self.sizes.latent, "phiInt2"))
        taus = ["taus"] if self.sizes.taus else []
        if self.sizes.combination == "sum" and len(sums) > 1:
            sums = [self.node("Add", *sums)]
        parts = [*sums, *taus]
        return self.node("Concat", *parts, axis=1) if len(parts) > 1 else parts[0]

    def _sum(self, value: str, features: int, part: str) -> str:
        """Sum over the real particles of what `part` makes of (N, P, features)."""
        found = self.perceptron(self.shaped(value, -1, features), self.sizes.layers[part])
        kept = self.node("Mul", self.shaped(found, -1, self.slots, self.sizes.latent), self.mask)
        return self.total(kept, 1)

    def _messages(self) -> str:
        """Sums of the messages of each particle's pairs over the number of constituents, (N, P, latent)."""
        rows = self.shaped(self._pairs(), -1, PAIR_FEATURES)
        messages = self.perceptron(rows, self.sizes.layers["phiInt"])
        square = self.shaped(messages, -1, self.slots, self.slots, self.sizes.latent)
        mask = self.with_axis(self._pair_mask(), 2)
        total = self.node("Squeeze", self.node("MatMul", mask, square), self.integers(2))
        return self.node("Mul", self.node("Div", total, self._of_jet(_CONSTITUENTS)), self.mask)

    def _pairs(self) -> str:
        """Features of the pairs, (N, P, P, 4)."""
        (pt, others), eta, phi = self._both(0), self._difference(1), self._difference(2)
        squares = self.node("Add", self.node("Mul", eta, eta), self.node("Mul", phi, phi))
        delta, scale = self.node("Sqrt", squares), self._of_jet(_SUM_PT)
        softer = self.node("Min", pt, others)
        kt = self.node("Mul", self.node("Mul", softer, delta), scale)
        small = self.number(_SMALL)
        z = self.node("Div", softer, self.node("Add", self.node("Add", pt, others), small))
        product = self.node("Mul", self.node("Mul", pt, scale), self.node("Mul", others, scale))
        mass = self.node("Mul", product, self._angles(eta, phi))
        stacked = [self.with_axis(item, -1) for item in (delta, kt, z, mass)]
        return self.node("Log", self.node("Add", self.node("Concat", *stacked, axis=3), small))

    def _angles(self, eta: str, phi: str) -> str:
        """4 (sinh^2(Delta eta / 2) + sin^2(Delta phi / 2))."""
        half = self.number(0.5)
        parts = (
            self.node("Sinh", self.node("Mul", eta, half)),
            self.node("Sin", self.node("Mul", phi, half)),
        )
        total = self.node("Add", *(self.node("Mul", part, part) for part in parts))
        return self.node("Mul", total, self.number(4))

    def _both(self, index: int) -> tuple[str, str]:
        """One feature of the particles as a column (N, P, 1) and as a row (N, 1, P)."""
        column = self.part(self.particles, index, index + 1, axis=2)
        return column, self._across(column)

    def _difference(self, index: int) -> str:
        return self.node("Sub", *self._both(index))

    def _pair_mask(self) -> str:
        """1 for pairs of two different real particles, (N, P, P)."""
        count = self.numbered(self.slots)
        same = self.node("Equal", *(self.with_axis(count, axis) for axis in (0, 1)))
        others = self.cast(self.node("Not", same), "FLOAT")
        return self.node("Mul", self.node("Mul", self.mask, "masks"), others)

    def _of_jet(self, index: int) -> str:
        """One feature of the jet, (N, 1, 1)."""
        return self.with_axis(self.part("aug_data", index, index + 1, axis=1), 2)

    def _across(self, value: str) -> str:
        return self.node("Transpose", value, perm=[0, 2, 1])
