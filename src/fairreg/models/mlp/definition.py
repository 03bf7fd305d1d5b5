# SPDX-License-Identifier: MIT
"""Multilayer perceptrons in plain float64: the judge of the graph and of PyTorch.

A hidden layer is a linear map, a batch normalisation with the stored statistics where the network has them,
(x - mean) / sqrt(variance + 1e-5) * weight + bias (PyTorch's BatchNorm1d in evaluation), and the activation;
dropout does nothing. The last layer is linear, in a tagger with a softmax after it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.mlp.architecture import PerceptronSizes
from fairreg.models.mlp.settings import Activation, PerceptronSettings

__all__ = ["compute"]

Array = NDArray[Any]
_EPSILON = 1e-5


def compute(
    tensors: Mapping[str, Array],
    sizes: PerceptronSizes,
    settings: PerceptronSettings,
    arrays: Mapping[str, Array],
) -> dict[str, Array]:
    """Outputs by name, in float64, for inputs by name as the runner takes them."""
    weights = {name: np.asarray(value, dtype=np.float64) for name, value in tensors.items()}
    value = np.asarray(arrays["features"], dtype=np.float64)
    for index, layer in enumerate(sizes.layers):
        value = value @ weights[f"{layer}.weight"].T + weights[f"{layer}.bias"]
        if index < len(sizes.normalisations):
            value = _normalised(value, weights, sizes.normalisations[index])
        if index < len(sizes.hidden):
            value = _activated(value, settings.activation)
    if sizes.family == "cdms":
        return {"impact_location": value}
    powers = np.exp(value - value.max(axis=1, keepdims=True))
    return {"probabilities": powers / powers.sum(axis=1, keepdims=True)}


def _normalised(value: Array, weights: Mapping[str, Array], name: str) -> Array:
    scale = weights[f"{name}.weight"] / np.sqrt(weights[f"{name}.running_var"] + _EPSILON)
    shifted: Array = (value - weights[f"{name}.running_mean"]) * scale + weights[f"{name}.bias"]
    return shifted


def _activated(value: Array, activation: Activation) -> Array:
    if activation.name == "Sigmoid":
        return np.asarray(0.5 * (1 + np.tanh(value / 2)))
    if activation.name == "Tanh":
        return np.tanh(value)
    return np.where(value < 0, activation.slope * value, value)
