# SPDX-License-Identifier: MIT
"""AresGW in PyTorch; `definition` says what it computes."""

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from fairreg.models.aresgw.architecture import DAIN_EPSILON, ResidualBlock, ResidualNetwork
from fairreg.models.common.torch_weights import batch_norm, torch_weights

__all__ = ["network"]

_Weights = Mapping[str, Any]


def network(
    tensors: Mapping[str, NDArray[Any]], sizes: ResidualNetwork, device: str = "cpu"
) -> Callable[[Any], Any]:
    """Return a function of whitened segments (N, 2, 2048) that computes probabilities (N, 2), in float32."""
    import torch

    weights = torch_weights(sizes.used(tensors), device)

    def probabilities(segments: Any) -> Any:
        value = _normalised(weights, segments)
        for block in sizes.blocks:
            value = _residual(weights, block, value)
        value = batch_norm(weights, "net.cls_head.1", _convolved(weights, "net.cls_head.0", value))
        return torch.softmax(_convolved(weights, "net.cls_head.3", torch.relu(value)).squeeze(2), 1)

    return probabilities


def _normalised(weights: _Weights, x: Any) -> Any:
    import torch

    def linear(value: Any, layer: str) -> Any:
        bias = weights.get(f"norm.{layer}.bias")
        return torch.nn.functional.linear(value, weights[f"norm.{layer}.weight"], bias)

    x = x - linear(x.mean(2), "mean_layer")[:, :, None]
    scale = linear(torch.sqrt((x * x).mean(2) + DAIN_EPSILON), "scaling_layer")
    x = x / torch.where(scale <= DAIN_EPSILON, torch.ones_like(scale), scale)[:, :, None]
    return x * torch.sigmoid(linear(x.mean(2), "gating_layer"))[:, :, None]


def _residual(weights: _Weights, block: ResidualBlock, x: Any) -> Any:
    import torch

    inner = batch_norm(weights, f"{block.name}.body.1", _convolved(weights, f"{block.name}.body.0", x, 1))
    outer = _convolved(weights, f"{block.name}.body.3", torch.relu(inner), 1, block.stride)
    body = batch_norm(weights, f"{block.name}.body.4", outer)
    if block.transforms:
        x = _convolved(weights, f"{block.name}.x_transform", x, 0, block.stride)
    return torch.relu(body + x)


def _convolved(weights: _Weights, layer: str, x: Any, padding: int = 0, stride: int = 1) -> Any:
    import torch

    parameters = (weights[f"{layer}.{kind}"] for kind in ("weight", "bias"))
    return torch.nn.functional.conv1d(x, *parameters, stride=stride, padding=padding)
