# SPDX-License-Identifier: MIT
"""JetNet's ParticleNet in PyTorch."""

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from fairreg.models.common.torch_weights import batch_norm, torch_weights
from fairreg.models.particlenet.torch_network import neighbours_of
from fairreg.models.particlenet_fpnd.architecture import LAYERS, NEIGHBOURS, FpndArchitecture, edge_net

__all__ = ["network"]


def network(tensors: Mapping[str, NDArray[Any]], device: str = "cpu") -> Callable[..., Any]:
    """Return a function of particles (N, P, features) that computes scores and activations, in float32.

    Raises ModelError for tensors of another network.
    """
    import torch

    sizes = FpndArchitecture.from_tensors(tensors)
    weights = torch_weights({name: tensors[name] for name in sizes.shapes()}, device)

    def scores_and_activations(particles: Any) -> tuple[Any, Any]:
        value = particles
        for block in range(len(sizes.blocks)):
            searched = value if block else value[:, :, :2]
            value = torch.cat((_mean_of_edges(weights, block, searched, value), value), dim=2)
        hidden = value.mean(1) @ weights["fc1.0.weight"].T + weights["fc1.0.bias"]
        return hidden.relu() @ weights["fc2.weight"].T + weights["fc2.bias"], hidden

    return scores_and_activations


def _mean_of_edges(weights: Mapping[str, Any], block: int, searched: Any, value: Any) -> Any:
    import torch
    from torch.nn import functional

    jets, slots, channels = value.shape
    everywhere = torch.ones((jets, slots), dtype=torch.bool, device=value.device)
    chosen = neighbours_of(searched, everywhere, NEIGHBOURS)
    index = chosen.reshape(jets, slots * NEIGHBOURS, 1).expand(-1, -1, channels)
    others = value.gather(1, index).view(jets, slots, NEIGHBOURS, channels)
    own = value.unsqueeze(2)
    edges = torch.cat((own.expand_as(others), others - own), dim=3).reshape(-1, 2 * channels)
    for layer in LAYERS:
        name, norm = edge_net(block, layer), edge_net(block, layer + 1)
        edges = functional.linear(edges, weights[f"{name}.weight"], weights[f"{name}.bias"])
        edges = batch_norm(weights, norm, edges).relu()
    return edges.view(jets, slots, NEIGHBOURS, edges.shape[1]).mean(2)
