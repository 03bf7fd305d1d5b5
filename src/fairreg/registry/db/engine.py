# SPDX-License-Identifier: MIT
"""Connections to the registry's database; the locking and transactions of each engine are handled here."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
    table,
)
from sqlalchemy import column as sql_column
from sqlalchemy.exc import NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from fairreg.errors import RegistryError, RegistryNotWritable
from fairreg.registry.db.tables import FULL_TEXT, HEAD, NAME_TEXT, REVISIONS, WORD_INDEX

if TYPE_CHECKING:
    from fairreg.registry.db.read_only_file import ReadOnlyFile

__all__ = ["CHANGES", "Database", "SchemaState", "number_in"]

# empty: no tables; foreign: tables of another program; newer: written by a later fairreg.
SchemaState = Literal["empty", "foreign", "older", "current", "newer"]

# How long a writer waits for other writers before it fails, and how often it polls SQLite's lock. Polling
# here replaces SQLite's own busy handler, which backs off, so that the longest-waiting writer has the least
# chance.
_LOCK_TIMEOUT_SECONDS = 600
_POLL_SECONDS = 0.005
# Busy timeout of SQLite for other locks: during recovery of a log, or while the last connection closes.
_BUSY_SECONDS = 30
# Page cache of SQLite: enough for the upper levels of the indexes of millions of records.
_CACHE_KIB = 64 * 1024
# Pages of the write-ahead log before an automatic checkpoint: fewer and longer writes.
_WAL_PAGES = 32_000
_CHECKPOINT_SECONDS = 0.2  # between checkpoints during a bulk write
_CONNECT_SECONDS = 10
# SQLite keeps a number for its user in the file's header: here it counts the transactions that changed
# something, up to the largest that fits.
CHANGES = "PRAGMA user_version"
_MOST_CHANGES = 2**31 - 1
# PostgreSQL's advisory locks of this registry: (class, lock). Each database has its own.
_FAIRREG = int.from_bytes(b"fair")
_WRITING, _PREPARING = 1, 2


class Database:
    """Database at a URL: read and write transactions, with errors translated.

    A writer takes the write lock when it begins, so that it waits for others instead of failing half-way, and
    two writers never deadlock. Readers see a consistent snapshot and never block.
    """

    def __init__(self, url: str) -> None:
        with _sql_errors(url), _url_errors():
            self._engine = _engine(url)
        self._reader, self._writer = _roles(self._engine)
        self.url = url
        self._written = False
        self._view = threading.local()
        self._refusal: RegistryNotWritable | None = None
        self._file: ReadOnlyFile | None = None  # only for one that cannot be opened in the usual way
        if self.path is not None:
            event.listen(self._engine, "do_connect", self._connect)

    @classmethod
    def in_memory(cls) -> "Database":
        """Return an empty database that is gone once it is closed; its connections share it."""
        # The pool lends its connections to one thread after the other.
        options = "mode=memory&cache=shared&uri=true&check_same_thread=false"
        return cls(f"sqlite:///file:fairreg-{os.urandom(8).hex()}?{options}")

    @property
    def not_writable(self) -> RegistryNotWritable | None:
        """The error of writing where it is known that nothing can be written; None elsewhere."""
        if self._refusal is None and self._file is None and self.path is not None and _is_locked(self.path):
            from fairreg.registry.db.read_only_file import refusal

            return refusal(self.path)
        return self._refusal if self._file is None else self._file.refusal

    def _connect(
        self, _dialect: Any, _record: Any, names: list[Any], options: dict[str, Any]
    ) -> sqlite3.Connection:
        """Open a connection to the file, without writing where nothing can be written."""
        connection: sqlite3.Connection = sqlite3.connect(*names, **options)
        try:
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").close()
        except sqlite3.OperationalError as error:
            connection.close()
            from fairreg.registry.db.read_only_file import ReadOnlyFile

            self._file, connection = ReadOnlyFile.opened(Path(names[0]), error, options)
        except BaseException:
            connection.close()
            raise
        else:
            self._file = None
        return connection

    def refuse_writing(self, reason: RegistryNotWritable) -> None:
        """Raise `reason` for every later write transaction."""
        self._refusal = reason

    @property
    def location(self) -> str:
        """Location for messages: a path, or the URL without its password."""
        from fairreg.registry.db.sql_errors import location_of_url

        return "in memory" if self._is_in_memory else location_of_url(self.url)

    @property
    def _is_in_memory(self) -> bool:
        return self._engine.url.query.get("mode") == "memory"

    @property
    def path(self) -> Path | None:
        """File of an SQLite database, None for a server and in memory."""
        name = self._engine.url.database
        return Path(name) if self.dialect == "sqlite" and name and not self._is_in_memory else None

    @property
    def dialect(self) -> str:
        """SQLAlchemy's name of the database engine."""
        return self._engine.dialect.name

    @contextmanager
    def one_view(self) -> Iterator[None]:
        """Context manager: what this thread reads within it is read in one transaction; RegistryError."""
        with self.reading() as connection:
            self._view.connection = connection
            try:
                yield
            finally:
                self._view.connection = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a read transaction with one consistent view of the database; raises RegistryError."""
        held: Connection | None = getattr(self._view, "connection", None)
        if held is not None:
            with _sql_errors(self.url, reading=True):
                yield held
            return
        if self._file is not None and self._file.is_stale:
            self._engine.dispose()  # the next connection sees the new content
        with _sql_errors(self.url, reading=True), self._reader.begin() as connection:
            yield connection
            if self._file is not None and self._file.is_stale:
                raise RegistryError(f"{self.location} was changed while it was read.", hint="Try again.")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a write transaction, committed as a whole or not at all; raises RegistryError."""
        if (refusal := self.not_writable) is not None:
            raise refusal
        self._written = True
        with _sql_errors(self.url), self._writer.begin() as connection, _counting(connection):
            yield connection

    @contextmanager
    def preparing(self) -> Iterator[None]:
        """Hold the lock for schema changes, across processes and hosts; only a server has one.

        Raises RegistryError where another holds it for minutes.
        """
        with _sql_errors(self.url), self._engine.begin() as connection:
            if self.dialect == "postgresql":
                _take(connection, _PREPARING)
            yield

    def enable_wal(self) -> None:
        """Switch SQLite's file to write-ahead logging, so that readers continue beside a writer."""
        if self.dialect != "sqlite":
            return
        with _sql_errors(self.url), self._engine.connect() as connection:
            _retry_until_unlocked(
                connection.execution_options(fairreg_autocommit=True), "PRAGMA journal_mode = WAL"
            )

    @contextmanager
    def checkpoint_wal(self) -> Iterator[None]:
        """Checkpoint SQLite's write-ahead log from a helper thread, so that a long writer need not pause."""
        if self.path is None:
            yield
            return
        over = threading.Event()
        helper = threading.Thread(target=_checkpoint_wal, args=(self.path, over), daemon=True)
        helper.start()
        try:
            yield
        finally:
            over.set()
            helper.join()

    def analyze(self) -> None:
        """Update the statistics from which the database plans its queries."""
        with self.writing() as connection:
            connection.exec_driver_sql("ANALYZE" if self.dialect == "postgresql" else "PRAGMA optimize")

    def erase(self) -> str | None:
        """Overwrite what was deleted in SQLite's file, its full-text indexes and its log.

        Returns the reason where it cannot be done now; a server erases by its own schedule.
        """
        if self.path is None:
            return None
        options = {"fairreg_autocommit": True}
        try:
            with self._engine.connect().execution_options(**options) as connection:
                for index in (FULL_TEXT, NAME_TEXT, WORD_INDEX):
                    # Merges all segments: those of deleted rows still hold the words.
                    connection.exec_driver_sql(f"INSERT INTO {index}({index}) VALUES ('optimize')")  # noqa: S608  # constants
                connection.exec_driver_sql("VACUUM")
                busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar()
        except OperationalError as error:
            return f"{error.orig}."
        return "Another process is reading the registry." if busy else None

    def schema_state(self) -> SchemaState:
        """Compare the schema in the database with the one this release writes."""
        with self.reading() as connection:
            return _schema_state(connection)

    def size(self) -> int | None:
        """Bytes on the disk, with the write-ahead log of a file; None in memory. RegistryError, OSError."""
        if self.path is not None:
            log = self.path.with_name(f"{self.path.name}-wal")
            return sum(item.stat().st_size for item in (self.path, log) if item.exists())
        if self.dialect != "postgresql":
            return None
        from fairreg.registry.db.postgresql import size_of

        with self.reading() as connection:
            return size_of(connection)

    def require_current(self) -> None:
        """Raise RegistryError unless the schema is exactly the one this release reads and writes."""
        if self.path is not None and not self.path.is_file():
            raise RegistryError(
                f"There is no registry at {self.location}.", hint="Create it with: fairreg db init"
            )
        try:
            require_readable(self.schema_state(), self.location)
        except RegistryError:
            self.close()
            raise

    @property
    def log_may_hold_changes(self) -> bool:
        """True while SQLite's write-ahead log may hold changes made here; closing writes them to the file."""
        return self._written and self.path is not None

    def close(self) -> None:
        """Close all idle connections; a later request opens a new one."""
        self._engine.dispose()
        self._written = False


