# SPDX-License-Identifier: MIT
"""The Particle Transformer as it is defined, jet by jet in float64: the judge of the faster forms.

The network of H. Qu, C. Li and S. Qian, arXiv:2202.03772, as its authors' code has it (hqucms/weaver-core,
weaver/nn/model/ParticleTransformer.py):

- a pair of particles has the features ln kT, ln z, ln Delta and ln m2 (in this order), with Delta in rapidity
  and azimuth and every argument of a logarithm at least 1e-8; BatchNorm, then layers with BatchNorm and GELU
  give a number per head, which is added to the logits of the attention before its softmax;
- an attention block is LayerNorm, attention, the heads scaled by `c_attn`, LayerNorm, the residual; then
  LayerNorm, a layer with GELU, LayerNorm, a second layer, the residual scaled by `w_resid`. The authors' code
  scales the heads after the projection of the attention and leaves them interleaved: channel d * heads + h is
  channel d of head h;
- a class block has the class token as its query, which does not pass the first LayerNorm, and the token and
  the particles, which do, as keys and values;
- padding is no key of any attention.
"""

from collections.abc import Mapping
from math import erf
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fairreg.models.particle_transformer.architecture import ParticleTransformerArchitecture

__all__ = ["EPSILON", "FLOOR", "DefinedNetwork", "logits", "pair_features", "probabilities", "softmax"]

Array = NDArray[Any]
EPSILON = 1e-5  # of BatchNorm and LayerNorm: PyTorch's default
FLOOR, FASTEST = 1e-8, 1e-20  # least argument of a logarithm, least E - pz in a rapidity
_gelu = np.vectorize(lambda value: value * (1 + erf(value / 2**0.5)) / 2, otypes=[np.float64])


def probabilities(
    tensors: Mapping[str, Array], inputs: Mapping[str, Array], kind: "type[DefinedNetwork] | None" = None
) -> Array:
    """Compute class probabilities (jets, classes): the softmax of `logits`."""
    return softmax(logits(tensors, inputs, kind))


def logits(
    tensors: Mapping[str, Array], inputs: Mapping[str, Array], kind: "type[DefinedNetwork] | None" = None
) -> Array:
    """Compute logits (jets, classes) in float64 for `inputs` as those of a runner; `kind` has the layers."""
    network = (kind or DefinedNetwork)(tensors)
    columns = zip(*(inputs[name] for name in ("features", "lorentz_vectors", "mask")), strict=True)
    rows = [network.of_jet(*(item.astype(np.float64) for item in jet)) for jet in columns]
    return np.array(rows, dtype=np.float64).reshape(len(rows), network.sizes.classes)


def softmax(scores: Array) -> Array:
    """Positive shares of sum 1 along the last axis."""
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Array = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return shares


def pair_features(first: Array, second: Array) -> Array:
    """ln kT, ln z, ln Delta and ln m2 of two particles (px, py, pz, E)."""
    momenta = [float(np.hypot(*item[:2])) for item in (first, second)]
    turned = np.arctan2(first[1], first[0]) - np.arctan2(second[1], second[0])
    turned = (turned + np.pi) % (2 * np.pi) - np.pi
    delta = float(np.hypot(_rapidity(first) - _rapidity(second), turned))
    share = min(momenta) / max(sum(momenta), FLOOR)
    total = first + second
    mass = total[3] ** 2 - (total[:3] ** 2).sum()
    found: Array = np.log(np.maximum([min(momenta) * delta, share, delta, mass], FLOOR))
    return found


def _rapidity(item: Array) -> float:
    return float(0.5 * np.log(1 + 2 * item[2] / max(item[3] - item[2], FASTEST)))


