# SPDX-License-Identifier: MIT
"""``mask``: effect of masking features, tracks and vertices (Figure 5 and Table 9 of the paper)."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import UsageError
from fairreg.models import hbb_in
from fairreg.models.common.uncertainties import with_uncertainty
from fairreg.models.hbb_in.explain.masking import (
    THRESHOLDS,
    Effect,
    Mask,
    MaskingStudy,
    below,
    feature_masks,
    object_masks,
)
from fairreg.models.hbb_in.explain.plots import masking as masking_plots
from fairreg.models.hbb_in.explain.plots import roc
from fairreg.models.hbb_in.metrics import Estimate, roc_curve, tagging_metrics
from fairreg.models.hbb_in.workflows.explain.analysis import Analysis, Cell, Figure, Table
from fairreg.models.hbb_in.workflows.explain.subject import Subject, read_subject

__all__ = ["Progress", "effects_of_features", "mask", "start"]

Progress = Callable[[int, int], None]
_KINDS = ("tracks and vertices", "tracks only", "vertices only")
_EFFECT = ("auc", "auc_lost", "auc_lost_uncertainty", "fidelity", "fidelity_uncertainty")


def mask(
    weights: Path | None = None,
    sample: Path | None = None,
    *,
    jets: int | None = None,
    thresholds: Sequence[float] = THRESHOLDS,
    bootstraps: int = 200,
    seed: int = 1,
    batch_size: int = 128,
    threads: int | None = None,
    progress: Progress = lambda _done, _total: None,
) -> Analysis:
    """Mask every feature alone, those of small effect together, and tracks and vertices by their energy.

    `thresholds` are in per cent of the AUC. Raises UsageError, ModelError, MissingEngine.
    """
    if bootstraps < 0 or not thresholds:
        raise UsageError("At least one threshold, and 0 or more bootstraps are needed.")
    subject, limits = read_subject(weights, sample, jets), tuple(sorted(thresholds))
    passes = 1 + len(feature_masks(subject.model.selection)) + len(object_masks()) + len(_KINDS) * len(limits)
    found = start(
        subject,
        partial(_count, progress, [0], passes * len(subject.jets)),
        (bootstraps, seed),
        (batch_size, threads),
    )
    features = effects_of_features(found, subject)
    cumulative = {kind: [_together(found, features, kind, limit) for limit in limits] for kind in _KINDS}
    objects = [found.effect(name, one) for name, one in object_masks().items()]
    area, method = _area(found, subject, bootstraps)
    return Analysis(
        name="mask",
        title="Masked features, tracks and vertices",
        model=subject.model,
        jets=subject.jets,
        facts={
            "roc_auc": area.value,
            "roc_auc_uncertainty": area.uncertainty,
            "roc_auc_uncertainty_by": method,
            "bootstraps": bootstraps,
            "seed": seed,
        },
        tables=(
            _features_table(features),
            _thresholds_table(cumulative, limits),
            _below_table(cumulative[_KINDS[0]], limits),
            Table(
                "mask-objects", "Masked tracks and vertices", ("mask", *_EFFECT), tuple(map(_row, objects))
            ),
            _roc_table(found, subject),
        ),
        figures=(
            _roc_figure(found, subject, area, method),
            *_figures(features, cumulative, objects, limits, found),
        ),
    )


def _area(found: MaskingStudy, subject: Subject, bootstraps: int) -> tuple[Estimate, str]:
    """The AUC, and the method of its uncertainty: DeLong's where there are too few replicas."""
    if found.baseline.uncertainty is not None:
        return found.baseline, f"bootstrap, {bootstraps} replicas"
    return tagging_metrics(subject.jets.positive, found.scores).roc_auc, "DeLong"


# Efficiencies for H->bb, of the band and of the table.
_BAND = np.linspace(0.005, 0.995, 199)
_LISTED = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95)


def _roc_table(found: MaskingStudy, subject: Subject) -> Table:
    """Background efficiency at some signal efficiencies; the band is empty without replicas."""
    signal = np.asarray(_LISTED)
    background, reached = roc_curve(subject.jets.positive, found.scores)
    band = found.roc_band(signal)
    rows: list[tuple[Cell, ...]] = [
        (efficiency, float(np.interp(efficiency, reached, background)), *_ends(band, place))
        for place, efficiency in enumerate(_LISTED)
    ]
    columns = ("signal_efficiency", "background_efficiency", "band_low", "band_high")
    return Table("mask-roc", "ROC curve without a mask, and its 68 % band", columns, tuple(rows))


def _ends(band: NDArray[Any] | None, place: int) -> tuple[Cell, Cell]:
    return (None, None) if band is None else (float(band[0, place]), float(band[1, place]))


