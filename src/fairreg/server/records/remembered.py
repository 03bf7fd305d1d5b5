# SPDX-License-Identifier: MIT
"""Facts of the records that were asked for last, without the records: each may take megabytes."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from fairreg.schemas.record import ModelRecord

__all__ = ["Remembered"]

Fact = TypeVar("Fact")
_MOST = 1000


class Remembered(Generic[Fact]):
    """One fact of each of many records, by the hashes of the records."""

    def __init__(self, make: Callable[[ModelRecord], Fact]) -> None:
        self._make = make
        self._facts: dict[tuple[str, int], Fact] = {}
        self._lock = Lock()

    def of(self, record: ModelRecord) -> Fact:
        """Return the fact of a record."""
        key = (record.identifier, hash(record))
        with self._lock:
            if key in self._facts:
                return self._facts[key]
        fact = self._make(record)
        with self._lock:
            self._facts[key] = fact
            while len(self._facts) > _MOST:
                del self._facts[next(iter(self._facts))]
        return fact
