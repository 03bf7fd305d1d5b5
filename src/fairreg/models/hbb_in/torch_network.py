# SPDX-License-Identifier: MIT
"""The same interaction network in PyTorch: layers by their published names and one function through them.

The layers' ``state_dict`` has the published keys, so that what is trained here can be saved like it.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.network import Hyperparameters

__all__ = ["forward", "layers", "network"]


def layers(sizes: Hyperparameters) -> Any:
    """A ``torch.nn.ModuleDict`` of linear layers ("fr1", "fr1_pv", ...) with PyTorch's initial weights."""
    import torch

    shapes = {name: shape for name, shape in sizes.shapes().items() if name.endswith(".weight")}
    return torch.nn.ModuleDict(
        {name.removesuffix(".weight"): torch.nn.Linear(shape[1], shape[0]) for name, shape in shapes.items()}
    )


def network(tensors: Mapping[str, NDArray[Any]], device: str = "cpu") -> Any:
    """A function of tracks (N, P, 60) and vertices (N, S, 5) that returns probabilities (N, 2).

    Raises ModelError for tensors of another network.
    """
    import torch

    module = layers(Hyperparameters.from_tensors(tensors))
    module.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in tensors.items()})
    module.to(device).eval()

    def probabilities(tracks: Any, vertices: Any) -> Any:
        return torch.softmax(forward(module, tracks, vertices), dim=1)

    return probabilities


def forward(module: Any, tracks: Any, vertices: Any) -> Any:
    """Logits (N, 2) of tracks (N, P, 60) and vertices (N, S, 5); differentiable."""
    import torch

    rows, others = tracks.transpose(1, 2), vertices.transpose(1, 2)
    through = partial(_through, module)
    receiver, sender = _first(module["fr1"], rows, rows)
    everyone = through(("fr2", "fr3"), receiver.unsqueeze(2) + sender.unsqueeze(1)).sum(2)
    messages = everyone - through(("fr2", "fr3"), receiver + sender)
    receiver, sender = _first(module["fr1_pv"], rows, others)
    from_vertices = through(("fr2_pv", "fr3_pv"), receiver.unsqueeze(2) + sender.unsqueeze(1)).sum(2)
    objects = module["fo1"](torch.cat((rows, messages, from_vertices), dim=2))
    return module["fc_fixed"](through(("fo2", "fo3"), objects).sum(1))


def _first(layer: Any, receivers: Any, senders: Any) -> tuple[Any, Any]:
    """The two parts of the first layer of a pair, each (N, slots, hidden)."""
    split = receivers.shape[2]
    return receivers @ layer.weight[:, :split].T + layer.bias, senders @ layer.weight[:, split:].T


def _through(module: Any, names: tuple[str, ...], value: Any) -> Any:
    for name in names:
        value = module[name](value.relu())
    return value.relu()
