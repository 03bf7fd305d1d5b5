# SPDX-License-Identifier: MIT
"""Bootstrap of ROC curves and areas for several scores of the same jets, also for errors of differences.

B. Efron, Ann. Statist. 7 (1979) 1, 10.1214/aos/1176344552. QCD and H->bb jets are drawn separately, so
that a replica has as many of each as the sample; all scores use the same replicas.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["bootstrap", "replicas", "roc_band"]

Array = NDArray[np.float64]


def replicas(positive: NDArray[np.bool_], count: int, seed: int) -> Array:
    """Draw `count` replicas: the multiplicity of each jet, (count, n); the same for the same seed."""
    random = np.random.default_rng(seed)
    drawn = np.zeros((count, len(positive)), dtype=np.float64)
    for chosen in (positive, ~positive):
        places = np.flatnonzero(chosen)
        drawn[:, places] = random.multinomial(len(places), np.full(len(places), 1 / len(places)), size=count)
    return drawn


def bootstrap(positive: NDArray[np.bool_], scores: NDArray[Any]) -> Callable[[Array], Array]:
    """Return a function of weights (replicas, n): the AUC of `scores` in each replica, ties counted half."""
    order = np.argsort(scores, kind="stable")
    signal = positive[order]
    first = np.flatnonzero(np.diff(scores[order], prepend=np.nan) != 0)  # of each set of equal scores

    def areas(weights: Array) -> Array:
        sorted_weights = weights[:, order]
        above, below = (
            np.add.reduceat(sorted_weights * chosen, first, axis=1) for chosen in (signal, ~signal)
        )
        lower = np.cumsum(below, axis=1) - below / 2
        found: Array = (above * lower).sum(1) / (above.sum(1) * below.sum(1))
        return found

    return areas


def roc_band(
    positive: NDArray[np.bool_], scores: NDArray[Any], weights: Array, efficiencies: NDArray[Any]
) -> Array:
    """Return the 16 % and 84 % quantiles over replicas of the background efficiency, (2, efficiencies).

    `efficiencies` are those of the signal; between two thresholds the curve is taken as straight.
    """
    order = np.argsort(-scores, kind="stable")
    signal = positive[order]
    last = np.flatnonzero(np.diff(scores[order], append=np.nan) != 0)  # of each set of equal scores
    found = np.empty((len(weights), len(efficiencies)))
    for number, drawn in enumerate(weights):
        counts = drawn[order]
        passing = [np.concatenate(([0.0], np.cumsum(counts * chosen)[last])) for chosen in (signal, ~signal)]
        above, below = (part / part[-1] for part in passing)
        found[number] = np.interp(efficiencies, above, below)
    band: Array = np.quantile(found, _BAND, axis=0)
    return band


_BAND = (0.16, 0.84)  # of one standard deviation, were the replicas normal
