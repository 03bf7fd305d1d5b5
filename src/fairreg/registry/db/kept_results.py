# SPDX-License-Identifier: MIT
"""Results that the connections to a database share until it changes: counts over all entries take a while.

Each is kept under the state that it was read from, so that a reader of another state never gets it.
"""

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Pool

from fairreg.registry.db.engine import CHANGES, number_in

__all__ = ["kept"]

# Results of one database; those asked for least recently are given up.
_MOST = 1024
_Result = TypeVar("_Result")
# What a connection knew last of the state of its SQLite database.
_SEEN = "fairreg_state"


class _Results:
    """Results by state and key. Threads that make the same one at a time all return their own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[Hashable, Any] = {}
        self.uncounted = 0  # changes by programs that do not count them

    def find(self, key: Hashable) -> tuple[Any, ...]:
        """Return the result alone, or nothing."""
        with self._lock:
            if key not in self._held:
                return ()
            self._held[key] = found = self._held.pop(key)  # asked for last
            return (found,)

    def keep(self, key: Hashable, found: object) -> None:
        with self._lock:
            self._held[key] = found
            while len(self._held) > _MOST:
                del self._held[next(iter(self._held))]


_of_pools: WeakKeyDictionary[Pool, _Results] = WeakKeyDictionary()
_making = threading.Lock()


def kept(connection: Connection, key: Hashable, make: Callable[[], _Result]) -> _Result:
    """Return the result of `make`, or that of an earlier call if nothing has changed since.

    A transaction that writes makes it anew: its state is not yet that of any other.
    """
    if connection.get_execution_options().get("fairreg_writing"):
        return make()
    with _making:
        results = _of_pools.setdefault(connection.engine.pool, _Results())
    place = (_state(connection, results), key)
    for found in results.find(place):
        known: _Result = found
        return known
    made = make()
    results.keep(place, made)
    return made


def _state(connection: Connection, results: _Results) -> Hashable:
    """Return a value that is the same for two connections only where they read the same."""
    if connection.dialect.name == "postgresql":
        # Which transactions are visible; only those that write have a number.
        return str(connection.exec_driver_sql("SELECT CAST(pg_current_snapshot() AS text)").scalar())
    count, version = number_in(connection, CHANGES), number_in(connection, "PRAGMA data_version")
    before = connection.info.get(_SEEN)
    # Another content, whose count is none that came after: a copy of an older state was put in its place.
    if before is not None and before[1] != version and count <= before[0]:
        results.uncounted += 1
    connection.info[_SEEN] = (count, version)
    return count, results.uncounted
