# SPDX-License-Identifier: MIT
"""Costs and gains of smaller networks: Table 10 of 10.1088/2632-2153/ad12e3 as a figure."""

from collections.abc import Sequence
from typing import Any

from fairreg.models.hbb_in.explain.plots.style import SERIES, new
from fairreg.models.hbb_in.explain.reoptimisation import Reoptimised
from fairreg.models.hbb_in.metrics import Estimate

__all__ = ["comparison"]


def comparison(rows: Sequence[Reoptimised]) -> Any:
    """AUC, fidelity and rate of the networks, side by side."""
    figure = new(9, 9.5)
    panels = figure.subplots(3, 1, sharex=True)
    names = [f"{row.name}\n{row.parameters:,}" for row in rows]
    places = range(len(rows))
    for axes, (colour, marker), values, label in (
        (panels[0], SERIES[0], [row.roc_auc for row in rows], "ROC AUC [%]"),
        (panels[1], SERIES[1], [row.fidelity for row in rows], "Fidelity [%]"),
    ):
        heights, errors = zip(*map(_per_cent, values), strict=True)
        axes.errorbar(places, heights, errors, fmt=marker, color=colour, markersize=9, capsize=4)
        axes.set_ylabel(label)
    panels[2].bar(places, [row.jets_per_second for row in rows], color=SERIES[2][0], width=0.6)
    panels[2].set_ylabel("Jets/s")
    for axes in panels:
        axes.set_xlim(-0.6, len(rows) - 0.4)
        axes.grid(visible=True, axis="y", alpha=0.3)
        axes.set_axisbelow(True)
    panels[-1].set_xticks(places, names)
    figure.supxlabel("Network (hidden, $D_E$, $D_O$) and its number of parameters", fontsize=12)
    return figure


def _per_cent(estimate: Estimate) -> tuple[float, float]:
    return 100 * (estimate.value or 0.0), 100 * (estimate.uncertainty or 0.0)
