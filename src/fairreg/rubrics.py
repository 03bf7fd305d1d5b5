# SPDX-License-Identifier: MIT
"""Names and versions of the rubrics by which this release scores.

A score of another version is history: it is kept, and never shown, sorted or filtered by.
"""

__all__ = ["DATASETS", "ENOUGH", "MODELS", "VERSIONS"]

MODELS, DATASETS = "fair-ai-models", "fair-datasets"
VERSIONS = {MODELS: "2.0", DATASETS: "2.0"}
# Coverage from which a score is a number (rubric 2.0, "Weight").
ENOUGH = 0.8
