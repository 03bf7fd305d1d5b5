# SPDX-License-Identifier: MIT
"""How all figures look, and how they are written: PNG and PDF."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fairreg.models.hbb_in.network import CLASSES

__all__ = ["CLASS_COLOURS", "CLASS_MARKERS", "CLASS_NAMES", "SERIES", "feature_axis", "new", "write"]

# M. Okabe and K. Ito's palette, which all kinds of colour vision tell apart; markers and hatches say it too.
CLASS_COLOURS: Mapping[str, str] = MappingProxyType(dict(zip(CLASSES, ("#0072B2", "#D55E00"), strict=True)))
CLASS_MARKERS: Mapping[str, str] = MappingProxyType(dict(zip(CLASSES, "os", strict=True)))
CLASS_NAMES: Mapping[str, str] = MappingProxyType(dict(zip(CLASSES, ("QCD", r"H$\to$bb"), strict=True)))
SERIES = (("#0072B2", "o"), ("#E69F00", "s"), ("#009E73", "D"))
FORMATS = ("png", "pdf")
_LOOK: Mapping[str, float] = MappingProxyType(
    {
        "font.size": 12,
        "axes.titlesize": 13,
        "axes.labelsize": 12,
        "legend.fontsize": 11,
        "pdf.fonttype": 42,  # text that stays text
    }
)


def new(width: float, height: float) -> Any:
    """An empty figure of that size in inches, without pyplot: no display, no global state."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(dict(_LOOK)):
        return Figure(figsize=(width, height), layout="constrained")


def feature_axis(axes: Any, names: Sequence[str]) -> None:
    """Names of features down the vertical axis, with a faint line for the eye to follow."""
    axes.set_yticks(range(len(names)), names, fontsize=10)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=True, axis="both", alpha=0.25)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)


def write(draw: Any, stem: Path) -> tuple[Path, ...]:
    """Have `draw` make a figure, write it as `stem`.png and `stem`.pdf; the same one gives the same bytes."""
    from matplotlib import rc_context

    paths = tuple(stem.with_name(f"{stem.name}.{suffix}") for suffix in FORMATS)
    with rc_context(dict(_LOOK)):
        figure = draw()
        for path, suffix in zip(paths, FORMATS, strict=True):
            about = {"CreationDate": None} if suffix == "pdf" else {"Software": None}
            figure.savefig(path, format=suffix, dpi=160, metadata=about)
    return paths
