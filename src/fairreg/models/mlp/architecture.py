# SPDX-License-Identifier: MIT
"""Sizes of published multilayer perceptrons, from the names and shapes of their tensors.

Two classes are known:

- ``Net`` of FAIR4HEP/xAI4toptagger (models/Multi-Body/multimodel.py; arXiv:2210.04371), a top tagger from
  n-subjettiness variables: layers ``_nn.<i>.0``;
- ``Network`` of FAIR-UMN/FAIR-UMN-CDMS (Exercises/07a-CDMS_NNRegressor.ipynb), a regressor: layers
  ``nn.Linear<i>``, all but the last followed by ``nn.BatchNorm<i>``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray

from fairreg.models.common.tensor_shapes import FLOATS, batch_norm, linear, trainable, widths_of

__all__ = ["METADATA", "NAME", "PerceptronSizes", "options_file"]

Array = NDArray[Any]
NAME = "features"  # of the input
Family = Literal["multi_body", "cdms"]

_LAYERS: Mapping[Family, str] = {"multi_body": "_nn.{}.0", "cdms": "nn.Linear{}"}
_NORMALISATION = "nn.BatchNorm{}"
_OUTPUTS: Mapping[Family, int] = {"multi_body": 2, "cdms": 1}
_MATRIX = 2
_EVALUATED = re.compile(r"_(best|last)(?=_|$)")
METADATA = "model-metadata.json"
_MOST_LAYERS = 64


def options_file(path: Path) -> str:
    """Name of the JSON file that belongs to the multi-body weights `path`."""
    return f"{_EVALUATED.sub('', path.name, count=1)}.json"


@dataclass(frozen=True)
class PerceptronSizes:
    """Number of inputs, widths of the hidden layers and number of outputs of one perceptron."""

    family: Family
    inputs: int
    hidden: tuple[int, ...]
    outputs: int

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array]) -> "PerceptronSizes | None":
        """Derive the sizes; None unless every name and shape is that of one of the classes."""
        return next((found for family in _LAYERS if (found := cls._of(family, tensors)) is not None), None)

    @classmethod
    def _of(cls, family: Family, tensors: Mapping[str, Array]) -> "PerceptronSizes | None":
        weights: list[Array] = []
        while len(weights) < _MOST_LAYERS:
            weight = tensors.get(f"{_LAYERS[family].format(len(weights))}.weight")
            if weight is None or weight.ndim != _MATRIX:
                break
            weights.append(weight)
        if len(weights) < 2:  # noqa: PLR2004  one layer alone has no hidden ones
            return None
        widths = tuple(int(weight.shape[0]) for weight in weights)
        found = cls(family, int(weights[0].shape[1]), widths[:-1], widths[-1])
        return found if found.outputs == _OUTPUTS[family] and found._fits(tensors) else None

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the linear layers in order."""
        return tuple(_LAYERS[self.family].format(index) for index in range(len(self.hidden) + 1))

    @property
    def normalisations(self) -> tuple[str, ...]:
        """Names of the batch normalisations after the hidden layers; none in a network without."""
        if self.family != "cdms":
            return ()
        return tuple(_NORMALISATION.format(index) for index in range(len(self.hidden)))

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every tensor by its published name."""
        widths = (self.inputs, *self.hidden, self.outputs)
        shapes: dict[str, tuple[int, ...]] = {}
        for name, taken, given in zip(self.layers, widths, widths[1:], strict=False):
            shapes |= linear(name, taken, given)
        for name, width in zip(self.normalisations, self.hidden, strict=False):
            shapes |= batch_norm(name, width, counted=True)
        return shapes

    @property
    def parameter_count(self) -> int:
        """Number of trainable parameters; statistics of batches are none."""
        return trainable(self.shapes())

    def to_json(self) -> dict[str, int | float | str]:
        """Sizes by name; widths as a text."""
        return {"inputs": self.inputs, "hidden": widths_of(self.hidden), "outputs": self.outputs}

    def _fits(self, tensors: Mapping[str, Array]) -> bool:
        shapes = self.shapes()
        return tensors.keys() == shapes.keys() and all(
            tensors[name].shape == shape
            and min(shape, default=1) > 0
            and tensors[name].dtype.name in (FLOATS if shape else {"int64"})
            for name, shape in shapes.items()
        )
