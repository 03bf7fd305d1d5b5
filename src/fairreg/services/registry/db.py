# SPDX-License-Identifier: MIT
"""The database as a whole: opened, created, migrated, counted. The verbs of ``fairreg db``.

A command opens its registry once, with `open_registry`, and passes it on.
"""

import errno
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from fairreg.errors import RegistryError, RegistryNotWritable
from fairreg.registry import Info, Registry, catalogue
from fairreg.registry.db.engine import Database, require_readable
from fairreg.registry.db.tables import HEAD
from fairreg.settings import Settings

if TYPE_CHECKING:
    from fairreg.web import Log

__all__ = [
    "Info",
    "ensure",
    "existing",
    "info",
    "init",
    "migrate",
    "open_database",
    "open_registry",
    "opened",
    "prepare",
    "reindex",
    "silent",
    "storing",
    "upgrade",
    "usable",
]


_LOCK_SECONDS = 120


def silent(_line: str) -> None:
    """Discard a line; `fairreg.web.no_log` would import the HTTP client."""


@contextmanager
def open_registry(settings: Settings, log: "Log" = silent) -> Iterator[Registry]:
    """Open the registry of `settings`, made ready as by `prepare`; closed when the context ends."""
    with closing(open_database(settings, log)) as database:
        yield Registry(database)


def existing(registry: Registry | None, settings: Settings) -> AbstractContextManager[Registry]:
    """Give `registry`, which its opener closes; without one open that of `settings`, which has to exist."""
    return Registry(settings=settings) if registry is None else nullcontext(registry)


def opened(
    registry: Registry | None, settings: Settings, log: "Log" = silent
) -> AbstractContextManager[Registry]:
    """Give `registry`, which its opener closes; without one open that of `settings`, made ready."""
    return open_registry(settings, log) if registry is None else nullcontext(registry)


def open_database(settings: Settings, log: "Log" = silent) -> Database:
    """Open the database of `settings`, made usable as by `usable`. Raises RegistryError."""
    database = Database(settings.database_url)
    try:
        return usable(database, log)
    except BaseException:
        database.close()
        raise


def usable(database: Database, log: "Log" = silent) -> Database:
    """Make a registry ready as by `prepare`, and return it.

    Where none can be created, `database` is closed and one in memory is returned instead, with the packaged
    catalogue; it refuses writing. Raises RegistryError.
    """
    try:
        prepare(database, log)
    except RegistryNotWritable as error:
        if not _is_empty(database):
            raise
        database.close()
        log(f"{error.message} Only the packaged catalogue is read, and nothing is stored.")
        return _catalogue_in_memory(error)
    return database


def _catalogue_in_memory(reason: RegistryNotWritable) -> Database:
    database = Database.in_memory()
    try:
        _make_ready(database, silent)
    except BaseException:
        database.close()
        raise
    database.refuse_writing(reason)
    return database


def init(settings: Settings) -> Info:
    """Create the registry with the packaged catalogue; an existing one is kept. Raises RegistryError."""
    with closing(Database(settings.database_url)) as database:
        prepare(database, silent)
        return Registry(database).info()


def upgrade(
    settings: Settings, log: "Log" = silent, *, afterwards: Callable[[Registry], None] | None = None
) -> Info:
    """Bring an existing registry to this release's schema and catalogue, and give it to `afterwards`.

    RegistryError without one.
    """
    with closing(Database(settings.database_url)) as database:
        if database.path is not None and not database.path.is_file():
            database.require_current()  # raises, and says how to make one
        if _ready(database):
            log("The registry has the schema, the catalogue and the rules of this release already.")
        else:
            with _alone(database):
                _make_ready(database, silent)
        registry = Registry(database)
        if afterwards is not None:
            afterwards(registry)
        return registry.info()


def reindex(settings: Settings) -> Info:
    """Write anew all that is derived from the stored records: values, texts, identifiers, lineages, scores.

    What belongs to a damaged record stays as it is. Raises RegistryError without a registry of this release.
    """
    from fairreg.registry.ingest.reindex import rebuild_indexes, reindex_statements

    with closing(Database(settings.database_url)) as database:
        database.require_current()
        with _alone(database):
            with database.writing() as connection:
                rebuild_indexes(connection)
            page, after = [0], 0
            while page:
                with database.writing() as connection:
                    page = reindex_statements(connection, after)
                after = page[-1] if page else after
            registry = Registry(database)
            registry.upkeep.reindex_text()
            registry.upkeep.rebuild_lineages()
            registry.upkeep.refresh_scores()
        return registry.info()


def info(settings: Settings) -> Info:
    """Count the content of an existing registry. Raises RegistryError if there is none."""
    with Registry(settings=settings) as registry:
        return registry.info()


