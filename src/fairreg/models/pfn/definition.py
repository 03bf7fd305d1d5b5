# SPDX-License-Identifier: MIT
"""The networks in plain float64, pair by pair: the judge of the graph and of PyTorch.

PFN: F(sum_i Phi(p_i)) (P. T. Komiske, E. M. Metodiev, J. Thaler, JHEP 01 (2019) 121, arXiv:1810.05165).

PFIN (A. Khot, M. S. Neubauer, A. Roy, Mach. Learn.: Sci. Technol. 4 (2023) 035003, arXiv:2210.04371; the
formulas are those of models/PFIN/PFIN.py of FAIR4HEP/xAI4toptagger): with x_i = (pT_i / S, eta_i, phi_i, ...)
of particle i about the jet axis, S the sum of pT, and c = 1e-5, a pair of particles has the features

    ln(delta + c),  delta = sqrt((eta_i - eta_j)^2 + (phi_i - phi_j)^2)
    ln(kT + c),     kT = S min(x_i, x_j) delta
    ln(z + c),      z = min(x_i, x_j) / (x_i + x_j + c)
    ln(m^2 + c),    m^2 = |E^2 - px^2 - py^2 - pz^2| of the two massless particles, in GeV^2

which PhiInt maps to a message. The messages of the pairs of a particle are summed and divided by the number
of constituents of the jet; PhiInt2 maps x_i with that to a representation, and the sums of Phi and of PhiInt2
over the particles are added or concatenated before F. Padded particles contribute to no sum.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.pfn.architecture import ParticleFlowSizes
from fairreg.models.pfn.settings import ParticleFlowSettings

__all__ = ["compute"]

Array = NDArray[Any]
_SMALL = 1e-5
_ETA, _PHI, _SUM_PT, _CONSTITUENTS = 3, 4, 5, 6  # columns of aug_data


def compute(
    tensors: Mapping[str, Array],
    sizes: ParticleFlowSizes,
    settings: ParticleFlowSettings,
    arrays: Mapping[str, Array],
) -> dict[str, Array]:
    """Outputs by name, in float64, for inputs by name as the runner takes them."""
    network = _Network({name: np.asarray(value, dtype=np.float64) for name, value in tensors.items()}, sizes)
    inputs = {name: np.asarray(value, dtype=np.float64) for name, value in arrays.items()}
    rows = range(len(inputs["particles"]))
    logits = np.array([network.logits({name: value[row] for name, value in inputs.items()}) for row in rows])
    return _outputs(logits.reshape(-1, sizes.classes), settings)


def _outputs(logits: Array, settings: ParticleFlowSettings) -> dict[str, Array]:
    """Softmax; or evidence e = ReLU, alpha = e + 1, S = sum alpha, p = alpha / S, u = K / S.

    M. Sensoy, L. Kaplan, M. Kandemir, Evidential Deep Learning to Quantify Classification Uncertainty,
    arXiv:1806.01768, and getprobs and uncs in evaluation/EvalTools.py of PFIN4UQAD.
    """
    if settings.output == "softmax":
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return {"probabilities": powers / powers.sum(axis=1, keepdims=True)}
    evidence = np.maximum(logits, 0)
    alpha = evidence + 1
    total = alpha.sum(axis=1, keepdims=True)
    return {
        "evidence": evidence,
        "probabilities": alpha / total,
        "uncertainty": alpha.shape[1] / total,
    }


class _Network:
    def __init__(self, weights: Mapping[str, Array], sizes: ParticleFlowSizes) -> None:
        self.weights, self.sizes = weights, sizes

    def logits(self, jet: Mapping[str, Array]) -> Array:
        """Outputs of the last layer for one jet."""
        real = [index for index, mask in enumerate(jet["masks"][0]) if mask]
        particles = jet["particles"]
        sums = [self._sum([self._layers("phi", particles[index]) for index in real])]
        if self.sizes.pair_nodes:
            sums.append(self._sum([self._with_pairs(jet, index, real) for index in real]))
        latent = np.concatenate(sums) if self.sizes.combination == "cat" else np.sum(sums, axis=0)
        if self.sizes.taus:
            latent = np.concatenate((latent, jet["taus"]))
        return self._linear(self.sizes.last, self._layers("fc", latent))

    def _with_pairs(self, jet: Mapping[str, Array], index: int, real: list[int]) -> Array:
        particles, around = jet["particles"], jet["aug_data"]
        messages = [
            self._layers("phiInt", _pair(particles[index], particles[other], around))
            for other in real
            if other != index
        ]
        mean = self._sum(messages) / around[_CONSTITUENTS]
        return self._layers("phiInt2", np.concatenate((particles[index], mean)))

    def _sum(self, vectors: list[Array]) -> Array:
        total: Array = np.sum(vectors, axis=0) if vectors else np.zeros(self.sizes.latent)
        return total

    def _layers(self, part: str, value: Array) -> Array:
        for name in self.sizes.layers[part]:
            value = np.maximum(self._linear(name, value), 0)
        return value

    def _linear(self, name: str, value: Array) -> Array:
        product: Array = self.weights[f"{name}.weight"] @ value + self.weights[f"{name}.bias"]
        return product


def _pair(one: Array, other: Array, around: Array) -> Array:
    """The four features of a pair of particles of a jet with the features `around`."""
    delta = np.hypot(one[1] - other[1], one[2] - other[2])
    softer = min(one[0], other[0])
    total = _momentum(one, around) + _momentum(other, around)
    mass = abs(total[0] ** 2 - total[1] ** 2 - total[2] ** 2 - total[3] ** 2)
    z = softer / (one[0] + other[0] + _SMALL)
    features = np.array([delta, softer * delta * around[_SUM_PT], z, mass], dtype=np.float64)
    return np.log(features + _SMALL)


def _momentum(particle: Array, around: Array) -> Array:
    """E, px, py and pz of a massless particle in GeV, in extended precision for the difference of squares."""
    pt, eta, phi = np.asarray(particle[:3], dtype=np.longdouble)
    pt, eta, phi = pt * around[_SUM_PT], eta + around[_ETA], phi + around[_PHI]
    momentum: Array = pt * np.array([np.cosh(eta), np.cos(phi), np.sin(phi), np.sinh(eta)])
    return momentum
