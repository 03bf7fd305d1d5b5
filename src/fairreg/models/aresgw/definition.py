# SPDX-License-Identifier: MIT
"""AresGW in float64, written plainly: the judge of the ONNX graph and of PyTorch.

Source: vivinousi/gw-detection-deep-learning, modules/dain.py and modules/resnet.py (``ResBlock``,
``ResNet54``); DAIN is N. Passalis et al., IEEE Trans. Neural Netw. Learn. Syst. 31 (2020) 3760,
arXiv:1902.07892.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.aresgw.architecture import DAIN_EPSILON, ResidualBlock, ResidualNetwork

__all__ = ["probabilities"]

Array = NDArray[Any]
Tensors = Mapping[str, Array]
_EPSILON = 1e-5  # the default of torch.nn.BatchNorm1d, which the authors' classes keep


def probabilities(tensors: Tensors, segments: Array) -> NDArray[np.float64]:
    """Return probabilities (n, 2) of signal and noise for whitened segments (n, 2, 2048), float64."""
    network = ResidualNetwork.from_tensors(tensors)
    if network is None:
        raise ValueError("not the tensors of AresGW")
    weights = {name: array.astype(np.float64) for name, array in network.used(tensors).items()}
    value = _normalised(weights, np.asarray(segments, dtype=np.float64))
    for block in network.blocks:
        value = _residual(weights, block, value)
    value = _convolved(weights, "net.cls_head.0", value)
    value = np.maximum(_batch_norm(weights, "net.cls_head.1", value), 0)
    logits = _convolved(weights, "net.cls_head.3", value)[:, :, 0]
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return found


def _normalised(weights: Tensors, x: Array) -> Array:
    """Deep adaptive input normalisation: shift, scale and gate of each detector depend on both detectors.

    A scale of at most DAIN_EPSILON, also a negative one, is replaced by 1.
    """
    x = x - (x.mean(axis=2) @ weights["norm.mean_layer.weight"].T)[:, :, None]
    deviation = np.sqrt((x**2).mean(axis=2) + DAIN_EPSILON)
    scale = deviation @ weights["norm.scaling_layer.weight"].T
    x = x / np.where(scale <= DAIN_EPSILON, 1, scale)[:, :, None]
    gate = x.mean(axis=2) @ weights["norm.gating_layer.weight"].T + weights["norm.gating_layer.bias"]
    gated: Array = x / (1 + np.exp(-gate))[:, :, None]
    return gated


def _residual(weights: Tensors, block: ResidualBlock, x: Array) -> Array:
    """A block: convolution, batch norm, ReLU, convolution with the stride, batch norm; plus the shortcut."""
    inner = _batch_norm(weights, f"{block.name}.body.1", _convolved(weights, f"{block.name}.body.0", x, 1))
    outer = _convolved(weights, f"{block.name}.body.3", np.maximum(inner, 0), 1, block.stride)
    body = _batch_norm(weights, f"{block.name}.body.4", outer)
    if block.transforms:
        x = _convolved(weights, f"{block.name}.x_transform", x, 0, block.stride)
    found: Array = np.maximum(body + x, 0)
    return found


def _convolved(weights: Tensors, layer: str, x: Array, padding: int = 0, stride: int = 1) -> Array:
    """One-dimensional convolution of (n, channels, length) with zeros beyond both ends."""
    kernel = weights[f"{layer}.weight"]
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding)))
    length = (x.shape[2] - kernel.shape[2]) // stride + 1
    found = weights[f"{layer}.bias"][:, None] * np.ones((len(x), 1, length))
    for tap in range(kernel.shape[2]):
        found += kernel[:, :, tap] @ x[:, :, tap : tap + stride * (length - 1) + 1 : stride]
    return found


def _batch_norm(weights: Tensors, layer: str, x: Array) -> Array:
    """Batch normalisation with the statistics of the training."""
    mean, variance, weight, bias = (
        weights[f"{layer}.{kind}"][:, None] for kind in ("running_mean", "running_var", "weight", "bias")
    )
    normalised: Array = (x - mean) / np.sqrt(variance + _EPSILON) * weight + bias
    return normalised