def ensure(settings: Settings, log: "Log") -> None:
    """Make the registry ready as by `prepare`, and close it. Raises RegistryError."""
    with closing(Database(settings.database_url)) as database:
        prepare(database, log)


@contextmanager
def storing(what: str, log: "Log") -> Iterator[None]:
    """Context manager of writing that a command can do without: log a registry that cannot be written."""
    try:
        yield
    except RegistryNotWritable as error:
        log(f"{what} not stored: {error.message}")


def prepare(database: Database, log: "Log") -> None:
    """Make a registry ready for this release: create, migrate and load the catalogue, as needed.

    `log` is called with one line per step. Costs two queries where nothing is to do. Two processes that
    start at once in a new home both succeed: one does the work, the other waits. A registry that cannot be
    written is read as it is if its schema is the current one. Raises RegistryError.
    """
    if _ready(database):
        if (refusal := database.not_writable) is not None:
            log(f"{refusal.message} It is read, and nothing is stored.")
        return
    try:
        with _alone(database):
            _make_ready(database, log)
    except RegistryNotWritable as error:
        _require_current_schema(database, error)
        log(f"{error.message} It is read as an earlier release left it, and nothing is stored.")


def _make_ready(database: Database, log: "Log") -> None:
    state = "empty" if _missing(database) else database.schema_state()
    if state in {"empty", "older"}:
        log(f"Creating the registry {database.location}." if state == "empty" else _MIGRATING)
        migrate(database)
    else:
        require_readable(state, database.location)
    registry = Registry(database)
    if not registry.upkeep.text_index_is_current() and registry.upkeep.reindex_text():
        log("Updated the search index of the registry to the rules of this release.")
    if not registry.upkeep.lineages_are_current() and registry.upkeep.rebuild_lineages():
        log("Grouped the records of the registry into models by the rules of this release.")
    if not registry.upkeep.scores_are_current() and (count := registry.upkeep.refresh_scores()):
        log(f"{count} assessments follow an older rubric; score their evidence again: fairreg db upgrade")
    if registry.upkeep.load_catalogue():
        log(f"Loaded the packaged catalogue ({len(catalogue.records())} records).")


def _require_current_schema(database: Database, reason: RegistryNotWritable) -> None:
    """Raise RegistryError for a schema that cannot be read; `reason`: why it cannot be migrated here."""
    state = "empty" if _missing(database) else database.schema_state()
    if state == "older":
        raise RegistryError(
            f"The registry {database.location} was written by an older fairreg, and it cannot be migrated "
            f"here: {reason.message}",
            hint="Ask somebody who may write there to run: fairreg db upgrade",
        ) from reason
    if state == "empty":
        raise reason
    require_readable(state, database.location)


def _is_empty(database: Database) -> bool:
    return _missing(database) or database.schema_state() == "empty"


_MIGRATING = f"Migrating the registry to schema {HEAD}."


def _missing(database: Database) -> bool:
    try:
        return database.path is not None and not database.path.exists()
    except OSError as error:  # a folder above it that cannot be entered
        raise _unusable(database.path.parent if database.path else Path(), error) from error


def _ready(database: Database) -> bool:
    if _missing(database) or database.schema_state() != "current":
        return False
    return Registry(database).upkeep.follows_this_release()


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """Hold a lock, so that one process at a time changes the schema: beside a file, or in the server."""
    path = database.path
    if path is None:
        with database.preparing():
            yield
        return
    from filelock import FileLock, Timeout  # slow to import, and a registry that is ready needs no lock

    held = FileLock(path.with_name(f"{path.name}.lock"), timeout=_LOCK_SECONDS)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held.acquire()
    except Timeout as error:
        raise RegistryError(
            f"Another process has been preparing {database.location} for {_LOCK_SECONDS} seconds.",
            hint="Wait until it is done and try again.",
        ) from error
    except OSError as error:
        raise _unusable(path.parent, error) from error
    try:
        yield
    finally:
        held.release()


# Errors of a folder that is right, and in which nothing can be made.
_NOT_WRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT})


def _unusable(folder: Path, error: OSError) -> RegistryError:
    kind = RegistryNotWritable if error.errno in _NOT_WRITABLE else RegistryError
    return kind(
        f"The folder {folder} cannot be used for the registry: {error.strerror or error}.",
        hint="Set FAIRREG_HOME to a folder that you may write to.",
    )


def migrate(database: Database) -> None:
    """Run Alembic up to the head in one transaction."""
    from alembic import command
    from alembic.config import Config

    database.enable_wal()
    config = Config()
    config.set_main_option("script_location", "fairreg:migrations")
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
