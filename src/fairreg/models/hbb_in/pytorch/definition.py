# SPDX-License-Identifier: MIT
"""The plain definition of the network in PyTorch, with the features of each pair concatenated."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.network import Hyperparameters

__all__ = ["network"]

Layers = Callable[..., Any]


def network(tensors: Mapping[str, NDArray[Any]], device: str = "cpu") -> Callable[..., Any]:
    """Return a function of tracks (N, P, 60) and vertices (N, S, 5) that computes probabilities (N, 2).

    A network of tracks only takes tracks alone, or ignores the vertices. It computes in the precision of the
    tensors. Raises ModelError for tensors of another network.
    """
    import torch

    takes_vertices = Hyperparameters.from_tensors(tensors).vertex_features > 0
    weights = {name: torch.from_numpy(np.array(array)).to(device) for name, array in tensors.items()}

    def layers(value: Any, *names: str) -> Any:
        for name in names:
            value = torch.relu(value @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])
        return value

    def probabilities(tracks: Any, vertices: Any = None) -> Any:
        x = tracks.transpose(1, 2)
        sums = [_from_tracks(layers, x)]
        if takes_vertices:
            sums.append(_from_vertices(layers, x, vertices.transpose(1, 2)))
        total = layers(torch.cat((x, *sums), 2), "fo1", "fo2", "fo3").sum(1)
        return torch.softmax(total @ weights["fc_fixed.weight"].T + weights["fc_fixed.bias"], 1)

    return probabilities


def _from_tracks(layers: Layers, x: Any) -> Any:
    """Sums of the messages from the other tracks, (N, tracks, d_e)."""
    import torch

    slots = x.shape[1]
    receiver = torch.arange(slots).repeat_interleave(slots - 1)
    sender = torch.tensor([other for one in range(slots) for other in range(slots) if one != other])
    pairs = layers(torch.cat((x[:, receiver], x[:, sender]), 2), "fr1", "fr2", "fr3")
    return pairs.unflatten(1, (slots, slots - 1)).sum(2)


def _from_vertices(layers: Layers, x: Any, y: Any) -> Any:
    """Sums of the messages from the vertices, (N, tracks, d_e)."""
    import torch

    tracks, vertices = x.shape[1], y.shape[1]
    receiver = torch.arange(tracks).repeat_interleave(vertices)
    sender = torch.arange(vertices).repeat(tracks)
    pairs = layers(torch.cat((x[:, receiver], y[:, sender]), 2), "fr1_pv", "fr2_pv", "fr3_pv")
    return pairs.unflatten(1, (tracks, vertices)).sum(2)
