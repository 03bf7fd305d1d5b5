# SPDX-License-Identifier: MIT
"""Geometry of the tracks of jets: lines, their errors, and signed impact parameters.

A track is the line through its transverse point of closest approach to the primary vertex, which is the
origin, along its momentum. All is linearised there. Signs as in b tagging (CMS, arXiv:1211.4462): positive if
the point of closest approach lies on the side of the jet.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.simulation.clustering import Clustered
from fairreg.models.hbb_in.simulation.smearing import PRIMARY_VERTEX_ERRORS, Candidates

__all__ = ["MIN_TRACK_PT", "JetTracks", "jet_axes", "jet_tracks", "signed_impact"]

Array = NDArray[Any]
MIN_TRACK_PT = 0.95  # GeV; candidates below are not in the ntuples of 10.7483/OPENDATA.CMS.JGJX.MS7Q


@dataclass(frozen=True)
class JetTracks:
    """Tracks of jets, one row per track, ordered by `jet`, then by descending significance in the plane.

    `point` and `direction` (rows, 3): the line, cm and unit vector; `plane` and `dip` (rows, 3): unit vectors
    along which the two impact parameters are measured. `ip2d`, `ip3d` in cm with their significances `sig2d`,
    `sig3d`; `axis_distance` is that to the jet axis in cm.
    """

    jet: Array
    candidate: Candidates
    point: Array
    direction: Array
    plane: Array
    dip: Array
    ip2d: Array
    sig2d: Array
    ip3d: Array
    sig3d: Array
    axis_distance: Array

    def __len__(self) -> int:
        return len(self.jet)


def jet_axes(jets: Clustered) -> Array:
    """Unit vectors (jets, 3) along the jets."""
    return _unit(jets.eta, jets.phi)


def _unit(eta: Array, phi: Array) -> Array:
    """Unit vectors in the direction of `eta` and `phi`, one per row."""
    return np.column_stack((np.cos(phi), np.sin(phi), np.sinh(eta))) / np.cosh(eta)[:, None]


def jet_tracks(jets: Clustered, candidates: Candidates) -> JetTracks:
    """The tracks above MIN_TRACK_PT among the jets' constituents."""
    usable = candidates.tracked[jets.member] & (candidates.pt[jets.member] > MIN_TRACK_PT)
    jet, tracks = jets.jet[usable], candidates.take(jets.member[usable])
    lines = _lines(tracks)
    impact = signed_impact(lines, (tracks.s_dxy, tracks.s_dsz), jet_axes(jets)[jet])
    order = np.lexsort((-impact["sig2d"], jet))
    columns = {name: values[order] for name, values in (lines | impact).items()}
    return JetTracks(jet=jet[order], candidate=tracks.take(order), **columns)


def _lines(tracks: Candidates) -> dict[str, Array]:
    sine, cosine, zero = np.sin(tracks.phi), np.cos(tracks.phi), np.zeros(len(tracks.phi))
    direction = _unit(tracks.eta, tracks.phi)
    cos_dip, sin_dip = 1 / np.cosh(tracks.eta), np.tanh(tracks.eta)
    return {
        "point": np.column_stack((-tracks.dxy * sine, tracks.dxy * cosine, tracks.dz)),
        "direction": direction,
        "plane": np.column_stack((-sine, cosine, zero)),
        "dip": np.column_stack((-sin_dip * cosine, -sin_dip * sine, cos_dip)),
    }


def signed_impact(lines: dict[str, Array], errors: tuple[Array, Array], axis: Array) -> dict[str, Array]:
    """Impact parameters of lines with errors (dxy, dsz) with respect to jets along `axis` (rows, 3)."""
    transverse, longitudinal = (_dot(lines["point"], lines[name]) for name in ("plane", "dip"))
    nearest = transverse[:, None] * lines["plane"] + longitudinal[:, None] * lines["dip"]
    beam, along = PRIMARY_VERTEX_ERRORS[0], PRIMARY_VERTEX_ERRORS[2]
    var_plane = errors[0] ** 2 + beam**2
    var_dip = errors[1] ** 2 + (beam * lines["dip"][:, 0]) ** 2
    var_dip += (beam * lines["dip"][:, 1]) ** 2 + (along * lines["dip"][:, 2]) ** 2
    length = np.hypot(transverse, longitudinal)
    error = np.sqrt(transverse**2 * var_plane + longitudinal**2 * var_dip) / np.maximum(length, 1e-9)
    ip2d = np.abs(transverse) * _sign(_dot(lines["point"][:, :2], axis[:, :2]))
    ip3d = length * _sign(_dot(nearest, axis))
    normal = np.cross(lines["direction"], axis)
    span = np.maximum(np.linalg.norm(normal, axis=1), 1e-9)
    return {
        "ip2d": ip2d,
        "sig2d": ip2d / np.sqrt(var_plane),
        "ip3d": ip3d,
        "sig3d": ip3d / np.maximum(error, 1e-6),  # no error where there is no distance
        "axis_distance": np.abs(_dot(lines["point"], normal)) / span,
    }


def _dot(one: Array, other: Array) -> Array:
    product: Array = np.einsum("ij,ij->i", one, other)
    return product


def _sign(values: Array) -> Array:
    return np.where(values >= 0, 1.0, -1.0)
