# SPDX-License-Identifier: MIT
"""Figures 6 and 7 of 10.1088/2632-2153/ad12e3: relevances by class, and correlations of features."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.explain.averages import Averages
from fairreg.models.hbb_in.explain.plots.style import (
    CLASS_COLOURS,
    CLASS_MARKERS,
    CLASS_NAMES,
    feature_axis,
    new,
)

__all__ = ["correlations", "features", "objects", "scatter"]

Array = NDArray[np.float64]
_HATCHES = (None, "///")


def features(found: Mapping[str, Averages], names: tuple[Sequence[str], Sequence[str]]) -> Any:
    """Shares of the features in the explained value, in per cent, for each class (Figure 6, upper)."""
    figure = new(9, 2.6 + 0.28 * sum(map(len, names)))
    panels = figure.subplots(2, 1, height_ratios=[len(own) + 3 for own in names])
    for axes, own, title, kind in zip(
        panels, names, ("Tracks", "Vertices"), ("track_features", "vertex_features"), strict=True
    ):
        for number, (label, averages) in enumerate(found.items()):
            shares = 100 * averages.share(getattr(averages, kind))
            axes.barh(
                np.arange(len(own)) + 0.4 * (number - 0.5),
                shares[0],
                xerr=shares[1],
                height=0.38,
                color=CLASS_COLOURS[label],
                hatch=_HATCHES[number],
                edgecolor="white",
                linewidth=0,
                label=CLASS_NAMES[label],
                error_kw={"elinewidth": 1, "capsize": 1.5},
            )
        axes.axvline(0, color="0.3", linewidth=0.8)
        feature_axis(axes, own)
        axes.set(title=title, xlabel="Share of the mean logit [%]")
    panels[1].legend(loc="best")
    return figure


def objects(found: Mapping[str, Averages]) -> Any:
    """Shares of each track and vertex, sorted by relative energy, for each class (Figure 6, lower)."""
    figure = new(9, 5)
    panels = figure.subplots(1, 2, width_ratios=(2.2, 1))
    for axes, kind in zip(panels, ("tracks", "vertices"), strict=True):
        for label, averages in found.items():
            shares = 100 * averages.share(getattr(averages, kind))
            axes.errorbar(
                np.arange(1, shares.shape[1] + 1),
                *shares,
                color=CLASS_COLOURS[label],
                marker=CLASS_MARKERS[label],
                markersize=5,
                capsize=2,
                linewidth=1,
                label=CLASS_NAMES[label],
            )
        axes.axhline(0, color="0.3", linewidth=0.8)
        axes.grid(visible=True, alpha=0.3)
        axes.set_title(kind.capitalize())
    panels[1].set_xticks(range(1, 6))
    panels[0].set_ylabel("Share of the mean logit [%]")
    figure.supxlabel("Place by falling relative energy", fontsize=12)
    panels[0].legend(loc="upper right")
    return figure


def correlations(matrices: Sequence[Array], names: Sequence[Sequence[str]]) -> Any:
    """Pearson's coefficients of the features of real tracks, then of real vertices."""
    figure = new(9, 15.5)
    panels = figure.subplots(2, 1, height_ratios=(1.3, 1))
    drawn = None
    for axes, matrix, own, title in zip(panels, matrices, names, ("Tracks", "Vertices"), strict=True):
        axes.set_facecolor("0.85")  # where a feature is constant
        drawn = axes.imshow(matrix, cmap="RdBu_r", vmin=-1, vmax=1)
        axes.set_xticks(range(len(own)), own, rotation=90, fontsize=9)
        axes.set_yticks(range(len(own)), own, fontsize=9)
        axes.set_title(title)
    figure.colorbar(drawn, ax=panels, label="Correlation (grey: a constant feature)", shrink=0.4)
    return figure


def scatter(vertices: Mapping[str, Array], pairs: Sequence[Sequence[tuple[int, str]]], quality: Any) -> Any:
    """Two pairs of vertex features against each other, and frequencies of the track qualities (Figure 7).

    `vertices` are features (m, 14) of each class; a member of `pairs` is (column, label) twice; `quality` has
    values and their parts of all slots for each class.
    """
    figure = new(9, 8)
    panels = figure.subplots(2, 2).flat
    for axes, ((one, label), (other, label_2)) in zip(panels, pairs, strict=False):
        for name, rows in reversed(list(vertices.items())):  # those of QCD are fewer: on top
            axes.plot(
                rows[:, one],
                rows[:, other],
                CLASS_MARKERS[name],
                color=CLASS_COLOURS[name],
                markersize=3,
                alpha=0.5,
                markeredgewidth=0,
                label=CLASS_NAMES[name],
            )
        axes.set(xlabel=label, ylabel=label_2)
        axes.grid(visible=True, alpha=0.3)
    _quality(panels[2], quality)
    panels[3].set_axis_off()
    panels[0].legend(loc="upper left", markerscale=3, reverse=True)
    return figure


def _quality(axes: Any, quality: Mapping[str, tuple[Array, Array]]) -> None:
    values = np.unique(np.concatenate([found for found, _ in quality.values()]))
    for number, (name, (found, parts)) in enumerate(quality.items()):
        places = np.searchsorted(values, found) + 0.4 * (number - 0.5)
        axes.bar(
            places,
            100 * parts,
            0.38,
            color=CLASS_COLOURS[name],
            hatch=_HATCHES[number],
            edgecolor="white",
            linewidth=0,
            label=CLASS_NAMES[name],
        )
    axes.set_xticks(range(len(values)), [f"{value:g}" for value in values])
    axes.set(xlabel="track_quality (0: no track)", ylabel="Slots [%]")
    axes.grid(visible=True, axis="y", alpha=0.3)
    axes.margins(y=0.25)  # room for the legend
    axes.legend(loc="upper right", ncols=2)
