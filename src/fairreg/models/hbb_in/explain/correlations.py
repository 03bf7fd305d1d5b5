# SPDX-License-Identifier: MIT
"""Correlations of the features; Figure 7 of 10.1088/2632-2153/ad12e3 shows those of three features."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["correlations", "real", "strongest"]

Array = NDArray[np.float64]


def real(objects: NDArray[Any]) -> Array:
    """Features (m, F) of the real objects of jets (n, F, slots), one row per object."""
    rows: Array = objects.transpose(0, 2, 1)[np.any(objects != 0, axis=1)].astype(np.float64)
    return rows


def correlations(rows: Array) -> Array:
    """Pearson's coefficients (F, F) of the columns of (m, F); NaN for one that is constant."""
    away = rows - rows.mean(axis=0) if len(rows) else rows
    size = np.sqrt((away**2).sum(axis=0))
    scaled = away / np.where(size > 0, size, 1.0)
    found: Array = np.clip(scaled.T @ scaled, -1, 1)
    found[size == 0], found[:, size == 0] = np.nan, np.nan
    return found


def strongest(matrix: Array, count: int) -> list[tuple[int, int, float]]:
    """The pairs of different columns with the largest absolute coefficients, in descending order."""
    rows, columns = np.triu_indices(len(matrix), k=1)
    values = matrix[rows, columns]
    order = [index for index in np.argsort(-np.abs(values), kind="stable") if np.isfinite(values[index])]
    return [(int(rows[i]), int(columns[i]), float(values[i])) for i in order[:count]]
