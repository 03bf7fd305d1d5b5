# SPDX-License-Identifier: MIT
"""Relevances averaged over the jets of a class: by feature, by track and by vertex (Figure 6 of the paper).

A mean is in units of the logit. Its share is the mean over the mean explained value: a ratio of two means,
since the logit of a single jet may be close to zero. Uncertainties are standard errors of the means.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.explain.relevance import Relevances
from fairreg.models.hbb_in.network import CLASSES

__all__ = ["Averages", "Summary", "average", "by_class", "joined", "summary"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Summary:
    """Sums of the relevances of jets.

    `track_features` (n, P) and `vertex_features` (n, S) are sums over the slots, `tracks` (n, 60) and
    `vertices` (n, 5) over the features; `biases`, `start` and `lost` (n) are those of `Relevances`.
    """

    track_features: Array
    vertex_features: Array
    tracks: Array
    vertices: Array
    biases: Array
    start: Array
    lost: Array

    def of(self, chosen: NDArray[np.bool_]) -> "Summary":
        """The sums of the chosen jets only."""
        return Summary(*(getattr(self, item.name)[chosen] for item in fields(self)))


def summary(found: Relevances) -> Summary:
    """Sum relevances over slots and over features."""
    return Summary(
        found.tracks.sum(2),
        found.vertices.sum(2),
        found.tracks.sum(1),
        found.vertices.sum(1),
        found.biases,
        found.start,
        found.lost,
    )


def joined(parts: Sequence[Summary]) -> Summary:
    """Join the sums of several parts, in order."""
    return Summary(
        *(np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(Summary))
    )


@dataclass(frozen=True)
class Averages:
    """Means over `jets` jets, each with its standard error: (2, ...) along the fields of `Summary`.

    `sizes` (P + S) are mean absolute relevances of the features; `lost` is the largest fraction of a start
    that is neither relevance nor share of a bias.
    """

    jets: int
    track_features: Array
    vertex_features: Array
    tracks: Array
    vertices: Array
    biases: Array
    start: Array
    sizes: Array
    lost: float

    def share(self, means: Array) -> Array:
        """Means and errors (2, ...) as fractions of the mean start; NaN where that is zero."""
        with np.errstate(divide="ignore", invalid="ignore"):
            parts: Array = means / self.start[0]
        parts[1:] = np.abs(parts[1:])
        return np.where(np.isfinite(parts), parts, np.nan)


def average(found: Summary) -> Averages:
    """Averages over these jets, of which there must be at least one."""
    features = np.hstack((found.track_features, found.vertex_features))
    start = np.where(found.start == 0, 1.0, found.start)
    return Averages(
        jets=len(found.start),
        **{item.name: _mean(getattr(found, item.name)) for item in fields(found) if item.name != "lost"},
        sizes=np.abs(features).mean(axis=0),
        lost=float(np.abs(found.lost / start).max()),
    )


def by_class(found: Summary, classes: NDArray[np.intp]) -> dict[str, Averages]:
    """Averages over the jets of each class (0 QCD, 1 H->bb), by its name."""
    return {name: average(found.of(classes == number)) for number, name in enumerate(CLASSES)}


def _mean(values: Array) -> Array:
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan * values[0]
    return np.stack((values.mean(axis=0), error))
