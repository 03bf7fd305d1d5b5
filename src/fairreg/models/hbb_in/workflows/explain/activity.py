# SPDX-License-Identifier: MIT
"""``activity``: relative activity of each node for each class, and sparsity (Figures 8 and 9)."""

from collections.abc import Callable
from functools import partial, reduce
from operator import add
from pathlib import Path

from fairreg.models.hbb_in.explain.activity import THRESHOLD, Activity, relative_activity, sparsity
from fairreg.models.hbb_in.explain.plots import activity as activity_plots
from fairreg.models.hbb_in.network import CLASSES
from fairreg.models.hbb_in.workflows.explain.analysis import Analysis, Cell, Figure, Table
from fairreg.models.hbb_in.workflows.explain.subject import Subject, read_subject

__all__ = ["activity", "measured"]

Progress = Callable[[int, int], None]


def activity(
    weights: Path | None = None,
    sample: Path | None = None,
    *,
    jets: int | None = None,
    padding: bool = True,
    threshold: float = THRESHOLD,
    batch_size: int = 128,
    progress: Progress = lambda _done, _total: None,
) -> Analysis:
    """Measure the relative neural activity of every node on both classes.

    `padding` counts padded slots, as the paper does. Raises ModelError, MissingEngine.
    """
    subject = read_subject(weights, sample, jets)
    found = measured(subject, padding=padding, batch_size=batch_size, progress=progress)
    below = {"sum": sparsity(found.rna, threshold), "count": sparsity(found.relative_firing, threshold)}
    return Analysis(
        name="activity",
        title="Neural activity",
        model=subject.model,
        jets=subject.jets,
        facts={"nodes": found.nodes, "padding_counted": padding, "threshold": threshold},
        tables=(
            Table(
                "activity-sparsity",
                f"Part of the nodes with relative activity below {threshold:g}",
                ("class", "by_sum_of_activations", "by_count_of_activations"),
                tuple(
                    (name, float(below["sum"][number]), float(below["count"][number]))
                    for number, name in enumerate(CLASSES)
                ),
            ),
            _nodes(found),
        ),
        figures=_figures(found, subject),
        warnings=tuple(
            f"No node of the layer {layer} is ever active on {name} jets; its RNA is given as 0."
            for layer, name in found.silent
        ),
    )


def measured(
    subject: Subject,
    *,
    padding: bool = True,
    batch_size: int = 128,
    progress: Progress = lambda _done, _total: None,
) -> Activity:
    """Measure the activity on all jets."""
    parts = []
    for some in subject.slices(batch_size):
        parts.append(relative_activity(subject.model.tensors, *subject.own(some), padding=padding))
        progress(some.stop, len(subject.jets))
    return reduce(add, parts)


def _nodes(found: Activity) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (layer, node, *map(float, rna[:, node]), *map(float, found.relative_firing[layer][:, node]))
        for layer, rna in found.rna.items()
        for node in range(rna.shape[1])
    ]
    columns = tuple(f"{name}_{what}" for what in ("rna", "firing") for name in CLASSES)
    return Table(
        "activity-nodes", "Relative activity of every node", ("layer", "node", *columns), tuple(rows)
    )


def _figures(found: Activity, subject: Subject) -> tuple[Figure, ...]:
    title = f"{subject.model.sizes.parameter_count:,} parameters, {found.nodes} nodes"
    return (
        Figure(
            "activity-pattern",
            "Relative neural activity (RNA) of every node, that for QCD jets as negative.",
            partial(activity_plots.pattern, found.rna, title),
        ),
        Figure(
            "activity-difference",
            "Difference of the relative neural activity between the classes.",
            partial(activity_plots.difference, found.rna, title),
        ),
    )
