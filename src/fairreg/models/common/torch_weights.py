# SPDX-License-Identifier: MIT
"""Tensors of a weight file in PyTorch."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["batch_norm", "torch_weights"]

_EPSILON = 1e-5  # PyTorch's default, which every package's network has


def torch_weights(tensors: Mapping[str, NDArray[Any]], device: str) -> dict[str, Any]:
    """Copy the floating-point tensors to `device` as float32, by name."""
    import torch

    return {
        name: torch.from_numpy(np.array(array, dtype=np.float32)).to(device)
        for name, array in tensors.items()
        if array.dtype.kind == "f"
    }


def batch_norm(weights: Mapping[str, Any], name: str, value: Any) -> Any:
    """Normalise (n, channels, ...) with the statistics of the training."""
    from torch.nn import functional

    kinds = ("running_mean", "running_var", "weight", "bias")
    mean, variance, factor, offset = (weights[f"{name}.{kind}"] for kind in kinds)
    return functional.batch_norm(value, mean, variance, factor, offset, eps=_EPSILON)
