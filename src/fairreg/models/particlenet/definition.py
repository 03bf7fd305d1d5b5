# SPDX-License-Identifier: MIT
"""ParticleNet as it is defined, particle by particle in float64: the judge of the faster forms.

The network of H. Qu and L. Gouskos, Phys. Rev. D 101, 056019, arXiv:1902.08570, as its authors' code has it
(hqucms/weaver-core, weaver/nn/model/ParticleNet.py):

- neighbours are the k nearest other particles of the jet, in `points` for the first block and in the block's
  own input for the others; padding is farther away than any particle;
- a jet with k particles or fewer takes the rest of its k neighbours from the padding, whose features are
  zero, and these enter the mean; it is padded to k + 1 slots for that;
- an edge has the features (x_i, x_j - x_i); each layer is a product without bias, BatchNorm with its
  running statistics, and ReLU; the block's result is ReLU(shortcut(x_i) + mean over the neighbours), zero for
  padding;
- the sum over the particles is divided by their number, or by 1 where there are none.

Of neighbours at exactly equal distances the one in the earlier slot is nearer. weaver leaves the order of
ties to the engine. It also drops the nearest slot in the place of the particle itself, which is another one
only where both have exactly the same place.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.particlenet.architecture import ParticleNetArchitecture

__all__ = ["EPSILON", "logits", "neighbours_of", "probabilities"]

Array = NDArray[Any]
EPSILON = 1e-5  # of BatchNorm: PyTorch's default, which weaver does not change


def probabilities(
    tensors: Mapping[str, Array], inputs: Mapping[str, Array], neighbours: int | None = None
) -> Array:
    """Compute class probabilities (jets, classes): the softmax of `logits`."""
    scores = logits(tensors, inputs, neighbours)
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    found: Array = exponentials / exponentials.sum(axis=1, keepdims=True)
    return found


def logits(tensors: Mapping[str, Array], inputs: Mapping[str, Array], neighbours: int | None = None) -> Array:
    """Compute logits (jets, classes) in float64 for `inputs` as those of a runner.

    `neighbours` is k; by default that of the published network. Raises ModelError for another network.
    """
    network = _Network(tensors, neighbours)
    jets = len(inputs[network.sizes.inputs[0]])
    rows = [network.of_jet({name: array[jet] for name, array in inputs.items()}) for jet in range(jets)]
    return np.array(rows, dtype=np.float64).reshape(jets, network.sizes.classes)


def neighbours_of(points: Array, real: Array, slot: int, count: int) -> list[int]:
    """Return the slots of the `count` nearest others of the object in `slot`; `points` are (slots, axes)."""
    others = [other for other in range(len(points)) if other != slot]
    distances = {other: float(((points[other] - points[slot]) ** 2).sum()) for other in others}
    return sorted(others, key=lambda other: (not real[other], distances[other] if real[other] else 0, other))[
        :count
    ]


class _Network:
    def __init__(self, tensors: Mapping[str, Array], neighbours: int | None) -> None:
        self.sizes = ParticleNetArchitecture.from_tensors(tensors)
        self.neighbours = neighbours or self.sizes.neighbours
        self.weights = {name: array.astype(np.float64) for name, array in tensors.items()}

    def of_jet(self, inputs: Mapping[str, Array]) -> Array:
        """Logits (classes,) of one jet, whose inputs are (channels, slots)."""
        parts = [
            self._objects(stream.layer, *(inputs[name] for name in stream.names))
            for stream in self.sizes.streams
        ]
        points, features, real = (np.concatenate(column) for column in zip(*parts, strict=True))
        slots = range(len(real))
        core, outputs = self.sizes.core, []
        if self.sizes.normalised:
            features = np.array([self._norm(f"{core}bn_fts", features[slot]) * real[slot] for slot in slots])
        for index in range(len(self.sizes.blocks)):
            features = self._block(f"{core}edge_convs.{index}", features if index else points, features, real)
            outputs.append(features)
        if self.sizes.fused:
            joined = np.concatenate(outputs, axis=1)
            fused = (self._layer(f"{core}fusion_block.0", f"{core}fusion_block.1", row) for row in joined)
            features = np.array([np.maximum(row, 0) for row in fused]) * real[:, np.newaxis]
        return self._classify(features.sum(axis=0) / max(int(real.sum()), 1))

    def _objects(self, layer: str, points: Array, features: Array, mask: Array) -> tuple[Array, Array, Array]:
        """Rows of one stream, padded to k + 1 slots and zero where there is no object."""
        missing = max(0, self.neighbours + 1 - mask.shape[1])
        real = np.pad(mask[0] != 0, (0, missing))
        rows = [
            np.where(real[:, np.newaxis], np.pad(array, ((0, 0), (0, missing))).T.astype(np.float64), 0)
            for array in (points, features)
        ]
        if self.sizes.embedded:
            rows[1] = np.array([self._embedded(layer, row) for row in rows[1]]) * real[:, np.newaxis]
        return rows[0], rows[1], real

    def _embedded(self, name: str, row: Array) -> Array:
        found: Array = np.maximum(self._layer(f"{name}.1", f"{name}.2", self._norm(f"{name}.0", row)), 0)
        return found

    def _block(self, name: str, points: Array, features: Array, real: Array) -> Array:
        found = np.zeros((len(real), self.weights[f"{name}.bns.0.weight"].size))
        rows = []
        for slot in range(len(found)):
            chosen = neighbours_of(points, real, slot, self.neighbours)
            edges = [np.concatenate((features[slot], features[other] - features[slot])) for other in chosen]
            mean = np.mean([self._edge(name, edge) for edge in edges], axis=0)
            shortcut = features[slot]
            if f"{name}.sc.weight" in self.weights:
                shortcut = self._layer(f"{name}.sc", f"{name}.sc_bn", shortcut)
            rows.append(np.maximum(shortcut + mean, 0) * real[slot])
        return np.array(rows)

    def _edge(self, name: str, edge: Array) -> Array:
        layer = 0
        while f"{name}.convs.{layer}.weight" in self.weights:
            edge = np.maximum(self._layer(f"{name}.convs.{layer}", f"{name}.bns.{layer}", edge), 0)
            layer += 1
        return edge

    def _layer(self, product: str, norm: str, row: Array) -> Array:
        weight = self.weights[f"{product}.weight"]
        return self._norm(norm, weight.reshape(weight.shape[:2]) @ row)

    def _norm(self, name: str, row: Array) -> Array:
        mean, variance = (self.weights[f"{name}.running_{part}"] for part in ("mean", "var"))
        scaled = (row - mean) / np.sqrt(variance + EPSILON)
        found: Array = scaled * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]
        return found

    def _classify(self, row: Array) -> Array:
        core, last = self.sizes.core, len(self.sizes.hidden)
        for layer in range(last):
            weight, bias = (self.weights[f"{core}fc.{layer}.0.{part}"] for part in ("weight", "bias"))
            row = np.maximum(weight @ row + bias, 0)
        found: Array = self.weights[f"{core}fc.{last}.weight"] @ row + self.weights[f"{core}fc.{last}.bias"]
        return found
