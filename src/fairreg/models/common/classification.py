# SPDX-License-Identifier: MIT
"""Figures of merit of class probabilities and scores."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError

__all__ = ["figures", "roc_auc", "true_classes", "with_cross_entropy"]

Array = NDArray[Any]
_BINARY = 2
_LABELS = "Give the index of the true class of each row, or one column per class with a 1 for the true one."


def figures(probabilities: Array, labels: Array) -> Mapping[str, float]:
    """Accuracy of probabilities (n, classes), and the ROC AUC of two classes, without unlabelled rows.

    NaN where nothing can be measured. Raises ModelError as `true_classes`.
    """
    truth = true_classes(labels, probabilities.shape)
    truth, found = truth[truth >= 0], probabilities[truth >= 0]
    right = float((found.argmax(axis=1) == truth).mean()) if len(truth) else float("nan")
    if probabilities.shape[1] != _BINARY:
        return {"accuracy": right}
    return {"accuracy": right, "roc_auc": roc_auc(truth == 1, found[:, 1])}


def with_cross_entropy(probabilities: Array, labels: Array) -> Mapping[str, float]:
    """Accuracy and cross entropy (in nats) of probabilities (n, classes), without unlabelled rows.

    No figures where nothing is labelled. Raises ModelError as `true_classes`.
    """
    truth = true_classes(labels, probabilities.shape)
    truth, chosen = truth[truth >= 0], probabilities[truth >= 0]
    if not len(truth):
        return {}
    right = chosen[np.arange(len(truth)), truth].astype(np.float64)
    tiny = np.finfo(np.float32).tiny
    return {
        "accuracy": float((chosen.argmax(axis=1) == truth).mean()),
        "cross_entropy": float(-np.log(np.maximum(right, tiny)).mean()),
    }


def true_classes(labels: Array, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Index of the true class of each row, -1 for one without a label, for probabilities of `shape`.

    Labels are (n,) whole numbers, or (n, classes) with one 1 in a row; a row of zeros has no label. Raises
    ModelError for others.
    """
    rows, classes = shape
    if labels.dtype.kind not in "biuf":
        raise ModelError(f"labels has element type {labels.dtype}, which is no number.", hint=_LABELS)
    if labels.shape not in {(rows,), (rows, classes)}:
        raise ModelError(
            f"labels has shape {labels.shape}, but the probabilities have {shape}.", hint=_LABELS
        )
    if labels.ndim == 1:
        known = np.isin(labels, np.arange(classes))
        if not known.all():
            row = int(np.argmin(known))
            raise ModelError(
                f"labels of row {row} is {labels[row]}, which is none of the classes 0 to {classes - 1}.",
                hint="Leave such rows out.",
            )
        return labels.astype(np.int64)
    fits = np.isin(labels, (0, 1)).all(axis=1) & ((labels == 1).sum(axis=1) <= 1)
    if not fits.all():
        raise ModelError(
            f"labels has a row that does not name one class: row {int(np.argmin(fits))}.",
            hint="Write one 1 per row.",
        )
    return np.where(labels.any(axis=1), labels.argmax(axis=1), -1).astype(np.int64)


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
