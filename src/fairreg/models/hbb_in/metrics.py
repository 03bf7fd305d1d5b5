# SPDX-License-Identifier: MIT
"""Figures of merit of a two-class tagger with their statistical uncertainties.

Every figure is computed from the scores alone: it depends neither on their order nor on batches.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["EFFICIENCIES", "Estimate", "Rejection", "TaggingMetrics", "roc_curve", "tagging_metrics"]

Array = NDArray[Any]
EFFICIENCIES = (0.3, 0.5, 0.7)


@dataclass(frozen=True)
class Estimate:
    """A figure and one standard deviation of it; None where the sample does not determine it."""

    value: float | None
    uncertainty: float | None


@dataclass(frozen=True)
class Rejection:
    """Inverse of the background efficiency at the threshold where the signal has `efficiency`.

    `value` is None where no background jet of the sample passes.
    """

    efficiency: float
    threshold: float
    value: float | None
    uncertainty: float | None


@dataclass(frozen=True)
class TaggingMetrics:
    """Figures of one set of scores: `signal` and `background` are numbers of jets."""

    roc_auc: Estimate
    accuracy: Estimate
    rejections: tuple[Rejection, ...]
    signal: int
    background: int


def tagging_metrics(
    positive: NDArray[np.bool_], scores: Array, weights: Array | None = None, cut: float = 0.5
) -> TaggingMetrics:
    """Compute all figures for jets that are H->bb where `positive`; a score above `cut` means H->bb.

    With `weights`, one per jet, every jet counts by its weight.
    """
    weighing = np.ones(len(scores)) if weights is None else weights.astype(np.float64)
    signal, background = (_Class.of(scores[chosen], weighing[chosen]) for chosen in (positive, ~positive))
    both = bool(len(signal) and len(background))
    return TaggingMetrics(
        roc_auc=_roc_auc(signal, background) if both else Estimate(None, None),
        accuracy=_accuracy((scores > cut) == positive, weighing),
        rejections=tuple(_rejection(signal, background, value) for value in EFFICIENCIES) if both else (),
        signal=len(signal),
        background=len(background),
    )


def roc_curve(positive: NDArray[np.bool_], scores: Array) -> tuple[Array, Array]:
    """Background and signal efficiency at every threshold, ascending from (0, 0) to (1, 1)."""
    thresholds = np.unique(scores)[::-1]
    background, signal = (
        1 - np.searchsorted(np.sort(scores[chosen]), thresholds) / max(int(chosen.sum()), 1)
        for chosen in (~positive, positive)
    )
    return np.concatenate(([0.0], background)), np.concatenate(([0.0], signal))


@dataclass(frozen=True)
class _Class:
    """Scores of one class in ascending order, their weights, and sums of the weights before each."""

    scores: Array
    weights: Array
    before: Array

    @classmethod
    def of(cls, scores: Array, weights: Array) -> "_Class":
        order = np.argsort(scores, kind="stable")
        sums = np.concatenate(([0.0], np.cumsum(weights[order])))
        return cls(scores[order], weights[order], sums)

    def __len__(self) -> int:
        return len(self.scores)

    def below(self, thresholds: Array) -> Array:
        """Fraction of the weight below each threshold, counting half of the weight at it."""
        sums = sum(self.before[np.searchsorted(self.scores, thresholds, side)] for side in ("left", "right"))
        parts: Array = sums / (2 * self.before[-1])
        return parts

    def passing(self, threshold: float) -> float:
        """Fraction of the weight at or above the threshold."""
        return float(1 - self.before[np.searchsorted(self.scores, threshold)] / self.before[-1])

    def threshold(self, efficiency: float) -> float:
        """The highest threshold that the fraction `efficiency` of the weight passes."""
        from_above = self.before[-1] - self.before[:-1]
        reached = np.flatnonzero(from_above >= efficiency * self.before[-1] * (1 - 1e-12))
        return float(self.scores[reached[-1] if len(reached) else 0])

    @property
    def effective(self) -> float:
        """Effective number of jets: that of equal weights with the same fluctuation."""
        return float(self.before[-1] ** 2 / (self.weights**2).sum())


def _roc_auc(signal: _Class, background: _Class) -> Estimate:
    """The Mann-Whitney statistic with its uncertainty; with weights, of weighted means.

    E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson, Biometrics 44 (1988) 837, 10.2307/2531595.
    """
    parts = ((signal, background.below(signal.scores)), (background, 1 - signal.below(background.scores)))
    value = float(np.average(parts[0][1], weights=signal.weights))
    variance = sum(_variance_of_mean(values, jets.weights) for jets, values in parts)
    return Estimate(value, float(np.sqrt(variance)))


def _variance_of_mean(values: Array, weights: Array) -> float:
    """Variance of a weighted mean; with equal weights the usual unbiased estimate."""
    away = weights * (values - np.average(values, weights=weights))
    return float((away**2).sum() / weights.sum() ** 2 * len(values) / max(len(values) - 1, 1))


def _accuracy(right: NDArray[np.bool_], weights: Array) -> Estimate:
    """Fraction of correctly classified jets and its binomial uncertainty."""
    if not len(right):
        return Estimate(None, None)
    value = float(np.average(right, weights=weights))
    effective = weights.sum() ** 2 / (weights**2).sum()
    return Estimate(value, float(np.sqrt(value * (1 - value) / effective)))


def _rejection(signal: _Class, background: _Class, efficiency: float) -> Rejection:
    """Background rejection; its uncertainty combines those of the background count and of the threshold.

    The signal efficiency at a threshold has its binomial uncertainty; the slope of the ROC curve turns that
    into an uncertainty of the background efficiency.
    """
    threshold = signal.threshold(efficiency)
    passing = background.passing(threshold)
    if not passing:
        return Rejection(efficiency, threshold, None, None)
    counting = np.sqrt(passing * (1 - passing) / background.effective)
    wide = np.sqrt(efficiency * (1 - efficiency) / signal.effective)
    ends = [
        background.passing(signal.threshold(min(max(efficiency + sign * wide, 0.0), 1.0))) for sign in (1, -1)
    ]
    error = np.hypot(counting, (ends[1] - ends[0]) / 2)
    return Rejection(efficiency, threshold, 1 / passing, float(error / passing**2))
