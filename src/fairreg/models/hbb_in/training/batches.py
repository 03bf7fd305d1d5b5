# SPDX-License-Identifier: MIT
"""Batches in seeded random order, each divided into groups of jets with similar numbers of tracks.

A batch is drawn at random, independent of the jets' content. Its groups only divide the work: the loss of a
batch is the mean over its jets, and the gradients of the groups are added. So grouping affects only rounding.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.hbb_in.pytorch.network import divided, logits
from fairreg.models.hbb_in.training.packing import PackedJets

__all__ = ["TorchJets", "batches"]

Array = NDArray[Any]


def batches(indices: Array, size: int, seed: int, epoch: int) -> Iterator[Array]:
    """Yield all indices, `size` at a time, ordered by seed and epoch only; the last batch may be smaller."""
    order = np.random.default_rng((seed, epoch)).permutation(indices)
    for first in range(0, len(order), size):
        yield order[first : first + size]


class TorchJets:
    """Jets as tensors, in CPU memory without copies, or whole in the memory of a GPU.

    Raises ModelError where they do not fit there.
    """

    def __init__(self, jets: PackedJets, device: str = "cpu") -> None:
        import torch

        arrays = (jets.tracks.rows, jets.vertices.rows, jets.classes)
        try:
            tensors = [torch.from_numpy(array).to(device) for array in arrays]
        except torch.OutOfMemoryError as error:
            size = sum(array.nbytes for array in arrays) / 1e9
            raise ModelError(
                f"The jets, {size:.1f} GB, do not fit into the free memory of {device}.",
                hint="Train on fewer jets or with --device cpu.",
            ) from error
        self._tracks, self._vertices, self._classes = tensors
        self._jets, self._device = jets, torch.device(device)
        self._counts = np.stack((jets.tracks.counts, jets.vertices.counts))

    def groups(self, indices: Array) -> Iterator[Array]:
        """Yield positions in `indices` in groups of jets with similar numbers of tracks."""
        return divided(self._counts[:, indices], self._jets.tracks.slots, self._device.type)

    def logits(self, module: Any, indices: Array) -> Any:
        """Logits (jets, 2) of one group."""
        parts = ((self._tracks, self._jets.tracks), (self._vertices, self._jets.vertices))
        tracks, vertices = (rows[self._moved(jets.padded(indices))] for rows, jets in parts)
        return logits(module, tracks, vertices, (self._jets.tracks.slots, self._jets.vertices.slots))

    def loss(self, module: Any, indices: Array) -> Any:
        """Sum of the cross-entropies of one group."""
        import torch

        targets = self._classes[self._moved(indices)]
        return torch.nn.functional.cross_entropy(self.logits(module, indices), targets, reduction="sum")

    def _moved(self, indices: Array) -> Any:
        import torch

        return torch.from_numpy(indices).to(self._device)
