# SPDX-License-Identifier: MIT
"""The generator in PyTorch."""

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from fairreg.models.common.torch_weights import torch_weights
from fairreg.models.epicgan.definition import SLOPE
from fairreg.models.epicgan.scale import Scale

__all__ = ["network"]

Array = NDArray[Any]


def network(
    tensors: Mapping[str, Array], layers: int, scale: Scale | None, device: str = "cpu"
) -> Callable[..., Any]:
    """Return a function of the inputs of `signature` that computes its outputs."""
    known = _Layers(tensors, device)

    def outputs(noise: Any, local_noise: Any, mask: Any) -> tuple[Any, ...]:
        real = (mask != 0)[:, :, None]
        local = known.particles(noise, local_noise.where(real, local_noise.new_zeros(())), real, layers)
        found = known.linear(local, "local_1")
        raw = found * real
        if scale is None:
            return (raw,)
        return (found * found.new_tensor(scale.factors) + found.new_tensor(scale.means)) * real, raw

    return outputs


class _Layers:
    def __init__(self, tensors: Mapping[str, Array], device: str) -> None:
        given = torch_weights(tensors, device)
        names = [name.removesuffix(".bias") for name in given if name.endswith(".bias")]
        self._biases = {name: given[f"{name}.bias"] for name in names}
        self._weights = {
            name: _weight(given[f"{name}.weight_g"], given[f"{name}.weight_v"]) for name in names
        }

    def linear(self, value: Any, layer: str) -> Any:
        return value @ self._weights[layer].T + self._biases[layer]

    def leaky(self, value: Any) -> Any:
        from torch.nn.functional import leaky_relu

        return leaky_relu(value, SLOPE)

    def particles(self, noise: Any, local_noise: Any, real: Any, layers: int) -> Any:
        """Features (jets, particles, hidden) of the particles before the last layer."""
        first_local = local = self.leaky(self.linear(local_noise, "local_0"))
        whole = self.leaky(self.linear(noise, "global_0"))
        first_whole = whole = self.leaky(self.linear(whole, "global_1"))
        count = real.sum(dim=1).clamp(min=1)
        for number in range(layers):
            whole, local = self._epic_layer(f"nn_list.{number}", whole, local, real, count)
            whole, local = whole + first_whole, local + first_local
        return local

    def _epic_layer(self, name: str, whole: Any, local: Any, real: Any, count: Any) -> tuple[Any, Any]:
        import torch

        total = (local * real).sum(dim=1)
        pooled = torch.cat([total / count, total, whole], dim=1)
        hidden = self.leaky(self.linear(pooled, f"{name}.fc_global1"))
        whole = self.leaky(self.linear(hidden, f"{name}.fc_global2") + whole)
        both = torch.cat([local, whole[:, None].expand(-1, local.shape[1], -1)], dim=2)
        hidden = self.leaky(self.linear(both, f"{name}.fc_local1"))
        return whole, self.leaky(self.linear(hidden, f"{name}.fc_local2") + local)


def _weight(length: Any, direction: Any) -> Any:
    return length * direction / direction.norm(dim=1, keepdim=True)
