# SPDX-License-Identifier: MIT
"""Measure the search against judged queries: nDCG@10, recall@10 and success@1 for each database.

    python scripts/evaluate_search.py [QUERIES]... [--database URL]... [--json] [--verbose]

QUERIES are JSON or TOML files that map each query to {entry name: grade 1..3}. The project's own queries are
always measured, the held-out third apart from those for tuning; `--verbose` never shows a held-out one.
Without `--database` a new SQLite registry is made and thrown away; one that lacks the packaged catalogue is
given it.
"""

import argparse
import hashlib
import json
import math
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fairreg.errors import FairregError
from fairreg.registry import Registry
from fairreg.services.registry.db import ensure
from fairreg.settings import Settings

DEPTH = 10
DATA = Path(__file__).parents[1] / "tests" / "data"
OWN = {"own queries": DATA / "judged-queries.toml", "plain words": DATA / "judged-plain-words.toml"}
HELD_OUT = ", held out"

Judged = Mapping[str, Mapping[str, int]]
Found = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Quality:
    """Means over the queries of one part."""

    part: str
    queries: int
    ndcg: float
    recall: float
    success: float


def main() -> None:
    options = arguments().parse_args()
    try:
        parts = {**own_parts(), **{str(path): read(path) for path in options.queries}}
        measured = {name: found_by(url, parts) for name, url in engines(options.database)}
    except (OSError, ValueError, FairregError) as error:
        sys.exit(f"{error}")
    figures = {
        engine: [quality(part, judged, found) for part, judged in parts.items()]
        for engine, found in measured.items()
    }
    if options.verbose:
        for found in measured.values():
            explain({name: judged for name, judged in parts.items() if not name.endswith(HELD_OUT)}, found)
    report(figures, as_json=options.json)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("queries", type=Path, nargs="*")
    parser.add_argument("--database", action="append", metavar="URL", help="measure this one (repeatable)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--verbose", action="store_true", help="show the hits of each query on standard error"
    )
    return parser


def own_parts() -> dict[str, Judged]:
    parts: dict[str, Judged] = {}
    for name, path in OWN.items():
        own = read(path)
        parts[f"{name}, tuning"] = {query: own[query] for query in own if not held_out(query)}
        parts[f"{name}{HELD_OUT}"] = {query: own[query] for query in own if held_out(query)}
    return parts


def read(path: Path) -> Judged:
    """The judged queries of a file; ValueError where it does not hold such."""
    text = path.read_text(encoding="utf-8")
    judged = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    if not (isinstance(judged, dict) and all(judged.values())):
        raise ValueError(f"{path} does not map each query to graded names.")
    return judged


def held_out(query: str) -> bool:
    """Whether a query is kept from tuning: fixed by its text alone."""
    return int(hashlib.sha256(query.encode()).hexdigest(), 16) % 3 == 0


def engines(urls: Sequence[str] | None) -> Iterator[tuple[str, str | None]]:
    """Name and URL of each database to measure; None stands for a new one."""
    for number, url in enumerate(urls or [None]):
        engine = "sqlite" if url is None else url.split(":")[0].split("+")[0]
        yield (f"{engine} {number + 1}" if len(urls or ()) > 1 else engine), url


def found_by(url: str | None, parts: Mapping[str, Judged]) -> Found:
    """Names of the first hits for every query; a database without the packaged catalogue is given it."""
    with tempfile.TemporaryDirectory() as folder:
        chosen = {} if url is None else {"FAIRREG_DATABASE_URL": url}
        settings = Settings.from_environment({"FAIRREG_HOME": folder, **chosen})
        ensure(settings, lambda line: print(line, file=sys.stderr))
        with Registry(settings=settings) as registry:
            return answers(registry, [query for judged in parts.values() for query in judged])


def answers(registry: Registry, queries: Sequence[str]) -> Found:
    return {query: [hit.record.name for hit in registry.search(query, limit=DEPTH).hits] for query in queries}


def quality(part: str, judged: Judged, found: Found) -> Quality:
    """Means over `judged`, each query counting the same."""
    pairs = [(found[query], grades) for query, grades in judged.items()]
    return Quality(
        part=part,
        queries=len(pairs),
        ndcg=sum(ndcg(names, grades) for names, grades in pairs) / len(pairs),
        recall=sum(recall(names, grades) for names, grades in pairs) / len(pairs),
        success=sum(succeeds(names, grades) for names, grades in pairs) / len(pairs),
    )


def ndcg(names: Sequence[str], grades: Mapping[str, int]) -> float:
    """Normalised discounted cumulative gain over the first DEPTH hits: gain 2^grade - 1 over log2(rank + 1).

    Source: Järvelin, Kekäläinen 2002, doi:10.1145/582415.582418; the exponential gain: Burges et al. 2005,
    doi:10.1145/1102351.1102363.
    """
    return gain([grades.get(name, 0) for name in names]) / gain(sorted(grades.values(), reverse=True))


def gain(grades: Sequence[int]) -> float:
    return sum((2.0**grade - 1) / math.log2(rank + 2) for rank, grade in enumerate(grades[:DEPTH]))


def recall(names: Sequence[str], grades: Mapping[str, int]) -> float:
    """Share of all graded names among the first DEPTH hits; below 1 wherever more than DEPTH are graded."""
    return len(set(names[:DEPTH]) & set(grades)) / len(grades)


def succeeds(names: Sequence[str], grades: Mapping[str, int]) -> bool:
    """Whether the first hit has the best grade given."""
    return bool(names) and grades.get(names[0], 0) == max(grades.values())


def explain(parts: Mapping[str, Judged], found: Found) -> None:
    for query, grades in ((query, grades) for judged in parts.values() for query, grades in judged.items()):
        names = found[query]
        verdict = "hit " if succeeds(names, grades) else "MISS"
        missed = [f"    missed {grade} {name}" for name, grade in grades.items() if name not in names]
        shown = [f"    {grades.get(name, 0)} {name}" for name in names]
        print(f"{ndcg(names, grades):.3f} {verdict} {query}", *shown, *missed, sep="\n", file=sys.stderr)


def report(figures: Mapping[str, Sequence[Quality]], *, as_json: bool) -> None:
    if as_json:
        document = {engine: [asdict(item) for item in items] for engine, items in figures.items()}
        print(json.dumps(document, indent=2))
        return
    print(f"{'nDCG@10':>8} {'recall@10':>10} {'success@1':>10} {'queries':>8}")
    for engine, items in figures.items():
        for item in items:
            numbers = f"{item.ndcg:8.3f} {item.recall:10.3f} {item.success:10.3f} {item.queries:8d}"
            print(f"{numbers}  {engine}: {item.part}")


if __name__ == "__main__":
    main()
