# SPDX-License-Identifier: MIT
"""Packing of jets into as few slots as they need: faster, with the same results.

Padded slots are equal zero vectors, so that one may represent all of them (see `network`). Real tracks and
vertices move to the front, keeping their order; jets with similar numbers of them are computed together.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pack", "packs"]

Array = NDArray[Any]


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
    for first in range(0, len(order), size):
        jets = order[first : first + size]
        yield Pack(jets, _cut(tracks, n_tracks, jets), _cut(vertices, n_vertices, jets))


def _to_the_front(objects: Array) -> tuple[Array, NDArray[np.intp]]:
    """The objects with the real ones first, and the number of real ones per jet."""
    real = np.any(objects != 0, axis=1)
    counts = real.sum(axis=1)
    if (real[:, 1:] > real[:, :-1]).any():
        order = np.argsort(~real, axis=1, kind="stable")
        objects = np.take_along_axis(objects, order[:, np.newaxis, :], axis=2)
    return objects, counts


def _cut(objects: Array, counts: NDArray[np.intp], jets: NDArray[np.intp]) -> Array:
    """The slots that the jets need: the real ones and an empty one, or all."""
    slots = min(int(counts[jets].max()) + 1, objects.shape[2])
    return np.ascontiguousarray(objects[jets, :, :slots])
