# SPDX-License-Identifier: MIT
"""A parametrised detector: turns particles into candidates with tracks, as of a particle-flow algorithm.

Resolutions of the impact parameters: a (+) b pT^-c, fitted to CMS's measurement (arXiv:1405.6569, as
tabulated in the CMS card of Delphes, arXiv:1307.6346); tracking efficiency of charged hadrons from that card.
Choices without a source: momentum resolution, angular errors (impact parameter over a lever arm of 6 cm),
their correlation, the spread from track to track, calorimeter resolutions, thresholds, and the radius up to
which displaced particles leave a track. Tracks are straight between their production and the primary vertex.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.simulation.processes import Events

__all__ = ["PION_MASS", "PRIMARY_VERTEX_ERRORS", "Candidates", "detect", "impact_errors", "true_impact"]

Array = NDArray[Any]
PION_MASS = 0.13957  # GeV, given to every track
PRIMARY_VERTEX_ERRORS = (10e-4, 10e-4, 15e-4)  # cm along x, y, z; a choice

_ETA_EDGES = (0.9, 1.4)
_MICROMETRE = 1e-4  # cm
# a, b (micrometre) and c for each range of pseudorapidity; pT in GeV
_TRANSVERSE = np.array([(10.0, 75.7, 0.66), (8.9, 89.2, 0.69), (13.2, 145.0, 0.79)])
_LONGITUDINAL = np.array([(30.2, 109.0, 0.68), (33.0, 186.0, 0.70), (79.2, 646.0, 0.86)])
_RELATIVE_PT = np.array([(0.0085, 1.5e-4), (0.0145, 2.5e-4), (0.020, 5e-4)])  # constant, per GeV
_LEVER_ARM = 6.0  # cm
_ANGLE_CORRELATION = -0.85  # of an impact parameter with its angle; extrapolation from the first layer
_MUTUAL_CORRELATION = 0.1  # spread of the correlation of the two impact parameters
_SPREAD = 0.15  # of a track's errors, log-normal

_MAX_TRACK_ETA, _MIN_TRACK_PT = 2.5, 0.1
_EFFICIENCY = ((0.70, 0.95), (0.60, 0.85))  # barrel and endcap; below and above 1 GeV
_BARREL_ETA = 1.5
_LAST_RADIUS = 50.0  # cm; efficiency falls linearly with the radius of production
_CHARGED = (11, 13, 211, 321, 2212, 3112, 3222, 3312, 3334)
_ELECTROMAGNETIC, _MUON = (11, 22), 13
_SAMPLING = (0.03, 1.00)  # GeV^0.5, electromagnetic and hadronic
_THRESHOLD = (0.3, 1.0)  # GeV


@dataclass(frozen=True)
class Candidates:
    """Candidates, one array element each, in the order of `event`; GeV, cm, rad.

    The columns after `tracked` are valid only for tracked candidates: impact parameters
    (`dxy`, `dz`) from the reconstructed primary vertex, standard errors (`s_*`; `s_dsz` is that of
    dz cos lambda) and the correlation of the two impact parameters.
    """

    event: Array
    px: Array
    py: Array
    pz: Array
    e: Array
    tracked: Array
    pt: Array
    eta: Array
    phi: Array
    dxy: Array
    dz: Array
    s_dxy: Array
    s_dsz: Array
    s_phi: Array
    s_lambda: Array
    s_q_over_p: Array
    mutual: Array

    def take(self, rows: Array) -> "Candidates":
        """Select candidates by index or mask."""
        return Candidates(**{item.name: getattr(self, item.name)[rows] for item in fields(self)})


def detect(events: Events, random: np.random.Generator) -> Candidates:
    """Simulate the detector: turn particles into candidates."""
    pt = np.hypot(events.px, events.py)
    eta = np.arcsinh(events.pz / np.maximum(pt, 1e-9))
    tracked = _is_tracked(events, pt, eta, random)
    tracks = _tracks(events, pt, eta, random)
    energy, kept = _calorimeter(events, random)
    momentum = {
        name: np.where(tracked, tracks[name], getattr(events, name) * energy / events.e)
        for name in ("px", "py", "pz")
    }
    whole = Candidates(
        event=events.event,
        tracked=tracked,
        e=np.where(tracked, tracks["e"], energy),
        **momentum,
        **{name: tracks[name] for name in tracks if name not in {"px", "py", "pz", "e"}},
    )
    return whole.take(tracked | kept)


def _is_tracked(events: Events, pt: Array, eta: Array, random: np.random.Generator) -> Array:
    efficiency = np.array(_EFFICIENCY)[(np.abs(eta) > _BARREL_ETA).astype(int), (pt > 1).astype(int)]
    efficiency *= np.clip(1 - np.hypot(events.vx, events.vy) / _LAST_RADIUS, 0, 1)
    visible = np.isin(np.abs(events.identity), _CHARGED) & (np.abs(eta) < _MAX_TRACK_ETA)
    found: Array = visible & (pt > _MIN_TRACK_PT) & (random.random(len(pt)) < efficiency)
    return found


def impact_errors(pt: Array, eta: Array) -> tuple[Array, Array]:
    """Standard errors (cm) of the transverse and the longitudinal impact parameter, dxy and dz."""
    region = np.searchsorted(_ETA_EDGES, np.abs(eta))
    transverse, longitudinal = (
        _MICROMETRE * np.hypot(table[region, 0], table[region, 1] * pt ** -table[region, 2])
        for table in (_TRANSVERSE, _LONGITUDINAL)
    )
    return transverse, longitudinal


def true_impact(vertex: tuple[Array, Array, Array], phi: Array, eta: Array) -> tuple[Array, Array]:
    """dxy and dz (CMS's signs) of a straight line from `vertex`, in its units, with respect to the origin."""
    x, y, z = vertex
    transverse = y * np.cos(phi) - x * np.sin(phi)
    along = x * np.cos(phi) + y * np.sin(phi)
    return transverse, z - along * np.sinh(eta)


def _tracks(events: Events, pt: Array, eta: Array, random: np.random.Generator) -> dict[str, Array]:
    """Smeared track of every particle, also of those that leave none."""
    pt = np.maximum(pt, _MIN_TRACK_PT)
    primary = random.standard_normal((3, events.count)) * np.array(PRIMARY_VERTEX_ERRORS)[:, None]
    vertex = tuple(
        getattr(events, f"v{axis}") - primary[index][events.event] for index, axis in enumerate("xyz")
    )
    phi = np.arctan2(events.py, events.px)
    dxy, dz = true_impact((vertex[0], vertex[1], vertex[2]), phi, eta)
    errors = _errors(pt, eta, random)
    noise = _noise(errors, random)
    dip = np.arctan(np.sinh(eta)) + noise["lambda"]
    measured_eta = np.arcsinh(np.tan(np.clip(dip, -1.56, 1.56)))
    measured_pt = pt * np.exp(errors["pt"] * random.standard_normal(len(pt)))
    measured_phi = phi + noise["phi"]
    measured = {
        "pt": measured_pt,
        "eta": measured_eta,
        "phi": np.mod(measured_phi + np.pi, 2 * np.pi) - np.pi,
        "dxy": dxy + noise["dxy"],
        "dz": dz + noise["dsz"] * np.cosh(eta),
    }
    momentum = measured_pt * np.cosh(measured_eta)
    return measured | {
        "px": measured_pt * np.cos(measured_phi),
        "py": measured_pt * np.sin(measured_phi),
        "pz": measured_pt * np.sinh(measured_eta),
        "e": np.hypot(momentum, PION_MASS),
        "s_q_over_p": errors["pt"] / momentum,
        "mutual": errors["mutual"],
        **{f"s_{name}": errors[name] for name in ("dxy", "dsz", "phi", "lambda")},
    }


def _errors(pt: Array, eta: Array, random: np.random.Generator) -> dict[str, Array]:
    transverse, longitudinal = impact_errors(pt, eta)
    spread = np.exp(_SPREAD * random.standard_normal(len(pt)))
    transverse, longitudinal = transverse * spread, longitudinal * spread / np.cosh(eta)
    constant, slope = _RELATIVE_PT[np.searchsorted(_ETA_EDGES, np.abs(eta))].T
    return {
        "dxy": transverse,
        "dsz": longitudinal,
        "phi": transverse / _LEVER_ARM,
        "lambda": longitudinal / _LEVER_ARM,
        "pt": np.hypot(constant, slope * pt) * spread,
        "mutual": np.clip(_MUTUAL_CORRELATION * random.standard_normal(len(pt)), -0.5, 0.5),
    }


def _noise(errors: dict[str, Array], random: np.random.Generator) -> dict[str, Array]:
    """Gaussian errors with the correlations of the covariances."""
    normal = random.standard_normal((4, len(errors["dxy"])))
    mutual, rest = errors["mutual"], np.sqrt(1 - _ANGLE_CORRELATION**2)
    other = mutual * normal[0] + np.sqrt(1 - mutual**2) * normal[1]
    return {
        "dxy": errors["dxy"] * normal[0],
        "dsz": errors["dsz"] * other,
        "phi": errors["phi"] * (_ANGLE_CORRELATION * normal[0] + rest * normal[2]),
        "lambda": errors["lambda"] * (_ANGLE_CORRELATION * other + rest * normal[3]),
    }


def _calorimeter(events: Events, random: np.random.Generator) -> tuple[Array, Array]:
    """Measured energy of every particle without a track, and whether it is above the threshold."""
    hadronic = (~np.isin(np.abs(events.identity), _ELECTROMAGNETIC)).astype(int)
    relative = np.array(_SAMPLING)[hadronic] / np.sqrt(np.maximum(events.e, 1e-3))
    energy = events.e * (1 + relative * random.standard_normal(len(events.e)))
    kept: Array = (energy > np.array(_THRESHOLD)[hadronic]) & (np.abs(events.identity) != _MUON)
    return energy, kept
