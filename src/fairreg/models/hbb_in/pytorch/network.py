# SPDX-License-Identifier: MIT
"""The interaction network in PyTorch: layers by their published names and the function through them.

The layers' ``state_dict`` has the published keys, so that trained weights are saved under the same names.

Padded slots are equal, so the first of them can represent all: real tracks go to the front, K slots are kept,
and the last one counts 61 - K times (likewise for vertices). This is exact and differentiable.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.network import Hyperparameters
from fairreg.models.hbb_in.packing import CALL, MOST_PAIRS, size_classes
from fairreg.models.hbb_in.pytorch.messages import messages

__all__ = [
    "PAIRS",
    "compact",
    "divided",
    "forward",
    "groups",
    "layers",
    "logits",
    "network",
]

_OF_PAIRS = ("fr2", "fr3", "fr2_pv", "fr3_pv")  # the layers that every pair passes through by itself
# Pairs of tracks in one pass on a processor: 60 numbers for each are 4 MB, which stays in its cache.
PAIRS = 16384


def layers(sizes: Hyperparameters) -> Any:
    """``torch.nn.ModuleDict`` of linear layers ("fr1", "fr1_pv", ...) with PyTorch's initial weights."""
    import torch

    shapes = {name: shape for name, shape in sizes.shapes().items() if name.endswith(".weight")}
    return torch.nn.ModuleDict(
        {name.removesuffix(".weight"): torch.nn.Linear(shape[1], shape[0]) for name, shape in shapes.items()}
    )


def network(
    tensors: Mapping[str, NDArray[Any]],
    device: str = "cpu",
    *,
    pairs_in_bfloat16: bool = False,
    call: int = CALL,
) -> Any:
    """Return a function of tracks (N, P, 60) and vertices (N, S, 5) that computes probabilities (N, 2).

    `pairs_in_bfloat16` computes the messages of the pairs so, their sums and all else as the tensors are;
    `call` is the cost of a pass on a GPU (see `packing`). A network of tracks only does without vertices.
    Raises ModelError for tensors of another network.
    """
    import torch

    module = layers(Hyperparameters.from_tensors(tensors))
    arrays = {name: torch.from_numpy(np.array(array)) for name, array in tensors.items()}
    module.load_state_dict(arrays, assign=True)  # in the precision of the tensors
    module.to(device).eval()
    for name in set(_OF_PAIRS) & set(module.keys()) if pairs_in_bfloat16 else ():
        module[name].bfloat16()

    def probabilities(tracks: Any, vertices: Any = None) -> Any:
        return torch.softmax(forward(module, tracks, vertices, call), dim=1)

    return probabilities


def forward(module: Any, tracks: Any, vertices: Any = None, call: int = CALL) -> Any:
    """Compute logits (N, 2) of tracks (N, P, 60) and vertices (N, S, 5), padded anywhere; differentiable.

    Layers of a network of tracks only ignore the vertices.
    """
    import torch

    if not _takes_vertices(module):
        vertices = tracks.new_zeros((len(tracks), 0, 1))  # an empty one of no features in every jet

    if not len(tracks):
        return module["fc_fixed"](tracks.new_zeros((0, module["fc_fixed"].in_features)))
    slots = (tracks.shape[2], vertices.shape[2])
    # Both numbers in one copy: a processor waits for the GPU here, and nowhere else.
    counts = torch.stack([(item != 0).any(1).sum(1) for item in (tracks, vertices)]).cpu().numpy()
    parts = list(divided(counts, slots[0], tracks.device.type, call))
    order = torch.from_numpy(np.concatenate(parts)).to(tracks.device)
    rows = [compact(item, int(most.max())) for item, most in zip((tracks, vertices), counts, strict=True)]
    sorted_rows = [item[order] for item in rows]
    found, first = [], 0
    for part in parts:
        chosen = slice(first, first + len(part))
        kept = (min(int(most[part].max()) + 1, total) for most, total in zip(counts, slots, strict=True))
        some, others = (item[chosen, :size] for item, size in zip(sorted_rows, kept, strict=True))
        found.append(logits(module, some, others, slots))
        first = chosen.stop
    return torch.cat(found)[order.argsort()]


