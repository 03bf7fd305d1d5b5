# SPDX-License-Identifier: MIT
"""LorentzNetSizes of a LorentzNet, from the names and shapes of its tensors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.common.tensor_shapes import FLOATS, batch_norm, linear, trainable

__all__ = ["ARGUMENTS", "GEOMETRY", "LorentzNetSizes"]

Array = NDArray[Any]
GEOMETRY = 2  # features of a pair: the Minkowski norm of the difference and the Minkowski product
ARGUMENTS = "args.json"  # the file beside the weights that states the arguments of the training
_NOT_OURS = "The weights are not those of a LorentzNet"
_COUNT = "num_batches_tracked"  # of batch normalisation, without effect on the outputs
_MATRIX = 2


@dataclass(frozen=True)
class LorentzNetSizes:
    """Scalars per particle, hidden units, classes and blocks (LGEBs).

    Names and shapes: class ``LorentzNet`` in models.py of github.com/sdogsq/LorentzNet-release.
    """

    scalars: int
    hidden: int
    classes: int
    layers: int

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array]) -> "LorentzNetSizes":
        """Derive the sizes from the shapes; ModelError names a missing, unexpected or misshapen tensor."""
        for name in ("embedding.weight", "graph_dec.3.weight"):
            if name not in tensors or tensors[name].ndim != _MATRIX:
                raise ModelError(f"{_NOT_OURS}: {name} is not a matrix.")
        hidden, scalars = tensors["embedding.weight"].shape
        blocks = {name.split(".")[1] for name in tensors if name.startswith("LGEBs.")}
        found = cls(scalars, hidden, tensors["graph_dec.3.weight"].shape[0], len(blocks))
        if found.layers < 1 or found.classes < 2:  # noqa: PLR2004  a classifier
            raise ModelError(f"{_NOT_OURS}: it has {found.layers} blocks and {found.classes} classes.")
        found._check(tensors)
        return found

    def _check(self, tensors: Mapping[str, Array]) -> None:
        shapes = self.shapes()
        if unlike := sorted(tensors.keys() ^ shapes.keys()):
            raise ModelError(f"{_NOT_OURS}: {unlike[0]} is missing or unexpected.")
        for name, shape in shapes.items():
            array = tensors[name]
            kinds = {"int64"} if name.endswith(_COUNT) else FLOATS
            if array.shape != shape or 0 in shape or array.dtype.name not in kinds:
                raise ModelError(
                    f"{_NOT_OURS}: {name} is {array.dtype} of shape {array.shape}, not of shape {shape}."
                )

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every tensor by its published name, without the prefix ``module.``."""
        found = linear("embedding", self.scalars, self.hidden)
        for number in range(self.layers):
            inner = self._block(last=number == self.layers - 1)
            found |= {f"LGEBs.{number}.{name}": shape for name, shape in inner.items()}
        return (
            found
            | linear("graph_dec.0", self.hidden, self.hidden)
            | linear("graph_dec.3", self.hidden, self.classes)
        )

    def _block(self, *, last: bool) -> dict[str, tuple[int, ...]]:
        size = self.hidden
        coordinates = {} if last else linear("phi_x.0", size, size) | {"phi_x.2.weight": (1, size)}
        return (
            {"phi_e.0.weight": (size, 2 * size + GEOMETRY)}
            | batch_norm("phi_e.1", size, counted=True)
            | linear("phi_e.3", size, size)
            | linear("phi_h.0", 2 * size + self.scalars, size)
            | batch_norm("phi_h.1", size, counted=True)
            | linear("phi_h.3", size, size)
            | coordinates
            | linear("phi_m.0", size, 1)
        )

    @property
    def parameter_count(self) -> int:
        """Number of trainable parameters: without the statistics of batch normalisation."""
        return trainable(self.shapes())
