# SPDX-License-Identifier: MIT
"""Relative neural activity (RNA), Eq. 7 of Duarte et al. (10.1088/2632-2153/ad12e3), and sparsity.

The activation of a node is summed over all jets of a class and over all edges of f_R, all pairs of f_R_pv
or all tracks of f_O; RNA is this sum over the largest of the layer. Sparsity is the part of the nodes with
RNA below 0.2, over all layers. As in the paper all 60 and 5 slots count, padded ones too; without them only
real objects and the pairs between them do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.explain.passes import LAYERS, Activations, Group, Network, groups
from fairreg.models.hbb_in.network import CLASSES

__all__ = ["THRESHOLD", "Activity", "relative_activity", "sparsity"]

Array = NDArray[np.float64]
THRESHOLD = 0.2  # of RNA, below which the paper counts a node as inactive


@dataclass(frozen=True)
class Activity:
    """Sums of the activations and counts of those above 0, for each layer (classes, nodes).

    Activities of several parts of a sample may be added.
    """

    sums: Mapping[str, Array]
    firings: Mapping[str, Array]

    def __add__(self, other: "Activity") -> "Activity":
        """Add the sums of two parts of a sample."""
        return Activity(
            {layer: self.sums[layer] + other.sums[layer] for layer in self.sums},
            {layer: self.firings[layer] + other.firings[layer] for layer in self.firings},
        )

    @property
    def rna(self) -> dict[str, Array]:
        """RNA of each layer (classes, nodes), 0 to 1; 0 for all nodes of a silent layer."""
        return {layer: _relative(found) for layer, found in self.sums.items()}

    @property
    def relative_firing(self) -> dict[str, Array]:
        """As `rna`, from how often a node is active instead of how strongly."""
        return {layer: _relative(found) for layer, found in self.firings.items()}

    @property
    def nodes(self) -> int:
        """Number of nodes of all layers: 424 in the paper's baseline."""
        return sum(found.shape[1] for found in self.sums.values())

    @property
    def silent(self) -> tuple[tuple[str, str], ...]:
        """Pairs (layer, class) without any active node."""
        return tuple(
            (layer, name)
            for layer, found in self.sums.items()
            for name, row in zip(CLASSES, found, strict=True)
            if not row.any()
        )


def sparsity(relative: Mapping[str, Array], threshold: float = THRESHOLD) -> Array:
    """Part of all nodes with a relative activity below the threshold, for each class."""
    below: Array = np.mean(np.concatenate(list(relative.values()), axis=1) < threshold, axis=1)
    return below


def relative_activity(
    tensors: Mapping[str, NDArray[Any]],
    tracks: NDArray[Any],
    vertices: NDArray[Any],
    classes: NDArray[Any],
    *,
    padding: bool = True,
) -> Activity:
    """Activity on tracks (n, P, 60) and vertices (n, S, 5) of jets with these classes (0 QCD, 1 H->bb).

    The features are the network's own; `padding` counts padded slots. Raises ModelError for tensors of
    another network.
    """
    network = Network(tensors)
    sums = {layer: np.zeros((len(CLASSES), len(network.layer(layer)[1]))) for layer in LAYERS}
    found = Activity(sums, {layer: np.zeros_like(array) for layer, array in sums.items()})
    for group in groups(tracks, vertices):
        _add(found, network.forward(group), _Counts.of(group, padding=padding), classes[group.jets])
    return found


@dataclass(frozen=True)
class _Counts:
    """Multiplicity of each slot, pair of tracks, and pair of track and vertex of a group's jets."""

    tracks: Array
    edges: Array
    pairs: Array

    @classmethod
    def of(cls, group: Group, *, padding: bool) -> "_Counts":
        tracks, vertices = group.track_copies, group.vertex_copies
        if padding:
            counts = (tracks, tracks[:, np.newaxis] * group.pair_copies, np.outer(tracks, vertices))
            return cls(*(np.broadcast_to(part, (len(group.jets), *part.shape)) for part in counts))
        real, real_vertices = (np.any(part != 0, axis=2) for part in (group.tracks, group.vertices))
        both = real[:, :, np.newaxis] & real[:, np.newaxis] & ~np.eye(real.shape[1], dtype=bool)
        with_vertices = real[:, :, np.newaxis] & real_vertices[:, np.newaxis]
        return cls(*(part.astype(np.float64) for part in (real, both, with_vertices)))


def _add(found: Activity, activations: Activations, counts: _Counts, classes: NDArray[Any]) -> None:
    """Add these jets' activations to the sums of their classes."""
    chosen = np.eye(len(CLASSES))[classes].T
    parts = (
        (LAYERS[:3], activations.edges, counts.edges),
        (LAYERS[3:6], activations.pairs, counts.pairs),
        (LAYERS[6:], activations.objects, counts.tracks),
    )
    for layers, values, count in parts:
        weights = count.reshape(len(count), 1, -1)
        for layer, value in zip(layers, values, strict=True):
            rows = value.reshape(len(value), -1, value.shape[-1])
            found.sums[layer][...] += chosen @ (weights @ rows)[:, 0]
            found.firings[layer][...] += chosen @ (weights @ (rows > 0))[:, 0]


def _relative(sums: Array) -> Array:
    largest = sums.max(axis=1, keepdims=True)
    found: Array = np.divide(sums, largest, out=np.zeros_like(sums), where=largest > 0)
    return found
