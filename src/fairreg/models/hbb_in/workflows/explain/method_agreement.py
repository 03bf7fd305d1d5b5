# SPDX-License-Identifier: MIT
"""LRP compared with integrated gradients: rankings of the features by two independent methods."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.explain import integrated
from fairreg.models.hbb_in.explain.averages import Averages, by_class, summary
from fairreg.models.hbb_in.explain.relevance import PropagationRule, Relevances, relevances
from fairreg.models.hbb_in.network import CLASSES
from fairreg.models.hbb_in.workflows.explain.analysis import Cell, Table
from fairreg.models.hbb_in.workflows.explain.subject import Subject

__all__ = ["checked"]

Progress = Callable[[str, int, int], None]


def checked(subject: Subject, rule: PropagationRule, count: int, progress: Progress) -> tuple[Table, ...]:
    """Explain about `count` jets by both methods; rank features by their mean absolute relevance.

    Raises MissingEngine without the extra ``explain``.
    """
    tracks, vertices, classes = subject.own(_of_both(subject.jets.classes, count))
    done = [0]

    def more(jets: int) -> None:
        done[0] += jets
        progress("integrated gradients", done[0], len(classes))

    tensors = subject.model.tensors
    other = integrated.integrated_gradients(tensors, tracks, vertices, classes, rule, progress=more)
    ours = relevances(tensors, tracks, vertices, classes, rule)
    pairs = (by_class(summary(ours), classes), by_class(summary(other), classes))
    return _ranks(pairs, other, classes), _sizes(pairs, (*subject.model.names[0], *subject.model.names[1]))


def _of_both(classes: NDArray[Any], count: int) -> NDArray[np.intp]:
    """Places of about `count` jets at even distances, half of them of each class."""
    places = [np.flatnonzero(classes == number) for number in range(len(CLASSES))]
    most = -(-count // len(CLASSES))
    chosen = [own[np.linspace(0, len(own) - 1, min(most, len(own))).round().astype(int)] for own in places]
    return np.concatenate(chosen)


Pairs = tuple[Mapping[str, Averages], Mapping[str, Averages]]


def _ranks(pairs: Pairs, other: Relevances, classes: NDArray[Any]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for number, name in enumerate(CLASSES):
        own = classes == number
        error = np.abs(other.lost[own]).mean() / np.abs(other.start[own]).mean()
        ranked = integrated.rank_correlation(pairs[0][name].sizes, pairs[1][name].sizes)
        rows.append((name, pairs[0][name].jets, ranked, float(error)))
    columns = ("class", "jets", "rank_correlation", "mean_relative_error_of_integral")
    return Table("lrp-check", "Rankings by LRP and by integrated gradients", columns, tuple(rows))


def _sizes(pairs: Pairs, names: tuple[str, ...]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (feature, *(float(found[name].sizes[place]) for name in CLASSES for found in pairs))
        for place, feature in enumerate(names)
    ]
    methods = ("lrp", "integrated_gradients")
    columns = ("feature", *(f"{name}_{method}" for name in CLASSES for method in methods))
    return Table("lrp-check-features", "Mean absolute relevance by both methods", columns, tuple(rows))
