# SPDX-License-Identifier: MIT
"""Inputs of a generator: signature, and noise for a sample."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.mpgan.arguments import GeneratorArguments
from fairreg.schemas.record import Feature, Tensor

__all__ = ["PUBLISHED", "draw", "signature"]

Array = NDArray[Any]
_FEATURES = (
    Feature(name="eta_rel", description="pseudorapidity relative to the jet axis"),
    Feature(name="phi_rel", unit="rad", description="azimuth relative to the jet axis"),
    Feature(name="pt_rel", description="transverse momentum divided by that of the jet"),
)
_MASK = Feature(name="mask", description="1 for a particle, 0 for padding")
_JETS, _SEED = 8, 20211206
# With the published sizes and masks: 30 particles of 32 numbers.
PUBLISHED = GeneratorArguments(
    slots=30,
    features=3,
    latent=32,
    per_particle=True,
    sd=0.2,
    slope=0.2,
    tanh=True,
    total=True,
    masked=True,
    distance=None,
    jets="g",
    norm=1,
)


def signature(arguments: GeneratorArguments) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Inputs and outputs of a generator."""
    slots = arguments.slots
    shape = (slots, arguments.latent) if arguments.per_particle else (arguments.latent,)
    noise = f"random numbers of a normal distribution with mean 0 and standard deviation {arguments.sd:g}"
    inputs = [Tensor(name="noise", dtype="float32", shape=("jets", *shape), description=noise)]
    if arguments.masked:
        words = f"number of particles of each jet, 1 to {slots}"
        inputs.append(Tensor(name="num_particles", dtype="int64", shape=("jets",), description=words))
    size = arguments.features + arguments.masked
    words = "output of the network, scaled as in the training"
    words += "; the last feature is the mask minus 1/2" if arguments.masked else ""
    raw = Tensor(name="network_output", dtype="float32", shape=("jets", slots, size), description=words)
    return tuple(inputs), (*_particles(arguments), raw)


def _particles(arguments: GeneratorArguments) -> tuple[Tensor, ...]:
    if not arguments.has_particles:
        return ()
    features = (*_FEATURES, _MASK) if arguments.masked else _FEATURES
    return (
        Tensor(
            name="particles",
            dtype="float32",
            shape=("jets", arguments.slots, len(features)),
            features=features,
            description="generated particles in the authors' scale, zeros in padded slots",
        ),
    )


def draw(arguments: GeneratorArguments) -> Mapping[str, Array]:
    """Noise for 8 jets with a fixed seed; their numbers of particles are drawn evenly, not as in data."""
    random = np.random.default_rng(_SEED)
    shape = (arguments.slots, arguments.latent) if arguments.per_particle else (arguments.latent,)
    arrays: dict[str, Array] = {"noise": random.normal(0, arguments.sd, (_JETS, *shape)).astype(np.float32)}
    if arguments.masked:
        arrays["num_particles"] = random.integers(1, arguments.slots + 1, _JETS)
    return arrays
