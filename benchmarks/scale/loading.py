# SPDX-License-Identifier: MIT
"""Loading: `fairreg import` of made-up records, a file at a time, against plain `executemany`."""

import importlib.util
import json
import sqlite3
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from engines import Engine, SQLite
from processes import fairreg

from fairreg.services import db

__all__ = ["load", "plain_ratio"]

# Records in one file: what is on the disk beside the registries at any time.
PORTION = 250_000
SCRIPT = Path(__file__).parents[2] / "scripts" / "multiply_records.py"
SHADOWS = ("_data", "_idx", "_content", "_docsize", "_config")
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
    """Made-up records from number `first` on."""
    script = multiplying()
    if source not in _STOCKS:
        _STOCKS[source] = script.Stock.of(source)
    stock = _STOCKS[source]
    with file.open("w", encoding="utf-8") as out:
        out.writelines(script.line_of(script.multiplied(stock, 1, at)) for at in range(first, first + number))


def multiplying() -> ModuleType:
    """The script, which is no package."""
    if "multiply_records" not in sys.modules:
        found = importlib.util.spec_from_file_location("multiply_records", SCRIPT)
        assert found is not None
        assert found.loader is not None
        module = importlib.util.module_from_spec(found)
        sys.modules["multiply_records"] = module
        found.loader.exec_module(module)
    return sys.modules["multiply_records"]


def plain_ratio(engine: SQLite, folder: Path) -> dict[str, float]:
    """The rows of all tables but the indexes' own, written again with nothing but sqlite3."""
    target = folder / "plain.sqlite"
    target.unlink(missing_ok=True)
    known, fresh = sqlite3.connect(engine.file), sqlite3.connect(target)
    fresh.execute("PRAGMA journal_mode = WAL").close()
    fresh.execute("PRAGMA synchronous = NORMAL").close()
    tables = _structure(known, fresh)
    records = known.execute("SELECT count(*) FROM statements").fetchone()[0]
    seconds = sum(_copied(known, fresh, table) for table in tables)
    known.close()
    fresh.close()
    target.unlink()
    return {"records": records, "seconds": seconds, "rate": records / seconds}


def _structure(known: sqlite3.Connection, fresh: sqlite3.Connection) -> list[str]:
    """Make the tables and their indexes; the names of the tables."""
    listed = known.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    virtual = [name for _, name, sql in listed if sql.upper().startswith("CREATE VIRTUAL")]
    hidden = {name + ending for name in virtual for ending in SHADOWS} | set(virtual)
    plain = [row for row in listed if row[1] not in hidden and not row[1].startswith("sqlite_")]
    for kind in ("table", "index"):
        for of, _, sql in plain:
            if of == kind:
                fresh.execute(sql)
    return [name for of, name, _ in plain if of == "table"]


def _copied(known: sqlite3.Connection, fresh: sqlite3.Connection, table: str) -> float:
    """Seconds that writing the table took, a thousand rows a transaction."""
    seconds = 0.0
    rows = known.execute(f'SELECT * FROM "{table}"')
    while portion := rows.fetchmany(1000):
        marks = ",".join("?" * len(portion[0]))
        begun = time.perf_counter()
        with fresh:
            fresh.executemany(f'INSERT INTO "{table}" VALUES ({marks})', portion)
        seconds += time.perf_counter() - begun
    return seconds
