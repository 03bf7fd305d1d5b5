# SPDX-License-Identifier: MIT
"""The definition of the generator, jet by jet and particle by particle, in float64: the judge of the others.

Sources: Buhmann, Kasieczka and Thaler, arXiv:2301.08128; the equations are those of EPiC_layer and
EPiC_generator in models.py of github.com/uhh-pd-ml/EPiC-GAN. The weight of a layer is g v / |v|, row by row:
``torch.nn.utils.weight_norm`` with its default dim=0, after arXiv:1602.07868.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.epicgan.scale import Scale
from fairreg.models.epicgan.sizes import EpicGanSizes

__all__ = ["SLOPE", "generated", "generated_jets", "scaled"]

Array = NDArray[Any]
SLOPE = 0.01  # of the leaky ReLU: the default of torch.nn.functional.leaky_relu


def generated_jets(tensors: Mapping[str, Array], sizes: EpicGanSizes, arrays: Mapping[str, Array]) -> Array:
    """Output of the network (jets, particles, feats) of inputs as a runner takes them, 0 in padded slots."""
    mask = arrays["mask"] != 0
    found = np.zeros((*mask.shape, sizes.feats))
    for jet, real in enumerate(mask):
        if real.any():
            noise, local = arrays["global_noise"][jet], arrays["local_noise"][jet][real]
            found[jet, real] = generated(tensors, sizes.equiv_layers_generator, noise, local)
    return found


def generated(tensors: Mapping[str, Array], layers: int, noise: Array, local_noise: Array) -> Array:
    """Output of the network for one jet, shape (particles, feats), from (latent,) and (particles, latent).

    All particles are real ones.
    """
    network = _Network(tensors)
    local = [_leaky(network.linear("local_0", z)) for z in local_noise.astype(np.float64)]
    whole = _leaky(network.linear("global_0", noise.astype(np.float64)))
    whole = _leaky(network.linear("global_1", whole))
    first_whole, first_local = whole, local
    for number in range(layers):
        whole, local = network.epic_layer(f"nn_list.{number}", whole, local)
        whole = whole + first_whole
        local = [one + first for one, first in zip(local, first_local, strict=True)]
    return np.stack([network.linear("local_1", one) for one in local])


def scaled(output: Array, scale: Scale) -> Array:
    """Particles (particles, 3) as pT_rel, eta_rel, phi_rel."""
    particles: Array = output * np.array(scale.factors) + np.array(scale.means)
    return particles


def _leaky(value: Array) -> Array:
    return np.where(value > 0, value, SLOPE * value)


class _Network:
    def __init__(self, tensors: Mapping[str, Array]) -> None:
        self._tensors = {name: array.astype(np.float64) for name, array in tensors.items()}

    def linear(self, layer: str, value: Array) -> Array:
        length, direction = self._tensors[f"{layer}.weight_g"], self._tensors[f"{layer}.weight_v"]
        rows = [g * v / np.sqrt((v * v).sum()) for g, v in zip(length[:, 0], direction, strict=True)]
        found: Array = np.stack(rows) @ value + self._tensors[f"{layer}.bias"]
        return found

    def epic_layer(self, name: str, whole: Array, local: list[Array]) -> tuple[Array, list[Array]]:
        """First the global vector from the mean and the sum over the particles, then each particle."""
        total = np.sum(local, axis=0)
        pooled = np.concatenate([total / len(local), total, whole])
        hidden = _leaky(self.linear(f"{name}.fc_global1", pooled))
        whole = _leaky(self.linear(f"{name}.fc_global2", hidden) + whole)
        found = []
        for one in local:
            hidden = _leaky(self.linear(f"{name}.fc_local1", np.concatenate([one, whole])))
            found.append(_leaky(self.linear(f"{name}.fc_local2", hidden) + one))
        return whole, found
