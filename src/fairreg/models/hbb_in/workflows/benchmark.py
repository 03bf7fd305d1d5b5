# SPDX-License-Identifier: MIT
"""Benchmark: agreement and throughput of one network on every available runtime, on the same jets."""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fairreg.errors import MissingEngine, ModelError, UsageError
from fairreg.models import hbb_in
from fairreg.models.hbb_in.benchmark import plot
from fairreg.models.hbb_in.benchmark.candidates import Candidate, candidates, foreign_name
from fairreg.models.hbb_in.benchmark.machine import facts
from fairreg.models.hbb_in.benchmark.machine import title as machine_title
from fairreg.models.hbb_in.benchmark.measurement import Benchmark, Progress
from fairreg.models.hbb_in.benchmark.results import BenchmarkPlan, Row
from fairreg.models.hbb_in.inputs import ALL_FEATURES, FeatureSelection, Jets, load_jets, sample
from fairreg.models.hbb_in.network import Hyperparameters
from fairreg.models.hbb_in.pairwise import definition
from fairreg.models.hbb_in.published import DOI, kept_features
from fairreg.runners import devices, torch
from fairreg.runners.weights import Tensors, fingerprint, fingerprint_of, read_tensors
from fairreg.schemas import versioned
from fairreg.schemas.identifiers import parse
from fairreg.storage.files import replacing

__all__ = ["BenchmarkReport", "benchmark"]

FIGURE, DOCUMENT = "throughput.png", "benchmark.json"
_LONGEST_RUN = 60.0  # seconds


@dataclass(frozen=True)
class BenchmarkReport:
    """Results of a benchmark; `files` were written, `warnings` name what is missing."""

    weights: str
    fingerprint: str
    source: str
    jets: int
    mean_tracks: float
    plan: BenchmarkPlan
    machine: dict[str, Any]
    rows: tuple[Row, ...]
    interrupted: bool
    files: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def table_size(self) -> int:
        """Batch size of the time per batch in the table: the paper's 128, or the largest measured below."""
        paper = 128
        return max(
            (size for size in self.plan.batch_sizes if size <= paper), default=self.plan.batch_sizes[0]
        )

    def to_json(self) -> dict[str, Any]:
        """The document of a benchmark."""
        return {
            "weights": {"file": self.weights, "fingerprint": self.fingerprint},
            "input": {"source": self.source, "items": self.jets, "mean_tracks": self.mean_tracks},
            "plan": asdict(self.plan),
            "machine": self.machine,
            "runtimes": [row.to_json() for row in self.rows],
            "interrupted": self.interrupted,
            "warnings": list(self.warnings),
        }


def benchmark(
    *,
    weights: Path | None = None,
    sample_file: Path | None = None,
    published: Sequence[Path] = (),
    plan: BenchmarkPlan | None = None,
    jets: int = 10_000,
    threads: int | None = None,
    output: Path | None = None,
    engines: Path | None = None,
    device: str | None = None,
    progress: Progress = lambda _name, _done, _total: None,
) -> BenchmarkReport:
    """Compare all forms of the network with these weights on the first `jets` jets of the sample.

    `weights` default to those of the first published file, else to the reference weights; the sample
    defaults to the packaged jets. An interruption ends the measurement and keeps its results so far. `output`
    is a folder for the figure and the document, `engines` the cache folder of engines built by runtimes,
    `device` where all compute (None: each runtime's choice).
    Raises UsageError, ModelError for weights or jets that cannot be read, UnsafePickle.
    """
    plan = plan or BenchmarkPlan()
    _check(plan, jets)
    devices.parse(device)
    path = _weights(weights, published)
    tensors = read_tensors(path)
    selection = kept_features(path, Hyperparameters.from_tensors(tensors))
    source, some = _jets(sample_file, jets)
    measured = Benchmark(_reduced(some, selection), plan, progress)
    forms = candidates(
        tensors,
        published=published,
        batch_size=max(plan.batch_sizes),
        threads=threads,
        engines=engines,
        device=device,
    )
    with _threads(threads):
        interrupted = _run(measured, tensors, forms)
    _note_other_weights(measured.rows, published, fingerprint_of(tensors))
    report = BenchmarkReport(
        weights=path.name,
        fingerprint=fingerprint_of(tensors),
        source=source,
        jets=len(some),
        mean_tracks=float(np.any(some.tracks != 0, axis=1).sum(axis=1).mean()),
        plan=plan,
        machine=facts() | {"threads": threads},
        rows=tuple(measured.rows),
        interrupted=interrupted,
    )
    return report if output is None else _write(report, output)


