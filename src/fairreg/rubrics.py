# SPDX-License-Identifier: MIT
"""Names and versions of the rubrics by which this release scores.

A score of another version is history: it is kept, and never shown, sorted or filtered by.
"""

__all__ = ["DATASETS", "ENOUGH", "MODELS", "VERSIONS", "for_kind", "least", "reaches"]

MODELS, DATASETS = "fair-ai-models", "fair-datasets"
VERSIONS = {MODELS: "2.0", DATASETS: "2.0"}
# Coverage from which a score is a number (rubric 2.0, "Weight").
ENOUGH = 0.8
# Sums of fractions: a mean of exactly one half may be stored as 0.49999999999999994.
_ROUNDING = 1e-9


def for_kind(kind: str) -> str:
    """Return the name of the rubric for objects of this kind; software is assessed like a model."""
    return DATASETS if kind == "dataset" else MODELS


def least(score: float) -> float:
    """Return the number from which a computed score counts as at least `score`, apart from rounding."""
    return score - _ROUNDING


def reaches(score: float, wanted: float) -> bool:
    """Tell whether a score is at least `wanted`, apart from rounding.

    >>> reaches(0.49999999999999994, 0.5), reaches(0.4999, 0.5)
    (True, False)
    """
    return score >= least(wanted)
