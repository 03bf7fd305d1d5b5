# SPDX-License-Identifier: MIT
"""Figures of merit of a weight file on prepared jets."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models import hbb_in
from fairreg.models.hbb_in import HbbRunner, roc_plot
from fairreg.models.hbb_in.metrics import TaggingMetrics, roc_curve, tagging_metrics
from fairreg.models.hbb_in.training.packed_reader import slices
from fairreg.runners.weights import fingerprint

__all__ = ["EvaluationReport", "evaluate"]

Array = NDArray[Any]


@dataclass(frozen=True)
class EvaluationReport:
    """Figures of merit of a weight file; `unlabelled` jets (neither QCD nor H->bb) enter only the timing."""

    weights: Path
    fingerprint: str
    samples: tuple[Path, ...]
    figures: TaggingMetrics
    weighted: bool
    jets: int
    unlabelled: int
    runtime: str
    device: str
    batch_size: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The document of an evaluation."""
        return {
            "weights": {"file": str(self.weights), "fingerprint": self.fingerprint},
            "input": {"source": [str(path) for path in self.samples] or ["packaged"], "items": self.jets},
            "unlabelled": self.unlabelled,
            "weighted": self.weighted,
            "metrics": asdict(self.figures),
            "runtime": self.runtime,
            "device": self.device,
            "timing": {
                "items_per_second": self.jets / self.seconds if self.seconds else None,
                "batch_size": self.batch_size,
            },
        }


def evaluate(
    weights: Path | None = None,
    samples: Sequence[Path] = (),
    *,
    runtime: str = "onnx",
    batch_size: int = 128,
    threads: int | None = None,
    device: str | None = None,
    weighted: bool = False,
    plot: Path | None = None,
    progress: Callable[[int], None] = lambda _done: None,
) -> EvaluationReport:
    """Predict every jet of the prepared files once and compare with the labels.

    `weights` default to fairreg's reference weights, `samples` to the packaged jets. `weighted` counts every
    jet by its weight; `plot` is a PNG file for the ROC curve. Raises ModelError if all jets are unlabelled,
    a file is not a prepared file or `device` is not there, UsageError, MissingEngine.
    """
    if plot is not None:
        roc_plot.require()
    weights = weights or hbb_in.REFERENCE
    runner = hbb_in.load(weights, runtime=runtime, batch_size=batch_size, threads=threads, device=device)
    labels, scores, weighing, seconds = _scores(runner, _parts(samples), progress)
    known = labels.any(axis=1)
    if not known.any():
        raise ModelError("No jet of the sample is labelled as QCD or H->bb.")
    positive, found = labels[known, 1].astype(bool), scores[known]
    if plot is not None:
        roc_plot.draw({weights.name: roc_curve(positive, found)}, plot)
    return EvaluationReport(
        weights=weights,
        fingerprint=fingerprint(weights),
        samples=tuple(samples),
        figures=tagging_metrics(positive, found, weighing[known] if weighted else None),
        weighted=weighted,
        jets=len(labels),
        unlabelled=int((~known).sum()),
        runtime=runtime,
        device=runner.device,
        batch_size=batch_size,
        seconds=seconds,
    )


def _parts(samples: Sequence[Path]) -> Iterator[tuple[Array, Array, Array, Array]]:
    """Yield tracks, vertices, labels and weights, in slices."""
    for part in slices(samples):
        yield part.tracks, part.vertices, part.labels, part.weight
    if not samples:
        jets = hbb_in.sample()
        if jets.labels is not None and jets.weights is not None:
            yield jets.tracks, jets.vertices, jets.labels, jets.weights


def _scores(
    runner: HbbRunner,
    slices_of_jets: Iterable[tuple[Array, Array, Array, Array]],
    progress: Callable[[int], None],
) -> tuple[Array, Array, Array, float]:
    """Labels, probabilities of H->bb and weights of all jets, and the seconds spent on predictions."""
    parts: list[tuple[Array, Array, Array]] = []
    seconds, done = 0.0, 0
    for tracks, vertices, labels, weighing in slices_of_jets:
        begin = perf_counter()
        scores = runner.predict(tracks, vertices)[:, 1]
        seconds += perf_counter() - begin
        parts.append((labels, scores, weighing))
        done += len(scores)
        progress(done)
    if not parts:
        raise ModelError("The sample contains no jets.")
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return joined[0], joined[1], joined[2], seconds