def divided(counts: Any, slots: int, device: str, call: int = CALL) -> Iterator[NDArray[Any]]:
    """Yield indices of the jets of each pass from `counts` (2, N) of tracks and vertices: for the cache of a
    processor by `groups`, for a GPU (``cuda``) by `size_classes`."""
    if device == "cuda":
        # PyTorch takes any number of jets: only the memory for the pairs is a limit.
        yield from size_classes(counts[0], counts[1], slots, most_jets=MOST_PAIRS, call=call)
    else:
        yield from groups(counts[0], slots)


def groups(counts: NDArray[Any], slots: int) -> Iterator[NDArray[np.int64]]:
    """Yield indices of jets with similar numbers of tracks: at most PAIRS pairs per group, or one jet."""
    order = np.argsort(counts, kind="stable")
    last = len(order)
    while last:
        kept = min(int(counts[order[last - 1]]) + 1, slots)
        first = max(0, last - max(1, PAIRS // kept**2))
        yield order[first:last]
        last = first


def compact(objects: Any, most: int | None = None) -> Any:
    """Convert (N, features, slots) to (N, K, features): real objects first, the last one for all padding.

    `most` is the largest number of real objects, where it is known.
    """
    real = (objects != 0).any(1)
    most = int(real.sum(1).max()) if most is None else most
    kept = min(most + 1, objects.shape[2])
    order = real.logical_not().to(real.device).byte().argsort(dim=1, stable=True)[:, :kept]
    return objects.transpose(1, 2).gather(1, order.unsqueeze(2).expand(-1, -1, objects.shape[1]))


def logits(module: Any, tracks: Any, vertices: Any, slots: tuple[int, int]) -> Any:
    """Logits (N, 2) of tracks (N, K, P) and vertices (N, V, S); the last slot counts for all others.

    `slots` are their full numbers. K is smaller only if the last slot is padding in every jet.
    """
    import torch

    through = partial(_through, module)
    repeats = [total - kept.shape[1] + 1 for total, kept in zip(slots, (tracks, vertices), strict=True)]
    dtype = module["fr2"].weight.dtype
    pairs = _first(module["fr1"], tracks, tracks, dtype)
    sums = [messages(pairs, (module["fr2"], module["fr3"]), repeats[0], others_only=True)]
    if _takes_vertices(module):
        pairs = _first(module["fr1_pv"], tracks, vertices, dtype)
        layers_of_pairs = (module["fr2_pv"], module["fr3_pv"])
        sums.append(messages(pairs, layers_of_pairs, repeats[1], others_only=False))
    objects = module["fo1"](torch.cat((tracks, *sums), dim=2))
    outcome = through(("fo2", "fo3"), objects)
    return module["fc_fixed"](outcome.sum(1) + (repeats[0] - 1) * outcome[:, -1])


def _takes_vertices(module: Any) -> bool:
    """Tell whether f_O takes messages from vertices; a network of tracks only may have unused layers."""
    without = module["fr1"].in_features // 2 + module["fr3"].out_features
    return bool(module["fo1"].in_features > without)


def _first(layer: Any, receivers: Any, senders: Any, dtype: Any) -> tuple[Any, Any]:
    """The two parts of the first layer of a pair, each (N, slots, hidden), as numbers of `dtype`."""
    split = receivers.shape[2]
    parts = receivers @ layer.weight[:, :split].T + layer.bias, senders @ layer.weight[:, split:].T
    return parts[0].to(dtype), parts[1].to(dtype)


def _through(module: Any, names: tuple[str, ...], value: Any) -> Any:
    for name in names:
        value = module[name](value.relu())
    return value.relu()
