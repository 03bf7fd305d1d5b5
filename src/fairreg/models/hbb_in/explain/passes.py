# SPDX-License-Identifier: MIT
"""The network in numpy with access to every activation, on jets in as few slots as they need.

Equal slots are computed once and counted: the last of K track slots represents all padded ones (see
`network`), so that sums over slots, edges and relevances carry `copies`. The result of a jet depends neither
on the other jets nor on the position of its padding.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.hbb_in.network import Hyperparameters
from fairreg.models.hbb_in.packing import packs

__all__ = ["LAYERS", "Activations", "Group", "Network", "check_explainable", "groups", "product"]

Array = NDArray[np.float64]
# Every layer with an activation, in the order of the paper's Figure 8: its name there, and in the weights.
LAYERS = ("fr1", "fr2", "fr3", "fr1_pv", "fr2_pv", "fr3_pv", "fo1", "fo2", "fo3")
_JETS = 8  # in a group: enough to share the cost of a call, few enough for their pairs to stay in a cache


@dataclass(frozen=True)
class Group:
    """Some jets with their real objects in front: tracks (n, K, P) and vertices (n, V, S), float64.

    `jets` are their places in the sample, `track_places` (n, K) and `vertex_places` (n, V) those of the slots
    in the jet; `track_copies` (K) and `vertex_copies` (V) are the numbers of slots that each represents.
    """

    jets: NDArray[np.intp]
    tracks: Array
    vertices: Array
    track_places: NDArray[np.intp]
    vertex_places: NDArray[np.intp]
    track_copies: Array
    vertex_copies: Array

    @property
    def pair_copies(self) -> Array:
        """Number of slots like j that a slot like i has beside itself, (K, K)."""
        return self.track_copies - np.eye(len(self.track_copies))


def groups(tracks: NDArray[Any], vertices: NDArray[Any], size: int = _JETS) -> Iterator[Group]:
    """Tracks (N, P, 60) and vertices (N, S, 5), padded anywhere, in groups of at most `size` jets."""
    track_order, vertex_order = _order(tracks), _order(vertices)
    fronts = (_sorted(tracks, track_order), _sorted(vertices, vertex_order))
    for pack in packs(*fronts, size):
        slots = pack.tracks.shape[2], pack.vertices.shape[2]
        yield Group(
            pack.jets,
            pack.tracks.transpose(0, 2, 1).astype(np.float64),
            pack.vertices.transpose(0, 2, 1).astype(np.float64),
            track_order[pack.jets, : slots[0]],
            vertex_order[pack.jets, : slots[1]],
            _copies(slots[0], tracks.shape[2]),
            _copies(slots[1], vertices.shape[2]),
        )


def _order(objects: NDArray[Any]) -> NDArray[np.intp]:
    """Slots of each jet, those of the real objects first and in their order."""
    return np.argsort(~np.any(objects != 0, axis=1), axis=1, kind="stable")


def _sorted(objects: NDArray[Any], order: NDArray[np.intp]) -> NDArray[Any]:
    return np.take_along_axis(objects, order[:, np.newaxis, :], axis=2)


def _copies(kept: int, total: int) -> Array:
    copies = np.ones(kept)
    copies[-1] += total - kept
    return copies


@dataclass(frozen=True)
class Activations:
    """Outputs of every layer: `edges` and `pairs` are the layers of f_R (n, K, K, .) and of f_R_pv
    (n, K, V, .), receivers first; `inputs` (n, K, P + both D_E) and `objects` (n, K, .) those of f_O; `total`
    (n, D_O) is their sum over the slots, `logits` (n, 2) the outcome."""

    edges: tuple[Array, ...]
    pairs: tuple[Array, ...]
    inputs: Array
    objects: tuple[Array, ...]
    total: Array
    logits: Array


def check_explainable(sizes: Hyperparameters) -> None:
    """Raise ModelError for a network of tracks only: relevances are shared between tracks and vertices."""
    if not sizes.vertex_features:
        raise ModelError(
            "The network takes tracks only; explanations are made for networks of tracks and vertices.",
            hint="Use weights of a network that takes vertices.",
        )


class Network:
    """The weights in float64 and the forward pass.

    Raises ModelError for tensors of another network, and for one of tracks only.
    """

    def __init__(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        self.sizes = Hyperparameters.from_tensors(tensors)
        check_explainable(self.sizes)
        self._tensors = {name: array.astype(np.float64) for name, array in tensors.items()}

    def layer(self, name: str) -> tuple[Array, Array]:
        """Weights (outputs, inputs) and biases (outputs)."""
        return self._tensors[f"{name}.weight"], self._tensors[f"{name}.bias"]

    def forward(self, group: Group) -> Activations:
        """Compute all activations of the group's jets."""
        edges = self._messages("", group.tracks, group.tracks)
        pairs = self._messages("_pv", group.tracks, group.vertices)
        sums = (_summed(edges[-1], group.pair_copies), _summed(pairs[-1], group.vertex_copies))
        inputs = np.concatenate((group.tracks, *sums), axis=2)
        objects = self._perceptron(inputs, ("fo1", "fo2", "fo3"))
        total = np.einsum("k,nko->no", group.track_copies, objects[-1])
        weight, bias = self.layer("fc_fixed")
        return Activations(edges, pairs, inputs, objects, total, total @ weight.T + bias)

    def _messages(self, suffix: str, receivers: Array, senders: Array) -> tuple[Array, ...]:
        weight, bias = self.layer(f"fr1{suffix}")
        split = receivers.shape[2]
        parts = receivers @ weight[:, :split].T + bias, senders @ weight[:, split:].T
        first = np.maximum(parts[0][:, :, np.newaxis] + parts[1][:, np.newaxis], 0)
        return (first, *self._perceptron(first, (f"fr2{suffix}", f"fr3{suffix}")))

    def _perceptron(self, value: Array, names: tuple[str, ...]) -> tuple[Array, ...]:
        found = []
        for name in names:
            weight, bias = self.layer(name)
            value = product(value, weight.T)
            value += bias
            found.append(np.maximum(value, 0, out=value))
        return tuple(found)


def product(values: Array, matrix: Array) -> Array:
    """Multiply every row of `values` by `matrix`, over any number of other axes, in one call."""
    found: Array = (values.reshape(-1, values.shape[-1]) @ matrix).reshape(*values.shape[:-1], -1)
    return found


def _summed(messages: Array, copies: Array) -> Array:
    """Sums (n, K, D_E) over the senders, each weighted by its `copies`, (K, senders) or (senders)."""
    found: Array = np.einsum("ks,nksd->nkd", np.broadcast_to(copies, messages.shape[1:3]), messages)
    return found
