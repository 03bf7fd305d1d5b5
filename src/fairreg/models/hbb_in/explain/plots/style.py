# SPDX-License-Identifier: MIT
"""Style and output of all figures: PNG and PDF."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from fairreg.models.hbb_in.network import CLASSES
from fairreg.storage.files import replacing

__all__ = [
    "CLASS_COLOURS",
    "CLASS_MARKERS",
    "CLASS_NAMES",
    "DOTS_PER_INCH",
    "SERIES",
    "TEXT_POINTS",
    "feature_axis",
    "new",
    "write",
]

# M. Okabe and K. Ito's palette for all kinds of colour vision; markers and hatches repeat the distinction.
CLASS_COLOURS: Mapping[str, str] = MappingProxyType(dict(zip(CLASSES, ("#0072B2", "#D55E00"), strict=True)))
CLASS_MARKERS: Mapping[str, str] = MappingProxyType(dict(zip(CLASSES, "os", strict=True)))
CLASS_NAMES: Mapping[str, str] = MappingProxyType(dict(zip(CLASSES, ("QCD", r"H$\to$bb"), strict=True)))
SERIES = (("#0072B2", "o"), ("#E69F00", "s"), ("#009E73", "D"))
FORMATS = ("png", "pdf")
DOTS_PER_INCH, TEXT_POINTS = 160, 12
_LOOK: Mapping[str, float] = MappingProxyType(
    {
        "font.size": TEXT_POINTS,
        "axes.titlesize": 13,
        "axes.labelsize": TEXT_POINTS,
        "legend.fontsize": 11,
        "pdf.fonttype": 42,  # text stays searchable
    }
)


def new(width: float, height: float) -> Any:
    """Return an empty figure of that size in inches, without pyplot: no display, no global state."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(dict(_LOOK)):
        return Figure(figsize=(width, height), layout="constrained")


def feature_axis(axes: Any, names: Sequence[str]) -> None:
    """Label the vertical axis with feature names, with a faint guide line for each."""
    axes.set_yticks(range(len(names)), names, fontsize=10)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=True, axis="both", alpha=0.25)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)


def write(draw: Any, stem: Path) -> tuple[Path, ...]:
    """Write the figure of `draw` as `stem`.png and `stem`.pdf; the same figure gives the same bytes."""
    from matplotlib import rc_context

    paths = tuple(stem.with_name(f"{stem.name}.{suffix}") for suffix in FORMATS)
    with rc_context(dict(_LOOK)):
        figure = draw()
        for path, suffix in zip(paths, FORMATS, strict=True):
            about = {"CreationDate": None} if suffix == "pdf" else {"Software": None}
            with replacing(path) as draft:
                figure.savefig(draft, format=suffix, dpi=DOTS_PER_INCH, metadata=about)
    return paths
