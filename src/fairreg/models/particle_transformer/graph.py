# SPDX-License-Identifier: MIT
"""The Particle Transformer as an ONNX graph, with any number of jets and particles.

Features of pairs are computed in float64 up to their logarithms, as in `network`, but for the arc tangent,
which onnxruntime has in float32 only: it is taken of a ratio that is small where the angle is. The
floating-point initializers are the tensors themselves.
"""

from collections.abc import Mapping
from math import pi
from typing import Any, ClassVar

from numpy.typing import NDArray

from fairreg.models.common.graph_builder import GraphBuilder
from fairreg.models.particle_transformer.architecture import ParticleTransformerArchitecture
from fairreg.models.particle_transformer.definition import EPSILON, FASTEST, FLOOR
from fairreg.models.particle_transformer.jets import signature
from fairreg.models.particlenet.jets import OUTPUT

__all__ = ["AttentionGraph", "onnx_bytes"]

_PADDING = -1e30  # in the place of a logit: its share is exactly zero
_COMPONENTS = 4
_DOUBLE = "float64"


def onnx_bytes(tensors: Mapping[str, NDArray[Any]], kind: "type[AttentionGraph] | None" = None) -> bytes:
    """Serialised ONNX model of the network with these weights, in float32; see `jets.signature`.

    `kind` has the layers. Raises ModelError for tensors of another network.
    """
    kind = kind or AttentionGraph
    sizes = kind.ARCHITECTURE.from_tensors(tensors)
    graph = kind({name: tensors[name] for name in sizes.shapes()}, sizes)
    graph.build()
    return graph.model(kind.NAME, *signature(sizes))


