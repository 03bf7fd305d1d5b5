# SPDX-License-Identifier: MIT
"""Jets for JetNet's ParticleNet: the signature, reading files, and toy jets.

The features are etarel, phirel and ptrel of the JetNet data set, normalised as ``JetNet.fpnd_norm`` in
jetnet/datasets/jetnet.py of jet-net/JetNet does: divided by their largest absolute value in the training, and
0.5 taken from ptrel.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.base import Inputs
from fairreg.models.common.array_files import check_names, opened
from fairreg.models.particlenet_fpnd.architecture import PARTICLES, FpndArchitecture
from fairreg.schemas.record import Feature, Tensor
from fairreg.storage.arrays import Rows

__all__ = [
    "ACTIVATIONS",
    "FEATURES",
    "PARTICLES_INPUT",
    "SCORES",
    "normalised",
    "read",
    "signature",
    "toy_jets",
]

Array = NDArray[Any]
PARTICLES_INPUT, SCORES, ACTIVATIONS = "particles", "scores", "activations"
_LARGEST = (1.6211985349655151, 0.520724892616272, 0.8934717178344727)
_SHIFT = (0.0, 0.0, -0.5)
_TEXTS = (
    ("etarel", "eta less that of the jet"),
    ("phirel", "phi less that of the jet, in radians"),
    ("ptrel", "pT as a share of the jet's"),
)
FEATURES = tuple(
    Feature(name=name, unit="1", description=f"({text}) / {largest}{f' - {-shift}' if shift else ''}")
    for (name, text), largest, shift in zip(_TEXTS, _LARGEST, _SHIFT, strict=True)
)


def normalised(particles: Array) -> Array:
    """Particles (jets, P, 3) of JetNet (etarel, phirel, ptrel) as the network takes them."""
    found: Array = particles / np.array(_LARGEST) + np.array(_SHIFT)
    return found


def signature(sizes: FpndArchitecture) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Input and outputs of a network; features are named where there are three."""
    given = Tensor(
        name=PARTICLES_INPUT,
        dtype="float32",
        shape=("N", PARTICLES, sizes.features),
        features=FEATURES if sizes.features == len(FEATURES) else (),
        description="particles, normalised as in the training; absent ones are zeros before that",
    )
    classes = tuple(Feature(name=f"class_{index}") for index in range(sizes.classes))
    scores = Tensor(
        name=SCORES,
        dtype="float32",
        shape=("N", sizes.classes),
        features=classes,
        description="score of each class before a softmax",
    )
    hidden = Tensor(
        name=ACTIVATIONS,
        dtype="float32",
        shape=("N", sizes.hidden),
        description="activations that the Frechet ParticleNet distance compares",
    )
    return (given,), (scores, hidden)


def read(path: Path, start: int = 0, stop: int | None = None) -> Inputs:
    """Read `particles` of jets `start` to before `stop` of a .npz or HDF5 file, or the array of a .npy file.

    Raises ModelError for other files, MissingEngine for HDF5 without h5py.
    """
    with opened(path, start, stop) as content:
        if not isinstance(content, Rows):
            return Inputs({PARTICLES_INPUT: content})
        if PARTICLES_INPUT not in content:
            raise ModelError(
                f"{path.name} has no array {PARTICLES_INPUT!r}.",
                hint=f"Store the normalised particles (jets, {PARTICLES}, 3) under this name.",
            )
        check_names(path, content, (PARTICLES_INPUT,))
        return Inputs({PARTICLES_INPUT: content[PARTICLES_INPUT]}, content.get("labels"))


def toy_jets(sizes: FpndArchitecture, jets: int = 16, seed: int = 1) -> Array:
    """Deterministic toy particles (jets, 30, features), 5 to 30 of them real; float32."""
    random = np.random.default_rng(seed)
    if sizes.features != len(FEATURES):
        return random.normal(size=(jets, PARTICLES, sizes.features)).astype(np.float32)
    counts = np.linspace(5, PARTICLES, jets).astype(int)
    real = np.arange(PARTICLES) < counts[:, np.newaxis]
    momenta = -np.sort(-random.exponential(size=real.shape), axis=1) * real
    angles = random.normal(scale=0.1, size=(*real.shape, 2)) * real[..., np.newaxis]
    shares = momenta / momenta.sum(axis=1, keepdims=True)
    particles = np.concatenate((angles, shares[..., np.newaxis]), axis=2)
    return normalised(particles).astype(np.float32)
