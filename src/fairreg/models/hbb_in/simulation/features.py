# SPDX-License-Identifier: MIT
"""The 30 track and 14 vertex features of the ntuples, from smeared jets, tracks and vertices.

Meanings after the description of 10.7483/OPENDATA.CMS.JGJX.MS7Q; limits as its producer set them: a signed
impact parameter or significance is -1 at least, EtaRel is from -5 to 15, `sv_deltaR` is the distance less 0.5
and 0 at most. Pseudorapidity from the axis counts outwards (away from the centre of the detector).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.simulation.clustering import Clustered, direction, distance, wrapped
from fairreg.models.hbb_in.simulation.impact import JetTracks, jet_axes
from fairreg.models.hbb_in.simulation.smearing import PION_MASS
from fairreg.models.hbb_in.simulation.vertexing import Vertices

__all__ = ["APPROXIMATED", "track_features", "vertex_features"]

Array = NDArray[Any]
_QUALITY = 5.0  # loose and high-purity: all but one of 2160 real tracks
_NO_VERTEX = -1.0
_MAX_SIGNIFICANCE = 800.0  # of a flight distance
_ANGLE_CORRELATION = -0.85
_DEGREES_OF_FREEDOM = 20  # of a typical track fit; a choice
_FIT_SPREAD = 0.4  # log-normal, of the quality of fits; a choice

# Features that differ from CMS's reconstruction; all others follow exactly from the smeared objects.
APPROXIMATED = {
    "track_normchi2": "noise: chi-square of 20 degrees of freedom over 20, spread by 40 %, cut to an integer",
    "track_quality": "constant 5",
    "track_drminsv": "nearest of the jet's own vertices; -1 without one",
    "track_dzsig": "resolution of a parametrised detector",
    "track_dxysig": "resolution of a parametrised detector",
    "trackBTag_Sip2dVal": "linearised track",
    "trackBTag_Sip2dSig": "linearised track, parametrised resolution",
    "trackBTag_Sip3dVal": "linearised track",
    "trackBTag_Sip3dSig": "linearised track, parametrised resolution",
    "trackBTag_JetDistVal": "linearised track",
    **dict.fromkeys(
        (item.name for item in TRACK_FEATURES[14:22]), "parametrised covariance, lever arm of 6 cm"
    ),
    **dict.fromkeys(
        ("sv_normchi2", "sv_dxy", "sv_dxysig", "sv_d3d", "sv_d3dsig", "sv_ntracks", "sv_mass"),
        "vertex finder of this project on straight tracks",
    ),
}


def track_features(
    jets: Clustered, tracks: JetTracks, vertices: Vertices, random: np.random.Generator
) -> dict[str, Array]:
    """Compute the columns of the track features by name, one element per track."""
    jet, found = tracks.jet, tracks.candidate
    columns = {
        "track_ptrel": found.pt / jets.pt[jet],
        "track_erel": found.e / jets.e[jet],
        "track_phirel": wrapped(found.phi - jets.phi[jet]),
        "track_etarel": _outwards(jets, jet) * (found.eta - jets.eta[jet]),
        "track_deltaR": distance(found.eta, found.phi, jets.eta[jet], jets.phi[jet]),
        "track_drminsv": _nearest_vertex(tracks, vertices, len(jets)),
        "track_dz": found.dz,
        "track_dzsig": found.dz
        / found.s_dsz,  # CMS divides by the error of dz cos(lambda), as its files show
        "track_dxy": found.dxy,
        "track_dxysig": found.dxy / found.s_dxy,
        "track_normchi2": _chi2_over_freedom(random, len(tracks)),
        "track_quality": np.full(len(tracks), _QUALITY),
    }
    for number in (0, 1):
        axis = jets.subjets[jet, number]
        columns[f"track_drsubjet{number + 1}"] = distance(found.eta, found.phi, axis[:, 0], axis[:, 1])
    columns |= _covariances(tracks) | _relative_to_axis(jets, tracks) | _signed(tracks)
    return {item.name: columns[item.name].astype(np.float32) for item in TRACK_FEATURES}


def _outwards(jets: Clustered, jet: Array) -> Array:
    return np.where(jets.eta[jet] > 0, 1.0, -1.0)


def _chi2_over_freedom(random: np.random.Generator, count: int) -> Array:
    """Chi-square over degrees of freedom, truncated to an integer as in real files."""
    spread = np.exp(_FIT_SPREAD * random.standard_normal(count))
    return np.floor(spread * random.chisquare(_DEGREES_OF_FREEDOM, count) / _DEGREES_OF_FREEDOM)


def _nearest_vertex(tracks: JetTracks, vertices: Vertices, count: int) -> Array:
    """Angular distance of each track from the nearest vertex of its jet; -1 for a jet without one."""
    per_jet = np.bincount(vertices.jet, minlength=count)
    nearest = np.full(len(tracks), np.inf)
    eta, phi = direction(vertices.momentum)
    starts = np.cumsum(per_jet) - per_jet
    for number in range(int(per_jet.max(initial=0))):
        rows = np.flatnonzero(per_jet[tracks.jet] > number)
        vertex = starts[tracks.jet[rows]] + number
        gap = distance(tracks.candidate.eta[rows], tracks.candidate.phi[rows], eta[vertex], phi[vertex])
        nearest[rows] = np.minimum(nearest[rows], gap)
    return np.where(np.isfinite(nearest), nearest, _NO_VERTEX)


def _covariances(tracks: JetTracks) -> dict[str, Array]:
    """Elements of the covariance of (q/p, lambda, phi, dxy, dsz)."""
    found = tracks.candidate
    return {
        "track_dptdpt": found.s_q_over_p**2,
        "track_detadeta": found.s_lambda**2,
        "track_dphidphi": found.s_phi**2,
        "track_dxydxy": found.s_dxy**2,
        "track_dzdz": found.s_dsz**2,
        "track_dxydz": found.mutual * found.s_dxy * found.s_dsz,
        "track_dphidxy": _ANGLE_CORRELATION * found.s_phi * found.s_dxy,
        "track_dlambdadz": _ANGLE_CORRELATION * found.s_lambda * found.s_dsz,
    }


def _relative_to_axis(jets: Clustered, tracks: JetTracks) -> dict[str, Array]:
    """Momentum along and across the axis; EtaRel is the pseudorapidity-like rapidity of a pion along it."""
    axis = jet_axes(jets)[tracks.jet]
    cosine = np.clip(np.einsum("tc,tc->t", tracks.direction, axis), -1, 1)
    momentum = tracks.candidate.pt * np.cosh(tracks.candidate.eta)
    energy, along = np.hypot(momentum, PION_MASS), momentum * cosine
    rapidity = 0.5 * np.log((energy + along) / np.maximum(energy - along, 1e-12))
    return {
        "trackBTag_EtaRel": np.clip(rapidity, -5, 15),
        "trackBTag_PtRatio": np.linalg.norm(np.cross(tracks.direction, axis), axis=1),
        "trackBTag_PParRatio": cosine,
    }


def _signed(tracks: JetTracks) -> dict[str, Array]:
    return {
        "trackBTag_Sip2dVal": np.maximum(tracks.ip2d, -1),
        "trackBTag_Sip2dSig": np.maximum(tracks.sig2d, -1),
        "trackBTag_Sip3dVal": np.maximum(tracks.ip3d, -1),
        "trackBTag_Sip3dSig": np.maximum(tracks.sig3d, -1),
        "trackBTag_JetDistVal": np.maximum(-tracks.axis_distance, -20),
    }


def vertex_features(jets: Clustered, vertices: Vertices) -> dict[str, Array]:
    """Compute the columns of the vertex features by name, one element per vertex."""
    jet, momentum = vertices.jet, vertices.momentum
    pt = np.hypot(momentum[:, 0], momentum[:, 1])
    eta, phi = direction(momentum)
    squared = momentum[:, 3] ** 2 - (momentum[:, :3] ** 2).sum(axis=1)
    gap = distance(eta, phi, jets.eta[jet], jets.phi[jet])
    columns = {
        "sv_ptrel": pt / jets.pt[jet],
        "sv_erel": momentum[:, 3] / jets.e[jet],
        "sv_phirel": wrapped(phi - jets.phi[jet]),
        "sv_etarel": _outwards(jets, jet) * (eta - jets.eta[jet]),
        "sv_deltaR": np.clip(gap - 0.5, -2, 0),
        "sv_pt": pt,
        "sv_mass": np.sqrt(np.maximum(squared, 0)),
        "sv_ntracks": vertices.tracks,
        "sv_normchi2": vertices.normalised_chi2,
        "sv_dxy": vertices.dxy,
        "sv_dxysig": np.minimum(vertices.dxy / vertices.s_dxy, _MAX_SIGNIFICANCE),
        "sv_d3d": vertices.d3d,
        "sv_d3dsig": np.minimum(vertices.d3d / vertices.s_d3d, _MAX_SIGNIFICANCE),
        "sv_costhetasvpv": vertices.cosine,
    }
    return {item.name: columns[item.name].astype(np.float32) for item in VERTEX_FEATURES}
