# SPDX-License-Identifier: MIT
"""One open registry that the calls of the Python API share, so that a second call finds the engine warm.

The registry of the last settings is kept open. Every call checks it again, at the cost of two queries: a file
that was removed or replaced, a schema changed by another process and other settings are noticed as if the
call had opened the registry itself. SQLite connections must not be carried through a fork
(https://sqlite.org/howtocorrupt.html, 2.6), so idle ones are closed before a fork, and a child process opens
its own registry.
"""

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from fairreg.registry import Registry
from fairreg.registry.db.engine import Database
from fairreg.services.registry.db import usable
from fairreg.settings import Settings
from fairreg.web import Log, no_log

__all__ = ["close", "make_ready", "shared_registry"]


class _FileState(NamedTuple):
    """State of a database file in the file system; another or an overwritten file has another state."""

    device: int
    number: int
    size: int
    changed_ns: int

    def same_file(self, other: "_FileState | None") -> bool:
        return other is not None and self[:2] == other[:2]


@dataclass(eq=False)
class _SharedDatabase:
    """A database shared by calls; once replaced, it is closed by its last user."""

    url: str
    database: Database
    users: int = 0
    retired: bool = False
    # State of the file when it was last unused; None for a server.
    state: _FileState | None = None

    def __post_init__(self) -> None:
        self.state = self._state()

    def untouched(self) -> bool:
        """Return True unless another process replaced the file or its content."""
        now = self._state()
        if not self.users:
            return self.state == now
        # During calls the file may be created, and changes by their own writes.
        return self.state is None or self.state.same_file(now)

    def left(self) -> None:
        """Count one user less; after the last one all writes are in the file."""
        self.users -= 1
        if not self.users and (self.retired or self.database.log_may_hold_changes):
            self.database.close()
        self._look()

    def close_idle(self) -> None:
        """Close the idle connections."""
        self.database.close()
        self._look()

    def retire(self) -> None:
        """Close the database, now or when its last user is done."""
        self.retired = True
        if not self.users:
            self.database.close()

    def _look(self) -> None:
        """Store the state of the unused file, unless it was replaced."""
        now = self._state()
        if not self.users and (self.state is None or self.state.same_file(now)):
            self.state = now

    def _state(self) -> _FileState | None:
        if self.database.path is None:
            return None
        try:
            found = self.database.path.stat()
        except OSError:
            return None
        return _FileState(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


class _Keeper:
    """Keeper of the one shared database. Its lock is held while opening, never during a user's call."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._kept: _SharedDatabase | None = None
        # Databases inherited by a child process, which must neither use nor close them.
        self._inherited: list[_SharedDatabase] = []

    @contextmanager
    def lease(self, settings: Settings, log: Log, *, prepare: bool) -> Iterator[Database]:
        """Lend the database of `settings`, ready for use; it stays open at least as long as the context.

        Without `prepare` one that is not there, or is of another release, is an error.
        """
        with self._lock:
            shared = self._current(settings.database_url)
            shared.users += 1
        try:
            if prepare:
                shared.database = usable(shared.database, log)
            else:
                shared.database.require_current()
            yield shared.database
        finally:
            with self._lock:
                shared.left()

    def _current(self, url: str) -> _SharedDatabase:
        kept = self._kept
        if kept is None or kept.url != url or not kept.untouched():
            self.close()
            kept = self._kept = _SharedDatabase(url, Database(url))
        return kept

    def close(self) -> None:
        """Release the shared database: it is closed now, or by the last call that uses it."""
        with self._lock:
            kept, self._kept = self._kept, None
            if kept is not None:
                kept.retire()

    def before_fork(self) -> None:
        """Close the idle connections; they are opened again when they are needed."""
        self._lock.acquire()
        if self._kept is not None:
            self._kept.close_idle()

    def after_fork_in_parent(self) -> None:
        """Release the lock."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Drop the inherited database and lock."""
        self._lock = threading.RLock()
        if self._kept is not None:
            self._kept.users += 1  # a permanent user, so that no inherited call closes it here
            self._inherited.append(self._kept)
            self._kept = None


_keeper = _Keeper()
atexit.register(_keeper.close)
if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(
        before=_keeper.before_fork,
        after_in_parent=_keeper.after_fork_in_parent,
        after_in_child=_keeper.after_fork_in_child,
    )


@contextmanager
def shared_registry(settings: Settings, log: Log = no_log, *, prepare: bool = True) -> Iterator[Registry]:
    """Context manager: the shared registry of `settings` for one call, made ready as by `db.prepare`.

    Without `prepare` nothing is written: one that is missing or of another release is a RegistryError, and
    read again as soon as it is there. Any number of threads may use it at a time. Raises RegistryError.
    """
    with _keeper.lease(settings, log, prepare=prepare) as database:
        yield Registry(database)


def make_ready(settings: Settings, log: Log = no_log) -> bool:
    """Make the shared registry ready as by `db.prepare`; tell whether it is stored anywhere.

    It is not where none can be created: the packaged catalogue is then in memory. Raises RegistryError.
    """
    with _keeper.lease(settings, log, prepare=True) as database:
        return database.path is not None or database.dialect != "sqlite"


def close() -> None:
    """Close the registry kept open between calls; the next call opens it again."""
    _keeper.close()
