# SPDX-License-Identifier: MIT
"""Results of evaluations in documents."""

from collections.abc import Iterator

from fairreg.formats.linked_data.graph import LinkedNode
from fairreg.formats.linked_data.values import labels
from fairreg.schemas.record import Evaluation

__all__ = ["evaluations"]


def evaluations(node: LinkedNode) -> Iterator[Evaluation]:
    """Yield the results that state a metric and a value."""
    for item in node.values("hasEvaluation"):
        stated = item if isinstance(item, LinkedNode) else LinkedNode(None)
        metric, value = _first(stated, "metric", "evaluationMetric", "name"), _first(stated, "value")
        if metric is None or value is None:
            node.leave("hasEvaluation")
        else:
            dataset = _first(stated, "evaluationDataset", "evaluatedWith", "dataset")
            split = _first(stated, "split")
            yield Evaluation(metric=metric, value=value, dataset=dataset, split=split)


def _first(node: LinkedNode, *terms: str) -> str | None:
    """Return the words under the first term that has some; others count as not read."""
    found = labels(node, *terms)
    if len(found) > 1:
        node.leave(*terms)
    return next(iter(found), None)