class AttentionGraph(GraphBuilder):
    """A graph with attention; particles are (N, P, channels)."""

    ARCHITECTURE: ClassVar[type[ParticleTransformerArchitecture]] = ParticleTransformerArchitecture
    NAME: ClassVar[str] = "particle_transformer"

    def __init__(self, tensors: Mapping[str, NDArray[Any]], sizes: ParticleTransformerArchitecture) -> None:
        super().__init__(tensors)
        self.sizes = sizes

    def build(self) -> None:
        """All nodes of the network."""
        sizes = self.sizes
        absent = self.node("Equal", "mask", self.number(0.0))  # (N, 1, P)
        zero = self.number(0.0)
        features, vectors = (
            self.node("Where", absent, zero, item) for item in ("features", "lorentz_vectors")
        )
        rows = self.normalised(self.node("Transpose", features, perm=[0, 2, 1]), "embed.input_bn")
        for index in range(len(sizes.embedding)):
            rows = self._layer_norm(rows, f"embed.embed.{3 * index}")
            rows = self._gelu(self.along_last_axis(rows, f"embed.embed.{3 * index + 1}"))
        padding = self.with_axis(absent, 1)  # (N, 1, 1, P)
        rows = self._through_blocks(rows, self._pair_features(vectors), padding)
        jets = self.length("features", 0)
        whole = self.node("Concat", jets, self.integers(1, sizes.width), axis=0)
        token = self.node("Expand", "cls_token", whole)
        others = self._without_token(padding, jets)
        for index in range(sizes.class_blocks):
            name = f"cls_blocks.{index}"
            keys = self._layer_norm(self.node("Concat", token, rows, axis=1), f"{name}.pre_attn_norm")
            token = self._rest(name, token, self._attention(name, token, keys, None, others))
        self._classify(self._layer_norm(token, "norm"))

    def _without_token(self, padding: str, jets: str) -> str:
        """Padding of the keys of a class block, (N, 1, 1, 1 + P): the class token is none."""
        known = self.cast(padding, "FLOAT")
        shape = self.node("Concat", jets, self.integers(1, 1, 1), axis=0)
        token = self.node("Expand", self.number(0.0), shape)
        return self.cast(self.node("Concat", token, known, axis=3), "BOOL")

    def _classify(self, token: str) -> None:
        value = self.node("Squeeze", token, self.integers(1))
        for index in range(len(self.sizes.hidden)):
            value = self.relu(self.along_last_axis(value, f"fc.{index}.0"))
        self.node(
            "Softmax", self.along_last_axis(value, f"fc.{len(self.sizes.hidden)}"), output=OUTPUT, axis=1
        )

    def _attention(self, name: str, queries: str, keys: str, bias: str | None, padding: str) -> str:
        width = self.sizes.width
        parts = [
            self._heads(self._projected(name, value, index * width, (index + 1) * width), self.sizes.heads)
            for index, value in enumerate((queries, keys, keys))
        ]
        query = self.node("Mul", parts[0], self.number((width // self.sizes.heads) ** -0.5))
        scores = self.node("MatMul", query, self.node("Transpose", parts[1], perm=[0, 1, 3, 2]))
        if bias is not None:
            scores = self.node("Add", scores, bias)
        found = self.node("MatMul", self._shares(scores, padding), parts[2])
        joined = self._joined(self.node("Transpose", found, perm=[0, 2, 1, 3]))
        return self.along_last_axis(joined, f"{name}.attn.out_proj")

    def _projected(self, name: str, value: str, first: int, last: int) -> str:
        weight, bias = (
            self.part(f"{name}.attn.in_proj_{kind}", first, last, axis=0) for kind in ("weight", "bias")
        )
        return self.node("Add", self.product(value, weight), bias)

    def _shares(self, scores: str, padding: str) -> str:
        """Softmax of (.., .., .., P) over the keys that are not padding."""
        real = self.node("Where", padding, self.number(_PADDING), scores)
        return self.node("Softmax", real, axis=-1)

    def _heads(self, value: str, heads: int) -> str:
        """(N, P, channels) to (N, heads, P, channels per head)."""
        size = self.sizes.width // heads
        split = self.shaped(value, self.length(value, 0), self.length(value, 1), heads, size)
        return self.node("Transpose", split, perm=[0, 2, 1, 3])

    def _joined(self, value: str) -> str:
        """(N, P, a, b) to (N, P, channels)."""
        return self.shaped(value, self.length(value, 0), self.length(value, 1), self.sizes.width)

    def _rest(self, name: str, residual: str, found: str) -> str:
        """The block after its attention; heads end up interleaved."""
        count = len(self.tensors[f"{name}.c_attn"])
        heads = self._heads(found, count)
        factors = self.node("Reshape", f"{name}.c_attn", self.integers(count, 1, 1))
        scaled = self._joined(self.node("Transpose", self.node("Mul", heads, factors), perm=[0, 2, 3, 1]))
        joined = self.node("Add", self._layer_norm(scaled, f"{name}.post_attn_norm"), residual)
        found = self._gelu(
            self.along_last_axis(self._layer_norm(joined, f"{name}.pre_fc_norm"), f"{name}.fc1")
        )
        found = self.along_last_axis(self._layer_norm(found, f"{name}.post_fc_norm"), f"{name}.fc2")
        return self.node("Add", found, self.node("Mul", joined, f"{name}.w_resid"))

    def _layer_norm(self, value: str, name: str) -> str:
        names = (f"{name}.{part}" for part in ("weight", "bias"))
        return self.node("LayerNormalization", value, *names, axis=-1, epsilon=EPSILON)

    def _gelu(self, value: str) -> str:
        """GELU with the error function, as PyTorch's default."""
        share = self.node("Erf", self.node("Mul", value, self.number(0.5**0.5)))
        whole = self.node("Mul", value, self.node("Add", share, self.number(1.0)))
        return self.node("Mul", whole, self.number(0.5))

    def _through_blocks(self, rows: str, pairs: str, padding: str) -> str:
        """Particles after the blocks that change them; `pairs` are their features (N, P, P, 4)."""
        pairs = self.normalised(pairs, "pair_embed.embed.0")
        pairs = self._pair_layers("pair_embed.embed", 1, len(self.sizes.pair_embedding), pairs)
        return self._particle_blocks("blocks", rows, pairs, padding)

    def _pair_layers(self, name: str, first: int, count: int, pairs: str) -> str:
        """Pairs (N, P, P, channels) after `count` layers, of which the first is at `first`."""
        for place in range(first, first + 3 * count, 3):
            layer = self.folded(f"{name}.{place}.weight", f"{name}.{place + 1}", f"{name}.{place}.bias")
            pairs = self._gelu(self.node("Add", self.product(pairs, layer.weight), layer.bias))
        return pairs

    def _particle_blocks(self, room: str, rows: str, pairs: str, padding: str) -> str:
        """Particles after the blocks under `room`; `pairs` (N, P, P, heads) are added to the logits."""
        bias = self.node("Transpose", pairs, perm=[0, 3, 1, 2])
        for index in range(self.sizes.blocks):
            name = f"{room}.{index}"
            normed = self._layer_norm(rows, f"{name}.pre_attn_norm")
            rows = self._rest(name, rows, self._attention(name, normed, normed, bias, padding))
        return rows

    def _pair_features(self, vectors: str) -> str:
        """The four features of all pairs, (N, P, P, 4)."""
        wide = self.cast(vectors, "DOUBLE")
        px, py, pz, energy = (
            self.node("Gather", wide, self.number(index, "int64"), axis=1) for index in range(_COMPONENTS)
        )
        momentum = self.node("Sqrt", self._squares(px, py))
        rapidity = self._rapidity(pz, energy)
        apart = self.node("Sub", *self._pair(rapidity))
        delta = self.node("Sqrt", self._squares(apart, self._turned(px, py, momentum)))
        floor = self.number(FLOOR, _DOUBLE)
        least = self.node("Min", *self._pair(momentum))
        both = self.node("Max", self.node("Add", *self._pair(momentum)), floor)
        sums = [self.node("Add", *self._pair(item)) for item in (px, py, pz, energy)]
        mass = self.node("Sub", self._squares(sums[3]), self._squares(*sums[:3]))
        found = (self.node("Mul", least, delta), self.node("Div", least, both), delta, mass)
        columns = [self.with_axis(self.node("Log", self.node("Max", item, floor)), 3) for item in found]
        return self.cast(self.node("Concat", *columns, axis=3), "FLOAT")

    def _pair(self, value: str) -> tuple[str, str]:
        """A number per particle, (N, P), for both particles of each pair: (N, P, 1) and (N, 1, P)."""
        first, second = (self.with_axis(value, axis) for axis in (2, 1))
        return first, second

    def _squares(self, *values: str) -> str:
        squares = [self.node("Mul", item, item) for item in values]
        return self.node("Sum", *squares)

    def _rapidity(self, pz: str, energy: str) -> str:
        slower = self.node("Max", self.node("Sub", energy, pz), self.number(FASTEST, _DOUBLE))
        ratio = self.node("Div", self.node("Add", pz, pz), slower)
        logarithm = self.node("Log", self.node("Add", ratio, self.number(1.0, _DOUBLE)))
        return self.node("Mul", logarithm, self.number(0.5, _DOUBLE))

    def _turned(self, px: str, py: str, momentum: str) -> str:
        """Angle between the directions of each pair in the transverse plane, 0 to pi.

        2 atan(|cross| / (length + |dot|)), taken from pi where the scalar product `dot` is negative. A
        particle without transverse momentum has the direction of x, as in atan2(0, 0).
        """
        none, one = self.number(0.0, _DOUBLE), self.number(1.0, _DOUBLE)
        still = self.node("Equal", momentum, none)
        px, length = self.node("Where", still, one, px), self.node("Where", still, one, momentum)
        (first, second), (up, other), (long, longer) = (self._pair(item) for item in (px, py, length))
        dot = self.node("Add", self.node("Mul", first, second), self.node("Mul", up, other))
        cross = self.node("Sub", self.node("Mul", first, other), self.node("Mul", up, second))
        whole = self.node("Add", self.node("Mul", long, longer), self.node("Abs", dot))
        ratio = self.cast(self.node("Div", self.node("Abs", cross), whole), "FLOAT")
        angle = self.cast(self.node("Atan", ratio), "DOUBLE")
        angle = self.node("Add", angle, angle)
        opposite = self.node("Sub", self.number(pi, _DOUBLE), angle)
        return self.node("Where", self.node("Less", dot, none), opposite, angle)
