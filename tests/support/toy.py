# SPDX-License-Identifier: MIT
"""A seeded generator of toy jets, to try every step of the model without any physics data.

Each jet has two prongs with prompt tracks. In an H->bb jet both prongs hold a hadron that flies and decays
with the lifetime and mass of a B hadron; in a QCD jet some prongs hold a charm-like one. Impact parameters
get a Gaussian error of the size of a silicon tracker's. There are no matrix elements, no shower, no
detector and no pile-up: figures found on these jets say nothing about physics.

Choices without a source are marked as such; the impact parameter resolution is a fit to arXiv:1405.6569.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.inputs import Jets
from fairreg.models.hbb_in.network import CLASSES

__all__ = ["toy_jets", "write_prepared"]

MANTISSA_BITS = 10

Array = NDArray[np.float64]
_Columns = dict[str, Array]
_TRACKS, _VERTICES = 60, 5  # slots
_RADIUS = 0.8  # of the jet; tracks farther from the axis are not in it

_HIGGS_MASS = 125.0  # GeV
_BEAUTY = (5.28, 0.046, 4.5)  # mass in GeV, c tau in cm, mean charged tracks: a B meson (PDG)
_CHARM = (1.87, 0.020, 2.5)  # a D meson, between D+ and D0 (PDG)
_CHARM_PROBABILITY = 0.3  # of a prong of a QCD jet; a choice
_PROMPT_TRACKS = {"QCD": 15.0, "Hbb": 11.0}  # mean a prong; a choice
_FAKE_VERTEX_PROBABILITY = 0.2  # a jet; a choice
_LEVER_ARM = 6.0  # cm, from an angular error to an error of position; a choice
_MIN_VERTEX_TRACKS, _MIN_VERTEX_SIGNIFICANCE = 2, 3.0


@dataclass(frozen=True)
class _Prong:
    """Transverse momentum (GeV) and offset from the jet axis (eta, phi) of a prong; (mass, c tau, tracks) of
    the hadron that flies in it, if one does."""

    pt: float
    eta: float
    phi: float
    hadron: tuple[float, float, float] | None


@dataclass(frozen=True)
class _Jet:
    pt: float
    eta: float
    prongs: tuple[_Prong, _Prong]


def toy_jets(count: int, seed: int) -> Jets:
    """`count` jets, alternately QCD and H->bb, the same for the same seed (numpy's PCG64).

    Only uniform, normal and exponential numbers are drawn, so that the stream is the same on every platform;
    values may differ in the last digits with the mathematical library.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    tracks = np.zeros((count, len(TRACK_FEATURES), _TRACKS), dtype=np.float32)
    vertices = np.zeros((count, len(VERTEX_FEATURES), _VERTICES), dtype=np.float32)
    labels = np.zeros((count, len(CLASSES)), dtype=np.int8)
    for index in range(count):
        label = index % len(CLASSES)
        labels[index, label] = 1
        track_columns, vertex_columns = _columns(random, CLASSES[label])
        _fill(tracks[index], track_columns, [item.name for item in TRACK_FEATURES], "trackBTag_Sip2dSig")
        _fill(vertices[index], vertex_columns, [item.name for item in VERTEX_FEATURES], "sv_dxysig")
    return Jets(_rounded(tracks), _rounded(vertices), labels)


def _rounded(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """Nearest numbers with a mantissa of MANTISSA_BITS bits, which compress better."""
    dropped = np.finfo(np.float32).nmant - MANTISSA_BITS
    bits = array.view(np.uint32) + np.uint32(1 << (dropped - 1))
    return (bits >> np.uint32(dropped) << np.uint32(dropped)).view(np.float32)


def _fill(slots: NDArray[Any], columns: _Columns, names: list[str], key: str) -> None:
    """Write the columns into the slots by falling `key`; what exceeds the slots is dropped."""
    order = np.argsort(-columns[key], kind="stable")[: slots.shape[1]]
    slots[:, : len(order)] = [columns[name][order] for name in names]


def _columns(random: np.random.Generator, label: str) -> tuple[_Columns, _Columns]:
    jet = _jet(random, label)
    parts, found = [], []
    for prong in jet.prongs:
        parts.append(_prompt(random, prong, _PROMPT_TRACKS[label]))
        if prong.hadron:
            decay, vertex = _decay(random, jet, prong, prong.hadron)
            parts.append(decay)
            found.append(vertex)
    if random.random() < _FAKE_VERTEX_PROBABILITY:
        found.append(_fake(random, jet))
    particles = _inside({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    vertices = _vertex_columns(random, jet, np.array(found).reshape(-1, len(_VERTEX_TRUTH)))
    return _track_columns(random, jet, particles, vertices), vertices


def _inside(particles: _Columns) -> _Columns:
    inside = np.hypot(particles["eta"], particles["phi"]) < _RADIUS
    return {name: column[inside] for name, column in particles.items()}


def _jet(random: np.random.Generator, label: str) -> _Jet:
    """Falling spectrum from 300 GeV; two prongs whose mass is the Higgs boson's or a wide range of masses."""
    pt = min(300.0 * (1 - random.random()) ** -0.25, 1500.0)
    eta = 4.0 * random.random() - 2.0
    mass = _HIGGS_MASS if label == "Hbb" else min(40.0 + 45.0 * random.standard_exponential(), 200.0)
    share = 0.5 + 0.4 * random.random() * (0.75 if label == "Hbb" else 1.0)
    distance = min(mass / (pt * np.sqrt(share * (1 - share))), 0.9)
    angle = 2 * np.pi * random.random()
    prongs = []
    for part, offset in ((share, (1 - share) * distance), (1 - share, -share * distance)):
        flies = label == "Hbb" or random.random() < _CHARM_PROBABILITY
        hadron = (_BEAUTY if label == "Hbb" else _CHARM) if flies else None
        prongs.append(_Prong(part * pt, offset * np.cos(angle), offset * np.sin(angle), hadron))
    return _Jet(pt, eta, (prongs[0], prongs[1]))


def _prompt(random: np.random.Generator, prong: _Prong, mean: float) -> _Columns:
    """Tracks from the primary vertex: a third of the prong's momentum, without a decay two thirds."""
    count = max(3, round(mean + np.sqrt(mean) * random.standard_normal()))
    shares = random.standard_exponential(count) ** 1.5
    pt = 0.95 + (0.33 if prong.hadron else 0.65) * prong.pt * shares / shares.sum()
    width = 1.5 / (pt + 5.0)
    return {
        "pt": pt,
        "eta": prong.eta + width * random.standard_normal(count),
        "phi": prong.phi + width * random.standard_normal(count),
        "impact": np.zeros(count),
        "impact_z": np.zeros(count),
    }


# Columns of what `_decay` and `_fake` say of a vertex; pt is that of its tracks, flight transverse in cm.
_VERTEX_TRUTH = ("pt", "eta", "phi", "mass", "tracks", "flight")


def _decay(
    random: np.random.Generator, jet: _Jet, prong: _Prong, hadron: tuple[float, float, float]
) -> tuple[_Columns, tuple[float, ...]]:
    """Tracks of a hadron that carries 40 to 80 % of the prong, and the vertex where it decays."""
    mass, lifetime, mean = hadron
    pt = prong.pt * (0.4 + 0.4 * random.random())
    flight = lifetime * pt / mass * random.standard_exponential()  # transverse: c tau times p_T / m
    count = max(2, round(mean + 1.3 * random.standard_normal()))
    shares = random.standard_exponential(count)
    track_pt = 0.95 + 0.65 * pt * shares / shares.sum()
    kick = mass / (2.5 * (track_pt + 1.0))
    d_phi, d_eta = kick * random.standard_normal(count), kick * random.standard_normal(count)
    columns = {
        "pt": track_pt,
        "eta": prong.eta + d_eta,
        "phi": prong.phi + d_phi,
        "impact": flight * np.abs(np.sin(d_phi)),
        "impact_z": flight * d_eta * np.cosh(jet.eta),
    }
    seen = mass * (0.35 + 0.5 * random.random())
    return columns, (float(track_pt.sum()), prong.eta, prong.phi, seen, count, flight)


def _fake(random: np.random.Generator, jet: _Jet) -> tuple[float, ...]:
    """A vertex of two tracks that only seem to meet, or of a strange hadron."""
    pt = 2.0 + 10.0 * random.standard_exponential()
    eta, phi = 0.25 * random.standard_normal(2)
    return (
        min(pt, jet.pt / 2),
        eta,
        phi,
        0.3 + 0.5 * random.random(),
        2,
        0.3 * random.standard_exponential(),
    )


def _vertex_columns(random: np.random.Generator, jet: _Jet, truth: Array) -> _Columns:
    """The 14 vertex features of the vertices that are significant enough to be found."""
    error = 0.004 + 0.012 * random.random(len(truth))  # cm; a choice
    pt, eta, phi, mass, tracks, flight = truth.T
    measured = np.abs(flight + error * random.standard_normal(len(truth)))
    energy = np.sqrt((pt * np.cosh(jet.eta + eta)) ** 2 + mass**2)
    stretch = np.cosh(jet.eta + eta)
    columns = {
        "sv_ptrel": pt / jet.pt,
        "sv_erel": energy / (jet.pt * np.cosh(jet.eta)),
        "sv_phirel": phi,
        "sv_etarel": eta,
        "sv_deltaR": np.minimum(np.hypot(eta, phi) - 0.5, 0.0),
        "sv_pt": pt,
        "sv_mass": mass,
        "sv_ntracks": tracks,
        "sv_normchi2": 0.2 + 0.8 * random.standard_exponential(len(truth)),
        "sv_dxy": measured,
        "sv_dxysig": measured / error,
        "sv_d3d": measured * stretch,
        "sv_d3dsig": measured / error * (0.9 + 0.2 * random.random(len(truth))),
        "sv_costhetasvpv": np.cos(
            np.minimum(error / (measured + error), 1.0) * random.standard_normal(len(truth))
        ),
    }
    good = (columns["sv_dxysig"] > _MIN_VERTEX_SIGNIFICANCE) & (tracks >= _MIN_VERTEX_TRACKS)
    return {name: column[good] for name, column in columns.items()}


def _track_columns(
    random: np.random.Generator, jet: _Jet, particles: _Columns, vertices: _Columns
) -> _Columns:
    """The 30 track features."""
    pt, eta, phi = particles["pt"], particles["eta"], particles["phi"]
    momentum = pt * np.cosh(jet.eta + eta)
    distance = np.hypot(eta, phi)
    columns = {
        "track_ptrel": pt / jet.pt,
        "track_erel": momentum / (jet.pt * np.cosh(jet.eta)),
        "track_phirel": phi,
        "track_etarel": eta,
        "track_deltaR": distance,
        "track_drminsv": _nearest(eta, phi, vertices["sv_etarel"], vertices["sv_phirel"]),
        "track_normchi2": np.maximum(1.0 + 0.35 * random.standard_normal(len(pt)), 0.2),
        "track_quality": np.full(len(pt), 5.0),
        "trackBTag_EtaRel": np.clip(-np.log(np.tan(np.maximum(distance, 1e-3) / 2)), -5.0, 15.0),
        "trackBTag_PtRatio": np.sin(distance),
        "trackBTag_PParRatio": np.cos(distance),
    }
    for number, prong in enumerate(jet.prongs, start=1):
        columns[f"track_drsubjet{number}"] = np.hypot(eta - prong.eta, phi - prong.phi)
    errors = _errors(random, jet, pt)
    return columns | _covariances(errors, momentum) | _impact_columns(random, particles, errors)


def _nearest(eta: Array, phi: Array, vertex_eta: Array, vertex_phi: Array) -> Array:
    """Distance of each track from the nearest vertex, 0.4 at most."""
    if not len(vertex_eta):
        return np.full(len(eta), 0.4)
    distances = np.hypot(eta[:, None] - vertex_eta, phi[:, None] - vertex_phi)
    nearest: Array = np.minimum(distances.min(axis=1), 0.4)
    return nearest


def _errors(random: np.random.Generator, jet: _Jet, pt: Array) -> tuple[Array, Array]:
    """Errors of the transverse and the longitudinal impact parameter in cm, with 15 % spread a track."""
    central = abs(jet.eta) < 1.4
    transverse = (9.5, 82.0, 0.67) if central else (13.2, 145.0, 0.79)
    longitudinal = (31.0, 140.0, 0.69) if central else (79.2, 646.0, 0.86)
    spread = np.exp(0.15 * random.standard_normal(len(pt)))
    one, other = (1e-4 * np.hypot(a, b * pt**-c) * spread for a, b, c in (transverse, longitudinal))
    return one, other


def _covariances(errors: tuple[Array, Array], momentum: Array) -> _Columns:
    transverse, longitudinal = errors
    angle, dip = transverse / _LEVER_ARM, longitudinal / _LEVER_ARM
    return {
        "track_dptdpt": (0.01 / momentum) ** 2,
        "track_detadeta": dip**2,
        "track_dphidphi": angle**2,
        "track_dxydxy": transverse**2,
        "track_dzdz": longitudinal**2,
        "track_dxydz": 0.05 * transverse * longitudinal,
        "track_dphidxy": -0.85 * angle * transverse,
        "track_dlambdadz": -0.85 * dip * longitudinal,
    }


def _impact_columns(
    random: np.random.Generator, particles: _Columns, errors: tuple[Array, Array]
) -> _Columns:
    """Impact parameters: signed ones are positive for decays along the flight, significances end at -1."""
    count = len(particles["pt"])
    signed = particles["impact"] + errors[0] * random.standard_normal(count)
    along = particles["impact_z"] + errors[1] * random.standard_normal(count)
    side = np.where(random.random(count) < 0.5, -1.0, 1.0)
    space = np.sign(signed) * np.hypot(signed, along / 2)
    error_in_space = np.hypot(errors[0], errors[1] / 2)
    return {
        "track_dz": along,
        "track_dzsig": along / errors[1],
        "track_dxy": side * np.abs(signed),
        "track_dxysig": side * np.abs(signed) / errors[0],
        "trackBTag_Sip2dVal": np.maximum(signed, -1.0),
        "trackBTag_Sip2dSig": np.maximum(signed / errors[0], -1.0),
        "trackBTag_Sip3dVal": np.maximum(space, -1.0),
        "trackBTag_Sip3dSig": np.maximum(space / error_in_space, -1.0),
        "trackBTag_JetDistVal": -np.abs(signed) * random.random(count),
    }


def write_prepared(file: Path, jets: Jets) -> None:
    """Write jets as `fairreg hbb prepare` does; needs h5py."""
    from fairreg.models.hbb_in.jet_files import JetWriter

    number = len(jets)
    with JetWriter(file, files=("a",), spectators=("fj_pt",), source="toy jets") as writer:
        writer.append(
            tracks=jets.tracks,
            vertices=jets.vertices,
            labels=jets.labels.astype(np.float32),
            weight=np.ones(number, np.float32),
            event=np.arange(number),
            file=np.zeros(number, np.int32),
            spectators=np.ones((number, 1), np.float32),
        )
