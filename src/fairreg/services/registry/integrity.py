# SPDX-License-Identifier: MIT
"""Integrity check: of the database file, between the tables, of the full-text index, of each record."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, cast, func, select, text

from fairreg.errors import DamagedRecord, RecordError, RegistryError
from fairreg.registry.assessments import REPEAT, whole_assessment
from fairreg.registry.db.change_times import is_moment
from fairreg.registry.db.engine import Database
from fairreg.registry.db.key_conditions import chunks
from fairreg.registry.db.row_mapping import StoredJson, progress_from
from fairreg.registry.db.tables import (
    FULL_TEXT,
    NAME_TEXT,
    WORD_INDEX,
    assessments,
    departures,
    entries,
    forgotten,
    harvests,
    heard,
    link_overrides,
    rejected_payloads,
    statements,
)
from fairreg.registry.ingest.rejects import every_rejected
from fairreg.services.registry.derived_rows import MENDED, page_problems, stored_json
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

    What cannot be read is a problem, and the check goes on with the rest. Raises RegistryError where there is
    no registry of this release.
    """
    with closing(Database(settings.database_url)) as database:
        _require_current(database)
        known, told = _counts(database)
        left_out = () if database.not_writable is None else (_NO_INDEX,)
        parts = [_file_problems, _table_problems, _time_problems, _document_problems, _record_problems]
        found = [problem for part in parts for problem in _going_on(part, database)]
        found += () if left_out else _going_on(_index_problems, database)
        listed = (text.encode("utf-8", "replace").decode() for text in dict.fromkeys(found))
        return CheckReport(database.location, known, told, tuple(listed), left_out)


# SQLite checks it by a statement that is written as an insertion.
_NO_INDEX = "The full-text index was not checked, because the registry is read-only."
_RESTORE = "Restore a backup, or export what can be read and import it into a new registry."


def _require_current(database: Database) -> None:
    """Raise RegistryError where there is no registry of this release, or too little of its file is left."""
    try:
        database.require_current()
    except RegistryError as error:
        if "db check" not in (error.hint or ""):
            raise
        raise RegistryError(
            f"{error.message} Not even its tables can be read.", hint="Restore a backup."
        ) from error


def _counts(database: Database) -> tuple[int, int]:
    """Return the numbers of entries and statements; 0 where they cannot be counted."""
    numbers = []
    for table in (entries, statements):
        try:
            with reading_all(database) as connection:
                numbers.append(connection.scalar(select(func.count()).select_from(table)) or 0)
        except RegistryError:  # of a damaged file; the check names what is
            numbers.append(0)
    return numbers[0], numbers[1]


def _going_on(part: Callable[[Database], Iterable[str]], database: Database) -> Iterator[str]:
    """Yield the problems that a part of the check finds, and last what ends it before its end."""
    try:
        yield from part(database)
    except RegistryError as error:
        yield f"Not all {_PARTS[part]} can be read: {error.message} {_RESTORE}"


@contextmanager
def reading_all(database: Database) -> Iterator[Connection]:
    """Open a read transaction in which SQLite gives texts that are not UTF-8, too, with surrogates."""
    with database.reading() as connection:
        if database.dialect == "sqlite":
            driver: Any = connection.connection.driver_connection
            driver.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
        yield connection


def _file_problems(database: Database) -> Iterator[str]:
    if database.dialect != "sqlite":
        return
    with reading_all(database) as connection:
        for line in connection.scalars(text("PRAGMA integrity_check")):
            if line != "ok":
                yield f"The file is damaged: {line}."
        for row in connection.execute(text("PRAGMA foreign_key_check")):
            yield f"Row {row[1]} of {row[0]} points to a row of {row[2]} that does not exist."


def _table_problems(database: Database) -> Iterator[str]:
    with reading_all(database) as connection:
        homeless = select(func.count()).select_from(statements).where(statements.c.entry_id.is_(None))
        if count := connection.scalar(homeless):
            yield f"{count} statements have no entry."
        texts = [cast(harvests.c[name], Text).label(name) for name in ("cursor", "counts")]
        for row in connection.execute(select(harvests.c.source, harvests.c.query, *texts)).mappings():
            if progress_from(row) is None:
                said = f"{row['source']} {row['query']!r}"
                yield f"The progress of the harvest of {said} is damaged; the next one starts anew."


# Times of rows that are derived from nothing, by what names the row.
_TIMES: tuple[tuple[ColumnElement[Any], ColumnElement[Any]], ...] = (
    *((harvests.c[name], harvests.c.source) for name in ("started_at", "updated_at", "finished_at")),
    (departures.c.departed_at, departures.c.identifier),
    (forgotten.c.forgotten_at, forgotten.c.identifier),
    (link_overrides.c.made_at, link_overrides.c.source_id),
    (rejected_payloads.c.refused_at, rejected_payloads.c.source),
    (heard.c.heard_at, heard.c.source_id),
)


