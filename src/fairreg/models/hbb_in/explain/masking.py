# SPDX-License-Identifier: MIT
"""Effect of masking inputs of a network: section 3.4.1 of 10.1088/2632-2153/ad12e3.

A feature is masked by a zero in every track or vertex (Figure 5), a track or vertex by zeros in its slot. The
loss is measured by the drop of the ROC AUC and by the fidelity to the unmasked network, Eq. 1:
1 - mean |p_1 - p_2| of the H->bb probabilities.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.evaluate import roc_auc
from fairreg.models.hbb_in.explain.resampling import bootstrap, replicas, roc_band
from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.inputs import FeatureSelection
from fairreg.models.hbb_in.metrics import Estimate
from fairreg.models.hbb_in.network import Hyperparameters

__all__ = [
    "THRESHOLDS",
    "Effect",
    "Mask",
    "MaskingStudy",
    "below",
    "feature_masks",
    "fidelity",
    "object_masks",
]

Array = NDArray[Any]
Predict = Callable[[Array, Array], Array]
THRESHOLDS = (0.001, 0.005, 0.01, 0.05, 1.0)  # per cent of the AUC, the paper's Table 9
_SLICE = 2048  # jets; 15 MB
_REPLICAS = 25  # per pass: 5 MB for 24,000 jets

# Numbers of the 60 track slots that the published study masks; the vertices have five slots.
_TRACKS_FROM_THE_FRONT = (1, 5, 10, 20, 30, 40, 50, 60)
_TRACKS_FROM_THE_BACK = (10, 20, 30, 40, 50)
_VERTICES_FROM_THE_FRONT = (1, 2, 3, 4, 5)
_VERTICES_FROM_THE_BACK = (1, 2, 3, 4)


@dataclass(frozen=True)
class Mask:
    """Indices of the track and vertex features, and of the slots, that are set to zero."""

    tracks: tuple[int, ...] = ()
    vertices: tuple[int, ...] = ()
    track_slots: tuple[int, ...] = ()
    vertex_slots: tuple[int, ...] = ()

    def apply(self, tracks: Array, vertices: Array) -> tuple[Array, Array]:
        """Copies of the arrays (n, P, 60) and (n, S, 5) with zeros."""
        tracks, vertices = tracks.copy(), vertices.copy()
        tracks[:, list(self.tracks)] = 0
        vertices[:, list(self.vertices)] = 0
        tracks[:, :, list(self.track_slots)] = 0
        vertices[:, :, list(self.vertex_slots)] = 0
        return tracks, vertices

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the masked features."""
        return tuple(
            features[index].name
            for features, indices in ((TRACK_FEATURES, self.tracks), (VERTEX_FEATURES, self.vertices))
            for index in indices
        )


@dataclass(frozen=True)
class Effect:
    """Effect of a mask, in fractions: AUC, its drop with the bootstrap's standard deviation, fidelity."""

    name: str
    mask: Mask
    roc_auc: float
    drop: Estimate
    fidelity: Estimate


def feature_masks(selection: FeatureSelection) -> dict[str, Mask]:
    """One mask for each feature that the network takes, by its name."""
    masks = [Mask(tracks=(index,)) for index in selection.tracks]
    masks += [Mask(vertices=(index,)) for index in selection.vertices]
    return {mask.names[0]: mask for mask in masks}


def object_masks() -> dict[str, Mask]:
    """Masks of the first and of the last slots: with sorted jets those of highest and of lowest energy."""
    slots = Hyperparameters.n_tracks, Hyperparameters.n_vertices
    return {
        **{f"first {n} tracks": Mask(track_slots=_first(n)) for n in _TRACKS_FROM_THE_FRONT},
        **{f"last {n} tracks": Mask(track_slots=_last(n, slots[0])) for n in _TRACKS_FROM_THE_BACK},
        **{f"first {n} vertices": Mask(vertex_slots=_first(n)) for n in _VERTICES_FROM_THE_FRONT},
        **{f"last {n} vertices": Mask(vertex_slots=_last(n, slots[1])) for n in _VERTICES_FROM_THE_BACK},
    }


def _first(count: int) -> tuple[int, ...]:
    return tuple(range(count))


def _last(count: int, slots: int) -> tuple[int, ...]:
    return tuple(range(slots - count, slots))


def below(effects: Sequence[Effect], threshold: float) -> Mask:
    """The mask of all features whose own mask changes the AUC by less than `threshold` per cent (Table 9)."""
    chosen = [effect.mask for effect in effects if 100 * abs(effect.drop.value or 0.0) < threshold]
    return Mask(
        tuple(index for mask in chosen for index in mask.tracks),
        tuple(index for mask in chosen for index in mask.vertices),
    )


def fidelity(one: Array, other: Array) -> Estimate:
    """Eq. 1 for the H->bb probabilities of two networks, and the uncertainty of the mean."""
    away = np.abs(one.astype(np.float64) - other)
    deviation = away.std(ddof=1) / np.sqrt(len(away)) if len(away) > 1 else None
    return Estimate(float(1 - away.mean()), None if deviation is None else float(deviation))


class MaskingStudy:
    """Effects of masks on the jets tracks (n, 30, 60), vertices (n, 14, 5), of which `positive` are H->bb.

    `predict` returns their H->bb probabilities (n); `progress` is called with the number of predicted jets.
    """

    def __init__(
        self,
        predict: Predict,
        jets: tuple[Array, Array],
        positive: NDArray[np.bool_],
        *,
        samples: int = 200,
        seed: int = 1,
        progress: Callable[[int], None] = lambda _count: None,
    ) -> None:
        self._predict, self._jets, self._positive, self._progress = predict, jets, positive, progress
        self._drawn = replicas(positive, samples, seed)
        self.scores = self._scores(Mask())
        self.roc_auc = roc_auc(positive, self.scores)
        self._areas = self._bootstrapped(self.scores)

    @property
    def baseline(self) -> Estimate:
        """AUC without a mask and the bootstrap's standard deviation."""
        return Estimate(self.roc_auc, _deviation(self._areas))

    def roc_band(self, efficiencies: Array) -> Array | None:
        """Bootstrap band of the ROC curve without a mask, as `resampling.roc_band`; None without replicas."""
        if not len(self._drawn):
            return None
        return roc_band(self._positive, self.scores, self._drawn, efficiencies)

    def effect(self, name: str, mask: Mask) -> Effect:
        """Measure the effect of a mask."""
        scores = self._scores(mask)
        area = roc_auc(self._positive, scores)
        deviation = _deviation(self._areas - self._bootstrapped(scores))
        return Effect(
            name, mask, area, Estimate(self.roc_auc - area, deviation), fidelity(self.scores, scores)
        )

    def _scores(self, mask: Mask) -> Array:
        found = np.empty(len(self._positive))
        for first in range(0, len(found), _SLICE):
            some = slice(first, first + _SLICE)
            found[some] = self._predict(*mask.apply(*(part[some] for part in self._jets)))
            self._progress(len(found[some]))
        return found

    def _bootstrapped(self, scores: Array) -> NDArray[np.float64]:
        areas = bootstrap(self._positive, scores)
        parts = [areas(self._drawn[i : i + _REPLICAS]) for i in range(0, len(self._drawn), _REPLICAS)]
        return np.concatenate([np.empty(0), *parts])


def _deviation(values: NDArray[np.float64]) -> float | None:
    return float(values.std(ddof=1)) if len(values) > 1 else None
