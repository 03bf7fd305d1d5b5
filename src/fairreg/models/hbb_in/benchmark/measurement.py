# SPDX-License-Identifier: MIT
"""Measure candidates: first the agreement of each one, then, in turns, the throughput of all.

In turns, because another program on the machine then slows down all of them and not one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import FairregError
from fairreg.models.hbb_in.benchmark.candidates import Candidate
from fairreg.models.hbb_in.benchmark.results import Agreement, BenchmarkPlan, Row, Series
from fairreg.models.hbb_in.benchmark.utilisation import Utilisation
from fairreg.models.hbb_in.evaluate import accuracy, roc_auc
from fairreg.models.hbb_in.inputs import Jets
from fairreg.models.hbb_in.runner import HbbRunner

__all__ = ["TOLERANCE", "Benchmark"]

TOLERANCE = 1e-5  # of a probability: what float32 can keep
_BATCH_SIZE = 128
# Seconds of running before and while the utilisation is sampled.
_SETTLING, _SAMPLED = 0.7, 0.5
_MOST_PERIODS = 20  # of sampling, until a busy machine's program answers

Array = NDArray[Any]
# Called with the name of the step, the number done and the total.
Progress = Callable[[str, int, int], None]


@dataclass
class Benchmark:
    """Measures into `rows`, which are valid at any time, so that a benchmark may be interrupted.

    The jets have the features that the network takes. Nothing new begins after `until`, a time of
    `perf_counter`: `complete` is False then. A candidate that fails does not stop the others. `observed` says
    of which rows the GPU's utilisation is measured.
    """

    jets: Jets
    plan: BenchmarkPlan
    progress: Progress
    rows: list[Row] = field(default_factory=list)
    reference: Array = field(default_factory=lambda: np.empty(0))
    until: float = float("inf")
    observed: Callable[[Row], bool] = lambda _row: True
    complete: bool = True

    def compare_with(self, definition: Callable[[Array, Array], Array]) -> None:
        """Predict the first jets with the definition in float64, the reference for all candidates."""
        count, parts = min(self.plan.compared, len(self.jets)), []
        for first in range(0, count, _BATCH_SIZE):
            part = slice(first, min(first + _BATCH_SIZE, count))
            parts.append(definition(self.jets.tracks[part], self.jets.vertices[part])[:, 1])
            self.progress("definition in float64", part.stop, count)
        self.reference = np.concatenate(parts) if parts else self.reference

    def run(self, candidates: Sequence[Candidate]) -> None:
        """Check every candidate, then time those that run."""
        runners = [self._evaluate(candidate) for candidate in candidates]
        alive = [
            (row, runner, candidate.largest)
            for row, runner, candidate in zip(self.rows, runners, candidates, strict=True)
            if runner is not None
        ]
        self._rounds(alive)
        self._observe(
            [item for item in alive if item[0].device.startswith("cuda") and self.observed(item[0])]
        )

    def _evaluate(self, candidate: Candidate) -> HbbRunner | None:
        """Fill its row except for the throughput; None if it does not run."""
        row = Row(candidate.name, candidate.title)
        self.rows.append(row)
        if self._time_is_up():
            row.message = "It was not measured: the time was up."
            return None
        try:
            runner = candidate.load()
            row.loads, row.device, row.precision = True, runner.device, runner.precision
            scores = self._scores(runner, candidate)
        except FairregError as error:
            row.message = f"{error.message} {error.hint or ''}".strip()
            return None
        row.runs, row.jets = True, len(scores)
        row.accuracy, row.roc_auc = _figures(self.jets, scores)
        if len(self.reference):
            row.agreement = _agreement(self.jets, scores, self.reference)
            row.agrees = row.agreement.max_difference <= TOLERANCE
        return runner

    def _scores(self, runner: HbbRunner, candidate: Candidate) -> Array:
        found = np.empty(len(self.jets), dtype=np.float64)
        for first in range(0, len(found), _BATCH_SIZE):
            part = slice(first, first + _BATCH_SIZE)
            found[part] = runner.predict(self.jets.tracks[part], self.jets.vertices[part])[:, 1]
            self.progress(candidate.name, min(part.stop, len(found)), len(found))
        return found

    def _time_is_up(self) -> bool:
        self.complete = self.complete and perf_counter() < self.until
        return not self.complete

    def _rounds(self, alive: Sequence[tuple[Row, HbbRunner, int]]) -> None:
        plan = [
            (row, runner, size)
            for size in self.plan.batch_sizes
            for row, runner, most in alive
            if size <= most
        ]
        total = self.plan.repetitions * len(plan)
        for repetition in range(self.plan.repetitions):
            for done, (row, runner, size) in enumerate(plan, 1 + repetition * len(plan)):
                if self._time_is_up():
                    return
                if size not in row.failures:
                    self._measure(row, runner, size)
                self.progress("speed", done, total)

    def _measure(self, row: Row, runner: HbbRunner, size: int) -> None:
        series = row.at(size)
        try:
            if series is None:
                # Engines do some things only once for a shape.
                first = runner.predict(*self._batch(0, size))[:, 1]
                series = Series(size, max_difference=self._difference(first))
            series.jets_per_second.append(self._rate(runner, size))
        except FairregError as error:
            row.failures[size] = f"{error.message} {error.hint or ''}".strip()
            return
        if series not in row.series:
            row.series.append(series)
            if series.max_difference is not None:
                row.agrees = bool(row.agrees) and series.max_difference <= TOLERANCE

    def _difference(self, scores: Array) -> float | None:
        """The largest difference to the reference, over the jets of the batch that it has."""
        count = min(len(scores), len(self.reference))
        return float(np.abs(scores[:count] - self.reference[:count]).max()) if count else None

    def _observe(self, on_gpu: Sequence[tuple[Row, HbbRunner, int]]) -> None:
        """Run every measured point on a GPU for so long that its utilisation is that of this point alone."""
        points = [(row, runner, series) for row, runner, _ in on_gpu for series in row.series]
        index = int(on_gpu[0][0].device.partition(":")[2] or 0) if on_gpu else 0
        with Utilisation(bool(points), index) as utilisation:
            for done, (row, runner, series) in enumerate(points, 1):
                if not utilisation.available or self._time_is_up():
                    return
                try:
                    self._keep_busy(runner, series.batch_size, _SETTLING)
                    begin = perf_counter()
                    for _ in range(_MOST_PERIODS):
                        self._keep_busy(runner, series.batch_size, _SAMPLED)
                        if utilisation.has_answered(begin):
                            break
                except FairregError as error:
                    row.failures[series.batch_size] = error.message
                    continue
                series.gpu_utilisation = utilisation.since(begin)
                self.progress("utilisation", done, len(points))

    def _keep_busy(self, runner: HbbRunner, size: int, seconds: float) -> None:
        batch, end = self._batch(0, size), perf_counter() + seconds
        while perf_counter() < end:
            runner.predict(*batch)

    def _rate(self, runner: HbbRunner, size: int) -> float:
        """Jets per second over whole batches from the first jet on; building the batches is not timed."""
        done, seconds = 0, 0.0
        while seconds < self.plan.seconds or not done:
            batch = self._batch(done, size)
            begin = perf_counter()
            runner.predict(*batch)
            seconds += perf_counter() - begin
            done += size
        return done / seconds

    def _batch(self, first: int, size: int) -> tuple[Array, Array]:
        """`size` jets from index `first` on, wrapping around after the last one."""
        chosen = np.arange(first, first + size) % len(self.jets)
        return self.jets.tracks[chosen], self.jets.vertices[chosen]


def _figures(jets: Jets, scores: Array) -> tuple[float | None, float | None]:
    """Accuracy and ROC AUC over the labelled jets; None where a class is missing."""
    if jets.labels is None:
        return None, None
    labels = jets.labels[: len(scores)]
    known = labels.any(axis=1)
    positive, found = labels[known, 1].astype(bool), scores[known]
    return _finite(accuracy(positive, found)), _finite(roc_auc(positive, found))


def _agreement(jets: Jets, scores: Array, reference: Array) -> Agreement:
    compared = scores[: len(reference)]
    aucs = [_figures(jets, values)[1] for values in (compared, reference)]
    return Agreement(
        jets=len(reference),
        max_difference=float(np.abs(compared - reference).max()),
        fidelity=1 - float(np.abs(compared - reference).mean()),
        roc_auc_difference=None if aucs[0] is None or aucs[1] is None else aucs[0] - aucs[1],
    )


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
