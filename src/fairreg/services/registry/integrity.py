# SPDX-License-Identifier: MIT
"""Integrity check: of the database file, between the tables, of the full-text index, of each record."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Text, cast, exists, func, select, text

from fairreg.errors import RecordError
from fairreg.registry.db.engine import Database
from fairreg.registry.db.entry_query import RECORD
from fairreg.registry.db.key_conditions import in_values
from fairreg.registry.db.row_mapping import decoded, payload_from, progress_from
from fairreg.registry.db.tables import (
    FULL_TEXT,
    NAME_TEXT,
    WORD_INDEX,
    entries,
    entry_texts,
    harvests,
    statements,
)
from fairreg.registry.resolution.grouping import merge
from fairreg.schemas.record import ModelRecord
from fairreg.settings import Settings

__all__ = ["CheckReport", "check"]

_PAGE = 300


@dataclass(frozen=True)
class CheckReport:
    """Result of `check`, in sentences: `problems`, none in a sound registry, and what stays `unchecked`."""

    place: str
    entries: int
    statements: int
    problems: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """True if no problem was found."""
        return not self.problems


def check(settings: Settings) -> CheckReport:
    """Check the whole registry; writers are blocked only while the full-text index checks itself.

    Raises RegistryError where there is no registry of this release.
    """
    with closing(Database(settings.database_url)) as database:
        database.require_current()
        with database.reading() as connection:
            found = [*_file_problems(connection), *_table_problems(connection)]
            counts = (select(func.count()).select_from(it).scalar_subquery() for it in (entries, statements))
            known, told = connection.execute(select(*counts)).one()
        left_out = () if database.not_writable is None else (_NO_INDEX,)
        found += [*(() if left_out else _index_problems(database)), *_record_problems(database)]
        return CheckReport(database.location, known, told, tuple(found), left_out)


# SQLite checks it by a statement that is written as an insertion.
_NO_INDEX = "The full-text index was not checked, because the registry is read-only."


def _file_problems(connection: Connection) -> Iterable[str]:
    if connection.dialect.name != "sqlite":
        return
    for line in connection.scalars(text("PRAGMA integrity_check")):
        if line != "ok":
            yield f"The file is damaged: {line}."
    for row in connection.execute(text("PRAGMA foreign_key_check")):
        yield f"Row {row[1]} of {row[0]} points to a row of {row[2]} that does not exist."


def _table_problems(connection: Connection) -> Iterable[str]:
    homeless = select(func.count()).select_from(statements).where(statements.c.entry_id.is_(None))
    if count := connection.scalar(homeless):
        yield f"{count} statements have no entry."
    unread = select(entries.c.identifier).where(~exists().where(entry_texts.c.entry_id == entries.c.id))
    for identifier in connection.scalars(unread):
        yield f"{identifier} is missing from the full-text index."
    texts = [cast(harvests.c[name], Text).label(name) for name in ("cursor", "counts")]
    for row in connection.execute(select(harvests.c.source, harvests.c.query, *texts)).mappings():
        if progress_from(row) is None:
            said = f"{row['source']} {row['query']!r}"
            yield f"The progress of the harvest of {said} is damaged; the next one starts anew."


def _index_problems(database: Database) -> Iterable[str]:
    if database.dialect != "sqlite":
        return
    for index, what in _INDEXES.items():
        with database.writing() as connection:
            if not _in_step(connection, index):
                yield f"The full-text index of {what} differs from the entries."


_INDEXES = {FULL_TEXT: "all texts", NAME_TEXT: "names", WORD_INDEX: "words"}


def _in_step(connection: Connection, index: str) -> bool:
    """Check a full-text index by SQLite's command for it, which is written as an insertion."""
    from sqlalchemy.exc import DatabaseError

    try:
        connection.execute(text(f"INSERT INTO {index}({index}, rank) VALUES ('integrity-check', 1)"))  # noqa: S608  # constants only
    except DatabaseError:
        return False
    return True


def _record_problems(database: Database) -> Iterable[str]:
    """Check records page by page, because a large registry would not fit into memory."""
    after = 0
    # As text: otherwise a damaged record would end the check instead of being reported.
    query = select(entries.c.id, entries.c.identifier, cast(RECORD, Text).label("record"))
    while True:
        with database.reading() as connection:
            page = connection.execute(
                query.where(entries.c.id > after).order_by(entries.c.id).limit(_PAGE)
            ).all()
            rows = _statement_rows(connection, [row.id for row in page])
        if not page:
            return
        after = page[-1].id
        said: dict[int, list[ModelRecord]] = {}
        for row in rows:
            try:
                said.setdefault(row.entry_id, []).append(ModelRecord.from_json(decoded(row.record)))
                payload_from(row.payload)
            except RecordError as error:
                yield f"The statement of {row.source} on {row.source_id} cannot be decoded: {error.message}"
        for key, identifier, stored in page:
            yield from _entry_problems(identifier, stored, said.get(key, []))


def _statement_rows(connection: Connection, keys: list[int]) -> Sequence[Row[Any]]:
    kept = (statements.c.entry_id, statements.c.source, statements.c.source_id, statements.c.payload)
    query = select(*kept, cast(statements.c.record, Text).label("record"))
    return connection.execute(query.where(in_values(connection, statements.c.entry_id, keys))).all()


def _entry_problems(identifier: str, stored: str, said: list[ModelRecord]) -> Iterable[str]:
    from msgspec.structs import replace

    if not said:
        yield f"{identifier} has no statement of any source."
        return
    try:
        record = ModelRecord.from_json(decoded(stored))
    except RecordError as error:
        yield f"The record of {identifier} cannot be decoded: {error.message}"
        return
    if replace(merge(said), identifier=identifier) != record:
        yield f"The record of {identifier} differs from its merged statements."
