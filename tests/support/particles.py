# SPDX-License-Identifier: MIT
"""Hand-made particles, candidates and jets for the parts of the simulation that need no generator."""

import numpy as np

from fairreg.models.hbb_in.simulation.clustering import Clustered
from fairreg.models.hbb_in.simulation.processes import Events
from fairreg.models.hbb_in.simulation.smearing import PION_MASS, Candidates

ERROR = 0.002  # cm


def events(pt, eta, phi, *, identity=211, vertex=(0.0, 0.0, 0.0), count=1):
    """Pions (or what `identity` says) of `count` events, the particles one after another dealt to them."""
    pt, eta, phi = np.broadcast_arrays(*(np.asarray(value, float) for value in (pt, eta, phi)))
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    empty = np.zeros((0, 3))
    return Events(
        count=count,
        event=np.sort(np.arange(len(pt)) % count),
        px=px,
        py=py,
        pz=pz,
        e=np.sqrt(px**2 + py**2 + pz**2 + PION_MASS**2),
        identity=np.broadcast_to(identity, pt.shape),
        vx=np.full(len(pt), vertex[0]),
        vy=np.full(len(pt), vertex[1]),
        vz=np.full(len(pt), vertex[2]),
        weight=np.ones(count),
        quarks=np.zeros((0, 5)),
        hadrons=empty,
    )


def candidates(pt, eta, phi, origin):
    """Perfectly measured tracks from `origin` (tracks, 3) in cm, with errors of 20 micrometres."""
    pt, eta, phi = (np.asarray(value, float) for value in (pt, eta, phi))
    x, y, z = np.asarray(origin, float).T
    along = x * np.cos(phi) + y * np.sin(phi)
    same = {name: np.full(len(pt), ERROR) for name in ("s_dxy", "s_dsz")}
    return Candidates(
        event=np.zeros(len(pt), int),
        px=pt * np.cos(phi),
        py=pt * np.sin(phi),
        pz=pt * np.sinh(eta),
        e=np.hypot(pt * np.cosh(eta), PION_MASS),
        tracked=np.ones(len(pt), bool),
        pt=pt,
        eta=eta,
        phi=phi,
        dxy=y * np.cos(phi) - x * np.sin(phi),
        dz=z - along * np.sinh(eta),
        s_phi=np.full(len(pt), ERROR / 6),
        s_lambda=np.full(len(pt), ERROR / 6),
        s_q_over_p=0.01 / pt,
        mutual=np.zeros(len(pt)),
        **same,
    )


def one_jet(count, *, eta=0.0, phi=0.0, pt=400.0):
    """A jet with `count` constituents along that direction; its subjets lie 0.2 to both sides."""
    return Clustered(
        event=np.zeros(1, int),
        pt=np.array([pt]),
        eta=np.array([eta]),
        phi=np.array([phi]),
        mass=np.array([100.0]),
        e=np.array([np.hypot(pt * np.cosh(eta), 100.0)]),
        soft_drop_mass=np.array([90.0]),
        tau=np.array([[0.3, 0.1, 0.05]]),
        subjets=np.array([[[eta, phi + 0.2], [eta, phi - 0.2]]]),
        jet=np.zeros(count, int),
        member=np.arange(count),
    )
