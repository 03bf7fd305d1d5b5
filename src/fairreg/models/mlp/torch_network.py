# SPDX-License-Identifier: MIT
"""Multilayer perceptrons in PyTorch; `definition` says what they compute."""

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from fairreg.models.common.torch_weights import batch_norm, torch_weights
from fairreg.models.mlp.architecture import PerceptronSizes
from fairreg.models.mlp.settings import Activation, PerceptronSettings

__all__ = ["network"]


def network(
    tensors: Mapping[str, NDArray[Any]],
    sizes: PerceptronSizes,
    settings: PerceptronSettings,
    device: str = "cpu",
) -> Callable[[Any], Any]:
    """Return a function of features (N, inputs) that computes the output (N, outputs), in float32."""
    import torch

    weights = torch_weights(tensors, device)
    activate = _function(settings.activation)

    def output(value: Any) -> Any:
        for index, layer in enumerate(sizes.layers):
            value = torch.nn.functional.linear(value, weights[f"{layer}.weight"], weights[f"{layer}.bias"])
            if index < len(sizes.normalisations):
                value = batch_norm(weights, sizes.normalisations[index], value)
            if index < len(sizes.hidden):
                value = activate(value)
        return value if sizes.family == "cdms" else torch.softmax(value, 1)

    return output


def _function(activation: Activation) -> Callable[[Any], Any]:
    import torch

    if activation.name == "LeakyReLU":
        leaky: Callable[[Any], Any] = torch.nn.LeakyReLU(activation.slope)
        return leaky
    functions: dict[str, Callable[[Any], Any]] = {
        "ReLU": torch.relu,
        "Sigmoid": torch.sigmoid,
        "Tanh": torch.tanh,
    }
    return functions[activation.name]
