# SPDX-License-Identifier: MIT
"""Figures of merit of class probabilities and scores."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError

__all__ = ["figures", "roc_auc", "with_cross_entropy"]

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
    return {"accuracy": right, "roc_auc": roc_auc(truth == 1, found[:, 1])}


def with_cross_entropy(probabilities: Array, labels: Array) -> Mapping[str, float]:
    """Accuracy and cross entropy (in nats) of probabilities (n, classes), without unlabelled jets.

    Labels are (n,) indices of classes or (n, classes) with 1 for the true one. Raises ModelError for others.
    """
    found = probabilities
    if labels.ndim == 1 and labels.dtype.kind in "iu":
        if labels.size and (labels.min() < 0 or labels.max() >= found.shape[1]):
            raise ModelError(f"labels has classes other than 0 to {found.shape[1] - 1}.")
        labels = np.eye(found.shape[1])[labels]
    if labels.shape != found.shape:
        raise ModelError(
            f"labels has shape {labels.shape}, but the probabilities have {found.shape}.",
            hint="Give the index of the true class of each jet, or 1 in its column.",
        )
    labelled = labels.any(axis=1)
    if not labelled.any():
        return {}
    truth, chosen = labels[labelled].argmax(axis=1), found[labelled]
    right = chosen[np.arange(len(truth)), truth].astype(np.float64)
    tiny = np.finfo(np.float32).tiny
    return {
        "accuracy": float((chosen.argmax(axis=1) == truth).mean()),
        "cross_entropy": float(-np.log(np.maximum(right, tiny)).mean()),
    }


def roc_auc(positive: NDArray[np.bool_], scores: NDArray[Any]) -> float:
    """Probability that a positive scores above a negative, ties counted half; NaN without either.

    The Mann-Whitney statistic from mid-ranks: J. A. Hanley and B. J. McNeil, Radiology 143 (1982) 29,
    10.1148/radiology.143.1.7063747.
    """
    positives, negatives = int(positive.sum()), int((~positive).sum())
    if not positives or not negatives:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mid_ranks = np.cumsum(counts) - (counts - 1) / 2
    rank_sum = float(mid_ranks[inverse][positive].sum())
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)
