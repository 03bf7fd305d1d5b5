# SPDX-License-Identifier: MIT
"""Sizes of Particle Flow (Interaction) Networks, from the names and shapes of their tensors.

Names and layers are those of the classes ``ParticleFlowNetwork``, ``AugParticleFlowNetwork`` and ``PFIN`` of
FAIR4HEP/xAI4toptagger (models/PFN/pfn_model.py, models/PFN/augmented_pfn_model.py, models/PFIN/PFIN.py;
arXiv:2210.04371) and ``UQPFIN`` of PFIN4UQAD (model/UQPFIN.py; arXiv:2501.05656): ``phi.<i>.0`` per particle,
``phiInt.<i>.0`` per pair of particles, ``phiInt2.<i>.0`` per particle with what its pairs give, ``fc.<i>.0``
and a last ``fc.<n>`` per jet. Every layer but the last is followed by a ReLU.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray

from fairreg.models.common.tensor_shapes import FLOATS, linear, trainable, widths_of

__all__ = ["NAMES", "PAIR_FEATURES", "PARTICLE_FEATURES", "TAUS", "ParticleFlowSizes", "options_file"]

Array = NDArray[Any]
Combination = Literal["sum", "cat"]

NAMES = ("particles", "masks", "aug_data", "taus")  # of the inputs
PAIR_FEATURES = 4  # logarithms of delta, kT, z and m^2
TAUS = 7  # n-subjettiness variables of the augmented networks
# Features per particle -> the most classes of a published data set with them.
PARTICLE_FEATURES: Mapping[int, int] = {3: 5, 11: 10}
_PAIR_LAYERS = 3
_CLASSES = 2  # at least; exactly those of the top taggers
_MATRIX = 2
# train_mod.py writes whole checkpoints as ``_best_alldicts``.
_EVALUATED = re.compile(r"_(best_alldicts|best|last)(?=_|$)")
_MOST_LAYERS = 32


def options_file(path: Path) -> str:
    """Name of the JSON file with the options of the training of the weights `path`."""
    return f"{_EVALUATED.sub('', path.name, count=1)}.json"


@dataclass(frozen=True)
class ParticleFlowSizes:
    """Sizes of one network: widths of the layers of Phi and of the hidden layers of F.

    `pair_nodes` is the width of the hidden layers for pairs, 0 in a network without them (a PFN).
    `combination` says how the sums over particles of both kinds enter F: added or concatenated. `taus` is the
    number of further inputs of F, 0 or 7.
    """

    features: int
    phi: tuple[int, ...]
    f: tuple[int, ...]
    classes: int
    pair_nodes: int = 0
    combination: Combination = "sum"
    taus: int = 0

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array]) -> "ParticleFlowSizes | None":
        """Derive the sizes; None unless every name and shape is that of such a network, in floats."""
        phi, f = _widths(tensors, "phi"), _widths(tensors, "fc")
        first, last, entry, pairs = (
            tensors.get(f"{layer}.weight") for layer in ("phi.0.0", f"fc.{len(f)}", "fc.0.0", "phiInt.0.0")
        )
        if first is None or last is None or entry is None:
            return None
        if {item.ndim for item in (first, last, entry, pairs) if item is not None} != {_MATRIX}:
            return None
        nodes = 0 if pairs is None else int(pairs.shape[0])
        inputs = _inputs_of_f(int(entry.shape[1]), phi[-1], with_pairs=bool(nodes))
        if inputs is None:
            return None
        found = cls(int(first.shape[1]), phi, f, int(last.shape[0]), nodes, *inputs)
        return found if found._plausible and found._fits(tensors) else None

    @property
    def layers(self) -> dict[str, tuple[str, ...]]:
        """Names of the layers with a ReLU, by the part of the network."""
        counts = {"phi": len(self.phi), "fc": len(self.f)}
        if self.pair_nodes:
            counts |= {"phiInt": _PAIR_LAYERS, "phiInt2": _PAIR_LAYERS}
        return {part: tuple(f"{part}.{index}.0" for index in range(count)) for part, count in counts.items()}

    @property
    def last(self) -> str:
        """Name of the last layer, which no ReLU of the hidden layers follows."""
        return f"fc.{len(self.f)}"

    @property
    def latent(self) -> int:
        """Dimension of the representation of a particle."""
        return self.phi[-1]

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every tensor by its published name."""
        nodes, latent = self.pair_nodes, self.latent
        widths = {"phi": (self.features, *self.phi), "fc": (self._inputs_of_f, *self.f)}
        if nodes:
            widths["phiInt"] = (PAIR_FEATURES, nodes, nodes, latent)
            widths["phiInt2"] = (self.features + latent, nodes, nodes, latent)
        shapes: dict[str, tuple[int, ...]] = {}
        for part, names in self.layers.items():
            for name, taken, given in zip(names, widths[part], widths[part][1:], strict=False):
                shapes |= linear(name, taken, given)
        return shapes | linear(self.last, self.f[-1], self.classes)

    @property
    def parameter_count(self) -> int:
        """Number of trainable parameters."""
        return trainable(self.shapes())

    def to_json(self) -> dict[str, int | float | str]:
        """Sizes by name; widths as texts, as the training programs write them."""
        pairs = {"pair_nodes": self.pair_nodes, "combination": self.combination} if self.pair_nodes else {}
        taus = {"taus": self.taus} if self.taus else {}
        widths = {"phi": widths_of(self.phi), "f": widths_of(self.f)}
        return {"features": self.features, **widths, "classes": self.classes, **pairs, **taus}

    @property
    def _inputs_of_f(self) -> int:
        return (2 if self.combination == "cat" else 1) * self.latent + self.taus

    @property
    def _plausible(self) -> bool:
        """Only sizes that the authors' programs give: others may be those of another network."""
        if self.pair_nodes and not self.taus:
            return _CLASSES <= self.classes <= PARTICLE_FEATURES.get(self.features, 0)
        return (self.features, self.classes) == (min(PARTICLE_FEATURES), _CLASSES)

    def _fits(self, tensors: Mapping[str, Array]) -> bool:
        shapes = self.shapes()
        return tensors.keys() == shapes.keys() and all(
            tensors[name].shape == shape and min(shape) > 0 and tensors[name].dtype.name in FLOATS
            for name, shape in shapes.items()
        )


def _widths(tensors: Mapping[str, Array], part: str) -> tuple[int, ...]:
    """Outputs of the layers ``<part>.<i>.0`` from i = 0 on."""
    found: list[int] = []
    while len(found) < _MOST_LAYERS and (layer := tensors.get(f"{part}.{len(found)}.0.weight")) is not None:
        found.append(int(layer.shape[0]) if layer.ndim == _MATRIX else 0)
    return tuple(found)


def _inputs_of_f(inputs: int, latent: int, *, with_pairs: bool) -> tuple[Combination, int] | None:
    """Combination and number of taus from the number of inputs of F; None for none or several readings."""
    kinds: tuple[tuple[Combination, int], ...] = (("sum", 1), ("cat", 2)) if with_pairs else (("sum", 1),)
    readings = [
        (kind, taus) for kind, times in kinds for taus in (0, TAUS) if times * latent + taus == inputs
    ]
    return readings[0] if len(readings) == 1 else None
