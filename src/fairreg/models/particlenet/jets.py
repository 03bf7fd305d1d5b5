# SPDX-License-Identifier: MIT
"""Jets for ParticleNet: the signature of a network, reading files, and toy jets."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.base import Inputs
from fairreg.models.common.array_files import check_names, opened
from fairreg.models.particlenet.architecture import POINT_COORDINATES, ObjectStream, ParticleNetArchitecture
from fairreg.models.particlenet.physics import POINTS, classes_of, features_of
from fairreg.schemas.record import Feature, Tensor
from fairreg.storage.arrays import Rows

__all__ = ["OUTPUT", "check", "probabilities", "read", "signature", "toy_jets"]

Array = NDArray[Any]
OUTPUT = "probabilities"
_NAMES = ("points", "features", "mask")
_PF, _SV = "pf_", "sv_"
_AXES = 3
# Four-momenta, which files for the Particle Transformer have.
_BESIDE = ("lorentz_vectors", "pf_vectors")
_OBJECTS = {"": "particles", _PF: "particle-flow candidates", _SV: "secondary vertices"}


def signature(sizes: ParticleNetArchitecture) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Inputs and output of a network; features and classes are named where they are known."""
    inputs = tuple(tensor for stream in sizes.streams for tensor in _of_stream(stream, sizes))
    known = () if sizes.embedded else classes_of(sizes.streams[0].features, sizes.classes)
    return inputs, (probabilities(sizes.classes, known),)


def probabilities(classes: int, known: tuple[Feature, ...]) -> Tensor:
    """Describe the output of a network, whose classes are numbered where they are not `known`."""
    return Tensor(
        name=OUTPUT,
        dtype="float32",
        shape=("N", classes),
        features=known or tuple(Feature(name=f"class_{index}") for index in range(classes)),
        description="probability of each class: the softmax of the network's scores",
    )


def _of_stream(stream: ObjectStream, sizes: ParticleNetArchitecture) -> tuple[Tensor, ...]:
    objects, slots = _OBJECTS[stream.prefix], f"{stream.prefix}particles"
    features = () if sizes.embedded else features_of(stream.features, sizes.classes)
    rows = (
        (POINT_COORDINATES, POINTS, f"places of the {objects}, in which the nearest are searched"),
        (stream.features, features, f"features of the {objects}, normalised as in the training"),
        (1, (Feature(name="real", unit="1"),), f"1 for {objects}, 0 for padding"),
    )
    return tuple(
        Tensor(name=name, dtype="float32", shape=("N", size, slots), features=given, description=text)
        for name, (size, given, text) in zip(stream.names, rows, strict=True)
    )


def read(path: Path, start: int = 0, stop: int | None = None) -> Inputs:
    """Read jets `start` to before `stop` of a .npz or HDF5 file, with `labels` where it has them.

    Its arrays are `points`, `features` and `mask`, also as `pf_points` and so on, or those of a tagger,
    `pf_...` and `sv_...`. Without a mask, particles with a feature other than zero are real, as in weaver.
    Raises ModelError for other files, MissingEngine for HDF5 without h5py.
    """
    with opened(path, start, stop) as content:
        if not isinstance(content, Rows):
            raise ModelError(
                f"{path.name} contains one array, but a ParticleNet takes points, features and mask.",
                hint="Use a .npz or HDF5 file with arrays of these names.",
            )
        tagger = any(name.startswith(_SV) for name in content)
        given = {name: _named(content, name, tagger=tagger) for name in content if name != "labels"}
        wanted = [f"{prefix}{name}" for prefix in ((_PF, _SV) if tagger else ("",)) for name in _NAMES]
        used = [stored for stored, name in given.items() if name is not None]
        check_names(path, content, wanted, (*used, *_BESIDE))
        arrays = {name: content[stored] for stored, name in given.items() if name is not None}
        labels = content.get("labels")
    if not tagger and "mask" not in arrays and "features" in arrays and arrays["features"].ndim == _AXES:
        arrays["mask"] = (arrays["features"] != 0).any(axis=1, keepdims=True).astype(np.float32)
    if missing := [name for name in wanted if name not in arrays]:
        raise ModelError(
            f"{path.name} has no array {missing[0]!r}.",
            hint="A ParticleNet takes points (jets, 2, particles), features (jets, features, particles) and "
            "mask (jets, 1, particles).",
        )
    return Inputs(arrays, labels)


