# SPDX-License-Identifier: MIT
"""Performance and throughput of a Hbb interaction network on a labelled sample."""

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.common.classification import roc_auc
from fairreg.models.hbb_in.inputs import Jets
from fairreg.models.hbb_in.runner import HbbRunner

__all__ = ["Performance", "accuracy", "evaluate", "roc_auc"]

_THRESHOLD = 0.5


@dataclass(frozen=True)
class Performance:
    """Figures of merit of one evaluation; `unlabelled` jets (neither QCD nor H->bb) enter only the timing.

    `roc_auc` is that of the H->bb probability, `accuracy` the fraction on the right side of 0.5; both are NaN
    where the sample lacks a class.
    """

    roc_auc: float
    accuracy: float
    jets: int
    qcd: int
    hbb: int
    unlabelled: int
    seconds: float
    batch_size: int

    @property
    def jets_per_second(self) -> float:
        """Rate of the whole prediction, input checks included."""
        return self.jets / self.seconds if self.seconds else float("inf")


def evaluate(runner: HbbRunner, jets: Jets) -> Performance:
    """Predict all `jets` once and compare with their labels; ModelError for unlabelled jets."""
    if jets.labels is None:
        raise ModelError(
            "The jets have no labels to compare with.", hint="Add an array labels of shape (n, 2)."
        )
    begin = perf_counter()
    scores = runner.predict(jets.tracks, jets.vertices)[:, 1]
    seconds = perf_counter() - begin
    qcd, hbb = (jets.labels[:, index].astype(bool) for index in (0, 1))
    labelled = qcd | hbb
    return Performance(
        roc_auc=roc_auc(hbb[labelled], scores[labelled]),
        accuracy=accuracy(hbb[labelled], scores[labelled]),
        jets=len(jets),
        qcd=int(qcd.sum()),
        hbb=int(hbb.sum()),
        unlabelled=int((~labelled).sum()),
        seconds=seconds,
        batch_size=runner.batch_size or len(jets.tracks),
    )


def accuracy(positive: NDArray[np.bool_], scores: NDArray[Any]) -> float:
    """Fraction of scores on the right side of 0.5; NaN without any."""
    return float(((scores > _THRESHOLD) == positive).mean()) if len(scores) else float("nan")
