# SPDX-License-Identifier: MIT
"""The database as a whole: made, migrated, checked, counted. The verbs of ``fairreg db``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fairreg.errors import RegistryError
from fairreg.registry import Info, Registry, catalogue
from fairreg.registry.db.engine import Database, require_readable
from fairreg.registry.db.tables import HEAD
from fairreg.settings import Settings

if TYPE_CHECKING:
    from fairreg.web import Talk

__all__ = ["Info", "ensure", "info", "init", "migrate", "upgrade"]


_LOCK_SECONDS = 120


def init(settings: Settings) -> Info:
    """Make the registry, with the packaged catalogue in it; harmless where there is one."""
    ensure(settings, lambda _line: None)
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


def ensure(settings: Settings, talk: "Talk") -> None:
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
            registry = Registry(database)
            if not registry.worded_by_these_rules() and registry.word_anew():
                talk("Wrote what search reads of the registry by this release's rules.")
            if not registry.linked_by_these_rules() and registry.link_anew():
                talk("Sorted what the registry holds into models by this release's rules.")
            if registry.load_catalogue():
                talk(f"Loaded the packaged catalogue ({len(catalogue.records())} records).")


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
    registry = Registry(database)
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
    from filelock import FileLock, Timeout  # takes a while, and a registry that is ready needs no lock

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
