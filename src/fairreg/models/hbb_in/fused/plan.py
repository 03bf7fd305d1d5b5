# SPDX-License-Identifier: MIT
"""Layout of the weights and of the memory of the fused kernel, for a network of any widths.

Both are one array of float32 each; a place is an index into it. Everything about a group of jets is a matrix
with a row per feature or unit. Its columns are lanes: the real tracks of the first jet, one lane for all its
empty slots unless it has 60 tracks, then those of the next jet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.fused.code import VectorUnit
from fairreg.models.hbb_in.network import Hyperparameters

__all__ = ["GROUP_LANES", "MOST_JETS", "BlockedLayer", "Places", "Plan", "planned", "workspace"]

Array = NDArray[Any]
Floats = NDArray[np.float32]

# Lanes of a group: its rows stay in the second-level cache, and few tiles at its end are not full.
GROUP_LANES = 256
MOST_JETS = 16  # of a group
_LINE = 16  # numbers of a cache line
_TRACKS, _VERTICES, _OBJECT = ("fr1", "fr2", "fr3"), ("fr1_pv", "fr2_pv", "fr3_pv"), ("fo1", "fo2", "fo3")


class BlockedLayer(NamedTuple):
    """A linear layer: the place of its weights, its numbers of inputs and outputs, the largest block."""

    at: int
    inputs: int
    outputs: int
    most: int

    def blocks(self) -> list[tuple[int, int]]:
        """Width and number of the blocks of outputs: few, and of nearly one size."""
        count = -(-self.outputs // self.most)
        width, wide = -(-self.outputs // count), self.outputs % count or count
        return [(width, wide)] + ([(width - 1, count - wide)] if count > wide else [])


class Places(NamedTuple):
    """Places of the matrices in the memory of a thread; `size` is that of all."""

    objects: int  # features of the tracks, then the sums of the messages from tracks and from vertices
    receivers: int
    senders: int
    one_jet: int  # the receivers of a jet from a cache line on
    twice: int  # its senders twice in a row
    to_empty: int  # messages to an empty slot, by sender
    vertices: int
    vertex_senders: int
    one_vertex: int  # a sender in all lanes of a vector
    first: int  # of a tile of pairs or objects: units of the first layer, of the second, messages
    second: int
    third: int
    empty_receiver: int  # in all lanes of a vector
    zeros: int
    seen: int
    summands: int
    total: int
    size: int


@dataclass(frozen=True)
class Plan:
    """A network laid out for a vector unit.

    `tracks`, `vertices` and `objects` are layers one after another; the first of a pair is two, of receivers
    and senders. `last` is the place of the weights and biases of the last layer, `between_empty` that of the
    message between two empty slots. Steps are those between the rows of matrices.
    """

    unit: VectorUnit
    sizes: Hyperparameters
    tracks: tuple[BlockedLayer, ...]
    vertices: tuple[BlockedLayer, ...]
    objects: tuple[BlockedLayer, ...]
    last: int
    between_empty: int
    places: Places

    @property
    def step(self) -> int:
        """Numbers of a row of a group: an odd number of cache lines, so that rows share none of its sets."""
        return _step(self.unit)

    @property
    def double_step(self) -> int:
        """Numbers of a row of `Places.twice`."""
        return _double_step(self.unit, self.sizes)

    @property
    def jet_step(self) -> int:
        """Numbers of a row of `Places.one_jet`."""
        return _jet_step(self.unit, self.sizes)

    @property
    def vertex_step(self) -> int:
        """Numbers of a row of vertices of a group."""
        return _vertex_step(self.unit, self.sizes)

    @property
    def tile_step(self) -> int:
        """Numbers of a row of a tile: a vector may begin in its last lane."""
        return _tile_step(self.unit)


def _step(unit: VectorUnit) -> int:
    return GROUP_LANES + _whole_lines(unit.width)


def _double_step(unit: VectorUnit, sizes: Hyperparameters) -> int:
    return _odd_lines(2 * sizes.n_tracks + unit.width)


def _jet_step(unit: VectorUnit, sizes: Hyperparameters) -> int:
    return _odd_lines(sizes.n_tracks + unit.width)


def _vertex_step(unit: VectorUnit, sizes: Hyperparameters) -> int:
    return _whole_lines(MOST_JETS * (sizes.n_vertices + 1) + unit.lanes)


def _tile_step(unit: VectorUnit) -> int:
    return unit.lanes + unit.width


def _odd_lines(numbers: int) -> int:
    lines = -(-numbers // _LINE)
    return (lines + (lines + 1) % 2) * _LINE


def _whole_lines(numbers: int) -> int:
    return -(-numbers // _LINE) * _LINE


class _Weights:
    """Layers one after another in one array."""

    def __init__(self, unit: VectorUnit) -> None:
        self._parts: list[Floats] = []
        self._size, self._most = 0, unit.outputs

    def add(self, numbers: Array) -> int:
        self._parts.append(np.ascontiguousarray(numbers, dtype=np.float32).ravel())
        at, self._size = self._size, self._size + numbers.size
        return at

    def layer(self, weights: Array, biases: Array) -> BlockedLayer:
        """Add weights (outputs, inputs): of each block the biases, then its weights (inputs, block)."""
        outputs, inputs = weights.shape
        found, begin = BlockedLayer(self._size, inputs, outputs, self._most), 0
        for width, count in found.blocks():
            for _ in range(count):
                self.add(biases[begin : begin + width])
                self.add(weights[begin : begin + width].T)
                begin += width
        return found

    def all(self) -> Floats:
        return np.concatenate(self._parts)


def planned(tensors: Mapping[str, Array], sizes: Hyperparameters, unit: VectorUnit) -> tuple[Plan, Floats]:
    """Lay out a network; return its plan and its weights."""
    weights, features = _Weights(unit), sizes.track_features
    plain = {name: np.asarray(array, dtype=np.float32) for name, array in tensors.items()}

    def layers(names: tuple[str, ...]) -> tuple[BlockedLayer, ...]:
        return tuple(weights.layer(plain[f"{name}.weight"], plain[f"{name}.bias"]) for name in names)

    def pairs(names: tuple[str, ...]) -> tuple[BlockedLayer, ...]:
        first, biases = plain[f"{names[0]}.weight"], plain[f"{names[0]}.bias"]
        receiver = weights.layer(first[:, :features], biases)
        return (receiver, weights.layer(first[:, features:], 0 * biases), *layers(names[1:]))

    of_tracks = pairs(_TRACKS)
    of_vertices = pairs(_VERTICES) if sizes.vertex_features else ()
    objects = layers(_OBJECT)
    last = weights.add(plain["fc_fixed.weight"])
    weights.add(plain["fc_fixed.bias"])
    between = weights.add(_between_empty(plain))
    places = _places(sizes, unit, of_tracks, of_vertices or (BlockedLayer(0, 0, 0, 1),) * 4, objects)
    return Plan(unit, sizes, of_tracks, of_vertices, objects, last, between, places), weights.all()


def _between_empty(tensors: Mapping[str, Floats]) -> Floats:
    """The message between two empty slots: no feature enters it."""
    value = np.maximum(tensors["fr1.bias"], 0)
    for name in _TRACKS[1:]:
        value = np.maximum(tensors[f"{name}.weight"] @ value + tensors[f"{name}.bias"], 0)
    return value


def _places(
    sizes: Hyperparameters,
    unit: VectorUnit,
    tracks: Sequence[BlockedLayer],
    vertices: Sequence[BlockedLayer],
    objects: Sequence[BlockedLayer],
) -> Places:
    step, tile = _step(unit), _tile_step(unit)
    units, messages = tracks[0].outputs, tracks[3].outputs
    firsts = max(units, vertices[0].outputs)
    numbers = {
        "objects": (sizes.track_features + messages + vertices[3].outputs) * step,
        "receivers": firsts * step,
        "senders": units * step,
        "one_jet": units * _jet_step(unit, sizes),
        "twice": units * _double_step(unit, sizes),
        "to_empty": messages * step,
        "vertices": sizes.vertex_features * _vertex_step(unit, sizes),
        "vertex_senders": vertices[0].outputs * _vertex_step(unit, sizes),
        "one_vertex": vertices[0].outputs * unit.width,
        "first": max(firsts, objects[1].outputs) * tile,
        "second": max(tracks[2].outputs, vertices[2].outputs, objects[0].outputs) * tile,
        "third": max(messages, vertices[3].outputs) * tile,
        "empty_receiver": units * unit.width,
        "zeros": unit.width,
        "seen": _whole_lines(max(sizes.n_tracks, sizes.n_vertices)),
        "summands": objects[2].outputs * step,
        "total": objects[2].outputs,
    }
    found, at = {}, 0
    for name, size in numbers.items():
        found[name], at = at, at + _whole_lines(size + unit.lanes)  # vectors may reach beyond the last row
    return Places(size=at, **found)


def workspace(plan: Plan, weights: Floats) -> Floats:
    """The memory of one thread, on a cache line, with what never changes in it."""
    room = np.zeros(plan.places.size + _LINE, dtype=np.float32)
    start = -room.ctypes.data % (4 * _LINE) // 4
    found = room[start : start + plan.places.size]
    receiver, place = plan.tracks[0], plan.places.empty_receiver
    at = receiver.at
    for width, count in receiver.blocks():
        for _ in range(count):
            biases = np.repeat(weights[at : at + width], plan.unit.width)
            found[place : place + biases.size] = biases
            at, place = at + (receiver.inputs + 1) * width, place + biases.size
    return found
