# SPDX-License-Identifier: MIT
"""Secondary vertices of jets, found greedily among displaced tracks, all jets of a batch at a time.

In the spirit of CMS's inclusive vertex finder (arXiv:1712.07158): seeds are displaced tracks; every pair of
them makes a point with a chi-square; the point compatible with most seeds is taken first, fitted with them
and cleaned; its seeds are not used again. Thresholds marked as choices were set so that the vertices of QCD
jets resemble those of real CMS jets in mass and number of tracks.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.simulation.clustering import direction, distance
from fairreg.models.hbb_in.simulation.impact import JetTracks
from fairreg.models.hbb_in.simulation.smearing import PRIMARY_VERTEX_ERRORS

__all__ = ["Vertices", "find_vertices"]

Array = NDArray[Any]
_SEEDS = 16  # the most significant ones of a jet; a choice that bounds the number of pairs
_MIN_SEED_SIGNIFICANCE = 1.6  # in space; a choice, 1.2 there
_MIN_SEED_IMPACT = 0.005  # cm; the inclusive vertex finder's
_MAX_SEED_DISTANCE = 0.4  # of a track from the flight direction in angle; the inclusive vertex finder's
_MAX_PAIR_CHI2 = 6.0  # one degree of freedom; a choice
_MAX_TRACK_CHI2 = 9.0  # two degrees of freedom; a choice
_ROUNDS = 10  # attempts per jet; a choice
_MIN_FLIGHT_SIGNIFICANCE = 2.5  # in the plane; the inclusive vertex finder's
_MIN_COSINE = 0.95  # of flight and momentum; the inclusive vertex finder's
_MAX_NORMALISED_CHI2 = 10.0


@dataclass(frozen=True)
class Vertices:
    """Vertices of jets, one row per vertex, in the order of `jet`; cm and GeV.

    `position` (rows, 3) from the primary vertex, `momentum` (rows, 4): px, py, pz, energy of its tracks;
    `dxy` and `d3d` are flight distances, `s_dxy` and `s_d3d` their standard errors.
    """

    jet: Array
    position: Array
    momentum: Array
    tracks: Array
    normalised_chi2: Array
    dxy: Array
    s_dxy: Array
    d3d: Array
    s_d3d: Array
    cosine: Array

    def __len__(self) -> int:
        return len(self.jet)

    def take(self, rows: Array) -> "Vertices":
        """Select rows by index or mask."""
        return Vertices(**{name: values[rows] for name, values in vars(self).items()})


@dataclass(frozen=True)
class _Seeds:
    """Seeds of each jet in slots: points (jets, slots, 3), weights (jets, slots, 3, 3), momenta (jets, slots,
    4) and which slots are filled."""

    point: Array
    weight: Array
    momentum: Array
    filled: Array


def find_vertices(tracks: JetTracks, axes: Array) -> Vertices:
    """Find vertices of jets along `axes` (jets, 3), at most one per jet in each round of the search."""
    seeds = _seeds(tracks, len(axes))
    first, second = np.array(list(combinations(range(_SEEDS), 2))).T
    points, pair_chi2 = _pair_points(seeds, first, second)
    slots = np.arange(len(first))
    fitting = (_chi2(seeds, points) < _MAX_TRACK_CHI2) & _near_flight(seeds, points)
    good = fitting[:, slots, first] & fitting[:, slots, second] & (pair_chi2 < _MAX_PAIR_CHI2)
    good &= np.einsum("jpc,jc->jp", points, axes) > 0
    free, found = seeds.filled.copy(), []
    for _ in range(_ROUNDS):
        usable = good & free[:, first] & free[:, second]
        if not usable.any():
            break
        score = (fitting & free[:, None]).sum(axis=2) - np.minimum(pair_chi2, 99.0) / 100
        best = np.argmax(np.where(usable, score, -1.0), axis=1)
        jets = np.flatnonzero(usable.any(axis=1))
        vertices, members = _vertices(seeds, jets, fitting[jets, best[jets]] & free[jets])
        accepted = _acceptable(vertices)
        free[jets[accepted]] &= ~members[accepted]
        good[jets, best[jets]] = False  # a rejected pair is not tried again
        found.append(vertices.take(accepted))
    return _joined(found)


def _joined(found: list[Vertices]) -> Vertices:
    if not found:
        nothing = np.zeros(0)
        return Vertices(np.zeros(0, int), np.zeros((0, 3)), np.zeros((0, 4)), *[nothing] * 7)
    columns = [np.concatenate(parts) for parts in zip(*(vars(part).values() for part in found), strict=True)]
    joined = Vertices(*columns)
    significance = joined.dxy / joined.s_dxy
    return joined.take(np.lexsort((-significance, joined.jet)))


def _seeds(tracks: JetTracks, count: int) -> _Seeds:
    """The most significantly displaced tracks of each jet, in slots."""
    # By absolute significance: tracks of a hadron that flies beside the jet axis have either sign.
    significance = np.abs(tracks.sig3d)
    displaced = (significance > _MIN_SEED_SIGNIFICANCE) & (np.abs(tracks.ip3d) > _MIN_SEED_IMPACT)
    rows = np.flatnonzero(displaced)
    rows = rows[np.lexsort((-significance[rows], tracks.jet[rows]))]
    jet = tracks.jet[rows]
    slot = np.arange(len(rows)) - np.searchsorted(jet, jet)
    rows, jet, slot = (values[slot < _SEEDS] for values in (rows, jet, slot))
    point, momentum = np.zeros((count, _SEEDS, 3)), np.zeros((count, _SEEDS, 4))
    weight, filled = np.zeros((count, _SEEDS, 3, 3)), np.zeros((count, _SEEDS), dtype=bool)
    point[jet, slot], filled[jet, slot] = tracks.point[rows], True
    weight[jet, slot] = _weights(tracks, rows)
    candidate = tracks.candidate
    for index, values in enumerate((candidate.px, candidate.py, candidate.pz, candidate.e)):
        momentum[jet, slot, index] = values[rows]
    return _Seeds(point, weight, momentum, filled)


def _weights(tracks: JetTracks, rows: Array) -> Array:
    """Inverse covariance of the position of a line; zero along it."""
    weights: Array = np.zeros((len(rows), 3, 3))
    for across, error in ((tracks.plane, tracks.candidate.s_dxy), (tracks.dip, tracks.candidate.s_dsz)):
        scaled = across[rows] / error[rows, None]
        weights += scaled[:, :, None] * scaled[:, None, :]
    return weights


def _pair_points(seeds: _Seeds, first: Array, second: Array) -> tuple[Array, Array]:
    """Point nearest to both tracks of each pair (jets, pairs, 3), and its chi-square."""
    pull = np.einsum("jsab,jsb->jsa", seeds.weight, seeds.point)
    total = seeds.weight[:, first] + seeds.weight[:, second] + 1e-3 * np.eye(3)
    points = np.linalg.solve(total, (pull[:, first] + pull[:, second])[..., None])[..., 0]
    chi2 = np.zeros(points.shape[:2])
    for side in (first, second):
        offset = points - seeds.point[:, side]
        chi2 += np.einsum("jpa,jpab,jpb->jp", offset, seeds.weight[:, side], offset, optimize=True)
    return points, chi2


def _chi2(seeds: _Seeds, points: Array) -> Array:
    """Chi-square of each filled slot's track at each of the points (jets, points, 3) of its jet."""
    offset = points[:, :, None] - seeds.point[:, None]
    chi2: Array = np.einsum("jpsa,jsab,jpsb->jps", offset, seeds.weight, offset, optimize=True)
    return np.where(seeds.filled[:, None], chi2, np.inf)


