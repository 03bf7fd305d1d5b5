# SPDX-License-Identifier: MIT
"""Connections to the registry's database, and the one place where its errors become RegistryError."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, select, table
from sqlalchemy import column as sql_column
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

from fairreg.errors import MissingEngine, RegistryError
from fairreg.registry.mapping import decoded
from fairreg.registry.tables import HEAD, REVISIONS

__all__ = ["Database", "SchemaState"]

# empty: no tables; foreign: somebody else's tables; newer: written by a later fairreg.
SchemaState = Literal["empty", "foreign", "older", "current", "newer"]

_BUSY_SECONDS = 30
# Pages that SQLite keeps in memory: enough for the upper levels of the indexes of millions of records.
_CACHE_KIB = 64 * 1024
# How long the log of changes may grow before it goes into the file: fewer and longer writes.
_WAL_PAGES = 8000

# SQLite result code (prefix) -> what happened, what to do. {place} is the file or the masked URL.
_SQLITE_ERRORS: tuple[tuple[str, str, str], ...] = (
    (
        "SQLITE_NOTADB",
        "{place} is not a database.",
        "Move it away, or set FAIRREG_DATABASE_URL to another file.",
    ),
    (
        "SQLITE_CORRUPT",
        "The database {place} is damaged.",
        "See what `fairreg db check` says, or restore a copy.",
    ),
    ("SQLITE_FULL", "The disk is full, nothing was written to {place}.", "Free some space and try again."),
    (
        "SQLITE_READONLY",
        "The database {place} is read-only.",
        "Make it and its folder writable, or set FAIRREG_HOME.",
    ),
    (
        "SQLITE_CANTOPEN",
        "The database {place} cannot be opened.",
        "Check the folder, or set FAIRREG_HOME to another.",
    ),
    ("SQLITE_IOERR", "Reading or writing {place} failed.", "Check the disk it is on."),
    (
        "SQLITE_BUSY",
        "Another process keeps the database {place} locked.",
        "Wait until it is done and try again.",
    ),
    (
        "SQLITE_LOCKED",
        "Another process keeps the database {place} locked.",
        "Wait until it is done and try again.",
    ),
)


class Database:
    """One database by URL: transactions to read and to write in, errors translated.

    A writer takes the write lock when it begins, so it waits for others instead of failing half-way.
    """

    def __init__(self, url: str) -> None:
        with _translated(url), _understood():
            self._engine = _engine(url)
        self._writer = self._engine.execution_options(fairreg_writing=True)
        self.url = url

    @property
    def place(self) -> str:
        """The database as a message may name it: a path, or the URL without its password."""
        return _place(self.url)

    @property
    def path(self) -> Path | None:
        """The file of an SQLite database, None for a server."""
        name = self._engine.url.database
        return Path(name) if self.dialect == "sqlite" and name else None

    @property
    def dialect(self) -> str:
        """SQLAlchemy's word for the kind of database."""
        return self._engine.dialect.name

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view of the database; raises RegistryError."""
        with _translated(self.url), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all that happens inside is kept, or nothing; raises RegistryError."""
        with _translated(self.url), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def outside_transaction(self) -> Iterator[Connection]:
        """A connection for statements that no transaction may hold (journal mode); raises RegistryError."""
        with _translated(self.url), self._engine.connect() as connection:
            yield connection.execution_options(fairreg_autocommit=True)

    def schema_state(self) -> SchemaState:
        """How the schema in the database compares with the one this release writes."""
        with self.reading() as connection:
            return _schema_state(connection)

    def require_current(self) -> None:
        """RegistryError unless the schema is exactly the one this release reads and writes."""
        if self.path is not None and not self.path.is_file():
            raise RegistryError(
                f"There is no registry at {self.place}.", hint="Create it with: fairreg db init"
            )
        require_readable(self.schema_state(), self.place)

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()


def require_readable(state: SchemaState, place: str) -> None:
    """RegistryError that says what a schema other than the current one needs."""
    advice = {
        "empty": ("There is no registry in {place}.", "Create it with: fairreg db init"),
        "foreign": (
            "{place} holds another program's tables.",
            "Set FAIRREG_DATABASE_URL to another database.",
        ),
        "older": (
            "The registry {place} was written by an older fairreg.",
            "Migrate it with: fairreg db upgrade",
        ),
        "newer": (
            "The registry {place} was written by a newer fairreg.",
            "Upgrade fairreg: pip install -U fairreg",
        ),
    }
    if state in advice:
        message, hint = advice[state]
        raise RegistryError(message.format(place=place), hint=hint)


def _schema_state(connection: Connection) -> SchemaState:
    names = set(inspect(connection).get_table_names())
    if not names:
        return "empty"
    if "alembic_version" not in names:
        return "foreign"
    version = connection.scalar(select(sql_column("version_num")).select_from(table("alembic_version")))
    if version == HEAD:
        return "current"
    if version in REVISIONS:
        return "older"
    if version is None:
        return "empty"
    return "newer" if names >= {"entries", "statements"} else "foreign"


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    options: dict[str, Any] = {
        "json_serializer": lambda value: msgspec.json.encode(value).decode(),
        "json_deserializer": decoded,
    }
    if parsed.get_backend_name() not in _KINDS:
        raise RegistryError("FAIRREG_DATABASE_URL names an unknown kind of database.", hint=_URL_HINT)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True, **options)
    engine = create_engine(parsed, connect_args={"timeout": _BUSY_SECONDS}, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The standard module would begin transactions by itself, too late and never for DDL.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON").close()
    connection.execute("PRAGMA synchronous = NORMAL").close()
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}").close()
    connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}").close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("fairreg_autocommit"):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("fairreg_writing") else "BEGIN")


def _place(url: str) -> str:
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError):
        return "the database URL"
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        return parsed.database
    return parsed.render_as_string(hide_password=True)


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise _translation(error, _place(url)) from error


@contextmanager
def _understood() -> Iterator[None]:
    """What making an engine of a URL raises before any database is asked."""
    try:
        yield
    except NoSuchModuleError as error:
        raise RegistryError(
            "FAIRREG_DATABASE_URL names an unknown driver of its database.", hint=_URL_HINT
        ) from error
    except ImportError as error:
        if error.name == "psycopg":
            raise MissingEngine("psycopg", "postgres") from error
        raise RegistryError(
            f"FAIRREG_DATABASE_URL asks for a driver that cannot be loaded: {error}.", hint=_URL_HINT
        ) from error
    except ValueError as error:
        raise RegistryError(f"FAIRREG_DATABASE_URL is no database URL: {error}.", hint=_URL_HINT) from error


_URL_HINT = "Use sqlite:///FILE or postgresql://USER@HOST/NAME."
_KINDS = frozenset({"sqlite", "postgresql"})


def _translation(error: SQLAlchemyError, place: str) -> RegistryError:
    original = getattr(error, "orig", None)
    code = getattr(original, "sqlite_errorname", None) or ""
    for prefix, message, hint in _SQLITE_ERRORS:
        if code.startswith(prefix):
            return RegistryError(message.format(place=place), hint=hint)
    if "could not parse" in str(error).lower():
        return RegistryError("FAIRREG_DATABASE_URL is no database URL.", hint=_URL_HINT)
    first_line = str(original or error).strip().partition("\n")[0]
    return RegistryError(
        f"The database {place} refused: {first_line}", hint="See what `fairreg db check` says."
    )
