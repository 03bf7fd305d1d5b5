# SPDX-License-Identifier: MIT
"""ROC curve of a network with its area and its band."""

from typing import Any

from numpy.typing import NDArray

from fairreg.models.hbb_in.explain.plots.style import SERIES, new

__all__ = ["NOTE", "curve"]

NOTE = "simulated, not CMS"
_LEAST = 1e-4  # lower end of the axis


def curve(
    points: tuple[NDArray[Any], NDArray[Any]],
    band: tuple[NDArray[Any], NDArray[Any]] | None,
    label: str,
    *,
    note: bool,
) -> Any:
    """Background efficiency over signal efficiency.

    `points` are background and signal efficiencies; `band` has the signal efficiencies (n), and lower and
    upper background efficiencies (2, n); `note` writes that the jets are simulated into the figure.
    """
    figure = new(4.8, 4.6)  # a telephone shows it whole
    axes = figure.subplots()
    colour = SERIES[0][0]
    if band is not None:
        signal, (lower, upper) = band
        axes.fill_between(signal, lower, upper, color=colour, alpha=0.3, linewidth=0, label="68 % band")
    axes.plot(points[1], points[0], color=colour, label=label)
    axes.set(xlabel=r"Efficiency for H$\to$bb jets", ylabel="Efficiency for QCD jets")
    axes.set(xlim=(0, 1), ylim=(_LEAST, 1), yscale="log")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(loc="upper left")
    if note:
        axes.text(0.03, 0.04, NOTE, transform=axes.transAxes, fontsize=13, fontweight="bold")
    return figure
