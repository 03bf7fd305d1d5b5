# SPDX-License-Identifier: MIT
"""Loading: `fairreg import` of made-up records, a file at a time, against plain `executemany`."""

import json
import sys
from pathlib import Path
from typing import Any

from engines import Engine, SQLite
from processes import fairreg

from fairreg.services.registry import db

__all__ = ["load", "plain_ratio"]

# Records in one file: what is on the disk beside the registries at any time.
PORTION = 250_000
BENCHMARKS = Path(__file__).parents[1]
_STOCKS: dict[Path, Any] = {}


def load(engine: Engine, size: int, source: Path, folder: Path) -> dict[str, float] | None:
    """Grow the registry to `size` made-up records; None where it has them."""
    db.ensure(engine.settings, lambda line: print(line, file=sys.stderr))
    have = db.info(engine.settings).sources.get("huggingface", 0)
    seconds, peak, begun = 0.0, 0.0, have
    while have < size:
        number = min(PORTION, size - have)
        file = folder / "portion.jsonl"
        write(source, file, first=have, number=number)
        measured = fairreg(["import", str(file), "--json"], engine.environment)
        counts = json.loads(measured.output)
        if counts["new"] != number:
            sys.exit(f"Of {number} records {counts} arrived.")
        seconds, peak, have = seconds + measured.seconds, max(peak, measured.peak), have + number
        print(f"  {have}: {number / measured.seconds:.0f} records/s", file=sys.stderr)
        file.unlink()
    if have == begun:
        return None
    return {"records": have - begun, "seconds": seconds, "rate": (have - begun) / seconds, "peak": peak}


def write(source: Path, file: Path, *, first: int, number: int) -> None:
    """Made-up records from number `first` on, in the order in which `fairreg export` writes them."""
    sys.path.append(str(BENCHMARKS))
    from multiplying import multiplying  # other benchmarks use it, too

    script = multiplying()
    if source not in _STOCKS:
        _STOCKS[source] = script.Stock.of(source)
    drawn = file.with_suffix(".drawn")
    places: list[tuple[str, int, int]] = []
    with drawn.open("wb") as out:
        for at in range(first, first + number):
            record = script.multiplied(_STOCKS[source], 1, at)
            begun = out.tell()
            length = out.write(script.line_of(record).encode())
            places.append((record["provenance"]["source_id"], begun, length))
    with drawn.open("rb") as lines, file.open("wb") as out:
        for _, begun, length in sorted(places):
            lines.seek(begun)
            out.write(lines.read(length))
    drawn.unlink()


def plain_ratio(engine: SQLite, folder: Path) -> dict[str, float]:
    """The rows of all tables but the indexes' own, written again with nothing but sqlite3."""
    sys.path.append(str(BENCHMARKS))
    from plain_tables import written_plainly  # other benchmarks use it, too

    target = folder / "plain.sqlite"
    target.unlink(missing_ok=True)
    plain = written_plainly(engine.file, target)
    target.unlink()
    return {
        "records": plain.statements,
        "seconds": plain.seconds,
        "rate": plain.statements / plain.seconds,
    }
