# SPDX-License-Identifier: MIT
"""Search again and again in one process: with the registry kept open between calls, and opened for each.

    python benchmarks/repeated_search.py [--calls 100] [--query "Hbb tagger"] [--home FOLDER]

Both ways run in turn, so that a busy machine disturbs both alike. A fresh home holds the packaged catalogue;
FAIRREG_DATABASE_URL names another registry, a PostgreSQL one for instance. It prints the medians in
milliseconds per call, of wall and of CPU time, and the median of the ratios of neighbouring calls.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import fairreg
from fairreg.services.registry.db import open_registry
from fairreg.services.registry.shared_engine import close
from fairreg.services.search.search import search
from fairreg.settings import Settings


class Taken(NamedTuple):
    """Milliseconds of one call."""

    wall: float
    cpu: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--query", default="Hbb tagger")
    parser.add_argument("--home", help="A home with a registry (default: a fresh one).")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FAIRREG_HOME"] = asked.home or folder
        settings = Settings.from_environment()
        ways = (partial(kept, asked.query), partial(opened, settings, asked.query))
        for way in ways:  # the first calls make the registry and read the vocabulary
            way()
        pairs = [(taken(ways[0]), taken(ways[1])) for _ in range(asked.calls)]
        with open_registry(settings) as registry:
            print(f"{registry.listing.count()} entries, {asked.calls} calls each, {asked.query!r}")
        close()
    for index, name in enumerate(Taken._fields):
        report(name, [(one[index], other[index]) for one, other in pairs])


def kept(query: str) -> None:
    fairreg.search(query)


def opened(settings: Settings, query: str) -> None:
    with open_registry(settings) as registry:
        search(settings, query, registry=registry)


def taken(way: Callable[[], None]) -> Taken:
    wall, cpu = time.perf_counter(), time.process_time()
    way()
    return Taken(1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu))


def report(name: str, pairs: list[tuple[float, float]]) -> None:
    one, other = (statistics.median(pair[index] for pair in pairs) for index in (0, 1))
    ratio = statistics.median(pair[1] / pair[0] for pair in pairs)
    print(f"{name}: kept open {one:.1f} ms, opened for each {other:.1f} ms, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
