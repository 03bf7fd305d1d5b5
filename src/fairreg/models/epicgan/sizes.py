# SPDX-License-Identifier: MIT
"""Sizes of an EPiC-GAN, from the names and shapes of its tensors.

Source of the names and shapes: the classes EPiC_layer, EPiC_generator and EPiC_discriminator in models.py of
github.com/uhh-pd-ml/EPiC-GAN. Every layer is normalised by ``torch.nn.utils.weight_norm``, which writes
``weight_g`` (outputs, 1) and ``weight_v`` (outputs, inputs) in the place of a weight. No published file was
opened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError

__all__ = ["EpicGanSizes", "generator_of"]

Array = NDArray[Any]
Shapes = Mapping[str, tuple[int, ...]]
# Keys of the networks in the checkpoints that save_model in utils/utils.py of the repository writes.
_GENERATOR, _DISCRIMINATOR = "decoder_state.", "discr_state."
_NOT_OURS = "The weights are not those of an EPiC-GAN"


@dataclass(frozen=True)
class EpicGanSizes:
    """Sizes of a generator, under the names of the authors' arguments.

    `latent` and `latent_local` count the random numbers per jet and per particle, `feats` the features of a
    particle; `equiv_layers_generator` is the number of EPiC layers.
    """

    latent: int
    latent_local: int
    hid_d: int
    feats: int
    equiv_layers_generator: int

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array]) -> "EpicGanSizes":
        """Derive the sizes from the tensors of a generator; ModelError names a tensor that does not fit."""
        hidden, local = _matrix(tensors, "local_0.weight_v")
        found = cls(
            latent=_matrix(tensors, "global_0.weight_v")[1],
            latent_local=local,
            hid_d=hidden,
            feats=_matrix(tensors, "local_1.weight_v")[0],
            equiv_layers_generator=_layers(tensors),
        )
        _check(tensors, found.shapes())
        return found

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every tensor of the generator by its name."""
        ends = {
            "local_0": (self.hid_d, self.latent_local),
            "global_0": (self.hid_d, self.latent),
            "global_1": (self.latent, self.hid_d),
            "local_1": (self.feats, self.hid_d),
        }
        return _normalised(ends | self._epic_layers(self.equiv_layers_generator))

    def discriminator_shapes(self, layers: int) -> dict[str, tuple[int, ...]]:
        """Shape of every tensor of the discriminator with so many EPiC layers."""
        hidden, latent = self.hid_d, self.latent
        ends = {
            "fc_l1": (hidden, self.feats),
            "fc_l2": (hidden, hidden),
            "fc_g1": (hidden, 2 * hidden),
            "fc_g2": (latent, hidden),
            "fc_g3": (hidden, 2 * hidden + latent),
            "fc_g4": (hidden, hidden),
            "fc_g5": (1, hidden),
        }
        return _normalised(ends | self._epic_layers(layers))

    def _epic_layers(self, number: int) -> dict[str, tuple[int, int]]:
        hidden, latent = self.hid_d, self.latent
        one = {
            "fc_global1": (hidden, 2 * hidden + latent),
            "fc_global2": (latent, hidden),
            "fc_local1": (hidden, hidden + latent),
            "fc_local2": (hidden, hidden),
        }
        return {f"nn_list.{index}.{name}": shape for index in range(number) for name, shape in one.items()}

    @property
    def parameter_count(self) -> int:
        """Number of trainable parameters of the generator."""
        return sum(int(np.prod(shape)) for shape in self.shapes().values())


def generator_of(tensors: Mapping[str, Array]) -> tuple[Mapping[str, Array], EpicGanSizes]:
    """Tensors and sizes of the generator in a file: a checkpoint of both networks, or a generator alone.

    Raises ModelError if any tensor of the file belongs to neither network.
    """
    generator = _part(tensors, _GENERATOR)
    if not generator:
        return tensors, EpicGanSizes.from_tensors(tensors)
    sizes = EpicGanSizes.from_tensors(generator)
    discriminator = _part(tensors, _DISCRIMINATOR)
    if len(generator) + len(discriminator) < len(tensors):
        raise ModelError(f"{_NOT_OURS}: they hold more than a generator and a discriminator.")
    if discriminator:
        _check(discriminator, sizes.discriminator_shapes(_layers(discriminator)))
    return generator, sizes


def _part(tensors: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    return {name.removeprefix(prefix): array for name, array in tensors.items() if name.startswith(prefix)}


def _layers(tensors: Mapping[str, Array]) -> int:
    """Number of EPiC layers, which are numbered from 0."""
    return next(index for index in count() if f"nn_list.{index}.fc_global1.bias" not in tensors)


def _normalised(layers: Mapping[str, tuple[int, int]]) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for name, (outputs, inputs) in layers.items():
        found |= {
            f"{name}.bias": (outputs,),
            f"{name}.weight_g": (outputs, 1),
            f"{name}.weight_v": (outputs, inputs),
        }
    return found


def _matrix(tensors: Mapping[str, Array], name: str) -> tuple[int, int]:
    if name not in tensors or tensors[name].ndim != 2 or not tensors[name].size:  # noqa: PLR2004  a matrix
        raise ModelError(f"{_NOT_OURS}: {name} is not a matrix.")
    outputs, inputs = tensors[name].shape
    return outputs, inputs


def _check(tensors: Mapping[str, Array], shapes: Shapes) -> None:
    if unlike := sorted(tensors.keys() ^ shapes.keys()):
        raise ModelError(f"{_NOT_OURS}: {unlike[0]} is missing or unexpected.")
    for name, shape in shapes.items():
        array = tensors[name]
        if array.shape != shape or array.dtype.kind != "f":
            raise ModelError(f"{_NOT_OURS}: {name} has the wrong shape or element type.")
