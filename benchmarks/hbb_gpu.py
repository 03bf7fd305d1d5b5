# SPDX-License-Identifier: MIT
"""The Hbb network on a GPU: agreement first, then throughput and utilisation over batch size.

    python benchmarks/hbb_gpu.py [--device cuda:0] [--output hbb-gpu] [--minutes 4.5] [--sample FILE]

One command of at most five minutes. It loads the network in every runtime (PyTorch, onnxruntime, TensorRT) in
float32, TF32 and bfloat16, in few and in many packs, compares each with the definition in float64, and
measures batch sizes 1 to 8192. A runtime that is missing or fails is a line with its reason, and the others
go on. The folder gets

- ``hbb_gpu.json``: machine, versions, every point, every failure; rewritten while it runs, so that an
  interruption (also SIGTERM) keeps what was measured;
- ``throughput-PRECISION.png``: Figure 4 of Duarte et al. 2023, 10.1088/2632-2153/ad12e3, for each precision.

The exit code is 1 if a candidate in float32 differs by more than 1e-5 or none ran, 130 if interrupted.
``--device cpu --minutes 0.5`` tries everything but the GPU.
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fairreg.errors import FairregError
from fairreg.models.hbb_in import load_jets, reference, sample
from fairreg.models.hbb_in.benchmark import plot
from fairreg.models.hbb_in.benchmark.candidates import Candidate, candidates
from fairreg.models.hbb_in.benchmark.machine import facts, title
from fairreg.models.hbb_in.benchmark.measurement import Benchmark
from fairreg.models.hbb_in.benchmark.results import BenchmarkPlan, Row
from fairreg.models.hbb_in.inputs import Jets
from fairreg.models.hbb_in.network import Hyperparameters
from fairreg.models.hbb_in.packing import CALL, MOST_JETS, class_packs
from fairreg.models.hbb_in.pairwise import definition
from fairreg.models.hbb_in.published import DOI, kept_features
from fairreg.models.hbb_in.runner import PRECISIONS, build
from fairreg.runners import devices
from fairreg.runners.weights import Tensors, fingerprint_of, read_tensors
from fairreg.schemas.identifiers import parse

DOCUMENT = "hbb_gpu.json"
RUNTIMES = {"torch": "PyTorch", "onnx": "onnxruntime", "tensorrt": "TensorRT"}
FEW = 16 * CALL  # the cost of a call that makes few, large packs
_SAVED_EVERY = 5.0  # seconds


def main() -> int:
    asked = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    asked.output.mkdir(parents=True, exist_ok=True)
    tensors, jets = _network(asked)
    run = _Run(asked, tensors, jets)
    interrupted = False
    try:
        run.measure()
    except KeyboardInterrupt:
        interrupted = True
    run.save(interrupted=interrupted, figures=run.draw())
    run.print()
    return 130 if interrupted else int(not run.agrees)


class _Run:
    """One benchmark and its documents."""

    def __init__(self, asked: argparse.Namespace, tensors: Tensors, jets: Jets) -> None:
        self._asked, self._tensors = asked, tensors
        self._machine = facts()
        self._saved = time.perf_counter()
        self._packing: dict[int, float] = {}
        plan = BenchmarkPlan(asked.batch_sizes, asked.repetitions, asked.seconds, asked.compared)
        until = time.perf_counter() + 60 * asked.minutes
        # A second for each point: only of the three that Figure 4 is about.
        shown = {f"{runtime}-float32" for runtime in RUNTIMES}
        self.benchmark = Benchmark(
            jets, plan, self._tell, until=until, observed=lambda row: row.name in shown
        )

    @property
    def agrees(self) -> bool:
        """True if something ran in float32, and all of that agrees."""
        verdicts = [row.agrees for row in self.benchmark.rows if row.precision == "float32" and row.runs]
        return bool(verdicts) and all(verdicts)

    def measure(self) -> None:
        """Agreement, then throughput, then utilisation."""
        self.benchmark.compare_with(definition(self._tensors))
        self._packing = dict(self._packing_rates())
        self.benchmark.run(tuple(self._candidates()))

    def _candidates(self) -> Iterator[Candidate]:
        """Every precision in every runtime, float32 first, and the plain definition in PyTorch."""
        most = max(self._asked.batch_sizes)
        common = {"batch_size": most, "engines": self._asked.output / "engines"}
        device = self._asked.device
        for precision in self._asked.precisions:
            for runtime in self._asked.runtimes:
                load = partial(
                    build, self._tensors, runtime=runtime, device=device, precision=precision, **common
                )
                name, words = f"{runtime}-{precision}", f"{RUNTIMES[runtime]}, {precision}"
                yield Candidate(name, words, load)
                if precision == "float32" and devices.parse(device).on_gpu:
                    yield Candidate(f"{name}-few", f"{words}, few packs", partial(load, call=FEW))
        if "torch" in self._asked.runtimes:
            forms = candidates(self._tensors, batch_size=most, device=device)
            yield from (form for form in forms if form.name == "torch-definition")

    def _packing_rates(self) -> Iterator[tuple[int, float]]:
        """Jets a second that one processor lays out in packs: a limit for all runtimes but PyTorch."""
        jets = self.benchmark.jets
        for size in self._asked.batch_sizes:
            chosen = np.arange(size) % len(jets)
            batch, done, begin = (jets.tracks[chosen], jets.vertices[chosen]), 0, time.perf_counter()
            while not done or time.perf_counter() - begin < self._asked.seconds:
                done += sum(len(pack.jets) for pack in class_packs(*batch, MOST_JETS))
            yield size, done / (time.perf_counter() - begin)

    def _tell(self, name: str, done: int, total: int) -> None:
        if time.perf_counter() - self._saved > _SAVED_EVERY:
            print(f"{name}: {done} of {total}", file=sys.stderr)
            self.save(interrupted=True)
            self._saved = time.perf_counter()

    def save(self, *, interrupted: bool, figures: Sequence[str] = ()) -> None:
        """Write the document atomically."""
        found = self.benchmark
        document = {
            "device": str(devices.parse(self._asked.device)),
            "machine": self._machine,
            "weights": {"fingerprint": fingerprint_of(self._tensors)},
            "input": {"items": len(found.jets), "mean_tracks": _mean_tracks(found.jets)},
            "plan": asdict(found.plan) | {"minutes": self._asked.minutes},
            "packing_jets_per_second": self._packing,
            "runtimes": [row.to_json() for row in found.rows],
            "interrupted": interrupted,
            "complete": found.complete and not interrupted,
            "figures": list(figures),
        }
        part = self._asked.output / f"{DOCUMENT}.part"
        part.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        part.replace(self._asked.output / DOCUMENT)

    def draw(self) -> list[str]:
        """One figure for each precision that ran; without Matplotlib none, which is said."""
        drawn = []
        for precision in self._asked.precisions:
            rows = [row for row in self.benchmark.rows if row.precision == precision and row.series]
            path = self._asked.output / f"throughput-{precision}.png"
            if rows:
                try:
                    plot.draw(rows, f"{title(self._machine)}\n{precision}", path)
                except FairregError as error:
                    print(f"{path.name} was not drawn: {error.message} {error.hint or ''}", file=sys.stderr)
                    continue
                drawn.append(path.name)
        return drawn

    def print(self) -> None:
        """Print a line for each candidate, and one for each failure."""
        print(title(self._machine), self._machine["versions"])
        for row in self.benchmark.rows:
            print(f"{row.title:>34}: {_words(row)}")
            for size, reason in row.failures.items():
                print(f"{'':>36}batch {size}: {reason}")
        print(f"written: {self._asked.output}")


def _words(row: Row) -> str:
    if not row.runs:
        return f"{row.verdict}: {row.message}"
    difference = "not compared" if row.agreement is None else f"max |dp| {row.agreement.max_difference:.1e}"
    if not row.series:
        return f"{row.verdict}, {difference}, not measured"
    best = max(row.series, key=lambda item: 1 / item.seconds_per_batch * item.batch_size)
    rate = best.batch_size / best.seconds_per_batch
    return f"{row.verdict}, {difference}, up to {rate:,.0f} jets/s (batch {best.batch_size})"


def _network(asked: argparse.Namespace) -> tuple[Tensors, Jets]:
    """Weights, and jets with the features that they take."""
    found = reference(parse(DOI))
    path = asked.weights or (found.path if found else None)
    if path is None:
        raise SystemExit("This installation has no reference weights: give --weights FILE.")
    tensors = read_tensors(path)
    jets = _first(load_jets(asked.sample) if asked.sample else sample(), asked.jets)
    chosen = kept_features(path, Hyperparameters.from_tensors(tensors))
    if chosen is None:
        return tensors, jets
    tracks, vertices = jets.tracks.take(chosen.tracks, axis=1), jets.vertices.take(chosen.vertices, axis=1)
    return tensors, Jets(tracks, vertices, jets.labels)


def _first(jets: Jets, count: int) -> Jets:
    labels = None if jets.labels is None else jets.labels[:count]
    return Jets(jets.tracks[:count], jets.vertices[:count], labels)


def _mean_tracks(jets: Jets) -> float:
    return float(np.any(jets.tracks != 0, axis=1).sum(axis=1).mean())


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(sorted({int(part) for part in text.split(",")}))


def _some_of(known: Sequence[str]) -> Any:
    def chosen(text: str) -> tuple[str, ...]:
        found = tuple(text.split(","))
        if unknown := sorted(set(found) - set(known)):
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is not one of {', '.join(known)}")
        return found

    return chosen


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--device", default="cuda:0", help="cpu, cuda or cuda:N")
    add("--output", type=Path, default=Path("hbb-gpu"), help="folder for document, figures and plans")
    add("--minutes", type=float, default=4.5, help="nothing new begins after them")
    add("--batch-sizes", type=_numbers, default=tuple(2**power for power in range(14)))
    add("--repetitions", type=int, default=10, help="timed runs of every point, as in the paper")
    add("--seconds", type=float, default=0.04, help="least duration of a timed run")
    add("--compared", type=int, default=256, help="jets that are compared with the definition")
    add("--precisions", type=_some_of(PRECISIONS), default=PRECISIONS, help=",".join(PRECISIONS))
    add("--runtimes", type=_some_of(tuple(RUNTIMES)), default=tuple(RUNTIMES), help=",".join(RUNTIMES))
    add("--weights", type=Path, help="weight file (default: the reference weights)")
    add("--sample", type=Path, help="jets (default: the packaged ones)")
    add("--jets", type=int, default=2000, help="how many of them at most")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