def _near_flight(seeds: _Seeds, points: Array) -> Array:
    """Tell whether each slot's track points towards each of the points (jets, points, 3)."""
    eta, phi = direction(points)
    track_eta, track_phi = direction(seeds.momentum)
    near: Array = (
        distance(eta[:, :, None], phi[:, :, None], track_eta[:, None], track_phi[:, None])
        < _MAX_SEED_DISTANCE
    )
    return near


def _vertices(seeds: _Seeds, jets: Array, members: Array) -> tuple[Vertices, Array]:
    """Fit vertices to the members (jets, slots); return them and the members left after cleaning."""
    chosen = _Seeds(seeds.point[jets], seeds.weight[jets], seeds.momentum[jets], seeds.filled[jets])
    for _ in range(2):
        position, _ = _fit(chosen, members)
        members = members & (_chi2(chosen, position[:, None])[:, 0] < _MAX_TRACK_CHI2)
    position, covariance = _fit(chosen, members)
    chi2 = np.where(members, _chi2(chosen, position[:, None])[:, 0], 0.0).sum(axis=1)
    tracks = members.sum(axis=1)
    momentum = np.einsum("js,jsc->jc", members, chosen.momentum)
    dxy, s_dxy = _flight(position, covariance, 2)
    d3d, s_d3d = _flight(position, covariance, 3)
    speed = np.maximum(np.linalg.norm(momentum[:, :3], axis=1), 1e-9)
    return Vertices(
        jet=jets,
        position=position,
        momentum=momentum,
        tracks=tracks.astype(float),
        normalised_chi2=chi2 / np.maximum(2 * tracks - 3, 1),
        dxy=dxy,
        s_dxy=s_dxy,
        d3d=d3d,
        s_d3d=s_d3d,
        cosine=np.einsum("jc,jc->j", position, momentum[:, :3]) / (d3d * speed),
    ), members


def _fit(seeds: _Seeds, members: Array) -> tuple[Array, Array]:
    """Position and covariance of the weighted mean of the members' lines."""
    weight = np.where(members[:, :, None, None], seeds.weight, 0.0)
    covariance = np.linalg.inv(weight.sum(axis=1) + 1e-3 * np.eye(3))
    pull = np.einsum("jsab,jsb->ja", weight, seeds.point)
    return np.einsum("jab,jb->ja", covariance, pull), covariance


def _flight(position: Array, covariance: Array, dimensions: int) -> tuple[Array, Array]:
    """Distance from the primary vertex in the plane (2) or in space (3), and its standard error."""
    part = position[:, :dimensions]
    length = np.maximum(np.linalg.norm(part, axis=1), 1e-9)
    unit = part / length[:, None]
    errors = np.diag(np.array(PRIMARY_VERTEX_ERRORS[:dimensions]) ** 2)
    total = covariance[:, :dimensions, :dimensions] + errors
    return length, np.sqrt(np.einsum("ja,jab,jb->j", unit, total, unit))


def _acceptable(vertices: Vertices) -> Array:
    flies = vertices.dxy > _MIN_FLIGHT_SIGNIFICANCE * vertices.s_dxy
    fits = (vertices.tracks > 1) & (vertices.normalised_chi2 < _MAX_NORMALISED_CHI2)
    accepted: Array = flies & fits & (vertices.cosine > _MIN_COSINE)
    return accepted