def require_readable(state: SchemaState, location: str) -> None:
    """Raise RegistryError for a schema other than the current one, with the command to run."""
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
        raise RegistryError(message.format(place=location), hint=hint)


def _schema_state(connection: Connection) -> SchemaState:
    names = set(inspect(connection).get_table_names())
    if not names:
        _require_schema(connection)
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


def _require_schema(connection: Connection) -> None:
    """Raise RegistryError where PostgreSQL hides tables whose schema its user may not use."""
    if connection.dialect.name == "postgresql" and connection.scalar(select(func.current_schema())) is None:
        from fairreg.registry.db.sql_errors import location_of_url, unreadable

        raise unreadable(location_of_url(connection.engine.url.render_as_string(hide_password=False)))


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() not in _KINDS:
        from fairreg.registry.db.sql_errors import unknown_kind

        raise unknown_kind()
    return _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed)


_JSON: dict[str, Any] = {
    "json_serializer": lambda value: msgspec.json.encode(value).decode(),
}


def _pooling(url: URL) -> dict[str, Any]:
    """Options of the pool: a connection for every thread that needs one; five (the default) stay open.

    The one that was used last comes first, with the pages that it has read. Threads that wait minutes for
    the write lock hold a connection, and must not block readers.
    """
    options = {"max_overflow": -1, "pool_use_lifo": True}
    if url.query.get("mode") == "memory":
        return {"poolclass": QueuePool, **options}  # its connections share one database
    # SQLite in memory otherwise uses another pool, of one connection.
    dialect: Any = url.get_dialect()
    return options if issubclass(dialect.get_pool_class(url), QueuePool) else {}


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS}, **_pooling(url), **_JSON)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _is_locked(path: Path) -> bool:
    """Tell whether there is a file that this user may not write."""
    own = os.access in os.supports_effective_ids
    return path.exists() and not os.access(path, os.W_OK, effective_ids=own)


