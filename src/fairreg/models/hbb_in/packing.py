# SPDX-License-Identifier: MIT
"""Packing of jets into as few slots as they need: faster, with the same results.

Padded slots are equal zero vectors, so that one may represent all of them (see `network`). Real tracks and
vertices move to the front, keeping their order; jets with similar numbers of them are computed together.

A processor gets packs of a few jets, whose pairs stay in its cache. A GPU gets few large packs, because every
call has a fixed cost: `size_classes` finds the division with the least sum of that cost and of the pairs of
tracks, which make up the computing time.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CALL",
    "MOST_JETS",
    "MOST_PAIRS",
    "NumpyLayout",
    "Pack",
    "class_packs",
    "packs",
    "size_classes",
]

Array = NDArray[Any]

# Fixed cost of a call on a GPU, in pairs of tracks; estimated, not measured.
CALL = 8192
# Limits of a call on a GPU: 60 numbers for each of these pairs are half a gigabyte.
MOST_PAIRS = 1 << 21
MOST_JETS = 1024
# Jets whose tracks, 2 MB, stay in the second-level cache from one step to the next.
_BLOCK = 256


class Pack(NamedTuple):
    """Some jets: their places in the batch, tracks (n, P, K) and vertices (n, S, V) with K and V as small as
    all of them allow."""

    jets: NDArray[np.intp]
    tracks: Array
    vertices: Array


def packs(tracks: Array, vertices: Array, size: int) -> Iterator[Pack]:
    """Divide tracks (N, P, 60) and vertices (N, S, 5) into packs of `size` jets; every jet is in one pack."""
    tracks, n_tracks = _to_the_front(tracks)
    vertices, n_vertices = _to_the_front(vertices)
    order = np.lexsort((n_vertices, n_tracks))
    divided = (order[first : first + size] for first in range(0, len(order), size))
    yield from _packed(divided, (tracks, n_tracks), (vertices, n_vertices))


class NumpyLayout:
    """Counting and cutting of jets (N, features, slots) in numpy; `fused.layout` is faster."""

    def count(self, objects: Array) -> tuple[NDArray[np.intp], bool]:
        """Numbers of the real objects of each jet (N,), and whether they are in front in all jets."""
        real = _real_of_all(objects)
        return real.sum(axis=1), not (real[:, 1:] > real[:, :-1]).any()

    def cut(self, objects: Array, jets: NDArray[np.intp], slots: int) -> Array:
        """The first `slots` slots of some jets, (jets, features, slots)."""
        return np.ascontiguousarray(objects[jets, :, :slots])


_IN_NUMPY = NumpyLayout()


def class_packs(
    tracks: Array,
    vertices: Array,
    most_jets: int,
    call: int = CALL,
    layouts: tuple[NumpyLayout, NumpyLayout] = (_IN_NUMPY, _IN_NUMPY),
) -> Iterator[Pack]:
    """Divide tracks (N, P, 60) and vertices (N, S, 5) into the packs of `size_classes`.

    `layouts` are those of tracks and of vertices.
    """
    tracks, n_tracks = _to_the_front(tracks, layouts[0])
    vertices, n_vertices = _to_the_front(vertices, layouts[1])
    divided = size_classes(n_tracks, n_vertices, tracks.shape[2], most_jets=most_jets, call=call)
    yield from _packed(divided, (tracks, n_tracks), (vertices, n_vertices), layouts)


def size_classes(
    n_tracks: NDArray[Any],
    n_vertices: NDArray[Any],
    slots: int,
    *,
    most_jets: int = MOST_JETS,
    most_pairs: int = MOST_PAIRS,
    call: int = CALL,
) -> list[NDArray[np.intp]]:
    """Indices of the jets of each call on a GPU, from their numbers of tracks and vertices, each (N,).

    Jets with most tracks come first. A call of n jets in K slots for tracks costs n * K * K pairs and `call`
    more. The division of the sorted jets with the least cost is found exactly, by dynamic programming over
    the different K. No call has more than `most_jets` jets, or more than `most_pairs` pairs unless it is of
    one jet.
    """
    order = np.lexsort((n_vertices, n_tracks))
    kept = np.minimum(n_tracks[order] + 1, slots).astype(np.int64)
    sizes, firsts = np.unique(kept, return_index=True)
    limits = np.maximum(1, np.minimum(most_jets, most_pairs // sizes**2))
    found: list[NDArray[np.intp]] = []
    for last, first, limit in _cheapest(sizes, np.append(firsts, len(kept)), limits, call):
        parts = -(-(last - first) // limit)
        found += reversed(np.array_split(order[first:last], parts))
    return found


def _cheapest(
    sizes: NDArray[np.int64], edges: NDArray[np.intp], limits: NDArray[np.int64], call: int
) -> Iterator[tuple[int, int, int]]:
    """Yield end, start and limit of each class, the last one first; size i begins at `edges[i]`."""
    costs, begins = np.zeros(len(edges)), np.zeros(len(edges), dtype=np.intp)
    jets = edges[1:, np.newaxis] - edges  # of a class that ends with a size, by its begin
    of_class = jets * sizes[:, np.newaxis] ** 2 + call * -(-jets // limits[:, np.newaxis])
    for end in range(1, len(edges)):
        candidates = costs[:end] + of_class[end - 1, :end]
        begins[end] = candidates.argmin()
        costs[end] = candidates[begins[end]]
    end = len(sizes)
    while end:
        yield int(edges[end]), int(edges[begins[end]]), int(limits[end - 1])
        end = begins[end]


def _packed(
    divided: Iterable[NDArray[np.intp]],
    tracks: tuple[Array, NDArray[np.intp]],
    vertices: tuple[Array, NDArray[np.intp]],
    layouts: tuple[NumpyLayout, NumpyLayout] = (_IN_NUMPY, _IN_NUMPY),
) -> Iterator[Pack]:
    for jets in divided:
        yield Pack(jets, _cut(*tracks, jets, layouts[0]), _cut(*vertices, jets, layouts[1]))


def _to_the_front(objects: Array, layout: NumpyLayout = _IN_NUMPY) -> tuple[Array, NDArray[np.intp]]:
    """The objects with the real ones first, and the number of real ones per jet."""
    counts, in_front = layout.count(objects)
    if not in_front:
        order = np.argsort(~_real_of_all(objects), axis=1, kind="stable")
        objects = np.take_along_axis(objects, order[:, np.newaxis, :], axis=2)
    return objects, counts


def _real_of_all(objects: Array) -> NDArray[np.bool_]:
    """The slots (N, slots) with a feature that is not 0."""
    blocks = (objects[first : first + _BLOCK] for first in range(0, max(len(objects), 1), _BLOCK))
    return np.concatenate([_real(block) for block in blocks])


def _real(objects: Array) -> NDArray[np.bool_]:
    """The slots (n, slots) with a feature that is not 0.

    One half of the features is compared with the other, again and again: an operation on many numbers in a
    row takes a third of the time of one on the 60 slots of each feature.
    """
    jets, features, slots = objects.shape
    seen = (objects != 0).reshape(jets, features * slots)
    while features > 1:
        half = features // 2 * slots
        merged = seen[:, :half] | seen[:, half : 2 * half]
        if features % 2:
            merged[:, :slots] |= seen[:, 2 * half :]
        seen, features = merged, features // 2
    return seen if features else np.zeros((jets, slots), dtype=bool)


def _cut(objects: Array, counts: NDArray[np.intp], jets: NDArray[np.intp], layout: NumpyLayout) -> Array:
    """The slots that the jets need: the real ones and an empty one, or all."""
    return layout.cut(objects, jets, min(int(counts[jets].max()) + 1, objects.shape[2]))