class DefinedNetwork:
    """The layers of the network, in float64."""

    ARCHITECTURE: ClassVar[type[ParticleTransformerArchitecture]] = ParticleTransformerArchitecture

    def __init__(self, tensors: Mapping[str, Array]) -> None:
        self.sizes = self.ARCHITECTURE.from_tensors(tensors)
        self.weights = {name: tensors[name].astype(np.float64) for name in self.sizes.shapes()}

    def of_jet(self, features: Array, vectors: Array, mask: Array) -> Array:
        """Logits (classes,) of one jet: only its real particles take part."""
        real = mask[0] != 0
        rows = self._batch_norm("embed.input_bn", features[:, real].T)
        for index in range(len(self.sizes.embedding)):
            rows = self._layer_norm(f"embed.embed.{3 * index}", rows)
            rows = _gelu(self._linear(f"embed.embed.{3 * index + 1}", rows))
        particles = vectors[:, real].T
        pairs = np.array([[pair_features(first, second) for second in particles] for first in particles])
        rows = self._through_blocks(rows, pairs)
        token = self.weights["cls_token"][0]
        for index in range(self.sizes.class_blocks):
            token = self._class_block(f"cls_blocks.{index}", token, rows)
        found = self._layer_norm("norm", token)[0]
        for index in range(len(self.sizes.hidden)):
            found = np.maximum(self._linear(f"fc.{index}.0", found), 0)
        return self._linear(f"fc.{len(self.sizes.hidden)}", found)

    def _through_blocks(self, rows: Array, pairs: Array) -> Array:
        """Particles (particles, channels) after the blocks that change them; `pairs` are their features."""
        pairs = self._batch_norm("pair_embed.embed.0", pairs)
        pairs = self._pair_layers("pair_embed.embed", 1, len(self.sizes.pair_embedding), pairs)
        return self._particle_blocks("blocks", rows, pairs)

    def _pair_layers(self, name: str, first: int, count: int, pairs: Array) -> Array:
        """Pairs (particles, particles, channels) after `count` layers, of which the first is at `first`."""
        for place in range(first, first + 3 * count, 3):
            weight, bias = (self.weights[f"{name}.{place}.{part}"] for part in ("weight", "bias"))
            pairs = _gelu(self._batch_norm(f"{name}.{place + 1}", pairs @ weight[:, :, 0].T + bias))
        return pairs

    def _particle_blocks(self, room: str, rows: Array, pairs: Array) -> Array:
        """Particles after the blocks under `room`; `pairs` (.., .., heads) are added to the logits."""
        for index in range(self.sizes.blocks):
            name = f"{room}.{index}"
            normed = self._layer_norm(f"{name}.pre_attn_norm", rows)
            found = self._attention(name, normed, normed, pairs.transpose(2, 0, 1))
            rows = self._rest(name, rows, found)
        return rows

    def _class_block(self, name: str, token: Array, rows: Array) -> Array:
        keys = self._layer_norm(f"{name}.pre_attn_norm", np.concatenate((token, rows)))
        return self._rest(name, token, self._attention(name, token, keys, None))

    def _attention(self, name: str, queries: Array, keys: Array, bias: Array | None) -> Array:
        """Attention of several heads (A. Vaswani et al., arXiv:1706.03762, section 3.2), head by head."""
        width, size = self.sizes.width, self.sizes.width // self.sizes.heads
        matrix, offset = (self.weights[f"{name}.attn.in_proj_{part}"] for part in ("weight", "bias"))
        parts = [
            rows @ matrix[index * width : (index + 1) * width].T + offset[index * width : (index + 1) * width]
            for index, rows in enumerate((queries, keys, keys))
        ]
        heads = []
        for head in range(self.sizes.heads):
            query, key, value = (part[:, head * size : (head + 1) * size] for part in parts)
            scores = query @ key.T / np.sqrt(size)
            if bias is not None:
                scores = scores + bias[head]
            heads.append(softmax(scores) @ value)
        return self._linear(f"{name}.attn.out_proj", np.concatenate(heads, axis=1))

    def _rest(self, name: str, residual: Array, found: Array) -> Array:
        """The block after its attention."""
        heads = len(self.weights[f"{name}.c_attn"])
        size = self.sizes.width // heads
        scaled = np.empty_like(found)
        for head in range(heads):
            for channel in range(size):
                factor = self.weights[f"{name}.c_attn"][head]
                scaled[:, channel * heads + head] = found[:, head * size + channel] * factor
        joined = self._layer_norm(f"{name}.post_attn_norm", scaled) + residual
        found = _gelu(self._linear(f"{name}.fc1", self._layer_norm(f"{name}.pre_fc_norm", joined)))
        found = self._linear(f"{name}.fc2", self._layer_norm(f"{name}.post_fc_norm", found))
        result: Array = found + self.weights[f"{name}.w_resid"] * joined
        return result

    def _linear(self, name: str, rows: Array) -> Array:
        found: Array = rows @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]
        return found

    def _layer_norm(self, name: str, rows: Array) -> Array:
        centred = rows - rows.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)
        found: Array = scaled * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]
        return found

    def _batch_norm(self, name: str, rows: Array) -> Array:
        mean, variance = (self.weights[f"{name}.running_{part}"] for part in ("mean", "var"))
        scaled = (rows - mean) / np.sqrt(variance + EPSILON)
        found: Array = scaled * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]
        return found
