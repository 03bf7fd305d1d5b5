# SPDX-License-Identifier: MIT
"""``lrp``: relevance of each feature, track and vertex for the class of a jet (Figures 6 and 7)."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

from fairreg.models.hbb_in.explain import integrated
from fairreg.models.hbb_in.explain.averages import Averages, Summary, by_class, joined, summary
from fairreg.models.hbb_in.explain.plots import relevance as relevance_plots
from fairreg.models.hbb_in.explain.relevance import PropagationRule, relevances
from fairreg.models.hbb_in.network import CLASSES
from fairreg.models.hbb_in.workflows.explain.analysis import Analysis, Cell, Figure, Table
from fairreg.models.hbb_in.workflows.explain.correlations import correlated
from fairreg.models.hbb_in.workflows.explain.method_agreement import checked
from fairreg.models.hbb_in.workflows.explain.subject import Subject, read_subject

__all__ = ["lrp"]

Progress = Callable[[str, int, int], None]


def lrp(
    weights: Path | None = None,
    sample: Path | None = None,
    *,
    jets: int | None = None,
    rule: PropagationRule | None = None,
    integrated_gradients: int = 0,
    batch_size: int = 128,
    progress: Progress = lambda _name, _done, _total: None,
) -> Analysis:
    """Propagate the logit of each jet's class back to features, tracks and vertices.

    `integrated_gradients` is the number of jets that are also explained by integrated gradients, to compare
    the rankings of the features (extra ``explain``). Raises UsageError, ModelError, MissingEngine.
    """
    if integrated_gradients:
        integrated.require()
    rule = rule or PropagationRule()
    subject = read_subject(weights, sample, jets)
    found = _by_class(subject, rule, batch_size, progress)
    compared = checked(subject, rule, integrated_gradients, progress) if integrated_gradients else ()
    tables, figures = correlated(subject.jets)
    return Analysis(
        name="lrp",
        title="Layer-wise relevance propagation",
        model=subject.model,
        jets=subject.jets,
        facts={
            **asdict(rule),
            "conservation": _CONSERVATION[rule.name] if rule.biases else _WITHOUT_BIASES,
            "largest_relative_loss": max(item.lost for item in found.values()),
        },
        tables=(_totals(found), *_relevance_tables(found, subject), *tables, *compared),
        figures=(*_relevance_figures(found, subject), *figures),
        warnings=() if rule.biases else (_UNSTABLE,),
    )


_EXACT = "Relevances and the share of the biases add up to what is explained, exactly but for rounding."
_CONSERVATION = {
    "0": _EXACT,
    "gamma": _EXACT,
    "epsilon": "Every neuron keeps the part epsilon / (epsilon + |z|) of its relevance.",
}
_WITHOUT_BIASES = (
    "Relevances add up to what is explained, less what reaches neurons that only their bias makes active."
)
_UNSTABLE = (
    "Without the share of the biases denominators vanish: single jets may have relevances of any size, and "
    "means of them say little."
)


def _by_class(
    subject: Subject, rule: PropagationRule, batch_size: int, progress: Progress
) -> dict[str, Averages]:
    parts: list[Summary] = []
    for some in subject.slices(batch_size):
        parts.append(summary(relevances(subject.model.tensors, *subject.own(some), rule)))
        progress("LRP", some.stop, len(subject.jets))
    return by_class(joined(parts), subject.jets.classes)


def _totals(found: Mapping[str, Averages]) -> Table:
    columns = ("class", "jets", "mean_start", "tracks_share", "vertices_share", "biases_share")
    rows = [
        (
            name,
            item.jets,
            float(item.start[0]),
            float(item.share(item.track_features)[0].sum()),
            float(item.share(item.vertex_features)[0].sum()),
            float(item.share(item.biases)[0]),
        )
        for name, item in found.items()
    ]
    return Table("lrp-totals", "What tracks, vertices and biases add to the mean logit", columns, tuple(rows))


def _relevance_tables(found: Mapping[str, Averages], subject: Subject) -> tuple[Table, ...]:
    names = subject.model.names
    columns = tuple(
        f"{name}_{what}" for name in found for what in ("mean", "uncertainty", "share", "share_uncertainty")
    )
    features = [
        (feature, *_cells(found, kind, place))
        for kind, own in zip(("track_features", "vertex_features"), names, strict=True)
        for place, feature in enumerate(own)
    ]
    objects = [
        (kind, place + 1, *_cells(found, kind, place))
        for kind in ("tracks", "vertices")
        for place in range(getattr(found[CLASSES[0]], kind).shape[1])
    ]
    return (
        Table(
            "lrp-features",
            "Relevance of the features (Figure 6, upper)",
            ("feature", *columns),
            tuple(features),
        ),
        Table(
            "lrp-objects",
            "Relevance of tracks and vertices by falling relative energy (Figure 6, lower)",
            ("object", "rank", *columns),
            tuple(objects),
        ),
    )


def _cells(found: Mapping[str, Averages], kind: str, place: int) -> list[Cell]:
    cells: list[Cell] = []
    for item in found.values():
        means = getattr(item, kind)[:, place]
        cells += [float(value) for value in (*means, *item.share(means))]
    return cells


def _relevance_figures(found: Mapping[str, Averages], subject: Subject) -> tuple[Figure, ...]:
    return (
        Figure(
            "lrp-features",
            "Mean relevance of the features as part of the mean logit. Bars: one standard error.",
            partial(relevance_plots.features, found, subject.model.names),
        ),
        Figure(
            "lrp-objects",
            "Mean relevance of tracks and vertices by falling relative energy.",
            partial(relevance_plots.objects, found),
        ),
    )