def _time_problems(database: Database) -> Iterator[str]:
    with reading_all(database) as connection:
        for column, name in _TIMES:
            for at, whose in connection.execute(select(column, name).where(column.is_not(None))):
                if not is_moment(at):
                    yield f"{str(column)!r} of {whose} is {at!r}, which is no time."


def _document_problems(database: Database) -> Iterator[str]:
    """Check what is packed: assessments and rejected payloads, each by itself."""
    for fault in (*_damaged_assessments(database), *_damaged_rejects(database)):
        yield f"{fault.message} {fault.hint or ''}".rstrip()


def _damaged_assessments(database: Database) -> Iterator[DamagedRecord]:
    plain = [item for item in assessments.c if item.name != "letters"]
    query = select(*plain, cast(assessments.c.letters, Text).label("letters"))
    with reading_all(database) as connection:
        for keys in chunks(connection.scalars(select(assessments.c.id).order_by(assessments.c.id))):
            listed = query.where(assessments.c.id.in_(keys)).order_by(assessments.c.id)
            for row in connection.execute(listed).mappings():
                try:
                    _require_whole({**row, "letters": stored_json(row["letters"])})
                except DamagedRecord as error:
                    yield error


def _require_whole(row: Mapping[str, Any]) -> None:
    """Raise DamagedRecord for an assessment of which a part is damaged."""
    made = whole_assessment(row)
    whose = f"The assessment of {made.identifier} of {made.assessed_at}"
    if not all(map(is_moment, (made.assessed_at, made.judged_at))):
        raise DamagedRecord(whose, "One of its times is none.", hint=REPEAT)
    for name, document in (("report", made.report), ("evidence", made.evidence)):
        try:
            StoredJson(document).read(dict[str, Any])
        except RecordError as error:
            raise DamagedRecord(whose, f"Its {name} is no document: {error.message}", hint=REPEAT) from error


def _damaged_rejects(database: Database) -> Iterator[DamagedRecord]:
    with reading_all(database) as connection:
        yield from (item for item in every_rejected(connection) if isinstance(item, DamagedRecord))


def _index_problems(database: Database) -> Iterator[str]:
    if database.dialect != "sqlite":
        return
    for index, what in _INDEXES.items():
        with database.writing() as connection:
            if not _in_step(connection, index):
                yield f"The full-text index of {what} differs from the entries; {MENDED}."


_INDEXES = {FULL_TEXT: "all texts", NAME_TEXT: "names", WORD_INDEX: "words"}


def _in_step(connection: Connection, index: str) -> bool:
    """Check a full-text index by SQLite's command for it, which is written as an insertion."""
    from sqlalchemy.exc import DatabaseError

    try:
        connection.execute(text(f"INSERT INTO {index}({index}, rank) VALUES ('integrity-check', 1)"))  # noqa: S608  # constants only
    except DatabaseError:
        return False
    return True


def _record_problems(database: Database) -> Iterator[str]:
    """Check entries page by page, because a large registry would not fit into memory."""
    after: int | None = 0
    while after is not None:
        problems, after = _page(database, after)
        yield from problems


def _page(database: Database, after: int) -> tuple[list[str], int | None]:
    """Return what is wrong with the entries that follow a key, and the last one's key; None at the end."""
    query = select(entries.c.id).where(entries.c.id > after).order_by(entries.c.id).limit(_PAGE)
    with reading_all(database) as connection:
        keys = connection.scalars(query).all()
    if not keys:
        return [], None
    return list(_problems_of(database, keys)), keys[-1]


def _problems_of(database: Database, keys: Sequence[int]) -> Iterable[str]:
    """Return what is wrong with entries; where the file is damaged, by halves, so that one hides no other."""
    try:
        with reading_all(database) as connection:
            return list(page_problems(connection, keys))
    except RegistryError as error:
        if len(keys) == 1:
            return [f"Entry {keys[0]} of the registry cannot be read: {error.message} {_RESTORE}"]
        half = len(keys) // 2
        return [*_problems_of(database, keys[:half]), *_problems_of(database, keys[half:])]


_PARTS: Mapping[Callable[[Database], Iterable[str]], str] = {
    _file_problems: "pages of the file",
    _table_problems: "tables",
    _time_problems: "times",
    _document_problems: "assessments and rejected payloads",
    _record_problems: "records",
    _index_problems: "of the full-text index",
}
