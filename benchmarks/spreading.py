# SPDX-License-Identifier: MIT
"""Batch work in this process, with one and with two Dask workers: equal bytes, and what a worker costs.

    python benchmarks/spreading.py [--jets FILE.h5] [--number N] [--files N] [--dump FOLDER] [--records N]

`run`: the reference weights on jets in several prepared files. They are drawn, seeded, from FILE or from the
packaged sample, and the values of real tracks and vertices are varied by some per mille. `assess`: the first
models of a dump of the Hub with their cards, offline. In the run called *killed* one of two workers is killed
when a third is done. Every run writes into a folder or registry of its own; all are compared byte by byte.
Times contain the start of the workers; `cpu` is processor time of this process and of its ended workers.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from assess_batch import DUMP, _dumped, _filled, _made_up

from fairreg.models import hbb_in
from fairreg.models.hbb_in.jet_files import JetWriter, open_jets
from fairreg.services.assess import batch as assessing
from fairreg.services.assess.batch import assess_all
from fairreg.services.parallel.base import ExecutionTarget
from fairreg.services.registry import db
from fairreg.services.run.batch import run_many
from fairreg.services.run.loaded_model import open_file
from fairreg.settings import Settings
from fairreg.web import no_log

# Name -> workers.
RUNS = {"serial": None, "one worker": 1, "two workers": 2, "killed": 2}
NOON = "2026-11-22T12:00:00+00:00"


def main() -> None:
    asked = _arguments()
    with tempfile.TemporaryDirectory(dir=asked.scratch) as scratch:
        for count, compare in ((asked.number, _jets), (asked.records, _records)):
            if count:
                folder = Path(scratch, compare.__name__)
                folder.mkdir()
                compare(folder, asked)


def _jets(scratch: Path, asked: argparse.Namespace) -> None:
    inputs = list(_written(scratch / "inputs", asked.jets, asked.number, asked.files))
    size = sum(path.stat().st_size for path in inputs) / 1e6
    print(f"run: {asked.number} jets in {len(inputs)} files, {size:.0f} MB")
    opened = open_file(hbb_in.REFERENCE, None, scratch)
    settings = Settings.from_environment({"FAIRREG_HOME": str(scratch / "home")})

    def run(name: str, where: ExecutionTarget, progress: Callable[[int, int | None], None]) -> str:
        output = scratch / name
        report = run_many(settings, opened, inputs, output=output, where=where, progress=progress)
        if report.failures:
            sys.exit(f"not all files were run: {report.failures}")
        return _digest(path.read_bytes() for path in sorted(output.iterdir()))

    _compare(run, asked.number, "jets")


def _records(scratch: Path, asked: argparse.Namespace) -> None:
    first = scratch / "first"
    payloads = _dumped(asked.dump, asked.records) if asked.dump.is_dir() else _made_up()
    settings = _settings(first)
    db.ensure(settings, no_log)
    count = _filled(settings, islice(payloads, asked.records))
    print(f"assess: {count} records of {asked.dump if asked.dump.is_dir() else 'our own'} and the catalogue")

    def assess(name: str, where: ExecutionTarget, progress: Callable[[int, int | None], None]) -> str:
        shutil.copytree(first, scratch / name)
        own = _settings(scratch / name)
        with _at_noon():
            document = assess_all(own, offline=True, workers=where.workers, progress=progress).to_json()
        del document["seconds"]
        document |= {name: list(document[name]) for name in ("rows", "failures")}
        return _digest([json.dumps(document).encode(), *_stored(own)])

    _compare(assess, count, "records")


def _compare(work: Callable[..., str], count: int, what: str) -> None:
    """Do the work in each way and print how they compare."""
    found, first = {}, 0.0
    for name, workers in RUNS.items():
        begun, before = time.perf_counter(), _processor_seconds()
        found[name] = work(name, ExecutionTarget(workers), _killing(count) if name == "killed" else _nothing)
        seconds = time.perf_counter() - begun
        first = first or seconds
        rate, spent = f"{count / seconds:7.0f} {what}/s", _processor_seconds() - before
        times = f"{seconds:7.1f} s  {rate}  {seconds / first:5.2f} x serial  cpu {spent:6.1f} s"
        print(f"  {name:<12} {times}  {found[name][:16]}", flush=True)
    print("  equal, byte by byte" if len(set(found.values())) == 1 else "  NOT EQUAL")


def _nothing(_done: int, _total: int | None) -> None:
    pass


def _killing(count: int) -> Callable[[int, int | None], None]:
    """Kills one worker once a third is done."""
    killed: list[int] = []

    def progress(done: int, _total: int | None) -> None:
        if done > count / 3 and not killed:
            killed.append(next(item.pid for item in multiprocessing.active_children() if item.pid))
            os.kill(killed[0], signal.SIGKILL)

    return progress


def _written(folder: Path, source: Path | None, number: int, files: int) -> Iterator[Path]:
    """Prepared files of jets, the same for the same arguments."""
    folder.mkdir()
    with _base(source) as (tracks, vertices, labels):
        for index in range(files):
            random = np.random.default_rng(index)
            path = folder / f"jets-{index}.h5"
            with JetWriter(path, files=("made",), spectators=("number",), source="") as writer:
                for count in _portions(number // files, 2000):
                    chosen = random.integers(0, len(labels), count)
                    writer.append(
                        tracks=_varied(random, tracks[chosen]),
                        vertices=_varied(random, vertices[chosen]),
                        labels=labels[chosen].astype(np.float32),
                        weight=np.ones(count, np.float32),
                        event=np.arange(count, dtype=np.int64),
                        file=np.zeros(count, np.int32),
                        spectators=np.zeros((count, 1), np.float32),
                    )
            yield path


def _portions(count: int, size: int) -> Iterator[int]:
    for start in range(0, count, size):
        yield min(size, count - start)


@contextmanager
def _base(source: Path | None) -> Iterator[tuple[Any, Any, Any]]:
    if source is None:
        jets = hbb_in.sample()
        yield jets.tracks, jets.vertices, jets.labels
        return
    with open_jets(source) as file:
        prepared = file.read(0, 20_000)
        yield prepared.tracks, prepared.vertices, prepared.labels


def _varied(random: np.random.Generator, array: Any) -> Any:
    """Times 1 + n / 1024 for small n, so that zeros stay and files compress."""
    scale = 1 + random.integers(-4, 5, (len(array), array.shape[1], 1)) / 1024
    return (array * scale).astype(np.float32)


def _settings(home: Path) -> Settings:
    return Settings.from_environment({"FAIRREG_HOME": str(home), "FAIRREG_OFFLINE": "1"})


@contextmanager
def _at_noon() -> Iterator[None]:
    """The clock of this process stands still, so that times do not differ between runs."""
    from fairreg.registry import assessments

    rooms: tuple[Any, ...] = (assessing, assessments)
    clocks = [room.now for room in rooms]
    for room in rooms:
        room.now = lambda: NOON
    try:
        yield
    finally:
        for room, clock in zip(rooms, clocks, strict=True):
            room.now = clock


def _stored(settings: Settings) -> Iterator[bytes]:
    """Every assessment with its documents, and every score that search shows."""
    from sqlalchemy import create_engine, text

    engine = create_engine(settings.database_url)
    with engine.connect() as connection:
        for query in (
            "SELECT * FROM assessments ORDER BY family, key, rubric, evidence_sha256",
            "SELECT identifier, fair_score FROM entries ORDER BY identifier",
        ):
            yield from (repr(tuple(row)).encode() for row in connection.execute(text(query)))
    engine.dispose()


def _digest(parts: Any) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()


def _processor_seconds() -> float:
    own, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--jets", type=Path, help="a prepared file to draw from (default: the packaged sample)"
    )
    parser.add_argument("--number", type=int, default=200_000, help="how many jets; 0: none")
    parser.add_argument("--files", type=int, default=10, help="in how many files")
    parser.add_argument("--dump", type=Path, default=DUMP, help="folder with a dump of the Hub")
    parser.add_argument("--records", type=int, default=1000, help="how many records; 0: none")
    parser.add_argument("--scratch", type=Path, help="folder for the files")
    return parser.parse_args()


if __name__ == "__main__":
    main()
