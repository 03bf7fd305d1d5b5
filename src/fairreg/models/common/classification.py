# SPDX-License-Identifier: MIT
"""Figures of merit of class probabilities."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError

__all__ = ["figures"]

Array = NDArray[Any]
_BINARY = 2


def figures(probabilities: Array, labels: Array) -> Mapping[str, float]:
    """Accuracy of probabilities (n, classes) for labels (n, classes), and the ROC AUC of two classes.

    A label is a row with one 1; rows without one are left out. NaN where nothing can be
    measured. Raises ModelError for other labels.
    """
    if labels.shape != probabilities.shape:
        raise ModelError(
            f"labels have shape {labels.shape}, but the probabilities {probabilities.shape}.",
            hint="Give one column per class of the network, in its order.",
        )
    if not np.isin(labels, (0, 1)).all() or (labels.sum(axis=1) > 1).any():
        raise ModelError("labels has a row that does not name one class.", hint="Write one 1 per row.")
    kept = labels.any(axis=1)
    truth, found = labels[kept].argmax(axis=1), probabilities[kept]
    right = float((found.argmax(axis=1) == truth).mean()) if len(truth) else float("nan")
    if probabilities.shape[1] != _BINARY:
        return {"accuracy": right}
    return {"accuracy": right, "roc_auc": _roc_auc(truth == 1, found[:, 1])}


def _roc_auc(positive: NDArray[np.bool_], scores: Array) -> float:
    """Probability that a positive scores above a negative, ties counted half (Mann-Whitney)."""
    wins, pairs = 0.0, int(positive.sum()) * int((~positive).sum())
    if not pairs:
        return float("nan")
    negatives = np.sort(scores[~positive])
    below, up_to = (np.searchsorted(negatives, scores[positive], side=side) for side in ("left", "right"))
    wins = float((below + up_to).sum()) / 2
    return wins / pairs
