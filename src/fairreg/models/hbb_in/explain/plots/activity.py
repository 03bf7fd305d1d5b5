# SPDX-License-Identifier: MIT
"""Figures 8 and 9 of 10.1088/2632-2153/ad12e3: neural activation patterns, and their class differences."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.explain.passes import LAYERS
from fairreg.models.hbb_in.explain.plots.style import CLASS_NAMES, new

__all__ = ["difference", "pattern"]

Array = NDArray[np.float64]
LAYER_LABELS: Mapping[str, str] = MappingProxyType(
    {
        layer: f"$f_{{{letter}}}^{{{upper}}}$ {number}"
        for letter, upper, names in (
            ("R", "pp", LAYERS[:3]),
            ("R", "vp", LAYERS[3:6]),
            ("O", "", LAYERS[6:]),
        )
        for number, layer in enumerate(names, start=1)
    }
)


def pattern(rna: Mapping[str, Array], title: str) -> Any:
    """RNA of every node: for each layer a column for QCD, shown as negative, and one for H->bb."""
    figure = new(9, 7)
    axes = figure.subplots()
    columns = [sign * row for layer in LAYERS for sign, row in zip((-1, 1), rna[layer], strict=True)]
    drawn = axes.imshow(
        _columns(columns), cmap="PuOr_r", vmin=-1, vmax=1, aspect="auto", interpolation="nearest"
    )
    for edge in range(1, len(LAYERS)):
        axes.axvline(2 * edge - 0.5, color="black", linewidth=1)
    names = [CLASS_NAMES[name] for name in CLASS_NAMES] * len(LAYERS)
    axes.set_xticks(range(len(columns)), names, fontsize=9, rotation=45)
    top = axes.secondary_xaxis("top")
    top.set_xticks([2 * place + 0.5 for place in range(len(LAYERS))], [LAYER_LABELS[name] for name in LAYERS])
    top.tick_params(length=0)
    _finish(figure, axes, drawn, "RNA (QCD as negative)")
    axes.set_title(title, pad=32)
    return figure


def difference(rna: Mapping[str, Array], title: str) -> Any:
    """Difference of the RNA of every node between the classes."""
    figure = new(8, 7)
    axes = figure.subplots()
    columns = [np.abs(rna[layer][1] - rna[layer][0]) for layer in LAYERS]
    drawn = axes.imshow(
        _columns(columns), cmap="viridis", vmin=0, vmax=1, aspect="auto", interpolation="nearest"
    )
    axes.set_xticks(range(len(LAYERS)), [LAYER_LABELS[name] for name in LAYERS])
    _finish(figure, axes, drawn, r"|RNA(H$\to$bb) − RNA(QCD)|")
    axes.set_title(title)
    return figure


def _columns(columns: list[Array]) -> Array:
    """The columns side by side, NaN below those of smaller layers."""
    found = np.full((max(map(len, columns)), len(columns)), np.nan)
    for place, column in enumerate(columns):
        found[: len(column), place] = column
    return found


def _finish(figure: Any, axes: Any, drawn: Any, label: str) -> None:
    axes.set_facecolor("0.8")  # where a layer has no node
    axes.set(ylabel="Node (grey: none)")
    figure.colorbar(drawn, ax=axes, label=label, pad=0.02)
