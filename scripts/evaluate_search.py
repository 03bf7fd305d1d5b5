# SPDX-License-Identifier: MIT
"""Measure the search against judged queries: nDCG@10 and success@1.

    python scripts/evaluate_search.py QUERIES.json [--verbose]

QUERIES.json maps each query to {entry name: grade 1..3}. Success@1: the first hit has the best grade given.
"""

import argparse
import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from fairreg.registry import Registry
from fairreg.services.db import ensure
from fairreg.settings import Settings

DEPTH = 10


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("queries", type=Path)
    parser.add_argument("--verbose", action="store_true", help="show the hits of each query")
    options = parser.parse_args()
    judged: dict[str, dict[str, int]] = json.loads(options.queries.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_environment({"FAIRREG_HOME": folder})
        ensure(settings, print)
        with Registry(settings=settings) as registry:
            found = {
                query: [hit.record.name for hit in registry.search(query, limit=DEPTH).hits]
                for query in judged
            }
    report(judged, found, verbose=options.verbose)


def report(
    judged: Mapping[str, Mapping[str, int]], found: Mapping[str, Sequence[str]], *, verbose: bool
) -> None:
    for query, names in found.items():
        grades = judged[query]
        print(f"{ndcg(names, grades):.3f}  {'hit ' if succeeds(names, grades) else 'MISS'}  {query}")
        if verbose:
            print("".join(f"          {grades.get(name, 0)} {name}\n" for name in names), end="")
            missed = [f"{grade} {name}" for name, grade in grades.items() if name not in names]
            print("".join(f"          missed {name}\n" for name in missed), end="")
    count = len(found)
    print(f"nDCG@{DEPTH} {sum(ndcg(names, judged[query]) for query, names in found.items()) / count:.3f}")
    print(f"success@1 {sum(succeeds(names, judged[query]) for query, names in found.items()) / count:.3f}")


def ndcg(names: Sequence[str], grades: Mapping[str, int]) -> float:
    """Normalised discounted cumulative gain with exponential gains, over the first DEPTH hits."""
    best = gain(sorted(grades.values(), reverse=True))
    return gain([grades.get(name, 0) for name in names]) / best if best else 0.0


def gain(grades: Sequence[int]) -> float:
    return sum((2.0**grade - 1) / math.log2(rank + 2) for rank, grade in enumerate(grades[:DEPTH]))


def succeeds(names: Sequence[str], grades: Mapping[str, int]) -> bool:
    return bool(names) and grades.get(names[0], 0) == max(grades.values())


if __name__ == "__main__":
    main()
