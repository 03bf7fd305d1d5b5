# SPDX-License-Identifier: MIT
"""Insert many rows at once through the database driver. Runs inside its caller's transaction."""

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table, Text, cast, exists, func, literal, select

from fairreg.registry.db.tables import INDEXED_TEXTS, WORD_INDEX, entry_texts, words

__all__ = ["TEXT_COLUMNS", "insert_all", "numbers", "write_texts", "write_words"]

# Columns of `entry_texts` after its key.
TEXT_COLUMNS = tuple(column.name for column in entry_texts.c if not column.primary_key)


def numbers(connection: Connection, table: Table, count: int) -> Sequence[int]:
    """Reserve keys for `count` new rows of the table."""
    if connection.dialect.name == "sqlite":
        # No other writer exists: the transaction began with the write lock.
        first = 1 + _last(connection, table)
        return range(first, first + count)
    sequence = func.pg_get_serial_sequence(literal(table.name), literal("id"))
    series = func.generate_series(1, count).alias("series")
    return connection.scalars(select(func.nextval(sequence)).select_from(series)).all()


def _last(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.max(table.c.id))) or 0


def insert_all(
    connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Insert rows of values in their stored form, JSON as text."""
    _insert(connection, table.name, columns, list(rows))


def _insert(connection: Connection, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    if not rows:
        return
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    named, marks = ", ".join(f'"{name}"' for name in columns), ", ".join([mark] * len(columns))
    statement = f'INSERT INTO "{table}" ({named}) VALUES ({marks})'  # noqa: S608  # names of our own tables
    connection.exec_driver_sql(statement, rows)


# SQLite's indexes are filled here and not by triggers: within a trigger FTS5 flushes its memory for every
# single row (its method xSavepoint), which made a whole import take one and a half times as long.


def write_texts(connection: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Store the texts of full-text search: keys of entries, each with its `TEXT_COLUMNS`."""
    listed = list(rows)
    _insert(connection, entry_texts.name, ("entry_id", *TEXT_COLUMNS), listed)
    if connection.dialect.name == "sqlite":
        for index, names in INDEXED_TEXTS.items():
            held = itemgetter(0, *(1 + TEXT_COLUMNS.index(name) for name in names))
            _insert(connection, index, ("rowid", *names), list(map(held, listed)))


def write_words(connection: Connection, known: Iterable[str]) -> None:
    """Store words for spelling correction, each once."""
    listed = sorted(known)
    if connection.dialect.name == "sqlite":
        _write_words(connection, listed)
        return
    from sqlalchemy.dialects import postgresql  # slow to import, and needed for a server only

    # Looked up first: a conflict would use up a key, and a harvest repeats the same words again and again.
    given = func.unnest(cast(listed, postgresql.ARRAY(Text))).column_valued("given")
    fresh = select(given).where(~exists().where(words.c.word == given))
    connection.execute(postgresql.insert(words).from_select(["word"], fresh).on_conflict_do_nothing())


def _write_words(connection: Connection, listed: Sequence[str]) -> None:
    if not listed:
        return
    last = _last(connection, words)
    known = "INSERT OR IGNORE INTO words (word) VALUES (?)"
    if not connection.exec_driver_sql(known, [(word,) for word in listed]).rowcount:
        return
    fresh = connection.execute(select(words.c.id, words.c.word).where(words.c.id > last))
    _insert(connection, WORD_INDEX, ("rowid", "word"), [tuple(row) for row in fresh])
