# SPDX-License-Identifier: MIT
"""Plot of ROC curves."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fairreg.errors import MissingEngine, ModelError
from fairreg.storage.files import replacing

__all__ = ["draw", "require"]

_RANGE = (1e-4, 1.0)  # of the background's efficiency


def require() -> None:
    """Raise MissingEngine where Matplotlib is not installed."""
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        raise MissingEngine("Matplotlib", "plot")


def draw(curves: Mapping[str, tuple[NDArray[Any], NDArray[Any]]], path: Path) -> None:
    """Plot the curves (background, signal efficiency) by their labels to the PNG file `path`.

    Raises MissingEngine without Matplotlib, ModelError if the file cannot be written.
    """
    require()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 5), layout="constrained")  # without pyplot: no display, no global state
    axes = figure.add_subplot()
    for label, (background, signal) in curves.items():
        axes.plot(signal, background, label=label)
    axes.set(xlabel="Efficiency for H→bb jets", ylabel="Efficiency for QCD jets")
    axes.set(xlim=(0, 1), ylim=_RANGE, yscale="log")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend(loc="upper left")
    try:
        with replacing(path) as draft:
            figure.savefig(draft, format="png", dpi=150)
    except OSError as error:
        raise ModelError(f"{path.name} cannot be written: {error.strerror or error}.") from error
