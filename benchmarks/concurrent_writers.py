# SPDX-License-Identifier: MIT
"""Several processes write to one registry at once, with searches beside: what is kept, and how fast.

    python benchmarks/concurrent_writers.py [--writers 8] [--records 1000] [--page 100] [--shared 0.3]
        [--postgresql postgresql://USER@HOST/NAME]

Every writer brings pages of made-up records: some that only it has, some that all have and bring in another
order. The same is written once one after the other, to SQLite. It prints for SQLite, and for an empty
database of a PostgreSQL server, how many records were brought, new, unchanged and kept, records/s, the
longest time that a page took, and the searches made meanwhile. It ends with 1 where a registry is not sound,
or its export is not byte for byte that of the one written in turn.
"""

import argparse
import hashlib
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from fairreg.registry import Registry
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, Provenance
from fairreg.services.registry.db import ensure
from fairreg.services.registry.integrity import check
from fairreg.services.registry.transfer import export
from fairreg.settings import Settings

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["fairreg.registry", "sqlalchemy.dialects.postgresql.psycopg"])
_OVER = "written"


@dataclass(frozen=True)
class Load:
    """What is written: `shared` of the records of a page are those that every writer has."""

    writers: int
    records: int
    page: int
    shared: float

    def pages(self, writer: int) -> Iterator[list[ModelRecord]]:
        """The pages of one writer; each begins with another one."""
        count = -(-self.records // self.page)
        common = round(self.page * self.shared)
        for turn in range(count):
            number = (turn + writer) % count
            yield [
                _record("zenodo" if n < common else f"archive{writer}", number * self.page + n)
                for n in range(self.page)
            ]


class Written(NamedTuple):
    """What one writer did: outcomes, and the longest time of a page in seconds."""

    outcomes: Counter[str]
    longest: float


class Searched(NamedTuple):
    """How many searches there were, and the time of the slowest in seconds."""

    times: int
    slowest: float


def main() -> None:
    asked = _arguments()
    load = Load(asked.writers, asked.records, asked.page, asked.shared)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        calm = _settings(home / "calm", None)
        seconds, wanted = _in_turn(load, calm), _digest(calm, home)
        brought = load.writers * sum(map(len, load.pages(0)))
        print(f"SQLite, {load.writers} one after the other: {brought / seconds:,.0f} records/s")
        urls = {"SQLite": None, "PostgreSQL": asked.postgresql}
        chosen = {name: url for name, url in urls.items() if url or name == "SQLite"}
        faults = [
            name
            for name, url in chosen.items()
            if not _measured(name, load, _settings(home / name, url), home, wanted)
        ]
    sys.exit(bool(faults))


def _in_turn(load: Load, settings: Settings) -> float:
    ensure(settings, lambda _line: None)
    begun = time.monotonic()
    for writer in range(load.writers):
        _write(settings.database_url, load, writer)
    return time.monotonic() - begun


def _measured(name: str, load: Load, settings: Settings, home: Path, wanted: str) -> bool:
    """Write at once, print what came of it; whether it is what writing in turn makes."""
    ensure(settings, lambda _line: None)
    url = settings.database_url
    with Registry(url) as registry:
        before = sum(registry.info().sources.values())
    gate = PROCESSES.Barrier(load.writers + 1)
    begun = time.monotonic()
    with ProcessPoolExecutor(load.writers + 1, PROCESSES, initializer=gate.wait) as pool:
        searching = pool.submit(_search, url)
        running = [pool.submit(_write, url, load, writer) for writer in range(load.writers)]
        written = [item.result() for item in running]
        seconds = time.monotonic() - begun
        with Registry(url) as registry:
            registry.upkeep.set_property(_OVER, "yes")
        searched = searching.result()
    outcomes = sum((item.outcomes for item in written), Counter[str]())
    report = check(settings)
    same = _digest(settings, home) == wanted
    counted = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(outcomes.items()))
    print(f"{name}, {load.writers} at once: {outcomes.total() / seconds:,.0f} records/s")
    print(f"  {outcomes.total():,} brought: {counted}; {report.statements - before:,} kept")
    print(f"  longest page of each writer: {_listed(item.longest for item in written)} s")
    print(f"  {searched.times:,} searches meanwhile, the slowest {searched.slowest:.2f} s")
    print(f"  problems: {len(report.problems)}; export like the one in turn: {'yes' if same else 'no'}")
    return report.sound and same and outcomes["new"] == report.statements - before


def _write(url: str, load: Load, writer: int) -> Written:
    outcomes, longest = Counter[str](), 0.0
    with Registry(url) as registry:
        for page in load.pages(writer):
            begun = time.monotonic()
            outcomes.update(result.outcome for result in registry.put_many(page))
            longest = max(longest, time.monotonic() - begun)
    return Written(outcomes, longest)


def _search(url: str) -> Searched:
    count, slowest = 0, 0.0
    with Registry(url) as registry:
        while registry.upkeep.get_property(_OVER) is None:
            begun = time.monotonic()
            registry.search("jet tagging archive")
            count, slowest = count + 1, max(slowest, time.monotonic() - begun)
    return Searched(count, slowest)


def _record(source: str, number: int) -> ModelRecord:
    doi = f"10.1234/{source}.{number}"
    # In each ten the first two are versions of one model.
    concept = number - (number % 10 == 1)
    return ModelRecord(
        identifier=f"doi:{doi}",
        kind="model",
        name=f"Model {number} of {source}",
        description="A model for jet tagging that a benchmark made up. " * 4,
        identifiers=(Identifier("doi", doi), Identifier("concept_doi", f"10.1234/{source}.c{concept}")),
        keywords=("jets", "tagging", f"word{number}"),
        provenance=Provenance(source, f"{number}"),
    )


def _settings(home: Path, url: str | None) -> Settings:
    given = {"FAIRREG_HOME": str(home)}
    return Settings.from_environment(given | ({"FAIRREG_DATABASE_URL": url} if url else {}))


def _digest(settings: Settings, folder: Path) -> str:
    export(settings, folder / "exported")
    return hashlib.sha256((folder / "exported").read_bytes()).hexdigest()


def _listed(seconds: Iterator[float]) -> str:
    return ", ".join(f"{item:.2f}" for item in seconds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--writers", type=int, default=8, help="processes that write")
    parser.add_argument("--records", type=int, default=1000, help="of each writer")
    parser.add_argument("--page", type=int, default=100, help="records in a transaction")
    parser.add_argument("--shared", type=float, default=0.3, help="part of them that every writer has")
    parser.add_argument("--postgresql", help="URL of an empty database")
    return parser.parse_args()


if __name__ == "__main__":
    main()
