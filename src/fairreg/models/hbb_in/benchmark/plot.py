# SPDX-License-Identifier: MIT
"""Throughput over batch size as box plots, after Figure 4 of 10.1088/2632-2153/ad12e3."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fairreg.errors import ModelError
from fairreg.models.hbb_in.benchmark.results import Row
from fairreg.models.hbb_in.roc_plot import require
from fairreg.storage.files import replacing

__all__ = ["draw"]

# M. Okabe and K. Ito's palette for all kinds of colour vision; markers repeat the distinction without colour.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000")
_MARKERS = "osD^vPX*"
_BOXES = 0.8  # of the width available to a batch size


def draw(rows: Sequence[Row], title: str, path: Path) -> None:
    """Write a PNG file: boxes from the first to the third quartile of the runs with the median in them,
    whiskers to 1.5 times their length, white circles for outliers; dashed lines show the GPU utilisation.

    At least one row must have runs. Raises MissingEngine without Matplotlib, ModelError if the file cannot be
    written.
    """
    require()
    from matplotlib.figure import Figure

    measured = [row for row in rows if row.series]
    sizes = sorted({item.batch_size for row in measured for item in row.series})
    figure = Figure(figsize=(max(9, len(sizes)), 5.5), layout="constrained")
    axes = figure.add_subplot()
    for number, row in enumerate(measured):
        _boxes(axes, row, sizes, number, len(measured))
    axes.set(yscale="log", xlabel="Batch size [jets]", ylabel="Throughput [jets/s]", title=title)
    axes.set_xticks(range(len(sizes)), [f"{size:,}" for size in sizes])
    axes.set_xlim(-0.5, len(sizes) - 0.5)
    for place in range(1, len(sizes)):
        axes.axvline(place - 0.5, color="0.85", linewidth=0.8)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(visible=True, axis="y", which="both", alpha=0.25)
    _utilisation(axes, measured, sizes)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    try:
        with replacing(path) as draft:
            figure.savefig(draft, format="png", dpi=150)
    except OSError as error:
        raise ModelError(f"{path.name} cannot be written: {error.strerror or error}.") from error


def _boxes(axes: Any, row: Row, sizes: Sequence[int], number: int, count: int) -> None:
    colour, marker = _COLOURS[number % len(_COLOURS)], _MARKERS[number % len(_MARKERS)]
    offset = _BOXES * ((number + 0.5) / count - 0.5)
    places = [sizes.index(item.batch_size) + offset for item in row.series]
    axes.boxplot(
        [item.jets_per_second for item in row.series],
        positions=places,
        widths=0.8 * _BOXES / count,
        patch_artist=True,
        manage_ticks=False,
        boxprops={"facecolor": colour, "edgecolor": "black", "linewidth": 0.6, "alpha": 0.85},
        medianprops={"color": "black", "linewidth": 1.2},
        whiskerprops={"linewidth": 0.8},
        capprops={"linewidth": 0.8},
        flierprops={"marker": "o", "markerfacecolor": "white", "markersize": 3.5, "markeredgewidth": 0.6},
    )
    medians = [item.batch_size / item.seconds_per_batch for item in row.series]
    axes.plot(
        places,
        medians,
        color=colour,
        marker=marker,
        markersize=4.5,
        markeredgecolor="black",
        markeredgewidth=0.5,
        linewidth=0.9,
        alpha=0.9,
        label=row.title,
    )


def _utilisation(axes: Any, rows: Sequence[Row], sizes: Sequence[int]) -> None:
    """Draw the paper's line for each row in the colour of its boxes, on an axis of their own."""
    known = [
        [
            (sizes.index(item.batch_size), item.gpu_utilisation)
            for item in row.series
            if item.gpu_utilisation is not None
        ]
        for row in rows
    ]
    if not any(known):
        return
    other = axes.twinx()
    other.set(ylabel="GPU utilisation [%]", ylim=(0, 105))
    for number, points in enumerate(known):
        if points:
            colour = _COLOURS[number % len(_COLOURS)]
            label = None if other.lines else "GPU utilisation, dashed"
            other.plot(*zip(*points, strict=True), color=colour, linestyle="--", linewidth=1.2, label=label)
