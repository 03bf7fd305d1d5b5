# SPDX-License-Identifier: MIT
"""The signal and background processes in Pythia 8, as batches of final-state particles.

Signal: gg -> G* -> HH -> 4b at graviton masses drawn so that the Higgs bosons' transverse momenta fall as
pT^-2.2 from 300 to 1700 GeV (a choice that covers the range of the jets). Background: all hard QCD processes
from 280 GeV, oversampled by the fourth-and-a-half power of pT and weighted back. Both at 13 TeV with the
Monash tune (Tune 14, arXiv:1404.5630), hadronisation, decays and multi-parton interactions. C. Bierlich et
al., arXiv:2203.11601.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import MissingEngine

__all__ = ["BACKGROUND", "COMMON", "SIGNAL", "Events", "Process", "batches", "engine"]

Process = Literal["signal", "background"]
Array = NDArray[Any]

COMMON = ("Print:quiet = on", "Beams:eCM = 13000", "Tune:pp = 14", "Random:setSeed = on")
SIGNAL = (
    "ExtraDimensionsG*:gg2G* = on",
    "5100039:onMode = off",
    "5100039:onIfMatch = 25 25",
    "25:onMode = off",
    "25:onIfMatch = 5 -5",
)
BACKGROUND = (
    "HardQCD:all = on",
    "PhaseSpace:pTHatMin = 280",
    "PhaseSpace:bias2Selection = on",
    "PhaseSpace:bias2SelectionPow = 4.5",
    "PhaseSpace:bias2SelectionRef = 280",
)
_BATCH = 150  # events; awkward arrays of this size stay in cache
_PT_RANGE, _PT_POWER = (300.0, 1700.0), 2.2  # GeV
_HIGGS, _GRAVITON, _B_QUARK = 25, 5100039, 5
_MASS_OVER_ENERGY = 2.08  # graviton mass over twice the energy of a Higgs boson at 90 degrees: a bit of boost
_WEAK_B_HADRONS = (511, 521, 531, 541, 5122, 5132, 5232, 5332)
_UNSEEN = (12, 14, 16)
_MAX_ETA = 4.0  # particles beyond cannot be in a jet within 2.4
_MILLIMETRE = 0.1  # cm


@dataclass(frozen=True)
class Events:
    """Particles of `count` events, one array element per particle, in the order of `event`.

    Momenta and energy in GeV, production vertex (`vx`, `vy`, `vz`) in cm from the interaction. `quarks` has a
    row (event, eta, phi of b, eta, phi of anti-b) for each H->bb, `hadrons` one (event, eta, phi) for each
    weakly decaying b hadron. `weight` has one number per event.
    """

    count: int
    event: Array
    px: Array
    py: Array
    pz: Array
    e: Array
    identity: Array
    vx: Array
    vy: Array
    vz: Array
    weight: Array
    quarks: Array
    hadrons: Array


def engine() -> Any:
    """The module of Pythia; MissingEngine without the extra ``simulate``."""
    try:
        import pythia8mc
    except ImportError as error:
        raise MissingEngine("Pythia (pythia8mc)", "simulate") from error
    return pythia8mc


def batches(process: Process, seed: np.random.SeedSequence) -> Iterator[Events]:
    """Yield events without end, the same for the same seed; signal batches differ in graviton mass."""
    random = np.random.default_rng(seed)
    if process == "background":
        pythia = _started((*COMMON, *BACKGROUND), random)
        while True:
            yield _events(pythia.nextBatch(_BATCH))
    while True:
        mass = _MASS_OVER_ENERGY * np.hypot(_drawn_pt(random), 125.0)
        pythia = _started((*COMMON, *SIGNAL, f"{_GRAVITON}:m0 = {mass:.3f}"), random)
        yield _events(pythia.nextBatch(_BATCH))


def _drawn_pt(random: np.random.Generator) -> float:
    low, high = (limit ** (1 - _PT_POWER) for limit in _PT_RANGE)
    return float((low + random.random() * (high - low)) ** (1 / (1 - _PT_POWER)))


def _started(settings: tuple[str, ...], random: np.random.Generator) -> Any:
    pythia = engine().Pythia("", False)  # noqa: FBT003  no banner; the binding takes no names
    for line in (*settings, f"Random:seed = {random.integers(1, 900_000_000)}"):
        if not pythia.readString(line):
            raise ValueError(f"Pythia does not know the setting {line!r}.")
    pythia.init()
    return pythia


def _events(batch: Any) -> Events:
    import awkward as ak

    counts = np.asarray(ak.num(batch.prt.id))
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    event = np.repeat(np.arange(len(counts)), counts)
    flat = ak.flatten(batch.prt)
    identity, mother = np.asarray(flat.id), np.asarray(flat.mother1) + starts
    momentum = {name: np.asarray(flat.p[name]) for name in ("px", "py", "pz", "e")}
    mother_identity = identity[mother]
    eta, phi = _direction(momentum)
    seen = (np.asarray(flat.status) > 0) & ~np.isin(np.abs(identity), _UNSEEN) & (np.abs(eta) < _MAX_ETA)
    quark = (np.abs(identity) == _B_QUARK) & (mother_identity == _HIGGS)
    weak = np.isin(np.abs(identity), _WEAK_B_HADRONS) & (np.abs(identity) != np.abs(mother_identity))
    vertex = {name: _MILLIMETRE * np.asarray(ak.fill_none(flat.vProd[name], 0.0)) for name in momentum}
    return Events(
        count=len(counts),
        event=event[seen],
        **{name: values[seen] for name, values in momentum.items()},
        identity=identity[seen],
        **{f"v{name[1]}": vertex[name][seen] for name in ("px", "py", "pz")},
        weight=np.asarray(batch.info.weights[:, 0]),
        quarks=_pairs(event[quark], mother[quark], eta[quark], phi[quark]),
        hadrons=np.column_stack((event[weak], eta[weak], phi[weak])),
    )


def _direction(momentum: dict[str, Array]) -> tuple[Array, Array]:
    """Pseudorapidity (10 at most, along the beam) and azimuth."""
    transverse = np.hypot(momentum["px"], momentum["py"])
    slope = momentum["pz"] / np.maximum(transverse, 1e-9)
    return np.clip(np.arcsinh(slope), -10, 10), np.arctan2(momentum["py"], momentum["px"])


def _pairs(event: Array, mother: Array, eta: Array, phi: Array) -> Array:
    """Rows (event, eta, phi, eta, phi) of the two consecutive quarks of each Higgs boson."""
    order = np.argsort(mother, kind="stable")
    columns = np.column_stack((event, eta, phi))[order]
    if len(columns) % 2 or (mother[order][::2] != mother[order][1::2]).any():
        raise ValueError("A Higgs boson did not decay to two b quarks.")
    return np.column_stack((columns[::2], columns[1::2, 1:]))