def _roc_figure(found: MaskingStudy, subject: Subject, area: Estimate, method: str) -> Figure:
    told, band = with_uncertainty(area.value, area.uncertainty), found.roc_band(_BAND)
    caption = f"ROC curve without a mask: AUC {told}, uncertainty by {method}."
    caption += " Band: 16 % to 84 % of the same replicas." if band is not None else ""
    caption += f" The jets are {roc.NOTE}." if subject.jets.packaged else ""
    return Figure(
        "mask-roc",
        caption,
        partial(
            roc.curve,
            roc_curve(subject.jets.positive, found.scores),
            None if band is None else (_BAND, band),
            f"AUC {told}\n({method})",
            note=subject.jets.packaged,
        ),
    )


def start(
    subject: Subject,
    progress: Callable[[int], None],
    bootstraps: tuple[int, int] = (200, 1),
    engine: tuple[int, int | None] = (128, None),
) -> MaskingStudy:
    """Prepare a masking study; `bootstraps` are number and seed, `engine` batch size and threads."""
    runner = hbb_in.load(
        subject.model.path, batch_size=engine[0], threads=engine[1], selection=subject.model.selection
    )

    def predict(tracks: NDArray[Any], vertices: NDArray[Any]) -> NDArray[Any]:
        return runner.predict(tracks, vertices)[:, 1]

    arrays = (subject.jets.tracks, subject.jets.vertices)
    samples, seed = bootstraps
    return MaskingStudy(predict, arrays, subject.jets.positive, samples=samples, seed=seed, progress=progress)


def effects_of_features(found: MaskingStudy, subject: Subject) -> list[Effect]:
    """Measure the effect of masking each feature alone."""
    return [found.effect(name, one) for name, one in feature_masks(subject.model.selection).items()]


def _count(progress: Progress, done: list[int], total: int, more: int) -> None:
    done[0] += more
    progress(done[0], total)


def _together(found: MaskingStudy, features: Sequence[Effect], kind: str, threshold: float) -> Effect:
    chosen = below(features, threshold)
    if kind == "tracks only":
        chosen = Mask(tracks=chosen.tracks)
    if kind == "vertices only":
        chosen = Mask(vertices=chosen.vertices)
    return found.effect(f"{kind}, {threshold:g} %", chosen)


def _row(effect: Effect) -> tuple[Cell, ...]:
    drop, fidelity = effect.drop, effect.fidelity
    return (
        effect.name,
        effect.roc_auc,
        drop.value,
        drop.uncertainty,
        fidelity.value,
        fidelity.uncertainty,
    )


def _features_table(features: Sequence[Effect]) -> Table:
    return Table(
        "mask-features",
        "Each feature masked alone (Figure 5)",
        ("feature", *_EFFECT),
        tuple(map(_row, features)),
    )


def _thresholds_table(found: dict[str, list[Effect]], limits: Sequence[float]) -> Table:
    rows = [
        (kind, limit, len(effect.mask.tracks), len(effect.mask.vertices), *_row(effect)[1:])
        for kind, effects in found.items()
        for limit, effect in zip(limits, effects, strict=True)
    ]
    columns = ("features", "threshold_percent", "tracks_masked", "vertices_masked", *_EFFECT)
    title = "All features masked whose own mask changes the AUC by less than a threshold (Table 9)"
    return Table("mask-thresholds", title, columns, tuple(rows))


def _below_table(effects: Sequence[Effect], limits: Sequence[float]) -> Table:
    rows = [(limit, " ".join(effect.mask.names)) for limit, effect in zip(limits, effects, strict=True)]
    title = "Features whose own mask changes the AUC by less than a threshold"
    return Table("mask-thresholds-features", title, ("threshold_percent", "features"), tuple(rows))


def _figures(
    features: Sequence[Effect],
    cumulative: dict[str, list[Effect]],
    objects: Sequence[Effect],
    limits: Sequence[float],
    found: MaskingStudy,
) -> tuple[Figure, ...]:
    tracks = [effect for effect in features if effect.mask.tracks]
    vertices = [effect for effect in features if effect.mask.vertices]
    return (
        Figure(
            "mask-features",
            "ROC AUC and fidelity lost when a feature is masked for all tracks or vertices. Bars: one "
            "standard deviation, of the bootstrap (AUC) and of the mean (fidelity).",
            partial(masking_plots.features, tracks, vertices),
        ),
        Figure(
            "mask-thresholds",
            "ROC AUC and fidelity with all features masked whose own mask changes the AUC less than that.",
            partial(masking_plots.thresholds, cumulative, limits, found.baseline),
        ),
        Figure(
            "mask-objects",
            "ROC AUC and fidelity with tracks or vertices masked, by relative energy. The last slots are "
            "mostly empty.",
            partial(masking_plots.objects, objects, found.baseline),
        ),
    )
