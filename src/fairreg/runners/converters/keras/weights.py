# SPDX-License-Identifier: MIT
"""Weights of a layer, and the names that Keras gives them.

Source: `build` of each layer in keras/src/layers (Keras 3); the same names in keras/layers of Keras 2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners.converters.keras.arguments import Layer, quoted

__all__ = ["Array", "LayerWeights", "Names", "leaves", "names_of"]

Array = NDArray[np.float32]
# Trained ones, then those that are only tracked: the order of an HDF5 file.
Names = tuple[tuple[str, ...], tuple[str, ...]]

_KERNELS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("Dense", "Conv1D", "Conv2D"), ("kernel",)),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), ("depthwise_kernel",)),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), ("depthwise_kernel", "pointwise_kernel")),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), ("kernel", "recurrent_kernel")),
}

# Statistics that are tracked while a model is trained.
_NORMALISATIONS: Mapping[str, tuple[str, ...]] = {
    "BatchNormalization": ("moving_mean", "moving_variance"),
    "LayerNormalization": (),
}


def names_of(layer: Layer) -> Names:
    """Names of a layer's own weights."""
    if layer.kind in _KERNELS:
        bias = ("bias",) if layer.flag("use_bias", default=True) else ()
        return (*_KERNELS[layer.kind], *bias), ()
    if layer.kind == "PReLU":
        return ("alpha",), ()
    if layer.kind not in _NORMALISATIONS:
        return (), ()
    scaled = ("gamma",) if layer.flag("scale", default=True) else ()
    shifted = ("beta",) if layer.flag("center", default=True) else ()
    return (*scaled, *shifted), _NORMALISATIONS[layer.kind]


def leaves(layer: Layer) -> tuple[Layer, ...]:
    """The layers with weights of their own that a layer or a nested model consists of."""
    inner = layer.network.layers if layer.network else layer.children
    return tuple(leaf for item in inner for leaf in leaves(item)) if inner else (layer,)


@dataclass(frozen=True)
class LayerWeights:
    """Weights of all layers, by layer and name."""

    arrays: Mapping[Layer, Mapping[str, Array]]

    @property
    def count(self) -> int:
        """Number of weights."""
        return sum(array.size for named in self.arrays.values() for array in named.values())

    def take(self, layer: Layer, name: str, *shape: int | None) -> Array:
        """The weights `name` of a layer, which must have this shape; None stands for any length.

        Raises ModelError for missing and misshapen ones.
        """
        found: Any = self.arrays.get(layer, {}).get(name)
        if found is None:
            raise ModelError(f"The weights {quoted(name)} of {layer} are missing.")
        fits = found.ndim == len(shape) and all(
            wanted in {None, size} for wanted, size in zip(shape, found.shape, strict=True)
        )
        if not fits:
            wanted = tuple("any" if size is None else size for size in shape)
            raise ModelError(
                f"The weights {quoted(name)} of {layer} have the shape {found.shape} instead of {wanted}."
            )
        array: Array = found
        return array
