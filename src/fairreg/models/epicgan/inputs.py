# SPDX-License-Identifier: MIT
"""Inputs of a generator: signature, and noise for a sample."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.epicgan.scale import Scale
from fairreg.models.epicgan.sizes import EpicGanSizes
from fairreg.schemas.record import Feature, Tensor

__all__ = ["draw", "signature"]

Array = NDArray[Any]
# In this order: dataset/JetNet_dataset_processing.ipynb of github.com/uhh-pd-ml/EPiC-GAN.
_FEATURES = (
    Feature(name="pt_rel", description="transverse momentum divided by that of the jet"),
    Feature(name="eta_rel", description="pseudorapidity relative to the jet axis"),
    Feature(name="phi_rel", unit="rad", description="azimuth relative to the jet axis"),
)
_NORMAL = "random numbers of a normal distribution with mean 0 and standard deviation 1"
_JETS, _SLOTS, _SEED = 8, 30, 20230119


def signature(sizes: EpicGanSizes, scale: Scale | None) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Inputs and outputs of a generator; particles are an output where their scale is known."""
    per_particle = ("jets", "particles")
    inputs = (
        _tensor("global_noise", ("jets", sizes.latent), f"{_NORMAL}, for each jet"),
        _tensor("local_noise", (*per_particle, sizes.latent_local), f"{_NORMAL}, for each particle"),
        _tensor("mask", per_particle, "0 marks padding, any other number a particle"),
    )
    features = _FEATURES if sizes.feats == len(_FEATURES) else ()
    raw = _tensor(
        "network_output",
        (*per_particle, sizes.feats),
        "output of the network in the scale of the training, zeros in padded slots",
        features,
    )
    words = "particles before the authors' centring, sorting and smallest pT; zeros in padded slots"
    return inputs, (*((_tensor("particles", raw.shape, words, features),) if scale else ()), raw)


def _tensor(
    name: str, shape: tuple[int | str, ...], description: str, features: tuple[Feature, ...] = ()
) -> Tensor:
    return Tensor(name=name, dtype="float32", shape=shape, features=features, description=description)


def draw(sizes: EpicGanSizes) -> Mapping[str, Array]:
    """Noise for 8 jets of 1 to 30 particles, with a fixed seed.

    Numbers of particles are drawn evenly, not as in data, and the real ones stand anywhere among the slots.
    """
    random = np.random.default_rng(_SEED)
    mask = np.arange(_SLOTS) < random.integers(1, _SLOTS + 1, (_JETS, 1))
    return {
        "global_noise": random.normal(size=(_JETS, sizes.latent)).astype(np.float32),
        "local_noise": random.normal(size=(_JETS, _SLOTS, sizes.latent_local)).astype(np.float32),
        "mask": random.permuted(mask, axis=1).astype(np.float32),
    }
