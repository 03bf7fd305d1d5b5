# SPDX-License-Identifier: MIT
"""Many rows into a table at once, by the database driver itself. Runs inside its caller's transaction."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, Text, cast, exists, func, literal, select

from fairreg.registry.tables import words

__all__ = ["insert_all", "numbers", "write_words"]


def numbers(connection: Connection, table: Table, count: int) -> Sequence[int]:
    """Keys for `count` new rows of the table, which nobody else will get."""
    if connection.dialect.name == "sqlite":
        # The writer is alone: its transaction began with the lock.
        last = connection.scalar(select(func.max(table.c.id))) or 0
        return range(last + 1, last + 1 + count)
    sequence = func.pg_get_serial_sequence(literal(table.name), literal("id"))
    series = func.generate_series(1, count).alias("series")
    return connection.scalars(select(func.nextval(sequence)).select_from(series)).all()


def insert_all(
    connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Insert rows of values as the database keeps them, JSON as text."""
    listed = list(rows)
    if not listed:
        return
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    named, marks = ", ".join(f'"{name}"' for name in columns), ", ".join([mark] * len(columns))
    statement = f'INSERT INTO "{table.name}" ({named}) VALUES ({marks})'  # noqa: S608  # names of our own tables
    connection.exec_driver_sql(statement, listed)


def write_words(connection: Connection, known: Iterable[str]) -> None:
    """Keep words, each once."""
    listed = sorted(known)
    if connection.dialect.name == "sqlite":
        if listed:
            statement = "INSERT OR IGNORE INTO words (word) VALUES (?)"
            connection.exec_driver_sql(statement, [(word,) for word in listed])
        return
    from sqlalchemy.dialects import postgresql  # takes a while, and only a server needs it

    # Looked up first: a conflict would use up a key, and a harvest brings the same words again and again.
    given = func.unnest(cast(listed, postgresql.ARRAY(Text))).column_valued("given")
    fresh = select(given).where(~exists().where(words.c.word == given))
    connection.execute(postgresql.insert(words).from_select(["word"], fresh).on_conflict_do_nothing())
