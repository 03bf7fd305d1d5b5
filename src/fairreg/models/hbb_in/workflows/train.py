# SPDX-License-Identifier: MIT
"""Training of one network, or of several to measure the variation of the figures."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from fairreg.errors import MissingEngine, UsageError
from fairreg.models.hbb_in import roc_plot
from fairreg.models.hbb_in.metrics import TaggingMetrics, roc_curve, tagging_metrics
from fairreg.models.hbb_in.training import normalisation, splits, stability, weight_files
from fairreg.models.hbb_in.training.loop import Epoch, Trained, TrainingCallbacks, Unfinished, engine
from fairreg.models.hbb_in.training.loop import train as train_one
from fairreg.models.hbb_in.training.packed_reader import read_packed
from fairreg.models.hbb_in.training.packing import PackedJets
from fairreg.models.hbb_in.training.setup import Setup
from fairreg.models.hbb_in.training.splits import Split
from fairreg.models.hbb_in.training.stability import RunStatistics
from fairreg.models.hbb_in.workflows.evaluate import EvaluationReport, evaluate
from fairreg.runners import torch
from fairreg.schemas import versioned
from fairreg.storage.files import replacing

__all__ = ["Round", "TrainingObserver", "TrainingPlan", "TrainingReport", "train"]


@dataclass(frozen=True)
class TrainingPlan:
    """Choice of the validation jets (`splits.METHODS`), and number of repetitions.

    Repetitions differ in the seed of the initial weights and of the order of the jets, as in the paper's
    Table 4; the split is the same for all. `references` are an accuracy and an AUC to compare with.
    """

    method: str = "jets"
    folds: int = 5
    validation_files: int = 5
    validation_fraction: float = 0.1
    repetitions: int = 1
    references: tuple[float | None, float | None] = (None, None)


@dataclass(frozen=True)
class TrainingObserver:
    """Callbacks during a training; the first argument is the name of the round."""

    on_jets: Callable[[str, int, int], None] = lambda _name, _done, _total: None
    on_epoch: Callable[[str, Epoch], None] = lambda _name, _epoch: None


@dataclass(frozen=True)
class Round:
    """One training of the plan: its result, and its figures on the validation jets and on the test sample."""

    name: str
    folder: Path
    setup: Setup
    split: Split
    trained: Trained
    validation: TaggingMetrics
    test: EvaluationReport | None

    def to_json(self) -> dict[str, Any]:
        """This round in the document of a training."""
        return {
            "name": self.name,
            "folder": str(self.folder),
            "seed": self.setup.seed,
            "training_jets": len(self.split.training),
            "validation_jets": len(self.split.validation),
            "epochs": len(self.trained.history),
            "ended": self.trained.ended,
            "best": asdict(self.trained.best),
            "validation": asdict(self.validation),
            "test": self.test.to_json() if self.test else None,
        }


@dataclass(frozen=True)
class TrainingReport:
    """All rounds, the jets they used, and warnings for the user."""

    output: Path
    setup: Setup
    plan: TrainingPlan
    jets: int
    unlabelled: int
    rounds: tuple[Round, ...]
    warnings: tuple[str, ...] = field(default_factory=tuple)
    device: str = "cpu"

    @property
    def interrupted(self) -> bool:
        """True if the training was interrupted by Ctrl-C."""
        return any(item.trained.ended == "interrupted" for item in self.rounds)

    @property
    def accuracy(self) -> RunStatistics:
        """Validation accuracy over the rounds."""
        return stability.run_statistics([item.trained.best.accuracy for item in self.rounds])

    @property
    def roc_auc(self) -> RunStatistics:
        """Validation AUC over the rounds."""
        return stability.run_statistics([item.trained.best.roc_auc for item in self.rounds])

    @property
    def tables(self) -> str:
        """The paper's Tables 4 and 5 for these rounds, in Markdown."""
        rows = [(item.name, item.trained.best, len(item.trained.history)) for item in self.rounds]
        both = stability.comparison(self.accuracy, self.roc_auc, self.plan.references)
        return f"{both}\n{stability.stability(rows)}"

    def to_json(self) -> dict[str, Any]:
        """The document of a training."""
        return {
            "output": str(self.output),
            "setup": asdict(self.setup),
            "plan": asdict(self.plan),
            "device": self.device,
            "input": {"items": self.jets, "unlabelled": self.unlabelled},
            "rounds": [item.to_json() for item in self.rounds],
            "accuracy": self._summary(self.accuracy, self.plan.references[0]),
            "roc_auc": self._summary(self.roc_auc, self.plan.references[1]),
            "warnings": list(self.warnings),
        }

    @staticmethod
    def _summary(found: RunStatistics, reference: float | None) -> dict[str, Any]:
        p_value = None if reference is None else stability.upper_tail(reference, found)
        return {"mean": found.mean, "deviation": found.deviation, "reference": reference, "p_value": p_value}


def train(
    samples: Sequence[Path],
    output: Path,
    setup: Setup,
    plan: TrainingPlan,
    *,
    test: Sequence[Path] = (),
    threads: int = 1,
    minutes: float | None = None,
    device: str | None = None,
    observer: TrainingObserver | None = None,
) -> TrainingReport:
    """Train by the plan on prepared files and write weights, figures, logs and plots to the folder `output`.

    A training that stopped early in that folder resumes. After `minutes` the running round ends with its last
    finished epoch, and no other one starts. The default `device` is the CPU. Raises UsageError, ModelError,
    MissingEngine.
    """
    place = str(torch.place(device))
    until = perf_counter() + 60 * minutes if minutes else float("inf")
    jets = read_packed(samples, setup.selection)
    session = _Session(setup, jets, test, until, observer or TrainingObserver(), device=place)
    unlabelled = len(jets) - len(jets.labelled)
    report = TrainingReport(output, setup, plan, len(jets), unlabelled, (), device=place)
    with engine(threads):
        for name, folder, round_setup, split in _rounds(jets, output, setup, plan):
            try:
                done = session.run(name, folder, round_setup, split)
            except Unfinished:
                if report.rounds:
                    break
                raise
            report = _written(replace(report, rounds=(*report.rounds, done)), jets)
            if done.trained.ended in {"interrupted", "time limit"}:
                break
    return report


