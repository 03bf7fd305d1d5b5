# SPDX-License-Identifier: MIT
"""Signatures of the perceptrons, and a toy sample."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.mlp.architecture import NAME, PerceptronSizes
from fairreg.models.mlp.settings import PerceptronSettings
from fairreg.schemas.record import Feature, Tensor

__all__ = ["signature", "toy_rows"]

Array = NDArray[Any]

_CLASSES = (Feature("QCD"), Feature("top quark"))
_WORDS = {
    "multi_body": "n-subjettiness variables of a jet, with its pT and mass where the network takes them",
    "cdms": "standardised timing parameters of the pulses of one event in the detector's channels",
}


def signature(
    sizes: PerceptronSizes, settings: PerceptronSettings
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Inputs and outputs of a network with their features; N is the number of rows."""
    taken = _tensor(NAME, sizes.inputs, settings.features, _WORDS[sizes.family])
    if sizes.family == "cdms":
        given = _tensor("impact_location", sizes.outputs, (), "impact location, the column y of the data set")
    else:
        given = _tensor("probabilities", sizes.outputs, _CLASSES, "probability of each class")
    return (taken,), (given,)


def _tensor(name: str, width: int, features: tuple[Feature, ...], words: str) -> Tensor:
    return Tensor(name=name, dtype="float32", shape=("N", width), features=features, description=words)


def toy_rows(sizes: PerceptronSizes, rows: int = 16) -> Mapping[str, Array]:
    """Random rows by input name: uniform between 0 and 1 for taggers, standard normal for the regressor."""
    random = np.random.default_rng(0)
    shape = (rows, sizes.inputs)
    values = random.normal(size=shape) if sizes.family == "cdms" else random.uniform(0, 1, shape)
    return {NAME: values.astype(np.float32)}
