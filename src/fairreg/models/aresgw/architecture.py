# SPDX-License-Identifier: MIT
"""Layers of AresGW: channels and strides of the residual blocks, and the tensors that they must have.

Source: vivinousi/gw-detection-deep-learning, ``ResNet54`` and ``ResNet54Double`` of modules/resnet.py,
``DAIN_Layer`` of modules/dain.py; Nousi et al., Phys. Rev. D 108, 024022, arXiv:2211.01520.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.common.tensor_shapes import FLOATS, Shapes, batch_norm, counters, trainable

__all__ = [
    "CLASSES",
    "DAIN_EPSILON",
    "DETECTORS",
    "INPUT",
    "OUTPUT",
    "SAMPLES",
    "SAMPLE_RATE",
    "ResidualBlock",
    "ResidualNetwork",
]

Array = NDArray[Any]

DETECTORS, CLASSES = ("H1", "L1"), ("signal", "noise")
SAMPLES = 2048  # of one segment: 1 s
SAMPLE_RATE = 2048  # Hz
INPUT, OUTPUT = "whitened_strain", "probabilities"
DAIN_EPSILON = 1e-8

# Output channels of the 27 blocks, in units of the first one's, and the blocks that halve the length.
_CHANNELS = (*(1,) * 4, *(2,) * 3, *(4,) * 3, *(8,) * 9, *(4,) * 5, *(2,) * 3)
_HALVING = frozenset({4, 7, 10, 13, 16})
_HEAD_KERNEL = SAMPLES >> len(_HALVING)  # the head's convolution covers all that is left of the length
_WHITENING = "whiten.norm"
_FREQUENCIES = 1281  # of 1.25 s
_FIRST = "net.feature_extractor.0.body.0.weight"


@dataclass(frozen=True)
class ResidualBlock:
    """A residual block: its name, channels in and out, and the stride of its second convolution."""

    name: str
    channels_in: int
    channels_out: int
    stride: int

    @property
    def transforms(self) -> bool:
        """Tell whether the shortcut is a convolution of kernel 1 with stride, not the identity."""
        return self.channels_in != self.channels_out or self.stride > 1

    def shapes(self) -> Shapes:
        """Shapes of the block's tensors by name."""
        found: Shapes = {}
        if self.transforms:
            found |= _convolution(f"{self.name}.x_transform", self.channels_in, self.channels_out, 1)
        for place, channels in ((0, self.channels_in), (3, self.channels_out)):
            found |= _convolution(f"{self.name}.body.{place}", channels, self.channels_out, 3)
            found |= batch_norm(f"{self.name}.body.{place + 1}", self.channels_out)
        return found


@dataclass(frozen=True)
class ResidualNetwork:
    """The network whose first block has `width` channels: 8 in ``ResNet54``, 16 in ``ResNet54Double``."""

    width: int

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array]) -> "ResidualNetwork | None":
        """Derive the width from the shapes; None unless every tensor has the name and shape of this network.

        The counters ``num_batches_tracked``, which no result depends on, may be missing.
        """
        first = tensors.get(_FIRST)
        if first is None or first.ndim == 0 or not first.shape[0]:
            return None
        network = cls(int(first.shape[0]))
        counted = counters(network.shapes())
        others = {name: array for name, array in tensors.items() if name not in counted}
        if {name: array.shape for name, array in others.items()} != network.shapes():
            return None
        numbers = [array for name, array in tensors.items() if name in counted]
        real = all(array.dtype.name in FLOATS for array in others.values())
        return network if real and all(item.shape == () for item in numbers) else None

    @property
    def blocks(self) -> tuple[ResidualBlock, ...]:
        """The residual blocks in their order."""
        channels = (len(DETECTORS), *(self.width * factor for factor in _CHANNELS))
        return tuple(
            ResidualBlock(f"net.feature_extractor.{index}", taken, given, 1 + (index in _HALVING))
            for index, (taken, given) in enumerate(pairwise(channels))
        )

    def shapes(self) -> Shapes:
        """Shape of every tensor of floating-point numbers by its published name."""
        found: Shapes = {}
        for block in self.blocks:
            found |= block.shapes()
        features, hidden, two = 2 * self.width, 4 * self.width, len(DETECTORS)
        found |= _convolution("net.cls_head.0", features, hidden, _HEAD_KERNEL)
        found |= batch_norm("net.cls_head.1", hidden)
        found |= _convolution("net.cls_head.3", hidden, len(CLASSES), 1)
        for layer in ("mean_layer", "scaling_layer", "gating_layer"):
            found[f"norm.{layer}.weight"] = (two, two)
        return found | {"norm.gating_layer.bias": (two,), _WHITENING: (two, _FREQUENCIES)}

    @property
    def parameter_count(self) -> int:
        """Number of trainable parameters."""
        return trainable({name: shape for name, shape in self.shapes().items() if name != _WHITENING})

    def used(self, tensors: Mapping[str, Array]) -> Mapping[str, Array]:
        """Select the tensors that outputs depend on: without counters and the spectrum of the training."""
        return {name: np.asarray(tensors[name]) for name in self.shapes() if name != _WHITENING}


def _convolution(name: str, channels_in: int, channels_out: int, kernel: int) -> Shapes:
    return {f"{name}.weight": (channels_out, channels_in, kernel), f"{name}.bias": (channels_out,)}
