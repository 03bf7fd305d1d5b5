# SPDX-License-Identifier: MIT
"""Results that a connection keeps until the database changes: counts over all entries take a while."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from sqlalchemy import Connection

__all__ = ["kept"]

_NAME = "fairreg_kept_results"
# Of one connection; those asked for least recently are given up.
_MOST = 256
_Result = TypeVar("_Result")


def kept(connection: Connection, key: Hashable, make: Callable[[], _Result]) -> _Result:
    """Return the result of `make`, or that of an earlier call if nothing has changed since."""
    state = _state(connection)
    known, results = connection.info.get(_NAME, (None, {}))
    if known != state:
        results = {}
        connection.info[_NAME] = (state, results)
    found: _Result = results.pop(key) if key in results else make()
    results[key] = found
    if len(results) > _MOST:
        del results[next(iter(results))]
    return found


def _state(connection: Connection) -> object:
    """Return a value that differs as soon as the connection reads something else than before."""
    if connection.dialect.name == "postgresql":
        # Which transactions are visible; only those that write have a number.
        return connection.exec_driver_sql("SELECT CAST(pg_current_snapshot() AS text)").scalar()
    raw: Any = connection.connection.driver_connection
    # The pragma counts what others commit, the attribute what this connection writes.
    return connection.exec_driver_sql("PRAGMA data_version").scalar(), raw.total_changes
