# SPDX-License-Identifier: MIT
"""Clustering of candidates into jets with FastJet (M. Cacciari, G. P. Salam, G. Soyez, arXiv:1111.6097).

Anti-kT with R = 0.8; soft drop (arXiv:1402.2657) with z = 0.1, beta = 0; N-subjettiness (arXiv:1011.2268)
with beta = 1 and kT axes after one pass of minimisation. |eta| < 2.4 is what the description of the CMS open
simulation states (10.7483/OPENDATA.CMS.JGJX.MS7Q), which begins at a pT of 200 GeV; pT from 300 to 2400 GeV
and a soft-drop mass from 40 to 200 GeV are choices that keep the usual range of H->bb tagging.
"""

import warnings
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import MissingEngine
from fairreg.models.hbb_in.simulation.smearing import Candidates

__all__ = [
    "ETA_MAX",
    "MASS_RANGE",
    "PT_RANGE",
    "RADIUS",
    "Clustered",
    "direction",
    "distance",
    "engine",
    "find_jets",
    "wrapped",
]

Array = NDArray[Any]
RADIUS = 0.8
PT_RANGE, ETA_MAX, MASS_RANGE = (300.0, 2400.0), 2.4, (40.0, 200.0)  # GeV
SOFT_DROP_CUT, SOFT_DROP_BETA = 0.1, 0
_EVERYTHING = 10.0  # a radius that makes one jet of all constituents
_MIN_CANDIDATES = 4  # fewer have no third subjettiness


@dataclass(frozen=True)
class Clustered:
    """Selected jets of a batch, one array element per jet, in the order of `event`; GeV, rad.

    `subjets` (jets, 2, 2): eta and phi of the two soft-drop subjets, the harder first. `jet` and `member`
    have one element per constituent: the index of its jet, in ascending order, and that of the candidate.
    """

    event: Array
    pt: Array
    eta: Array
    phi: Array
    mass: Array
    e: Array
    soft_drop_mass: Array
    tau: Array
    subjets: Array
    jet: Array
    member: Array

    def __len__(self) -> int:
        return len(self.pt)

    def take(self, chosen: Array) -> "Clustered":
        """Select the jets where the mask is true, and renumber them."""
        number = np.cumsum(chosen) - 1
        inside = chosen[self.jet]
        columns = {item.name: getattr(self, item.name) for item in fields(self)}
        kept = {name: values[chosen] for name, values in columns.items() if name not in {"jet", "member"}}
        return Clustered(**kept, jet=number[self.jet[inside]], member=self.member[inside])


