# SPDX-License-Identifier: MIT
"""Grow registries to millions of records and measure loading, searching and every registry-wide command.

    python benchmarks/scale DUMP --folder BIG [--postgresql URL] [--sizes 10000 100000 1000000 2000000]

DUMP is a folder with hub-models-*.xz and hub-cards-*.xz or a file that `fairreg export` wrote: what
`scripts/multiply_records.py` makes many of. They are imported in files of 250,000, in the order that an
export has. BIG takes the registries (some 14 GB of SQLite for two million records) and `figures.json`, which
is written after each step, and `scale.png`. A database that is there already goes on growing. Figures, for
each engine and size:

- load: records/s of ``fairreg import``, and for SQLite the ratio to writing the rows of all tables with plain
  `executemany`;
- search: median and 95th percentile over the judged queries and common words, each asked warm, in
  milliseconds, and the ratio of their sum to that of the bare FTS5 or tsquery statement for the same words;
- commands, at the last size: seconds and the peak memory of the whole process group.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from commands import measure_commands
from engines import Engine, PostgreSQL, SQLite
from figures import Figures, plot, report
from loading import load, plain_ratio
from searching import COMMON, search_times

SIZES = (10_000, 100_000, 1_000_000, 2_000_000)
# Large enough for steady rates, small enough to be written twice.
PLAIN_SIZE = 100_000


def main() -> None:
    asked = arguments()
    asked.folder.mkdir(parents=True, exist_ok=True)
    engines: list[Engine] = [] if asked.no_sqlite else [SQLite(asked.folder / "home")]
    engines += [PostgreSQL(asked.folder / "home-postgresql", asked.postgresql)] if asked.postgresql else []
    figures = Figures.read(asked.folder / "figures.json")
    for size in asked.sizes:
        for engine in engines:
            step(engine, size, asked, figures)
    for engine in engines:
        if not asked.no_commands:
            figures.commands[engine.name] = measure_commands(engine, asked.folder, asked.source)
            figures.write()
    plot(figures, asked.folder / "scale.png")
    report(figures)


def step(engine: Engine, size: int, asked: argparse.Namespace, figures: Figures) -> None:
    print(f"{engine.name}, {size} records", file=sys.stderr)
    loaded = load(engine, size, asked.source, asked.folder)
    if loaded is not None:
        figures.loads.setdefault(engine.name, {})[str(size)] = loaded
    if isinstance(engine, SQLite) and size == PLAIN_SIZE:
        figures.plain = plain_ratio(engine, asked.folder)
    figures.searches.setdefault(engine.name, {})[str(size)] = search_times(engine, queries(asked.queries))
    figures.write()


def queries(files: Sequence[Path]) -> list[str]:
    """The judged queries of the files (JSON objects by query), and common words."""
    judged = [query for file in files for query in json.loads(file.read_text(encoding="utf-8"))]
    return list(dict.fromkeys((*judged, *COMMON)))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python benchmarks/scale",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--postgresql", metavar="URL", help="an empty database, or one of an earlier run")
    parser.add_argument("--no-sqlite", action="store_true")
    parser.add_argument("--no-commands", action="store_true")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--queries", type=Path, action="append", default=[], help="judged queries (JSON)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
