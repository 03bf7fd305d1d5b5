# SPDX-License-Identifier: MIT
"""Correlations of the features of a sample, needed to interpret relevances (Figure 7)."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.explain.correlations import correlations, real, strongest
from fairreg.models.hbb_in.explain.plots import relevance as relevance_plots
from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.network import CLASSES
from fairreg.models.hbb_in.workflows.explain.analysis import Cell, Figure, Table
from fairreg.models.hbb_in.workflows.explain.subject import LabelledJets

__all__ = ["correlated"]

_NAMES = tuple(tuple(item.name for item in features) for features in (TRACK_FEATURES, VERTEX_FEATURES))
_PAIRS = (("sv_ptrel", "sv_pt"), ("sv_ptrel", "sv_erel"))  # of Figure 7
_LISTED = 10  # of the largest correlations
_DRAWN = 3000  # points per class; more would overlap


def correlated(jets: LabelledJets) -> tuple[tuple[Table, ...], tuple[Figure, ...]]:
    """Tables and figures on all features of the sample, also those that the network does not take."""
    matrices = [correlations(real(objects)) for objects in (jets.tracks, jets.vertices)]
    rows = [
        (names[one], names[other], value)
        for matrix, names in zip(matrices, _NAMES, strict=True)
        for one, other, value in strongest(matrix, _LISTED)
    ]
    full = [
        Table(
            f"correlations-{kind}",
            f"Correlations of the features of {kind}",
            ("feature", *names),
            _square(names, matrix),
        )
        for kind, matrix, names in zip(("tracks", "vertices"), matrices, _NAMES, strict=True)
    ]
    strong = Table("correlations-strongest", "Strongest correlations", ("one", "other", "r"), tuple(rows))
    return (strong, *full), (
        Figure(
            "correlations",
            "Pearson's correlations of the features of real tracks and vertices, both classes together.",
            partial(relevance_plots.correlations, matrices, _NAMES),
        ),
        _scatter(jets),
    )


def _square(names: Sequence[str], matrix: NDArray[Any]) -> tuple[tuple[Cell, ...], ...]:
    return tuple((name, *map(float, row)) for name, row in zip(names, matrix, strict=True))


def _scatter(jets: LabelledJets) -> Figure:
    """Scatter plots and track qualities, as in Figure 7."""
    columns = _NAMES[1]
    pairs = [tuple((columns.index(name), _with_unit(name)) for name in pair) for pair in _PAIRS]
    vertices = {
        name: real(jets.vertices[jets.classes == number])[:_DRAWN] for number, name in enumerate(CLASSES)
    }
    quality = _NAMES[0].index("track_quality")
    parts = {}
    for number, name in enumerate(CLASSES):
        values, counts = np.unique(jets.tracks[jets.classes == number, quality], return_counts=True)
        parts[name] = (values, counts / counts.sum())
    return Figure(
        "correlations-scatter",
        "Vertex features that go together, and how often each track quality is met in the slots (Figure 7).",
        partial(relevance_plots.scatter, vertices, pairs, parts),
    )


def _with_unit(name: str) -> str:
    unit = next(item.unit for item in VERTEX_FEATURES if item.name == name)
    return f"{name} [{unit}]" if unit else name
