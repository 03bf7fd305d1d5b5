# SPDX-License-Identifier: MIT
"""Choice of smaller networks to train: section 3.4.2 and Table 10 of 10.1088/2632-2153/ad12e3.

The paper left out 12 track and 5 vertex features: 11 and 3 whose mask changed the AUC by less than 0.01 %,
and three that it found redundant. Here the same numbers are left out, by smallest change of the AUC.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fairreg.errors import UsageError
from fairreg.models.hbb_in.explain.masking import Effect
from fairreg.models.hbb_in.metrics import Estimate

__all__ = ["BASELINE", "DROPPED", "SHAPES", "Reoptimised", "least"]

DROPPED = (12, 5)  # track and vertex features
BASELINE = (60, 20, 24)  # hidden, D_E, D_O
SHAPES = ((32, 16, 16), (32, 8, 8), (16, 8, 8))


@dataclass(frozen=True)
class Reoptimised:
    """A row of Table 10: `sparsity` is the mean over the classes, `fidelity` to the explained network."""

    name: str
    track_features_dropped: int
    vertex_features_dropped: int
    shape: tuple[int, int, int]
    parameters: int
    epochs: int | None
    roc_auc: Estimate
    fidelity: Estimate
    sparsity: float
    jets_per_second: float


def least(effects: Sequence[Effect], tracks: int, vertices: int) -> tuple[str, ...]:
    """Names of the `tracks` and `vertices` features whose masks change the AUC least, in that order.

    Ties are decided by the fidelity. Raises UsageError if no feature would be left.
    """
    found: list[Effect] = []
    for kind, count in (("tracks", tracks), ("vertices", vertices)):
        own = [effect for effect in effects if getattr(effect.mask, kind)]
        if not 0 <= count < len(own):
            raise UsageError(f"{count} of the {len(own)} features of {kind} cannot be left out.")
        found += sorted(own, key=_change)[:count]
    return tuple(effect.name for effect in found)


def _change(effect: Effect) -> tuple[float, float]:
    return abs(effect.drop.value or 0.0), -(effect.fidelity.value or 0.0)
