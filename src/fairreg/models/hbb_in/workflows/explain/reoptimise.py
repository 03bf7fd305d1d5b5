# SPDX-License-Identifier: MIT
"""``reoptimise``: train the smaller networks that masking suggests, and compare them (Table 10)."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import UsageError
from fairreg.models import hbb_in
from fairreg.models.hbb_in import HbbRunner
from fairreg.models.hbb_in.explain.activity import Activity, sparsity
from fairreg.models.hbb_in.explain.masking import fidelity
from fairreg.models.hbb_in.explain.plots import activity as activity_plots
from fairreg.models.hbb_in.explain.plots import reoptimisation as reoptimised_plots
from fairreg.models.hbb_in.explain.reoptimisation import BASELINE, DROPPED, SHAPES, Reoptimised, least
from fairreg.models.hbb_in.inputs import ALL_FEATURES
from fairreg.models.hbb_in.jet_files import JetWriter, open_jets
from fairreg.models.hbb_in.metrics import tagging_metrics
from fairreg.models.hbb_in.training.loop import Epoch
from fairreg.models.hbb_in.training.setup import Setup
from fairreg.models.hbb_in.training.weight_files import STEM
from fairreg.models.hbb_in.workflows.explain.activity import measured
from fairreg.models.hbb_in.workflows.explain.analysis import Analysis, Figure, Table
from fairreg.models.hbb_in.workflows.explain.mask import effects_of_features, start
from fairreg.models.hbb_in.workflows.explain.subject import Model, Subject, read_labelled, read_model
from fairreg.models.hbb_in.workflows.train import TrainingObserver, train
from fairreg.models.hbb_in.workflows.train import TrainingPlan as Split
from fairreg.runners import torch

__all__ = ["ReoptimisationCallbacks", "ReoptimisationPlan", "reoptimise"]

_SETUP = Setup(epochs=6, patience=6, learning_rate=3e-3, schedule="onecycle")
_VALIDATION = 0.05  # of the events
_EXPLAINED, _CONTROL = "explained", "same shape"
_TIMED, _PASSES = 2000, 5  # jets, passes
_ALL = slice(0, None)
_SLICE = 4096


@dataclass(frozen=True)
class ReoptimisationPlan:
    """Numbers of jets for the training, for the masks and for the figures; None means all.

    `dropped` are numbers of track and vertex features; `also` names features to drop in any case.
    """

    jets: int | None = 40_000
    mask_jets: int | None = 10_000
    test_jets: int | None = 24_000
    dropped: tuple[int, int] = DROPPED
    also: tuple[str, ...] = ()
    setup: Setup = _SETUP


@dataclass(frozen=True)
class ReoptimisationCallbacks:
    """Callbacks: name of the step, jets done and total; name of the network and its finished epoch."""

    on_jets: Callable[[str, int, int], None] = lambda _name, _done, _total: None
    on_epoch: Callable[[str, Epoch], None] = lambda _name, _epoch: None


def reoptimise(
    training: Path,
    output: Path,
    *,
    weights: Path | None = None,
    test: Path | None = None,
    plan: ReoptimisationPlan | None = None,
    threads: int = 1,
    watch: ReoptimisationCallbacks | None = None,
) -> Analysis:
    """Choose features by masks of `weights`, train networks of the paper's sizes without them, compare.

    The masks and the trainings use jets of the prepared file `training`, all figures those of `test` (by
    default the packaged jets). A network of the paper's baseline size is trained on all features in the
    same way, to separate the effect of the small budget from that of the smaller network. Weights stay in
    folders of `output`, from which the same call resumes after an interruption (KeyboardInterrupt). Raises
    UsageError, ModelError, MissingEngine.
    """
    torch.require()
    plan, watch = plan or ReoptimisationPlan(), watch or ReoptimisationCallbacks()
    model, jets = read_model(weights), read_labelled(test, plan.test_jets)
    dropped, masked = _chosen(model, training, plan, watch)
    subset, trained = _subset(training, output, plan.jets)
    trainings = _Trainings(subset, output, plan.setup, threads, watch)
    rows, activities = _compared(Subject(model, jets), trainings, dropped)
    return Analysis(
        name="reoptimise",
        title="Smaller networks",
        model=model,
        jets=jets,
        facts={
            "training_sample": training.name,
            "training_jets": trained,
            "mask_jets": masked,
            **_settings(plan.setup),
            "threads": threads,
            "dropped_features": " ".join(dropped),
        },
        tables=(_table(rows),),
        figures=_figures(rows, activities),
    )


def _chosen(
    model: Model, training: Path, plan: ReoptimisationPlan, watch: ReoptimisationCallbacks
) -> tuple[tuple[str, ...], int]:
    """Choose features of the network to leave out; return them and the number of jets used."""
    subject = Subject(model, read_labelled(training, plan.mask_jets))
    total, done = len(subject.jets) * (1 + sum(map(len, model.names))), [0]

    def more(count: int) -> None:
        done[0] += count
        watch.on_jets("masking", done[0], total)

    names = least(effects_of_features(start(subject, more, bootstraps=(0, 0)), subject), *plan.dropped)
    return tuple(sorted({*names, *plan.also, *model.dropped})), len(subject.jets)


def _subset(training: Path, output: Path, count: int | None) -> tuple[Path, int]:
    """A prepared file of `count` evenly spaced jets, or all of `training`; and their number."""
    with open_jets(training) as content:
        if count is None or count >= len(content):
            return training, len(content)
        if count < 1:
            raise UsageError("At least one jet is needed for the training.")
        chosen = np.linspace(0, len(content) - 1, count).round().astype(int)
        path = output / f"training-{count}.h5"
        about: dict[str, Any] = {
            "files": content.files, "spectators": content.spectator_names, "source": content.source
        }  # fmt: skip
        with JetWriter(path, **about) as writer:
            for first in range(0, len(content), _SLICE):
                part = content.read(first, first + _SLICE)
                own = chosen[(first <= chosen) & (chosen < first + len(part))] - first
                names = ("tracks", "vertices", "labels", "weight", "event", "file", "spectators")
                writer.append(**{name: getattr(part, name)[own] for name in names})
    return path, count


@dataclass(frozen=True)
class _Trainings:
    """All trainings of one call, each in a folder of its own."""

    sample: Path
    output: Path
    setup: Setup
    threads: int
    watch: ReoptimisationCallbacks

    def trained(self, name: str, shape: tuple[int, int, int], dropped: tuple[str, ...]) -> tuple[Model, int]:
        """Return the network and the number of epochs of its training; KeyboardInterrupt on Ctrl-C."""
        hidden, d_e, d_o = shape
        setup = replace(self.setup, hidden=hidden, d_e=d_e, d_o=d_o, dropped=dropped)
        folder = self.output / _file(name)
        observer = TrainingObserver(
            lambda _round, done, total: self.watch.on_jets(name, done, total),
            lambda _round, epoch: self.watch.on_epoch(name, epoch),
        )
        split = Split(validation_fraction=_VALIDATION)
        done = train([self.sample], folder, setup, split, threads=self.threads, observer=observer)
        if done.interrupted:
            raise KeyboardInterrupt
        return read_model(folder / f"{STEM}.safetensors"), len(done.rounds[0].trained.history)


def _compared(
    subject: Subject, trainings: _Trainings, dropped: tuple[str, ...]
) -> tuple[list[Reoptimised], list[Activity]]:
    """Compare the explained network, one of the same shape trained as the smaller ones, and those."""
    named: dict[str, tuple[Subject, int | None]] = {_EXPLAINED: (subject, None)}
    plans = [(_CONTROL, BASELINE, ()), *((", ".join(map(str, shape)), shape, dropped) for shape in SHAPES)]
    for name, shape, left_out in plans:
        model, epochs = trainings.trained(name, shape, left_out)
        named[name] = (replace(subject, model=model), epochs)
    tell = partial(trainings.watch.on_jets, "activity")
    found = [measured(item, progress=tell) for item, _ in named.values()]
    runners = [hbb_in.load(item.model.path, selection=item.model.selection) for item, _ in named.values()]
    scores = [
        runner.predict(*item.own(_ALL)[:2])[:, 1]
        for runner, (item, _) in zip(runners, named.values(), strict=True)
    ]
    rates = _rates(runners, [item for item, _ in named.values()])
    rows = [
        _row(name, *named[name], (scores[0], scores[place]), active=found[place], rate=rates[place])
        for place, name in enumerate(named)
    ]
    return rows, found


def _row(
    name: str,
    subject: Subject,
    epochs: int | None,
    scores: tuple[NDArray[Any], NDArray[Any]],
    *,
    active: Activity,
    rate: float,
) -> Reoptimised:
    """Figures of merit on the test jets; `scores` are those of the explained network and of this one."""
    sizes = subject.model.sizes
    return Reoptimised(
        name=name,
        track_features_dropped=len(ALL_FEATURES.tracks) - sizes.track_features,
        vertex_features_dropped=len(ALL_FEATURES.vertices) - sizes.vertex_features,
        shape=(sizes.hidden, sizes.d_e, sizes.d_o),
        parameters=sizes.parameter_count,
        epochs=epochs,
        roc_auc=tagging_metrics(subject.jets.positive, scores[1]).roc_auc,
        fidelity=fidelity(*scores),
        sparsity=float(sparsity(active.rna).mean()),
        jets_per_second=rate,
    )


def _rates(runners: Sequence[HbbRunner], subjects: Sequence[Subject]) -> list[float]:
    """Jets per second of each network on some jets: the best of several passes.

    The networks take turns and the best pass counts, because other processes can only slow one down.
    """
    jets = [subject.own(slice(0, _TIMED))[:2] for subject in subjects]
    times: list[list[float]] = [[] for _ in runners]
    for _ in range(_PASSES):
        for runner, own, found in zip(runners, jets, times, strict=True):
            begin = perf_counter()
            runner.predict(*own)
            found.append(perf_counter() - begin)
    return [len(own[0]) / min(found) for own, found in zip(jets, times, strict=True)]


def _settings(setup: Setup) -> dict[str, Any]:
    """Settings shared by all trainings."""
    names = ("epochs", "batch_size", "learning_rate", "schedule", "seed")
    return {name: getattr(setup, name) for name in names}


def _table(rows: list[Reoptimised]) -> Table:
    columns = (
        "network",
        "tracks_dropped",
        "vertices_dropped",
        "hidden",
        "d_e",
        "d_o",
        "parameters",
        "epochs",
        "auc",
        "auc_uncertainty",
        "fidelity",
        "fidelity_uncertainty",
        "sparsity",
        "jets_per_second",
    )
    cells = tuple(_flat(row) for row in rows)
    title = "The explained network, one of the same shape, and smaller ones (Table 10)"
    return Table("reoptimise", title, columns, cells)


def _flat(row: Reoptimised) -> tuple[Any, ...]:
    cells: list[Any] = []
    for value in astuple(row):
        cells += value if isinstance(value, tuple) else [value]
    return tuple(cells)


def _figures(rows: list[Reoptimised], activities: list[Activity]) -> tuple[Figure, ...]:
    patterns = [
        Figure(
            f"reoptimise-pattern-{_file(row.name)}",
            f"Neural activation pattern of the network {row.name} (as Figure 9).",
            partial(activity_plots.pattern, found.rna, f"{row.name}: {row.parameters:,} parameters"),
        )
        for row, found in zip(rows, activities, strict=True)
        if row.shape in SHAPES
    ]
    caption = "AUC, fidelity to the explained network and rate of the networks of Table 10."
    return (Figure("reoptimise", caption, partial(reoptimised_plots.comparison, rows)), *patterns)


def _file(name: str) -> str:
    """File name for the name of a network."""
    return name.replace(", ", "-").replace(" ", "-")
