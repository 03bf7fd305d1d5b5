# SPDX-License-Identifier: MIT
"""Standardised features for the training, folded back into the weights of the written network.

The features differ by twelve orders of magnitude (covariances of 1e-10, significances of 1e3), which suits no
optimiser with one learning rate for all weights. Every slot, padding too, is mapped by
x -> (x - shift) / scale; since the first layers are linear, the network on raw features with other weights
there is the same function: W (x - shift) / scale + b = (W / scale) x + (b - W shift / scale).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.training.packing import Objects, PackedJets

__all__ = ["Normalisation", "fold", "measured", "unchanged"]

Array = NDArray[Any]
_TAILS = (2.5, 97.5)  # per cent; outliers beyond would dominate the width of a feature
_LEAST = 0.1  # of the shift: a scale below it would lose digits of a nearly constant feature in float32


@dataclass(frozen=True)
class Normalisation:
    """Shift and scale of every kept track feature and vertex feature, float64."""

    track_shift: Array
    track_scale: Array
    vertex_shift: Array
    vertex_scale: Array

    def apply(self, jets: PackedJets) -> PackedJets:
        """The jets with standardised features, padding included."""
        tracks = (jets.tracks.rows - self.track_shift) / self.track_scale
        vertices = (jets.vertices.rows - self.vertex_shift) / self.vertex_scale
        return jets.with_rows(tracks.astype(np.float32), vertices.astype(np.float32))


def unchanged(jets: PackedJets, training: Array) -> Normalisation:  # noqa: ARG001  the signature of `measured`
    """Identity: leaves the features unchanged."""
    tracks, vertices = (objects.rows.shape[1] for objects in (jets.tracks, jets.vertices))
    return Normalisation(np.zeros(tracks), np.ones(tracks), np.zeros(vertices), np.ones(vertices))


def measured(jets: PackedJets, training: Array) -> Normalisation:
    """Measure the normalisation on the real tracks and vertices of the jets `training`."""
    return Normalisation(*_measured(jets.tracks, training), *_measured(jets.vertices, training))


def _measured(objects: Objects, jets: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of each feature without its tails; scale 1 for one that is always 0."""
    rows = objects.of(jets).astype(np.float64)
    if not len(rows):
        return np.zeros(rows.shape[1]), np.ones(rows.shape[1])
    cut = np.clip(rows, *np.percentile(rows, _TAILS, axis=0))
    shift, scale = cut.mean(axis=0), cut.std(axis=0)
    scale = np.maximum(scale, _LEAST * np.abs(shift))
    return shift, np.where(scale > 0, scale, 1.0)


def fold(tensors: Mapping[str, Array], found: Normalisation) -> dict[str, Array]:
    """Return the float64 tensors that act on raw features as `tensors` do on standardised ones."""
    tracks = (found.track_shift, found.track_scale)
    vertices = (found.vertex_shift, found.vertex_scale)
    columns = {"fr1": (tracks, tracks), "fr1_pv": (tracks, vertices), "fo1": (tracks,)}
    folded = {name: array.astype(np.float64) for name, array in tensors.items()}
    for layer, parts in columns.items():
        shift, scale = (np.concatenate(values) for values in zip(*parts, strict=True))
        weight = folded[f"{layer}.weight"]
        weight[:, : len(scale)] /= scale
        folded[f"{layer}.bias"] -= weight[:, : len(shift)] @ shift
    return folded