def _check(plan: BenchmarkPlan, jets: int) -> None:
    if not plan.batch_sizes or min(*plan.batch_sizes, plan.repetitions, jets) < 1:
        raise UsageError("Batch sizes, repetitions and jets must be at least 1.")
    if not 0 <= plan.seconds <= _LONGEST_RUN:
        raise UsageError(f"The duration of a run is {plan.seconds} s; it must be 0 to {_LONGEST_RUN} s.")


def _weights(weights: Path | None, published: Sequence[Path]) -> Path:
    if weights is not None or published:
        return weights or published[0]
    reference = hbb_in.reference(parse(DOI))
    if reference is None:
        raise UsageError("This installation has no reference weights.", hint="Use --weights FILE.")
    return reference.path


def _jets(path: Path | None, count: int) -> tuple[str, Jets]:
    """Name of the sample and its first jets; a prepared file is read no further."""
    if path is None:
        return "packaged jets", _first(sample(), count)
    if path.suffix in {".h5", ".hdf5"}:
        from fairreg.models.hbb_in.jet_files import open_jets

        with open_jets(path) as content:
            part = content.read(0, count)
        jets = Jets(part.tracks, part.vertices, part.labels)
    else:
        jets = _first(load_jets(path), count)
    if not len(jets):
        raise ModelError(f"{path.name} contains no jets.")
    return path.name, jets


def _first(jets: Jets, count: int) -> Jets:
    return Jets(
        jets.tracks[:count], jets.vertices[:count], None if jets.labels is None else jets.labels[:count]
    )


def _reduced(jets: Jets, selection: FeatureSelection | None) -> Jets:
    """The jets reduced to the features of the network, in advance so that it is not timed."""
    if selection is None or selection == ALL_FEATURES:
        return jets
    return Jets(*selection.take(jets.tracks, jets.vertices), jets.labels)


def _run(measured: Benchmark, tensors: Tensors, forms: Sequence[Candidate]) -> bool:
    """Run the benchmark; return whether it was interrupted."""
    try:
        measured.compare_with(definition(tensors))
        measured.run(forms)
    except KeyboardInterrupt:
        return True
    return False


def _note_other_weights(rows: Sequence[Row], published: Sequence[Path], ours: str) -> None:
    """Add a message to rows that differ because their file contains other weights."""
    by_name = {row.name: row for row in rows}
    for path in published:
        row = by_name.get(foreign_name(path))
        if row is not None and row.agrees is False and (theirs := fingerprint(path)) != ours:
            row.message = f"It contains other weights, with fingerprint {theirs}."


def _threads(threads: int | None) -> AbstractContextManager[None]:
    """Set the number of threads of PyTorch; other engines are given it when they are loaded."""
    if threads is None or not torch.available():
        return nullcontext()
    from fairreg.models.hbb_in.training.loop import engine

    return engine(threads)


def _write(report: BenchmarkReport, folder: Path) -> BenchmarkReport:
    """Write the figure and the document into `folder`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        why_not = _draw(report, folder / FIGURE)
        drawn = () if why_not else (folder / FIGURE,)
        warnings = (f"The figure was not drawn: {why_not}",) if why_not else ()
        written = replace(report, warnings=warnings, files=(*drawn, folder / DOCUMENT))
        with replacing(folder / DOCUMENT) as draft:
            document = versioned("hbb-benchmark", written.to_json())
            draft.write_text(json.dumps(document, indent=2), encoding="utf-8")
    except OSError as error:
        raise ModelError(f"{folder} cannot be written: {error.strerror or error}.") from error
    return written


def _draw(report: BenchmarkReport, path: Path) -> str:
    """Draw the figure; return the reason where that fails: measurements are kept without a figure."""
    if not any(row.series for row in report.rows):
        return "nothing was measured."
    title = machine_title(report.machine)
    try:
        plot.draw(report.rows, title, path)
    except MissingEngine as error:
        return f"{error.message} {error.hint}"
    return ""
