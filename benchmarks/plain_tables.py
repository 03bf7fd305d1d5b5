# SPDX-License-Identifier: MIT
"""What a load into a registry is held against: the same rows written with nothing but sqlite3."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

__all__ = ["Written", "written_plainly"]

_SHADOWS = ("_data", "_idx", "_content", "_docsize", "_config")
# Of one table in one transaction.
_ROWS = 1000


class Written(NamedTuple):
    """What was written, and how long it took, in seconds."""

    statements: int
    rows: int
    seconds: float


def written_plainly(source: Path, target: Path) -> Written:
    """Every row of the registry's tables again, their indexes included but for those of full-text search."""
    with closing(sqlite3.connect(source)) as known, closing(sqlite3.connect(target)) as fresh:
        fresh.execute("PRAGMA journal_mode = WAL").close()
        fresh.execute("PRAGMA synchronous = NORMAL").close()
        copied = {table: _copied(known, fresh, table) for table in _structure(known, fresh)}
    rows, seconds = (sum(column) for column in zip(*copied.values(), strict=True))
    return Written(int(copied["statements"][0]), int(rows), seconds)


def _structure(known: sqlite3.Connection, fresh: sqlite3.Connection) -> list[str]:
    """Make the tables and their indexes; the names of the tables."""
    listed = known.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    virtual = [name for _, name, sql in listed if sql.upper().startswith("CREATE VIRTUAL")]
    hidden = {name + ending for name in virtual for ending in _SHADOWS} | set(virtual)
    plain = [row for row in listed if row[1] not in hidden and not row[1].startswith("sqlite_")]
    for kind in ("table", "index"):
        for of, _, sql in plain:
            if of == kind:
                fresh.execute(sql)
    return [name for of, name, _ in plain if of == "table"]


def _copied(known: sqlite3.Connection, fresh: sqlite3.Connection, table: str) -> tuple[int, float]:
    """How many rows the table has, and the seconds that writing them took."""
    number, seconds = 0, 0.0
    rows = known.execute(f'SELECT * FROM "{table}"')
    while portion := rows.fetchmany(_ROWS):
        marks = ",".join("?" * len(portion[0]))
        begun = time.perf_counter()
        with fresh:
            fresh.executemany(f'INSERT INTO "{table}" VALUES ({marks})', portion)
        number, seconds = number + len(portion), seconds + time.perf_counter() - begun
    return number, seconds
