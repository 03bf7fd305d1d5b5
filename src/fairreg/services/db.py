# SPDX-License-Identifier: MIT
"""The database as a whole: made, migrated, checked, counted. The verbs of ``fairreg db``."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Text, cast, func, select, text

from fairreg.errors import RecordError, RegistryError
from fairreg.registry import Info, Registry, catalogue
from fairreg.registry.database import Database, require_readable
from fairreg.registry.linking import merge
from fairreg.registry.mapping import decoded, payload_from
from fairreg.registry.tables import FULL_TEXT, HEAD, entries, entry_texts, statements
from fairreg.schemas.record import ModelRecord
from fairreg.settings import Settings
from fairreg.web import Talk, silent

__all__ = ["CheckReport", "Info", "check", "ensure", "info", "init", "migrate", "upgrade"]


_LOCK_SECONDS = 120


@dataclass(frozen=True)
class CheckReport:
    """What `check` found: `problems` is empty for a sound registry, each is one sentence."""

    place: str
    entries: int
    statements: int
    problems: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.problems


def init(settings: Settings) -> Info:
    """Make the registry, with the packaged catalogue in it; harmless where there is one."""
    ensure(settings, silent)
    return info(settings)


def upgrade(settings: Settings) -> Info:
    """Bring an existing registry to this release's schema and catalogue. RegistryError without one."""
    with _database(settings) as database:
        if database.path is not None and not database.path.is_file():
            database.require_current()  # raises, and says how to make one
    return init(settings)


def info(settings: Settings) -> Info:
    """What an existing registry holds, in numbers."""
    with Registry(settings=settings) as registry:
        return registry.info()


def ensure(settings: Settings, talk: Talk) -> None:
    """Leave a registry that this release can use: created, migrated, its catalogue loaded, as needed.

    `talk` hears one line for each thing done. Costs one query where nothing is to do. Two processes that
    start at once on a fresh home both succeed: one does the work, the other waits. Raises RegistryError.
    """
    with _database(settings) as database:
        if _ready(database):
            return
        with _alone(database):
            state = "empty" if _missing(database) else database.schema_state()
            if state in {"empty", "older"}:
                talk(f"Creating the registry {database.place}." if state == "empty" else _MIGRATING)
                migrate(database)
            else:
                require_readable(state, database.place)
            with Registry(database.url) as registry:
                if not registry.worded_by_these_rules() and registry.word_anew():
                    talk("Wrote what search reads of the registry by this release's rules.")
                if not registry.linked_by_these_rules() and registry.link_anew():
                    talk("Sorted what the registry holds into models by this release's rules.")
                if registry.load_catalogue():
                    talk(f"Loaded the packaged catalogue ({len(catalogue.records())} records).")


def check(settings: Settings) -> CheckReport:
    """Look for damage: in the file, between the tables, in the full-text index, in each record.

    Raises RegistryError where there is no registry of this release to look at.
    """
    with _database(settings) as database:
        database.require_current()
        # SQLite's full-text index checks itself by a command that is written as an insertion.
        looking = database.writing if database.dialect == "sqlite" else database.reading
        with looking() as connection:
            return CheckReport(
                place=database.place,
                entries=connection.scalar(select(func.count()).select_from(entries)) or 0,
                statements=connection.scalar(select(func.count()).select_from(statements)) or 0,
                problems=(
                    *_file_problems(connection),
                    *_table_problems(connection),
                    *_record_problems(connection),
                ),
            )


_MIGRATING = f"Migrating the registry to schema {HEAD}."


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database_url)
    try:
        yield database
    finally:
        database.close()


def _missing(database: Database) -> bool:
    return database.path is not None and not database.path.exists()


def _ready(database: Database) -> bool:
    if _missing(database) or database.schema_state() != "current":
        return False
    with Registry(database.url) as registry:
        rules = registry.worded_by_these_rules() and registry.linked_by_these_rules()
        return rules and registry.catalogue_digest() == catalogue.digest()


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """Hold a lock, so that one process at a time changes the schema: beside a file, or in the server."""
    path = database.path
    if path is None:
        with database.preparing():
            yield
        return
    held = FileLock(path.with_name(f"{path.name}.lock"), timeout=_LOCK_SECONDS)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held.acquire()
    except Timeout as error:
        raise RegistryError(
            f"Another process has been preparing {database.place} for {_LOCK_SECONDS} seconds.",
            hint="Wait until it is done and try again.",
        ) from error
    except OSError as error:
        raise _unusable(path.parent, error) from error
    try:
        yield
    finally:
        held.release()


def _unusable(folder: Path, error: OSError) -> RegistryError:
    return RegistryError(
        f"The folder {folder} cannot be used for the registry: {error.strerror or error}.",
        hint="Set FAIRREG_HOME to a folder that you may write to.",
    )


def migrate(database: Database) -> None:
    """Run Alembic up to the head in one transaction."""
    from alembic import command
    from alembic.config import Config

    database.let_readers_in()
    config = Config()
    config.set_main_option("script_location", "fairreg:migrations")
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


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
        yield f"{count} statements belong to no entry."
    unread = select(entries.c.identifier).where(entries.c.id.not_in(select(entry_texts.c.entry_id)))
    for identifier in connection.scalars(unread):
        yield f"{identifier} is missing from the full-text index."
    if connection.dialect.name == "sqlite" and not _index_in_step(connection):
        yield "The full-text index is not in step with the entries."


def _index_in_step(connection: Connection) -> bool:
    from sqlalchemy.exc import DatabaseError

    try:
        connection.execute(text(f"INSERT INTO {FULL_TEXT}({FULL_TEXT}, rank) VALUES ('integrity-check', 1)"))  # noqa: S608  # constants only
    except DatabaseError:
        return False
    return True


def _record_problems(connection: Connection) -> Iterable[str]:
    said: dict[int, list[ModelRecord]] = {}
    kept = (statements.c.entry_id, statements.c.source, statements.c.source_id, statements.c.payload)
    # As text: a damaged record would else end the check instead of being reported.
    for row in connection.execute(select(*kept, cast(statements.c.record, Text).label("record"))):
        try:
            said.setdefault(row.entry_id, []).append(ModelRecord.from_json(decoded(row.record)))
            payload_from(row.payload)
        except RecordError as error:
            yield f"What {row.source} says of {row.source_id} does not decode: {error.message}"
    for key, identifier, stored in connection.execute(
        select(entries.c.id, entries.c.identifier, cast(entries.c.record, Text))
    ):
        yield from _entry_problems(identifier, stored, said.get(key, []))


def _entry_problems(identifier: str, stored: str, said: list[ModelRecord]) -> Iterable[str]:
    from msgspec.structs import replace

    try:
        record = ModelRecord.from_json(decoded(stored))
    except RecordError as error:
        yield f"The record of {identifier} does not decode: {error.message}"
        return
    if not said:
        yield f"{identifier} has no statement of any source."
    elif replace(merge(said), identifier=identifier) != record:
        yield f"The record of {identifier} is not what its sources say."