def _named(content: Rows, stored: str, *, tagger: bool) -> str | None:
    """The input that an array of a file is, None for another one."""
    name = stored if tagger or stored.removeprefix(_PF) in content else stored.removeprefix(_PF)
    known = {f"{prefix}{item}" for prefix in ((_PF, _SV) if tagger else ("",)) for item in _NAMES}
    return name if name in known else None


def check(sizes: ParticleNetArchitecture, arrays: Mapping[str, Array]) -> None:
    """Raise ModelError for a mask of other numbers than 0 and 1."""
    for stream in sizes.streams:
        mask = arrays[stream.names[2]]
        if not np.isin(mask, (0, 1)).all():
            other = mask[~np.isin(mask, (0, 1))][0]
            raise ModelError(
                f"{stream.names[2]} has the value {other}; it is 1 for a particle and 0 for padding.",
                hint=f"Give the mask as numbers: ({stream.names[2]} != 0).astype('float32').",
            )


def toy_jets(
    sizes: ParticleNetArchitecture, jets: int = 16, slots: int = 40, seed: int = 1
) -> dict[str, Array]:
    """Deterministic toy jets, float32, with 1 to `slots` particles each; padding is zero."""
    random = np.random.default_rng(seed)
    arrays: dict[str, Array] = {}
    for stream in sizes.streams:
        counts = np.linspace(1, slots, jets).astype(int)
        mask = (np.arange(slots) < counts[:, np.newaxis]).astype(np.float32)[:, np.newaxis]
        known = () if sizes.embedded else features_of(stream.features, sizes.classes)
        meant = _particles(random, mask[:, 0])
        columns = [meant[item.name] for item in known] or [
            random.normal(size=(jets, slots)) for _ in range(stream.features)
        ]
        points = np.stack([meant["part_deta"], meant["part_dphi"]], axis=1)
        values = (points * mask, np.stack(columns, axis=1) * mask, mask)
        arrays |= {name: value.astype(np.float32) for name, value in zip(stream.names, values, strict=True)}
    return arrays


def _particles(random: np.random.Generator, mask: Array) -> dict[str, Array]:
    """Features of particles by their published names, (jets, slots), normalised as in the training."""
    deta, dphi = random.normal(scale=0.25, size=(2, *mask.shape)).clip(-0.8, 0.8)
    transverse = 0.5 + random.exponential(15.0, size=mask.shape)  # in GeV
    energy = transverse * np.cosh(deta + random.uniform(-2, 2, size=(len(mask), 1)))
    share = [np.log(item / (item * mask).sum(axis=1, keepdims=True)) for item in (transverse, energy)]
    kind = random.choice(5, p=(0.55, 0.1, 0.3, 0.03, 0.02), size=mask.shape)
    impact = random.normal(scale=(0.05, 0.1), size=(*mask.shape, 2))
    charged = ~np.isin(kind, (1, 2))
    found = {
        "part_pt_log": (np.log(transverse) - 1.7) * 0.7,
        "part_e_log": (np.log(energy) - 2.0) * 0.7,
        "part_logptrel": (share[0] + 4.7) * 0.7,
        "part_logerel": (share[1] + 4.7) * 0.7,
        "part_deltaR": (np.hypot(deta, dphi) - 0.2) * 4.0,
        "part_charge": charged * random.choice((-1, 1), size=mask.shape),
        **{
            f"part_is{name}": (kind == index).astype(float)
            for index, name in enumerate(("ChargedHadron", "NeutralHadron", "Photon", "Electron", "Muon"))
        },
        "part_d0": np.tanh(impact[..., 0]) * charged,
        "part_d0err": random.uniform(0.005, 0.1, size=mask.shape) * charged,
        "part_dz": np.tanh(impact[..., 1]) * charged,
        "part_dzerr": random.uniform(0.01, 0.2, size=mask.shape) * charged,
    }
    return {name: np.clip(item, -5, 5) for name, item in found.items()} | {
        "part_deta": deta,
        "part_dphi": dphi,
    }
