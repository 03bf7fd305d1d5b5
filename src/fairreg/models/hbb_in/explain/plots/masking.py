# SPDX-License-Identifier: MIT
"""Figure 5 of 10.1088/2632-2153/ad12e3 and related figures: effect of masking on AUC and fidelity."""

from collections.abc import Mapping, Sequence
from typing import Any

from fairreg.models.hbb_in.explain.masking import Effect
from fairreg.models.hbb_in.explain.plots.style import SERIES, feature_axis, new
from fairreg.models.hbb_in.metrics import Estimate

__all__ = ["features", "objects", "thresholds"]

_LINEAR = 0.1  # per cent of the AUC, within which the axis is linear
_ROW = 0.27  # inches


def features(tracks: Sequence[Effect], vertices: Sequence[Effect]) -> Any:
    """Drop of the AUC and loss of fidelity, in per cent, for each masked track and vertex feature."""
    kinds = [(title, rows) for title, rows in (("Tracks", tracks), ("Vertices", vertices)) if rows]
    counts = [len(rows) for _, rows in kinds]
    figure = new(9, 1.4 * len(kinds) + _ROW * sum(counts))
    panels = figure.subplots(len(kinds), 2, squeeze=False, height_ratios=[count + 3 for count in counts])
    for (drop, loss), (title, rows) in zip(panels, kinds, strict=True):
        _bars(drop, [(100 * (e.drop.value or 0.0), _per_cent(e.drop)) for e in rows], SERIES[0][0])
        drop.set_xscale("symlog", linthresh=_LINEAR)
        drop.set_xticks([-0.1, 0, 0.1, 1, 10], ["−0.1", "0", "0.1", "1", "10"])
        drop.axvline(0, color="0.3", linewidth=0.8)
        feature_axis(drop, [effect.name for effect in rows])
        _bars(
            loss, [(100 * (1 - (e.fidelity.value or 0.0)), _per_cent(e.fidelity)) for e in rows], SERIES[1][0]
        )
        feature_axis(loss, [""] * len(rows))
        drop.set(xlabel="AUC lost [%]", title=f"{title}: AUC")
        loss.set(xlabel="1 − fidelity [%]", title=f"{title}: fidelity", xlim=(0, None))
    _same_range(panels[:, 0])
    _same_range(panels[:, 1])
    return figure


def _bars(axes: Any, values: Sequence[tuple[float, float]], colour: str) -> None:
    places = range(len(values))
    heights, errors = zip(*values, strict=True)
    axes.barh(
        places, heights, xerr=errors, color=colour, height=0.7, error_kw={"elinewidth": 1, "capsize": 2}
    )


def _per_cent(estimate: Estimate) -> float:
    return 100 * (estimate.uncertainty or 0.0)


def _same_range(panels: Sequence[Any]) -> None:
    ends = [axes.get_xlim() for axes in panels]
    for axes in panels:
        axes.set_xlim(min(end[0] for end in ends), max(end[1] for end in ends))


def thresholds(found: Mapping[str, Sequence[Effect]], limits: Sequence[float], baseline: Estimate) -> Any:
    """Draw the paper's Table 9: the effect of masking all features of small effect together.

    These are the features whose own mask changes the AUC by less than a limit. `found` has a sequence of
    effects along `limits` (per cent) for each kind of features, first for all.
    """
    figure = new(9, 8)
    panels = figure.subplots(2, 1, sharex=True)
    for (label, effects), (colour, marker) in zip(found.items(), SERIES, strict=True):
        drawn = {"color": colour, "marker": marker, "capsize": 3, "markersize": 7, "label": label}
        areas = [100 * effect.roc_auc for effect in effects]
        panels[0].errorbar(range(len(limits)), areas, [_per_cent(e.drop) for e in effects], **drawn)
        values = [100 * (effect.fidelity.value or 0.0) for effect in effects]
        panels[1].errorbar(range(len(limits)), values, [_per_cent(e.fidelity) for e in effects], **drawn)
    panels[0].axhline(100 * (baseline.value or 0.0), color="0.3", linestyle="--", label="nothing masked")
    masks = [effect.mask for effect in next(iter(found.values()))]
    counts = [f"{len(mask.tracks)} + {len(mask.vertices)}" for mask in masks]
    labels = [f"{limit:g}\n{count}" for limit, count in zip(limits, counts, strict=True)]
    for axes, name in zip(panels, ("ROC AUC [%]", "Fidelity [%]"), strict=True):
        axes.set_ylabel(name)
        axes.set_xticks(range(len(limits)), labels)
        axes.grid(visible=True, alpha=0.3)
    figure.supxlabel(
        "Threshold on the change of the AUC [%], number of masked features (track + vertex)", fontsize=12
    )
    panels[0].legend(loc="lower left")
    return figure


def objects(effects: Sequence[Effect], baseline: Estimate) -> Any:
    """AUC and fidelity over the number of masked slots, from the most and from the least energetic one."""
    figure = new(9, 8)
    panels = figure.subplots(2, 2, sharex="col")
    for column, kind in enumerate(("tracks", "vertices")):
        for word, (colour, marker), label in zip(
            ("first", "last"), SERIES, ("most energetic first", "last slots first"), strict=False
        ):
            rows = [effect for effect in effects if effect.name.split()[::2] == [word, kind]]
            counts = [int(effect.name.split()[1]) for effect in rows]
            drawn = {"color": colour, "marker": marker, "capsize": 3, "markersize": 7, "label": label}
            areas, values = ([100 * e.roc_auc for e in rows], [100 * (e.fidelity.value or 0.0) for e in rows])
            panels[0, column].errorbar(counts, areas, [_per_cent(e.drop) for e in rows], **drawn)
            panels[1, column].errorbar(counts, values, [_per_cent(e.fidelity) for e in rows], **drawn)
        panels[0, column].axhline(
            100 * (baseline.value or 0.0), color="0.3", linestyle="--", label="nothing masked"
        )
        panels[1, column].set_xlabel(f"Masked {kind}, of {60 if kind == 'tracks' else 5} slots")
        panels[0, column].set_title(kind.capitalize())
    panels[1, 1].set_xticks(range(1, 6))
    for axes in panels.flat:
        axes.grid(visible=True, alpha=0.3)
    panels[0, 0].set_ylabel("ROC AUC [%]")
    panels[1, 0].set_ylabel("Fidelity [%]")
    panels[0, 0].legend(loc="best")
    return figure
