# SPDX-License-Identifier: MIT
"""Inputs at which implementations of a network are most likely to differ."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fairreg.runners.converters.keras.graph import Shape

__all__ = ["inputs"]

# Zero, the kinks of relu, hard_sigmoid (2.5 and 3), relu6 and hard_tanh with their neighbours, large numbers.
_LEVELS = (0.0, 1.0, -1.0, 2.5, -2.5, 3.0, -3.0, 6.0, 1e-6, -1e-6, 0.5, -0.5, 30.0, -30.0, 1e4, -1e4)
_SCALES = (1e-3, 1.0, 3.0, 100.0)  # of normal numbers
_FREE, _MOST = 8, 1 << 22  # length of an axis that is free; numbers of one input


def inputs(names: Sequence[str], shapes: Sequence[Shape]) -> dict[str, NDArray[np.float32]]:
    """Rows of one level each, then rows of normal numbers of several scales; empty for very large rows."""
    random = np.random.default_rng(0)
    found: dict[str, NDArray[np.float32]] = {}
    for name, shape in zip(names, shapes, strict=True):
        row = tuple(_FREE if size is None else size for size in shape[1:])
        if np.prod(row, dtype=float) * (len(_LEVELS) + len(_SCALES)) > _MOST:
            return {}
        levels = [np.full(row, level) for level in _LEVELS]
        drawn = [scale * random.standard_normal(row) for scale in _SCALES]
        found[name] = np.asarray([*levels, *drawn], np.float32)
    return found
