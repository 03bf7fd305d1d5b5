# SPDX-License-Identifier: MIT
"""Inputs of a LorentzNet: signature, files and a toy sample."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.base import Inputs
from fairreg.models.common.array_files import check_names, opened
from fairreg.models.lorentznet.definition import BEAMS, PARTICLES
from fairreg.models.lorentznet.sizes import LorentzNetSizes
from fairreg.schemas.record import Feature, Tensor
from fairreg.storage.arrays import Rows

__all__ = ["MOMENTA", "read", "signature", "toy_jets"]

Array = NDArray[Any]
MOMENTA = "four_momenta"
_INPUTS = (MOMENTA, "pdg_id", "scalars", "mask")
_CLASSES = {len(BEAMS): ("QCD", "top"), len(PARTICLES): ("gluon", "quark")}
# Names in the top tagging files of LorentzNet and LGN: top/collate.py and top_tagging.py.
_ALIASES = {"Pmu": MOMENTA, "is_signal": "labels"}
# What else such files may have; it is read by nobody here.
_BESIDE = ("Nobj", "truth_Pmu", "jet_pt", "label", "mass")
_COMPONENTS = ("E", "px", "py", "pz")
_TOY_JETS, _TOY_SLOTS, _TOY_SEED = 8, 16, 20220705


def signature(sizes: LorentzNetSizes) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Inputs and outputs of a network, by the number of its scalars and classes."""
    names = _CLASSES.get(sizes.scalars, ()) if sizes.classes == 2 else ()  # noqa: PLR2004
    classes = tuple(Feature(name=name) for name in names)
    outputs = (("logits", "logit of each class"), ("probabilities", "probability of each class (softmax)"))
    return _inputs(sizes.scalars), tuple(
        Tensor(
            name=name,
            dtype="float32",
            shape=("jets", sizes.classes),
            features=classes,
            description=description,
        )
        for name, description in outputs
    )


def _inputs(scalars: int) -> tuple[Tensor, ...]:
    if scalars == len(BEAMS):
        return (_momenta("a slot with E = 0 is padding; the network adds the two beams and the masses"),)
    if scalars == len(PARTICLES):
        return (
            _momenta("zeros in padded slots"),
            _tensor("pdg_id", "float64", (), "PDG identifier of each particle; 0 marks padding"),
        )
    return (
        _momenta("zeros in padded slots"),
        _tensor("scalars", "float32", (scalars,), "scalars of each particle, as in the network's training"),
        _tensor("mask", "float32", (), "0 marks padding, any other number a particle"),
    )


def _momenta(padding: str) -> Tensor:
    features = tuple(Feature(name=name, unit="GeV") for name in _COMPONENTS)
    return _tensor(MOMENTA, "float64", (len(_COMPONENTS),), f"four-momenta in the lab; {padding}", features)


def _tensor(
    name: str, dtype: str, shape: tuple[int, ...], description: str, features: tuple[Feature, ...] = ()
) -> Tensor:
    return Tensor(
        name=name,
        dtype=dtype,
        shape=("jets", "particles", *shape),
        features=features,
        description=description,
    )


def read(path: Path, start: int = 0, stop: int | None = None) -> Inputs:
    """Read the inputs in a .npz or HDF5 file, and the labels (0 or 1) where it has an array of that name.

    Raises ModelError for a file without four-momenta or with other arrays, MissingEngine for HDF5 without
    h5py.
    """
    with opened(path, start, stop) as content:
        if not isinstance(content, Rows):
            return Inputs({MOMENTA: content})
        names = {_ALIASES.get(name, name): name for name in content}
        if MOMENTA not in names:
            raise ModelError(
                f"{path.name} contains no array {MOMENTA!r}.",
                hint=f"Save the four-momenta (jets, particles, 4) in GeV, E, px, py, pz, as {MOMENTA}.",
            )
        check_names(path, content, _INPUTS, (*_ALIASES, *_BESIDE))
        arrays = {name: content[names[name]] for name in _INPUTS if name in names}
        labels = content[names["labels"]] if "labels" in names else None
    return Inputs(arrays, labels)


def toy_jets(scalars: int) -> Mapping[str, Array]:
    """Toy jets, no physics: p_T exponential with mean 20 GeV around a random axis, 4 to 16 particles each.

    The distances to the axis are normal with width 0.15 in eta and phi, masses those of pions or zero.
    """
    random = np.random.default_rng(_TOY_SEED)
    shape = (_TOY_JETS, _TOY_SLOTS)
    axis = random.normal(0, 1, (2, _TOY_JETS, 1))
    eta, phi = random.normal(0, 0.15, (2, *shape)) + axis
    pt = random.exponential(20, shape) + 0.5
    charged = random.random(shape) < 2 / 3
    mass = np.where(charged, 0.13957, 0.0)
    pz = pt * np.sinh(eta)
    energy = np.sqrt((pt * np.cosh(eta)) ** 2 + mass**2)
    real = np.arange(_TOY_SLOTS) < random.integers(4, _TOY_SLOTS + 1, (_TOY_JETS, 1))
    momenta = np.stack([energy, pt * np.cos(phi), pt * np.sin(phi), pz], axis=2) * real[:, :, None]
    if scalars == len(BEAMS):
        return {MOMENTA: momenta}
    if scalars == len(PARTICLES):
        sign = random.choice([-1, 1], shape)
        return {MOMENTA: momenta, "pdg_id": np.where(charged, 211 * sign, 22) * real * 1.0}
    own = random.normal(size=(*shape, scalars)) * real[:, :, None]
    return {MOMENTA: momenta, "scalars": own.astype(np.float32), "mask": real.astype(np.float32)}
