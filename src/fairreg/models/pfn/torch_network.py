# SPDX-License-Identifier: MIT
"""Particle Flow (Interaction) Networks in PyTorch; `definition` says what they compute."""

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from fairreg.models.common.torch_weights import torch_weights
from fairreg.models.pfn.architecture import ParticleFlowSizes
from fairreg.models.pfn.settings import ParticleFlowSettings

__all__ = ["network"]

_SMALL = 1e-5
_SUM_PT, _CONSTITUENTS = 5, 6


def network(
    tensors: Mapping[str, NDArray[Any]],
    sizes: ParticleFlowSizes,
    settings: ParticleFlowSettings,
    device: str = "cpu",
) -> Callable[..., tuple[Any, ...]]:
    """Return a function of the inputs in order that computes the outputs in order, in float32."""
    import torch

    weights = torch_weights(tensors, device)

    def linear(name: str, value: Any) -> Any:
        return torch.nn.functional.linear(value, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def layers(part: str, value: Any) -> Any:
        for name in sizes.layers[part]:
            value = torch.relu(linear(name, value))
        return value

    def outputs(particles: Any, masks: Any, *more: Any) -> tuple[Any, ...]:
        mask = masks.transpose(1, 2)
        particles = particles.masked_fill(mask == 0, 0)  # NaN and inf times 0 are NaN
        sums = [(layers("phi", particles) * mask).sum(1)]
        if sizes.pair_nodes:
            jets = more[0][:, :, None, None]
            messages = layers("phiInt", _pairs(particles, jets[:, _SUM_PT]))
            others = 1 - torch.eye(particles.shape[1], device=particles.device)
            total = ((mask * masks * others)[..., None] * messages).sum(2) / jets[:, _CONSTITUENTS]
            sums.append((layers("phiInt2", torch.cat((particles, total * mask), 2)) * mask).sum(1))
        latent = torch.cat(sums, 1) if sizes.combination == "cat" else sum(sums)
        if sizes.taus:
            latent = torch.cat((latent, more[-1]), 1)
        return _finish(linear(sizes.last, layers("fc", latent)), settings)

    return outputs


def _pairs(particles: Any, scale: Any) -> Any:
    """Features of the pairs (N, P, P, 4) of particles (N, P, features) with sums of pT (N, 1, 1)."""
    import torch

    one, other = particles[:, :, None, :3].unbind(3), particles[:, None, :, :3].unbind(3)
    eta, phi = one[1] - other[1], one[2] - other[2]
    delta, softer = torch.sqrt(eta**2 + phi**2), torch.minimum(one[0], other[0])
    mass = 4 * (one[0] * scale) * (other[0] * scale) * (torch.sinh(eta / 2) ** 2 + torch.sin(phi / 2) ** 2)
    z = softer / (one[0] + other[0] + _SMALL)
    return torch.log(torch.stack((delta, softer * delta * scale, z, mass), 3) + _SMALL)


def _finish(logits: Any, settings: ParticleFlowSettings) -> tuple[Any, ...]:
    import torch

    if settings.output == "softmax":
        return (torch.softmax(logits, 1),)
    evidence = torch.relu(logits)
    alpha = evidence + 1
    total = alpha.sum(1, keepdim=True)
    return evidence, alpha / total, alpha.shape[1] / total
