# SPDX-License-Identifier: MIT
"""Tracks and vertices by descending energy relative to the jet, as in Figure 6 of 10.1088/2632-2153/ad12e3.

The network does not depend on the order of the slots, so jets may be sorted before they are explained.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES

__all__ = ["by_energy"]

Array = NDArray[Any]
_TRACK_ENERGY = [item.name for item in TRACK_FEATURES].index("track_erel")
_VERTEX_ENERGY = [item.name for item in VERTEX_FEATURES].index("sv_erel")


def by_energy(tracks: Array, vertices: Array) -> tuple[Array, Array]:
    """Sort the slots of tracks (n, 30, 60) and vertices (n, 14, 5), padding last."""
    return _sorted(tracks, _TRACK_ENERGY), _sorted(vertices, _VERTEX_ENERGY)


def _sorted(objects: Array, feature: int) -> Array:
    key = np.where(np.any(objects != 0, axis=1), -objects[:, feature], np.inf)
    order = np.argsort(key, axis=1, kind="stable")
    return np.take_along_axis(objects, order[:, np.newaxis, :], axis=2)
