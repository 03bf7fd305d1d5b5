# SPDX-License-Identifier: MIT
"""Signatures of the networks, and a toy sample of jets.

Names of the inputs are those of the data sets in the HDF5 files that the programs of PFIN4UQAD write.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.pfn.architecture import NAMES, TAUS, ParticleFlowSizes
from fairreg.models.pfn.settings import ParticleFlowSettings
from fairreg.schemas.record import Feature, Tensor

__all__ = ["signature", "toy_jets"]

Array = NDArray[Any]

_KINEMATIC = (
    Feature("pt_fraction", description="pT divided by the sum of pT of the particles of the jet"),
    Feature("delta_eta", description="pseudorapidity less that of the jet"),
    Feature("delta_phi", "rad", "azimuth less that of the jet"),
)
# datasets/jetclass/jetclass_preprocess.py of PFIN4UQAD; names of JetClass (10.5281/zenodo.6619768).
_JETCLASS = (
    Feature("part_charge"),
    Feature("part_d0val", description="of JetClass, divided by 1000"),
    Feature("part_dzval", description="of JetClass, divided by 1000"),
    *(Feature(f"part_is{kind}") for kind in ("ChargedHadron", "NeutralHadron", "Photon", "Electron", "Muon")),
)
_JET = (
    Feature("jet_e", "GeV", "energy; not used by the network"),
    Feature("jet_m", "GeV", "mass; not used by the network"),
    Feature("jet_pt", "GeV", "transverse momentum; not used by the network"),
    Feature("jet_eta", description="pseudorapidity; cancels in the features of pairs"),
    Feature("jet_phi", "rad", "azimuth; cancels in the features of pairs"),
    Feature("jet_ptsum", "GeV", "sum of pT of the particles"),
    Feature("jet_nconst", description="number of particles, at least 1"),
)
_TAUS = tuple(
    Feature(
        f"tau_{order}",
        description="n-subjettiness of beta = 1 with exclusive-kT axes, pT relative to the jet",
    )
    for order in range(1, TAUS + 1)
)


def signature(
    sizes: ParticleFlowSizes, settings: ParticleFlowSettings
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Inputs and outputs of a network with their features; N is the number of jets, P that of particles."""
    features = _KINEMATIC if sizes.features == len(_KINEMATIC) else (*_KINEMATIC, *_JETCLASS)
    inputs = [
        _tensor("particles", ("P", sizes.features), features, "particles, zero-padded"),
        _tensor("masks", (1, "P"), (), "1 for a particle, 0 for padding"),
    ]
    if sizes.pair_nodes:
        inputs.append(_tensor("aug_data", (len(_JET),), _JET, "features of the jet"))
    if sizes.taus:
        inputs.append(_tensor("taus", (sizes.taus,), _TAUS, "n-subjettiness variables of the jet"))
    return tuple(inputs), _outputs(settings)


def _outputs(settings: ParticleFlowSettings) -> tuple[Tensor, ...]:
    classes = tuple(Feature(name) for name in settings.classes)
    width = (len(classes),)
    if settings.output == "softmax":
        return (_tensor("probabilities", width, classes, "probability of each class"),)
    return (
        _tensor("evidence", width, classes, "evidence e of each class, at least 0: what the network returns"),
        _tensor("probabilities", width, classes, "expected probability (e + 1) / S, S the sum of e + 1"),
        _tensor("uncertainty", (1,), (), "uncertainty K / S of K classes, between 0 and 1"),
    )


def _tensor(name: str, shape: tuple[int | str, ...], features: tuple[Feature, ...], words: str) -> Tensor:
    return Tensor(name=name, dtype="float32", shape=("N", *shape), features=features, description=words)


def toy_jets(
    sizes: ParticleFlowSizes | None = None, jets: int = 12, slots: int = 24, seed: int = 0
) -> Mapping[str, Array]:
    """Random jets by input name for a network of these sizes; for every one of top tagging without sizes.

    Momenta are exponential, angles normal with a width of 0.2, sums of pT uniform in 500 to 1000 GeV; the
    jets have 1, 2, ... up to `slots` particles, the hardest first, then zeros.
    """
    random = np.random.default_rng(seed)
    counts = np.linspace(1, slots, jets).astype(int)
    counts[1:2] = min(2, slots)
    real = np.arange(slots) < counts[:, np.newaxis]
    pt = -np.sort(-random.exponential(size=(jets, slots)) * real, axis=1)
    angles = np.clip(random.normal(0, 0.2, (jets, slots, 2)), -0.8, 0.8)
    kinematic = np.dstack((pt / pt.sum(axis=1, keepdims=True), angles))
    others = _toy_identities(random, (jets, slots), 0 if sizes is None else sizes.features - len(_KINEMATIC))
    particles = np.dstack((kinematic, others)) * real[:, :, np.newaxis]
    found = {
        "particles": particles,
        "masks": real[:, np.newaxis, :],
        "aug_data": _toy_axes(random, particles, counts),
        "taus": np.sort(random.uniform(0, 0.3, (jets, TAUS)), axis=1)[:, ::-1],
    }
    taken = NAMES if sizes is None else tuple(item.name for item in _inputs_of(sizes))
    return {name: np.ascontiguousarray(found[name], dtype=np.float32) for name in taken}


def _inputs_of(sizes: ParticleFlowSizes) -> tuple[Tensor, ...]:
    return signature(sizes, ParticleFlowSettings("PFN", "softmax", ()))[0]


def _toy_identities(random: np.random.Generator, shape: tuple[int, int], features: int) -> Array:
    """Charge, impact parameters and kind of particles as in JetClass, or nothing."""
    if not features:
        return np.zeros((*shape, 0))
    kind = random.integers(0, 5, shape)
    charged = ~np.isin(kind, (1, 2))  # neither neutral hadrons nor photons
    charge = random.choice([-1, 1], shape) * charged
    impact = random.normal(0, 1e-4, (*shape, 2)) * charged[:, :, np.newaxis]
    return np.dstack((charge, impact, np.eye(5)[kind]))


def _toy_axes(random: np.random.Generator, particles: Array, counts: Array) -> Array:
    """Features of jets (n, 7) of the sum of their massless particles about random axes."""
    total = random.uniform(500, 1000, len(counts))
    eta, phi = random.uniform(-2, 2, len(counts)), random.uniform(-np.pi, np.pi, len(counts))
    pt = particles[:, :, 0] * total[:, np.newaxis]
    etas, phis = particles[:, :, 1] + eta[:, np.newaxis], particles[:, :, 2] + phi[:, np.newaxis]
    energy = (pt * np.cosh(etas)).sum(axis=1)
    px, py, pz = ((pt * of).sum(axis=1) for of in (np.cos(phis), np.sin(phis), np.sinh(etas)))
    jet_pt = np.hypot(px, py)
    mass = np.sqrt(np.maximum(energy**2 - jet_pt**2 - pz**2, 0))
    return np.stack((energy, mass, jet_pt, eta, phi, total, counts), axis=1)
