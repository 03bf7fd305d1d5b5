# SPDX-License-Identifier: MIT
"""How the time to take in versions of one model grows with their number, beside that of unrelated records.

    python benchmarks/lineages.py [--sizes 30,60,120,240] [--page 1000] [--kind concept]

It writes N versions that one concept DOI (or equal weights, or a chain of relations) joins, and N records
that nothing joins, in pages of one size, to a fresh SQLite registry each. It prints for each N the CPU time
of both (the least of three turns) and their ratio, which stays about the same where both grow alike.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from fairreg.registry import Registry
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, Provenance, Relation
from fairreg.services.registry.db import ensure
from fairreg.settings import Settings

_TURNS = 3
_CONCEPT = Identifier("concept_doi", "10.1234/concept")
_WEIGHTS = Identifier("fingerprint", "sha256:" + "0" * 64)


def main() -> None:
    asked = _arguments()
    for size in map(int, asked.sizes.split(",")):
        joined, apart = (_least(make, size, asked.page) for make in (KINDS[asked.kind], _record))
        print(f"{size:6,} versions: {joined:.3f} s; unrelated: {apart:.3f} s; ratio {joined / apart:.2f}")


def _least(make: Callable[[int], ModelRecord], size: int, page: int) -> float:
    return min(_seconds(make, size, page) for _ in range(_TURNS))


def _seconds(make: Callable[[int], ModelRecord], size: int, page: int) -> float:
    """CPU time of writing `size` records in pages, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_environment({"FAIRREG_HOME": str(Path(folder))})
        ensure(settings, lambda _line: None)
        records = list(map(make, range(size)))
        with Registry(settings=settings) as registry:
            begun = time.process_time()
            for start in range(0, size, page):
                registry.put_many(records[start : start + page])
            return time.process_time() - begun


def _record(number: int, *more: Identifier, relations: tuple[Relation, ...] = ()) -> ModelRecord:
    own = Identifier("doi", f"10.1234/{number}")
    return ModelRecord(
        identifier=own.compact,
        kind="model",
        name=f"Jet tagger {number}",
        description="A model for jet tagging that a benchmark made up. " * 4,
        identifiers=(own, *more),
        relations=relations,
        keywords=("jets", "tagging", f"word{number}"),
        provenance=Provenance("zenodo", str(number)),
    )


def _successor(number: int) -> ModelRecord:
    last = Relation("is_new_version_of", Identifier("doi", f"10.1234/{number - 1}"))
    return _record(number, relations=(last,) if number else ())


KINDS: Mapping[str, Callable[[int], ModelRecord]] = {
    "concept": lambda number: _record(number, _CONCEPT),
    "weights": lambda number: _record(number, _WEIGHTS),
    "relations": _successor,
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", default="30,60,120,240", help="numbers of versions, separated by commas")
    parser.add_argument("--page", type=int, default=1000, help="records in a transaction")
    parser.add_argument("--kind", choices=sorted(KINDS), default="concept", help="what joins the versions")
    return parser.parse_args()


if __name__ == "__main__":
    main()
