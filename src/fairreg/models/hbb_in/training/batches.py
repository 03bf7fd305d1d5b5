# SPDX-License-Identifier: MIT
"""Batches in seeded random order, each divided into groups of jets with similar numbers of tracks.

A batch is drawn at random, independent of the jets' content. Its groups only divide the work: the loss of a
batch is the mean over its jets, and the gradients of the groups are added. So grouping affects only rounding.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.pytorch.network import groups, logits
from fairreg.models.hbb_in.training.packing import PackedJets

__all__ = ["TorchJets", "batches"]

Array = NDArray[Any]


def batches(indices: Array, size: int, seed: int, epoch: int) -> Iterator[Array]:
    """Yield all indices, `size` at a time, ordered by seed and epoch only; the last batch may be smaller."""
    order = np.random.default_rng((seed, epoch)).permutation(indices)
    for first in range(0, len(order), size):
        yield order[first : first + size]


class TorchJets:
    """Jets as tensors in CPU memory, without copies."""

    def __init__(self, jets: PackedJets) -> None:
        import torch

        self._jets = jets
        self._tracks, self._vertices = (torch.from_numpy(part.rows) for part in (jets.tracks, jets.vertices))
        self._classes = torch.from_numpy(jets.classes)
        self._counts = jets.tracks.counts

    def groups(self, indices: Array) -> Iterator[Array]:
        """Yield positions in `indices` in groups of jets with similar numbers of tracks."""
        return groups(self._counts[indices], self._jets.tracks.slots)

    def logits(self, module: Any, indices: Array) -> Any:
        """Logits (jets, 2) of one group."""
        import torch

        parts = ((self._tracks, self._jets.tracks), (self._vertices, self._jets.vertices))
        tracks, vertices = (rows[torch.from_numpy(jets.padded(indices))] for rows, jets in parts)
        return logits(module, tracks, vertices, (self._jets.tracks.slots, self._jets.vertices.slots))

    def loss(self, module: Any, indices: Array) -> Any:
        """Sum of the cross-entropies of one group."""
        import torch

        targets = self._classes[torch.from_numpy(indices)]
        return torch.nn.functional.cross_entropy(self.logits(module, indices), targets, reduction="sum")
