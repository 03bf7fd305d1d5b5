# SPDX-License-Identifier: MIT
"""The definition of LorentzNet, jet by jet and pair by pair, in float64: slow, and the judge of the others.

Sources: Gong et al., JHEP 07 (2022) 030, arXiv:2201.08187, section 3; for what the paper leaves open
(normalisation, clamp, means), models.py, top/collate.py and qg/dataset.py in
github.com/sdogsq/LorentzNet-release.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.lorentznet.sizes import LorentzNetSizes

__all__ = [
    "BEAMS",
    "LIMIT",
    "METRIC",
    "PARTICLES",
    "JetNodes",
    "logits",
    "logits_of_jets",
    "nodes_of",
    "psi",
]

Array = NDArray[Any]
METRIC = np.array([1.0, -1.0, -1.0, -1.0])
# Two particles along the beam with mass 1 and p_z = ±1: top/dataset.py (beam_mass=1), top/collate.py.
BEAMS = np.array([[np.sqrt(2.0), 0.0, 0.0, 1.0], [np.sqrt(2.0), 0.0, 0.0, -1.0]])
# |PDG identifier| of the columns of the scalars for quark-gluon tagging: qg/dataset.py.
PARTICLES = (11, 13, 22, 130, 211, 321, 2112, 2212)
_EPSILON = 1e-5  # of batch normalisation, PyTorch's default
LIMIT = 100.0  # of the summands of the coordinates' update


@dataclass(frozen=True)
class JetNodes:
    """Nodes of one jet: four-momenta (nodes, 4), scalars (nodes, n) and which of them are real (nodes,)."""

    momenta: Array
    scalars: Array
    real: Array


def psi(value: Array) -> Array:
    """``sgn(x) log(|x| + 1)``, the paper's normalisation of Minkowski products (section 3.2)."""
    found: Array = np.sign(value) * np.log(np.abs(value) + 1)
    return found


def nodes_of(arrays: Mapping[str, Array], jet: int, scalars: int) -> JetNodes:
    """Nodes of one jet of the inputs, by the number of scalars of the network."""
    momenta = np.asarray(arrays["four_momenta"][jet], dtype=np.float64)
    if scalars == BEAMS.shape[0]:
        return _with_beams(momenta)
    if scalars == len(PARTICLES):
        identifiers = np.abs(arrays["pdg_id"][jet])
        of_particles = (identifiers[:, None] == np.array(PARTICLES)).astype(float)
        return _nodes(momenta, of_particles, identifiers != 0)
    return _nodes(momenta, np.asarray(arrays["scalars"][jet], dtype=np.float64), arrays["mask"][jet] != 0)


def _nodes(momenta: Array, scalars: Array, real: Array) -> JetNodes:
    """Nodes with zeros in padded slots, whatever these hold."""
    return JetNodes(
        np.where(real[:, None], momenta, 0.0), np.where(real[:, None], scalars, 0.0), np.asarray(real)
    )


def _with_beams(momenta: Array) -> JetNodes:
    """Beams first; the scalars are the masses through psi, of particles in column 0, of beams in column 1."""
    nodes = np.concatenate([BEAMS, np.where(momenta[:, :1] != 0, momenta, 0.0)])
    masses = psi(np.sqrt(np.abs((nodes * nodes) @ METRIC)))
    is_beam = np.arange(len(nodes)) < len(BEAMS)
    return JetNodes(nodes, np.stack([masses * ~is_beam, masses * is_beam], axis=1), nodes[:, 0] != 0)


def logits_of_jets(tensors: Mapping[str, Array], weight: float, arrays: Mapping[str, Array]) -> Array:
    """Logits (jets, classes) of inputs as a runner takes them; `weight` as in `logits`."""
    scalars = LorentzNetSizes.from_tensors(tensors).scalars
    jets = range(len(arrays["four_momenta"]))
    return np.stack([logits(tensors, weight, nodes_of(arrays, jet, scalars)) for jet in jets])


def logits(tensors: Mapping[str, Array], weight: float, nodes: JetNodes) -> Array:
    """Logits of the classes (classes,) of one jet; `weight` is that of the coordinates' update.

    The sum over the real nodes is divided by the number of all, as ``LorentzNet.forward`` does.
    """
    sizes = LorentzNetSizes.from_tensors(tensors)
    network = _Network({name: array.astype(np.float64) for name, array in tensors.items()})
    x, h = nodes.momenta.astype(np.float64), network.linear(nodes.scalars, "embedding")
    for number in range(sizes.layers):
        x, h = network.block(f"LGEBs.{number}", x, h, nodes, None if number == sizes.layers - 1 else weight)
    pooled = (h * nodes.real[:, None]).sum(axis=0) / len(h)
    return network.linear(np.maximum(network.linear(pooled, "graph_dec.0"), 0), "graph_dec.3")


class _Network:
    def __init__(self, tensors: Mapping[str, Array]) -> None:
        self._tensors = tensors

    def linear(self, value: Array, layer: str) -> Array:
        bias = self._tensors.get(f"{layer}.bias", np.zeros(1))
        found: Array = value @ self._tensors[f"{layer}.weight"].T + bias
        return found

    def normalised(self, value: Array, layer: str) -> Array:
        mean, variance, weight, bias = (
            self._tensors[f"{layer}.{name}"] for name in ("running_mean", "running_var", "weight", "bias")
        )
        found: Array = (value - mean) / np.sqrt(variance + _EPSILON) * weight + bias
        return found

    def block(
        self, layer: str, x: Array, h: Array, nodes: JetNodes, weight: float | None
    ) -> tuple[Array, Array]:
        """One Lorentz group equivariant block: new coordinates and new scalars of all nodes."""
        moved, sums = x.copy(), np.zeros_like(h)
        for one in range(len(x)):
            others = (
                [other for other in np.flatnonzero(nodes.real) if other != one] if nodes.real[one] else []
            )
            steps = []
            for other in others:
                message = self.message(layer, (x[one], h[one]), (x[other], h[other]))
                sums[one] += message
                if weight is not None:
                    steps.append(self.step(layer, x[one] - x[other], message))
            if weight is not None and steps:
                moved[one] = x[one] + weight * np.mean(steps, axis=0)
        hidden = self.linear(np.concatenate([h, sums, nodes.scalars], axis=1), f"{layer}.phi_h.0")
        hidden = np.maximum(self.normalised(hidden, f"{layer}.phi_h.1"), 0)
        return moved, h + self.linear(hidden, f"{layer}.phi_h.3")

    def message(self, layer: str, one: tuple[Array, Array], other: tuple[Array, Array]) -> Array:
        """Message to `one` from `other`, each (four-momentum, scalars), times its gate."""
        difference = one[0] - other[0]
        geometry = psi(np.array([difference * difference @ METRIC, one[0] * other[0] @ METRIC]))
        value = self.linear(np.concatenate([one[1], other[1], geometry]), f"{layer}.phi_e.0")
        value = np.maximum(self.normalised(value, f"{layer}.phi_e.1"), 0)
        value = np.maximum(self.linear(value, f"{layer}.phi_e.3"), 0)
        gate: Array = 1 / (1 + np.exp(-self.linear(value, f"{layer}.phi_m.0")))
        return value * gate

    def step(self, layer: str, difference: Array, message: Array) -> Array:
        """Summand of the coordinates' update."""
        hidden = np.maximum(self.linear(message, f"{layer}.phi_x.0"), 0)
        found: Array = np.clip(difference * self.linear(hidden, f"{layer}.phi_x.2"), -LIMIT, LIMIT)
        return found