def _postgresql(url: URL) -> Engine:
    from fairreg.registry.db.postgresql import prepare_session, require_unicode

    given = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_SECONDS}
    engine = create_engine(url, pool_pre_ping=True, connect_args=given, **_pooling(url), **_JSON)
    event.listen(engine, "connect", require_unicode)
    event.listen(engine, "connect", prepare_session)
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _roles(engine: Engine) -> tuple[Engine, Engine]:
    """Return the engines for reading and for writing; a server's default isolation levels may differ."""
    if engine.dialect.name == "sqlite":
        return engine, engine.execution_options(fairreg_writing=True)
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    # Each statement sees what was committed before it, including commits made while it waited for the lock.
    return reader, engine.execution_options(isolation_level="READ COMMITTED", fairreg_writing=True)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # Python's sqlite3 would begin transactions itself: too late, and never for DDL.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON").close()
    connection.execute("PRAGMA synchronous = NORMAL").close()
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}").close()
    connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}").close()


def _checkpoint_wal(path: Path, over: threading.Event) -> None:
    # A passive checkpoint never waits. Its errors are ignored here: the writer meets the same ones and
    # raises.
    with suppress(sqlite3.Error), closing(sqlite3.connect(path, isolation_level=None)) as connection:
        while not over.wait(_CHECKPOINT_SECONDS):
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("fairreg_writing"):
        _retry_until_unlocked(connection, "BEGIN IMMEDIATE")
    elif not options.get("fairreg_autocommit"):
        connection.exec_driver_sql("BEGIN")


def _retry_until_unlocked(connection: Connection, statement: str) -> None:
    """Run an SQLite statement that needs a lock; retry for up to `_LOCK_TIMEOUT_SECONDS`."""
    driver: Any = connection.connection.driver_connection
    deadline = time.monotonic() + _LOCK_TIMEOUT_SECONDS
    driver.execute("PRAGMA busy_timeout = 0").close()
    while time.monotonic() < deadline:
        try:
            driver.execute(statement).close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                break
            time.sleep(_POLL_SECONDS)
        else:
            driver.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}").close()
            return
    connection.exec_driver_sql(statement)  # repeated here so that the error is SQLAlchemy's


@contextmanager
def _counting(connection: Connection) -> Iterator[None]:
    """Count a transaction that changed SQLite's database; a server knows its transactions itself."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    before = driver.total_changes
    yield
    if driver.total_changes != before:
        _execute(connection, f"{CHANGES} = {number_in(connection, CHANGES) % _MOST_CHANGES + 1}")


def number_in(connection: Connection, pragma: str) -> int:
    """Return a number that SQLite tells of a database or a connection."""
    number: int = _execute(connection, pragma)[0][0]
    return number


def _execute(connection: Connection, statement: str) -> list[Any]:
    """Run a statement without parameters, in less time than by SQLAlchemy; return its rows."""
    driver: Any = connection.connection.driver_connection
    try:
        rows: list[Any] = driver.execute(statement).fetchall()
    except sqlite3.Error:
        return list(connection.exec_driver_sql(statement))  # repeated here so that the error is SQLAlchemy's
    return rows


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("fairreg_writing"):
        _take(connection, _WRITING)


def _take(connection: Connection, lock: int) -> None:
    """Take an advisory lock until the transaction ends."""
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT_SECONDS}s'")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_FAIRREG}, {lock})")


@contextmanager
def _sql_errors(url: str, *, reading: bool = False) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        from fairreg.registry.db.sql_errors import location_of_url, translate_error

        raise translate_error(error, location_of_url(url), reading=reading) from error
    except UnicodeError as error:
        from fairreg.registry.db.sql_errors import location_of_url, text_error

        raise text_error(error, location_of_url(url)) from error


@contextmanager
def _url_errors() -> Iterator[None]:
    """Translate the errors that creating an engine from a URL raises before any connection is made."""
    try:
        yield
    except (NoSuchModuleError, ImportError, ValueError) as error:
        from fairreg.registry.db.sql_errors import bad_url

        raise bad_url(error) from error


_KINDS = frozenset({"sqlite", "postgresql"})
