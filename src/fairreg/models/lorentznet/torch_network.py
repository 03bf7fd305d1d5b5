# SPDX-License-Identifier: MIT
"""LorentzNet in PyTorch: four-momenta and their products in float64, everything after psi in float32."""

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from fairreg.models.common.torch_weights import batch_norm, torch_weights
from fairreg.models.lorentznet.definition import BEAMS, LIMIT, METRIC, PARTICLES
from fairreg.models.lorentznet.sizes import LorentzNetSizes

__all__ = ["network"]

Array = NDArray[Any]


def network(tensors: Mapping[str, Array], weight: float, device: str = "cpu") -> Callable[..., Any]:
    """Return a function of the inputs of `signature` that computes logits and probabilities.

    `weight` is that of the coordinates' update. Raises ModelError for tensors of another network.
    """
    import torch

    sizes = LorentzNetSizes.from_tensors(tensors)
    layers = _Layers(tensors, device)
    metric = torch.from_numpy(METRIC).to(device)

    def outputs(*inputs: Any) -> tuple[Any, Any]:
        momenta, scalars, real = _nodes(inputs, sizes.scalars, metric)
        h = layers.linear(scalars, "embedding")
        pairs = (
            real[:, :, None] & real[:, None, :] & ~torch.eye(real.shape[1], dtype=torch.bool, device=device)
        )
        for number in range(sizes.layers):
            last = number == sizes.layers - 1
            momenta, h = layers.block(
                f"LGEBs.{number}", (momenta, h, scalars), pairs, metric, None if last else weight
            )
        pooled = (h * real[:, :, None]).mean(dim=1)
        found = layers.linear(torch.relu(layers.linear(pooled, "graph_dec.0")), "graph_dec.3")
        return found, torch.softmax(found, dim=1)

    return outputs


def _nodes(inputs: tuple[Any, ...], scalars: int, metric: Any) -> tuple[Any, Any, Any]:
    import torch

    momenta = inputs[0]
    if scalars == len(PARTICLES):
        identifiers = inputs[1].abs()
        kinds = torch.tensor(PARTICLES, dtype=identifiers.dtype, device=identifiers.device)
        real = identifiers != 0
        return _kept(momenta, real), (identifiers[:, :, None] == kinds).float(), real
    if scalars != len(BEAMS):
        real = inputs[2] != 0
        return _kept(momenta, real), _kept(inputs[1], real), real
    momenta = _kept(momenta, momenta[:, :, 0] != 0)
    beams = torch.from_numpy(BEAMS).to(momenta.device).expand(len(momenta), -1, -1)
    momenta = torch.cat([beams, momenta], dim=1)
    masses = _psi(((momenta * momenta) @ metric).abs().sqrt()).float()
    is_beam = torch.arange(momenta.shape[1], device=momenta.device) < len(BEAMS)
    return momenta, torch.stack([masses * ~is_beam, masses * is_beam], dim=2), momenta[:, :, 0] != 0


def _kept(value: Any, real: Any) -> Any:
    """Zeros in the place of what padded slots hold: NaN and inf times 0 are NaN."""
    return value.masked_fill(~real[:, :, None], 0)


def _psi(value: Any) -> Any:
    import torch

    return torch.sign(value) * torch.log(value.abs() + 1)


class _Layers:
    def __init__(self, tensors: Mapping[str, Array], device: str) -> None:
        self._tensors = torch_weights(tensors, device)

    def linear(self, value: Any, layer: str) -> Any:
        product = value @ self._tensors[f"{layer}.weight"].T
        return product + self._tensors[f"{layer}.bias"] if f"{layer}.bias" in self._tensors else product

    def normalised(self, value: Any, layer: str) -> Any:
        rows = value.reshape(-1, value.shape[-1])
        return batch_norm(self._tensors, layer, rows).reshape(value.shape)

    def block(
        self, layer: str, state: tuple[Any, Any, Any], pairs: Any, metric: Any, weight: float | None
    ) -> tuple[Any, Any]:
        import torch

        momenta, h, scalars = state
        difference = momenta[:, :, None] - momenta[:, None, :]
        products = ((difference * difference) @ metric, (momenta * metric) @ momenta.transpose(1, 2))
        geometry = _psi(torch.stack(products, dim=3)).float()
        message = self.message(layer, h, geometry) * pairs[:, :, :, None]
        if weight is not None:
            momenta = momenta + weight * self.step(layer, difference, message, pairs)
        hidden = self.linear(torch.cat([h, message.sum(dim=2), scalars], dim=2), f"{layer}.phi_h.0")
        hidden = torch.relu(self.normalised(hidden, f"{layer}.phi_h.1"))
        return momenta, h + self.linear(hidden, f"{layer}.phi_h.3")

    def message(self, layer: str, h: Any, geometry: Any) -> Any:
        import torch

        size = h.shape[2]
        weights = self._tensors[f"{layer}.phi_e.0.weight"]
        receiver, sender = h @ weights[:, :size].T, h @ weights[:, size : 2 * size].T
        value = receiver[:, :, None] + sender[:, None, :] + geometry @ weights[:, 2 * size :].T
        value = torch.relu(self.normalised(value, f"{layer}.phi_e.1"))
        value = torch.relu(self.linear(value, f"{layer}.phi_e.3"))
        return value * torch.sigmoid(self.linear(value, f"{layer}.phi_m.0"))

    def step(self, layer: str, difference: Any, message: Any, pairs: Any) -> Any:
        import torch

        factor = self.linear(torch.relu(self.linear(message, f"{layer}.phi_x.0")), f"{layer}.phi_x.2")
        steps = torch.clamp(difference * factor.double(), -LIMIT, LIMIT) * pairs[:, :, :, None]
        return steps.sum(dim=2) / pairs.sum(dim=2, keepdim=True).clamp(min=1)
