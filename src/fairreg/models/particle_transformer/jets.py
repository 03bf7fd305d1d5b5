# SPDX-License-Identifier: MIT
"""Jets for the Particle Transformer: the signature of a network, reading files, and toy jets."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.base import Inputs
from fairreg.models.common.array_files import check_names, opened
from fairreg.models.particle_transformer.architecture import ParticleTransformerArchitecture
from fairreg.models.particlenet.architecture import LITE, ObjectStream, ParticleNetArchitecture
from fairreg.models.particlenet.jets import probabilities
from fairreg.models.particlenet.jets import toy_jets as toy_particles
from fairreg.models.particlenet.physics import classes_of, features_of
from fairreg.schemas.record import Feature, Tensor
from fairreg.storage.arrays import Rows

__all__ = ["INPUTS", "check", "read", "signature", "toy_jets"]

Array = NDArray[Any]
INPUTS = ("features", "lorentz_vectors", "mask")
_ALIASES = {"features": "pf_features", "lorentz_vectors": "pf_vectors", "mask": "pf_mask"}
_BESIDE = ("points", "pf_points")
_VECTOR = tuple(
    Feature(name=name, description=text)
    for name, text in (
        ("part_px", "momentum along x"),
        ("part_py", "momentum along y"),
        ("part_pz", "momentum along z"),
        ("part_energy", "energy"),
    )
)


def signature(sizes: ParticleTransformerArchitecture) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Inputs and output of a network; features and classes are named where they are known."""
    rows = (
        (
            sizes.features,
            features_of(sizes.features, sizes.classes),
            "features, normalised as in the training",
        ),
        (len(_VECTOR), _VECTOR, "four-momenta in the unit of the training"),
        (1, (Feature(name="real", unit="1"),), "1 for particles, 0 for padding"),
    )
    inputs = tuple(
        Tensor(name=name, dtype="float32", shape=("N", size, "particles"), features=given, description=text)
        for name, (size, given, text) in zip(INPUTS, rows, strict=True)
    )
    known = classes_of(sizes.features, sizes.classes)
    return inputs, (probabilities(sizes.classes, known),)


def read(path: Path, start: int = 0, stop: int | None = None) -> Inputs:
    """Read jets `start` to before `stop` of a .npz or HDF5 file, with `labels` where it has them.

    Its arrays are `features`, `lorentz_vectors` and `mask`, or `pf_features`, `pf_vectors` and `pf_mask`;
    `points` of a ParticleNet are left aside. Raises ModelError for other files and arrays, MissingEngine for
    HDF5 without h5py.
    """
    with opened(path, start, stop) as content:
        if not isinstance(content, Rows):
            raise _lacks(path, INPUTS[0])
        found, used = {}, list(_BESIDE)
        for name, alias in _ALIASES.items():
            stored = name if name in content else alias
            if stored not in content:
                raise _lacks(path, name)
            found[name] = content[stored]
            used.append(stored)
        check_names(path, content, INPUTS, used)
        return Inputs(found, content.get("labels"))


def _lacks(path: Path, name: str) -> ModelError:
    return ModelError(
        f"{path.name} has no array {name!r}.",
        hint="A Particle Transformer takes features (jets, features, particles), lorentz_vectors "
        "(jets, 4, particles) and mask (jets, 1, particles).",
    )


def check(arrays: Mapping[str, Array]) -> None:
    """Raise ModelError for inputs without meaning.

    They are a mask of other numbers than 0 and 1, a jet without particles, and particles that move along -z,
    whose rapidity is not finite.
    """
    mask = arrays["mask"]
    if not np.isin(mask, (0, 1)).all():
        raise ModelError("mask has values other than 1 for a particle and 0 for padding.")
    filled = mask.any(axis=(1, 2))
    if not filled.all():
        raise ModelError(
            f"Jet {int(np.argmin(filled))} has no particles, for which the attention is not defined.",
            hint="Leave such jets out.",
        )
    energy, along = (arrays["lorentz_vectors"][:, index : index + 1] for index in (3, 2))
    still = (energy + along <= 0) & (mask != 0)
    _refuse(still, "E + pz of particle {1} of jet {0} is not positive, so that it has no rapidity.")


def _refuse(broken: Array, text: str) -> None:
    """Raise ModelError with the jet and the slot of the first particle that is broken."""
    if broken.any():
        jet, _, slot = np.argwhere(broken)[0]
        raise ModelError(text.format(jet, slot), hint="Set mask to 0 for particles to leave out.")


def toy_jets(
    sizes: ParticleTransformerArchitecture, jets: int = 16, slots: int = 24, seed: int = 1
) -> dict[str, Array]:
    """Deterministic toy jets, float32, with 1 to `slots` particles each; padding is zero."""
    like = ParticleNetArchitecture((ObjectStream("", sizes.features),), LITE, (1,), sizes.classes)
    given = toy_particles(like, jets, slots, seed)
    random = np.random.default_rng(seed)
    momentum = 0.5 + random.exponential(15.0, size=(jets, slots))
    eta = given["points"][:, 0] + random.uniform(-2, 2, size=(jets, 1))
    phi = given["points"][:, 1] + random.uniform(-np.pi, np.pi, size=(jets, 1))
    vectors = (np.cos(phi), np.sin(phi), np.sinh(eta), np.cosh(eta))
    stacked = np.stack([momentum * item for item in vectors], axis=1) * given["mask"]
    return {
        "features": given["features"],
        "lorentz_vectors": stacked.astype(np.float32),
        "mask": given["mask"],
    }