def engine() -> Any:
    """The module of FastJet; MissingEngine without the extra ``simulate``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its compiled part lacks a module attribute that Python expects
            import fastjet
    except ImportError as error:
        raise MissingEngine("FastJet (fastjet)", "simulate") from error
    return fastjet


def wrapped(angle: Array) -> Array:
    """Map an angle into the range -pi to pi."""
    inside: Array = np.mod(angle + np.pi, 2 * np.pi) - np.pi
    return inside


def distance(eta: Array, phi: Array, other_eta: Array, other_phi: Array) -> Array:
    """Distance in pseudorapidity and azimuth."""
    found: Array = np.hypot(eta - other_eta, wrapped(phi - other_phi))
    return found


def direction(vectors: Array) -> tuple[Array, Array]:
    """Pseudorapidity and azimuth of vectors whose last axis begins with x, y, z."""
    transverse = np.maximum(np.hypot(vectors[..., 0], vectors[..., 1]), 1e-9)
    return np.arcsinh(vectors[..., 2] / transverse), np.arctan2(vectors[..., 1], vectors[..., 0])


def find_jets(candidates: Candidates, count: int) -> Clustered:
    """Find the jets that pass the cuts in the candidates of `count` events."""
    import awkward as ak

    fastjet = engine()
    momenta = ak.zip({"px": candidates.px, "py": candidates.py, "pz": candidates.pz, "E": candidates.e})
    counts = np.bincount(candidates.event, minlength=count)
    events = ak.unflatten(momenta, counts)
    found = fastjet.ClusterSequence(events, fastjet.JetDefinition(fastjet.antikt_algorithm, RADIUS))
    index = found.constituent_index(PT_RANGE[0])
    per_event = np.asarray(ak.num(index, axis=1))
    sizes = np.asarray(ak.flatten(ak.num(index, axis=2)), dtype=np.int64)
    event = np.repeat(np.arange(count), per_event)
    starts = np.cumsum(counts) - counts
    member = np.asarray(ak.flatten(index, axis=None), dtype=np.int64) + np.repeat(starts[event], sizes)
    jets = _kinematics(candidates, event, np.repeat(np.arange(len(sizes)), sizes), member)
    inside = (jets.pt < PT_RANGE[1]) & (np.abs(jets.eta) < ETA_MAX) & (sizes >= _MIN_CANDIDATES)
    jets = jets.take(inside)
    return _with_substructure(jets, momenta) if len(jets) else jets


def _kinematics(candidates: Candidates, event: Array, jet: Array, member: Array) -> Clustered:
    """Jets as the sums of their candidates; columns of the substructure are zero."""
    px, py, pz, e = (
        np.bincount(jet, weights=getattr(candidates, name)[member], minlength=len(event))
        for name in ("px", "py", "pz", "e")
    )
    pt = np.hypot(px, py)
    return Clustered(
        event=event,
        pt=pt,
        eta=np.arcsinh(pz / np.maximum(pt, 1e-9)),
        phi=np.arctan2(py, px),
        mass=np.sqrt(np.maximum(e**2 - pt**2 - pz**2, 0)),
        e=e,
        soft_drop_mass=np.zeros(len(event)),
        tau=np.zeros((len(event), 3)),
        subjets=np.zeros((len(event), 2, 2)),
        jet=jet,
        member=member,
    )


def _with_substructure(jets: Clustered, momenta: Any) -> Clustered:
    import awkward as ak

    fastjet = engine()
    sizes = np.bincount(jets.jet, minlength=len(jets))
    constituents = ak.unflatten(momenta[jets.member], sizes)
    definition = fastjet.JetDefinition(fastjet.cambridge_algorithm, _EVERYTHING)
    groomed = fastjet.ClusterSequence(constituents, definition).exclusive_jets_softdrop_grooming(
        beta=SOFT_DROP_BETA, symmetry_cut=SOFT_DROP_CUT, R0=RADIUS
    )
    mass = np.nan_to_num(np.asarray(groomed.msoftdrop))
    chosen = (mass > MASS_RANGE[0]) & (mass < MASS_RANGE[1])
    if not chosen.any():
        return jets.take(chosen)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fastjet 3.5.2.0 warns of every algorithm, also of those that may
        subjets = fastjet.ClusterSequence(groomed.constituents[chosen], definition).exclusive_jets(2)
    tau = fastjet.ClusterSequence(constituents[chosen], definition).njettiness(R0=RADIUS)
    columns = {item.name: getattr(jets.take(chosen), item.name) for item in fields(jets)}
    return Clustered(
        **columns
        | {
            "soft_drop_mass": mass[chosen],
            "tau": np.asarray(tau)[:, :3],
            "subjets": _axes(subjets),
        }
    )


def _axes(subjets: Any) -> Array:
    """Pseudorapidity and azimuth of two subjets per jet, the harder first."""
    px, py, pz = (np.asarray(subjets[name]) for name in ("px", "py", "pz"))
    pt = np.hypot(px, py)
    axes = np.stack((np.arcsinh(pz / np.maximum(pt, 1e-9)), np.arctan2(py, px)), axis=-1)
    order = np.argsort(-pt, axis=1, kind="stable")
    found: Array = np.take_along_axis(axes, order[:, :, None], axis=1)
    return found