def _rounds(
    jets: PackedJets, output: Path, setup: Setup, plan: TrainingPlan
) -> Iterator[tuple[str, Path, Setup, Split]]:
    """Yield name, folder, setup and split of each round; a single round uses the output folder itself."""
    parts = _splits(jets, plan, setup.seed)
    alone = plan.repetitions * len(parts) == 1
    for repetition in range(plan.repetitions):
        seed = setup.seed + repetition
        for fold, split in enumerate(parts, start=1):
            name = f"seed-{seed}" + (f"-fold-{fold}" if len(parts) > 1 else "")
            yield name, output if alone else output / name, replace(setup, seed=seed), split


def _splits(jets: PackedJets, plan: TrainingPlan, seed: int) -> tuple[Split, ...]:
    if plan.method == "kfold":
        return splits.by_folds(jets, plan.folds, seed)
    if plan.method == "files":
        return (splits.by_files(jets, plan.validation_files, seed),)
    if plan.method == "jets":
        return (splits.by_events(jets, plan.validation_fraction, seed),)
    raise UsageError(f"There is no split {plan.method!r}.", hint=f"Use {', '.join(splits.METHODS)}.")


class _Session:
    """State and inputs shared by all rounds."""

    def __init__(
        self,
        setup: Setup,
        jets: PackedJets,
        test: Sequence[Path],
        until: float,
        observer: TrainingObserver,
        *,
        device: str,
    ) -> None:
        self._jets, self._test, self._until, self._observer = jets, test, until, observer
        self._device = device
        self._standardise = setup.standardise
        self._sample = _digest(jets.tracks.rows, jets.vertices.rows, jets.classes)

    def run(self, name: str, folder: Path, setup: Setup, split: Split) -> Round:
        """Train one round and write its files."""
        folder.mkdir(parents=True, exist_ok=True)
        measure = normalisation.measured if self._standardise else normalisation.unchanged
        found = measure(self._jets, split.training)
        watch = self._watch(name, folder)
        jets = found.apply(self._jets)
        identity = self._identity(setup, split)
        trained = train_one(setup, jets, split, folder, identity=identity, watch=watch, device=self._device)
        _log(folder, trained.history)
        about = {"sample": f"sha256:{self._sample}", "epoch": str(trained.best.epoch)}
        weight_files.save(normalisation.fold(trained.tensors, found), folder, setup, about)
        positive = self._jets.classes[split.validation] == 1
        validation = tagging_metrics(positive, trained.scores, cut=0.0)
        return Round(name, folder, setup, split, trained, validation, self._tested(folder))

    def _watch(self, name: str, folder: Path) -> TrainingCallbacks:
        def on_epoch(history: Sequence[Epoch]) -> None:
            _log(folder, history)
            self._observer.on_epoch(name, history[-1])

        def on_jets(done: int, total: int) -> None:
            self._observer.on_jets(name, done, total)

        return TrainingCallbacks(on_jets, on_epoch, self._until)

    def _tested(self, folder: Path) -> EvaluationReport | None:
        """Evaluate the written files, as a user would, on the test sample."""
        return evaluate(folder / f"{weight_files.STEM}.onnx", self._test) if self._test else None

    def _identity(self, setup: Setup, split: Split) -> Mapping[str, Any]:
        """Settings that must be equal to resume a training; epochs and patience may be raised later."""
        free = {"patience"} | ({"epochs"} if setup.schedule == "constant" else set())
        chosen = {name: value for name, value in asdict(setup).items() if name not in free}
        both = {"sample": self._sample, "split": _digest(split.training, split.validation)}
        identity: dict[str, Any] = json.loads(json.dumps(chosen | both))
        return identity


def _digest(*arrays: Any) -> str:
    found = sha256()
    for array in arrays:
        contiguous: Any = np.ascontiguousarray(array)
        found.update(contiguous)
    return found.hexdigest()


def _log(folder: Path, history: Sequence[Epoch]) -> None:
    """Write the log: one JSON object per epoch and line."""
    lines = [json.dumps(asdict(epoch)) + "\n" for epoch in history]
    with replacing(folder / "log.jsonl") as draft:
        draft.write_text("".join(lines), encoding="utf-8")


def _plotted(report: TrainingReport, jets: PackedJets) -> tuple[str, ...]:
    """Draw the ROC curves of all rounds; without Matplotlib return a warning and keep the training."""
    curves = {}
    for item in report.rounds:
        positive = jets.classes[item.split.validation] == 1
        label = f"{item.name}, AUC {item.trained.best.roc_auc:.4f}"
        curves[label] = roc_curve(positive, item.trained.scores)
    try:
        roc_plot.draw(curves, report.output / "roc.png")
    except MissingEngine as error:
        return (f"roc.png was not drawn: {error.message} {error.hint}",)
    return ()


def _written(report: TrainingReport, jets: PackedJets) -> TrainingReport:
    """Write the files of the report into the output folder, after every round; return it with their names."""
    report = replace(report, warnings=_plotted(report, jets))
    with replacing(report.output / "metrics.json") as draft:
        document = versioned("hbb-train", report.to_json())
        draft.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    with replacing(report.output / "tables.md") as draft:
        draft.write_text(report.tables, encoding="utf-8")
    return report
