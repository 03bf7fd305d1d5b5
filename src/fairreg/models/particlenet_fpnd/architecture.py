# SPDX-License-Identifier: MIT
"""Architecture of JetNet's ParticleNet, read from the names and shapes of its tensors.

From ``_ParticleNet`` in jetnet/evaluation/particlenet.py of jet-net/JetNet: each edge network is three linear
layers of one width with bias, each with a BatchNorm and ReLU. Its tensors are stored twice, under
``edge_nets.`` and, as the same module, under ``edge_convs.``. The result of a block is joined to its input,
so that widths add up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.common.tensor_shapes import batch_norm, check, counters, linear, size, trainable

__all__ = ["LAYERS", "NEIGHBOURS", "PARTICLES", "PUBLISHED", "FpndArchitecture", "edge_net"]

Array = NDArray[Any]
NEIGHBOURS, PARTICLES = (
    16,
    30,
)  # k in the authors' class; particles of a jet in `fpnd` of gen_metrics.py there
PUBLISHED = (64, 128, 256)
LAYERS = (0, 3, 6)  # places of the linear layers in the authors' sequence; the BatchNorm of each comes next

_COPY = ("edge_nets.", "edge_convs.")
_NOT_OURS = "The weights are not those of JetNet's ParticleNet"
_NO_MATRIX = f"{_NOT_OURS}: {{}} is not a matrix."
_FEWEST = 2  # features: the first two are the angles in which neighbours are searched


def edge_net(block: int, layer: int) -> str:
    """Beginning of the names of a layer of an edge network."""
    return f"edge_nets.{block}.model.{layer}"


@dataclass(frozen=True)
class FpndArchitecture:
    """Sizes of a network: `blocks` are the widths of the edge networks, `hidden` that of the next layer."""

    features: int
    blocks: tuple[int, ...]
    hidden: int
    classes: int

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array]) -> "FpndArchitecture":
        """Derive the sizes; ModelError names a missing, unexpected or misshapen tensor."""
        blocks: list[int] = []
        while (name := f"{edge_net(len(blocks), 0)}.weight") in tensors:
            blocks.append(size(tensors, name, 0, _NO_MATRIX))
        found = cls(
            features=size(tensors, f"{edge_net(0, 0)}.weight", 1, _NO_MATRIX) // 2,
            blocks=tuple(blocks),
            hidden=size(tensors, "fc1.0.weight", 0, _NO_MATRIX),
            classes=size(tensors, "fc2.weight", 0, _NO_MATRIX),
        )
        if found.features < _FEWEST:
            raise ModelError(f"{_NOT_OURS}: it takes no two angles.")
        found._check(tensors)
        return found

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels that enter each block, and those that leave the last one."""
        return tuple(int(item) for item in np.cumsum((self.features, *self.blocks)))

    @property
    def parameter_count(self) -> int:
        """Number of trainable parameters."""
        return trainable(self.shapes())

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every floating-point tensor by its published name, without the copies."""
        shapes: dict[str, tuple[int, ...]] = {}
        for block, width in enumerate(self.blocks):
            for layer in LAYERS:
                taken = width if layer else 2 * self.widths[block]
                name, norm = edge_net(block, layer), edge_net(block, layer + 1)
                shapes |= linear(name, taken, width) | batch_norm(norm, width)
        return (
            shapes | linear("fc1.0", self.widths[-1], self.hidden) | linear("fc2", self.hidden, self.classes)
        )

    def to_json(self) -> dict[str, int | float | str]:
        """All sizes by name, the assumed numbers of neighbours and particles among them."""
        return {
            "features": self.features,
            "edge_networks": "-".join(map(str, self.blocks)),
            "hidden": self.hidden,
            "classes": self.classes,
            "neighbours": NEIGHBOURS,
            "particles": PARTICLES,
        }

    def _check(self, tensors: Mapping[str, Array]) -> None:
        shapes = self.shapes()
        copies = {name for name in tensors if name.startswith(_COPY[1])}
        if unlike := sorted((tensors.keys() - copies - counters(shapes)) ^ shapes.keys()):
            raise ModelError(f"{_NOT_OURS}: {unlike[0]} is missing or unexpected.")
        check(tensors, shapes)
        _check_copies(tensors, copies)


def _check_copies(tensors: Mapping[str, Array], copies: set[str]) -> None:
    """Raise ModelError where the tensors under ``edge_convs.`` are not those under ``edge_nets.``."""
    if not copies:
        return
    expected = {
        name.replace(_COPY[0], _COPY[1]).replace(".model.", ".nn.model."): name
        for name in tensors
        if name.startswith(_COPY[0])
    }
    if unlike := sorted(copies ^ expected.keys()):
        raise ModelError(f"{_NOT_OURS}: {unlike[0]} is missing or unexpected.")
    for copy, name in expected.items():
        if not np.array_equal(tensors[copy], tensors[name]):
            raise ModelError(f"{_NOT_OURS}: {copy} differs from {name}, of which it is a copy.")
