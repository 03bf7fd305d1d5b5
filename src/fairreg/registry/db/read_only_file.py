# SPDX-License-Identifier: MIT
"""An SQLite file that cannot be opened in the usual way: in a read-only folder, or on a full disk.

To read a database with a write-ahead log SQLite makes two files beside it (https://sqlite.org/wal.html, 5).
Where it cannot, and where no changes are left in a log or journal, the file is opened as immutable, which
needs neither files nor locks.
"""

import os
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple, Self

from fairreg.errors import RegistryError, RegistryNotWritable

__all__ = ["ReadOnlyFile", "refusal"]

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


class ReadOnlyFile:
    """The file at `path`, opened as immutable: nothing protects its readers from a writer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened = self._version()

    @classmethod
    def opened(
        cls, path: Path, error: sqlite3.OperationalError, options: dict[str, Any]
    ) -> tuple[Self, sqlite3.Connection]:
        """Open a file that `error` kept from being opened; `options` are those of `sqlite3.connect`.

        Raises `error` where that was no matter of writing, and RegistryError for a file whose last changes
        cannot be read without writing.
        """
        if error.sqlite_errorcode & 0xFF not in _NOT_WRITABLE or not path.is_file():
            raise error
        if any(_has_content(path, suffix) for suffix in _LOGS):
            raise RegistryError(
                f"The last changes to {path} are in its log, which cannot be read without writing.",
                hint="Ask somebody who may write there to run: fairreg db info",
            ) from error
        file = cls(path)
        address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        connection: sqlite3.Connection = sqlite3.connect(address, **{**options, "uri": True})
        try:
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").close()
        except sqlite3.Error:
            connection.close()
            raise error from None  # says more than that of the second attempt
        return file, connection

    @property
    def refusal(self) -> RegistryNotWritable:
        """The error of writing."""
        return refusal(self._path)

    @property
    def is_stale(self) -> bool:
        """True where the file changed after it was opened."""
        return self._opened != self._version()

    def _version(self) -> _Version:
        found = self._path.stat()
        return _Version(found.st_ino, found.st_size, found.st_mtime_ns)


def refusal(path: Path) -> RegistryNotWritable:
    """Return the error of writing to a registry that can be read."""
    if _may_write(path) and _may_write(path.parent):
        return RegistryNotWritable(
            f"The registry {path} cannot be written: its disk is full, or failing.", hint="Free some space."
        )
    return RegistryNotWritable(
        f"The registry {path} is read-only.", hint="Make it and its folder writable, or set FAIRREG_HOME."
    )


def _has_content(path: Path, suffix: str) -> bool:
    log = path.with_name(path.name + suffix)
    return log.is_file() and log.stat().st_size > 0


def _may_write(path: Path) -> bool:
    effective = os.access in os.supports_effective_ids
    return os.access(path, os.W_OK, effective_ids=effective)
