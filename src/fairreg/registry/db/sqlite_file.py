# SPDX-License-Identifier: MIT
"""Opening of an SQLite file that may be in a read-only folder, or on a full disk.

To read a database with a write-ahead log SQLite makes two files beside it (https://sqlite.org/wal.html, 5).
Where it cannot, and where no changes are left in a log or journal, the file is opened as immutable, which
needs neither files nor locks.
"""

import os
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

from fairreg.errors import RegistryError, RegistryNotWritable

__all__ = ["SqliteFile"]

# Primary result codes with which opening fails where nothing can be written.
_NOT_WRITABLE = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL}
)
_LOGS = ("-wal", "-journal")


class _Version(NamedTuple):
    """Version of a file: another one after each change of its content."""

    number: int
    size: int
    changed_ns: int


class SqliteFile:
    """Connections to the file at `path`; immutable ones where it cannot be opened otherwise."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # The file as it was when it was opened as immutable, and why.
        self._frozen: _Version | None = None
        self._reason: sqlite3.Error | None = None

    def connect(self, name: str, **options: Any) -> sqlite3.Connection:
        """Open a connection; `name` and `options` are those of `sqlite3.connect`.

        Raises sqlite3.Error, and RegistryError for a file whose last changes cannot be read without writing.
        """
        connection: sqlite3.Connection = sqlite3.connect(name, **options)
        try:
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").close()
        except sqlite3.OperationalError as error:
            connection.close()
            if error.sqlite_errorcode & 0xFF not in _NOT_WRITABLE or not self._path.is_file():
                raise
            return self._immutable(error, options)
        except BaseException:
            connection.close()
            raise
        self._frozen = None
        return connection

    def _immutable(self, error: sqlite3.Error, options: dict[str, Any]) -> sqlite3.Connection:
        if any(_has_content(self._path, suffix) for suffix in _LOGS):
            raise RegistryError(
                f"The last changes to {self._path} are in its log, which cannot be read without writing.",
                hint="Ask somebody who may write there to run: fairreg db info",
            ) from error
        self._frozen, self._reason = self._version(), error
        address = f"{self._path.absolute().as_uri()}?mode=ro&immutable=1"
        connection: sqlite3.Connection = sqlite3.connect(address, **{**options, "uri": True})
        try:
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").close()
        except sqlite3.Error:
            connection.close()
            self._frozen = None
            raise error from None  # says more than that of the second attempt
        return connection

    @property
    def read_only(self) -> RegistryNotWritable | None:
        """The error of writing where it is known that the file cannot be written; None elsewhere."""
        if self._frozen is None and (not self._path.exists() or _may_write(self._path)):
            return None
        if _may_write(self._path) and _may_write(self._path.parent):
            return RegistryNotWritable(
                f"The registry {self._path} cannot be written: its disk is full, or failing.",
                hint="Free some space.",
            )
        return RegistryNotWritable(
            f"The registry {self._path} is read-only.",
            hint="Make it and its folder writable, or set FAIRREG_HOME.",
        )

    @property
    def is_stale(self) -> bool:
        """True where the file changed after it was opened as immutable: nothing protects its readers."""
        return self._frozen is not None and self._frozen != self._version()

    def _version(self) -> _Version:
        found = self._path.stat()
        return _Version(found.st_ino, found.st_size, found.st_mtime_ns)


def _has_content(path: Path, suffix: str) -> bool:
    log = path.with_name(path.name + suffix)
    return log.is_file() and log.stat().st_size > 0


def _may_write(path: Path) -> bool:
    effective = os.access in os.supports_effective_ids
    return os.access(path, os.W_OK, effective_ids=effective)
