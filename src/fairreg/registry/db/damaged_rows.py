# SPDX-License-Identifier: MIT
"""Entries whose stored record does not decode, among those of a list.

A list is given without them, so that one damaged row does not withhold all others.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, select

from fairreg.errors import RecordError
from fairreg.registry.db.key_conditions import in_values
from fairreg.registry.db.tables import entries

__all__ = ["DAMAGED", "damaged_keys", "identifiers_of"]

# Sentence on an identifier, for a log.
DAMAGED = "The stored record of %s is damaged, and left out; `fairreg db check` says why."


def damaged_keys(keys: Sequence[int], load: Callable[[Sequence[int]], object]) -> list[int]:
    """Return those that `load` refuses with a RecordError; by halves, as few of many are damaged."""
    try:
        load(keys)
    except RecordError:
        if len(keys) == 1:
            return [*keys]
        half = len(keys) // 2
        return damaged_keys(keys[:half], load) + damaged_keys(keys[half:], load)
    return []


def identifiers_of(connection: Connection, keys: Sequence[int]) -> tuple[str, ...]:
    """Return the identifiers of entries, sorted."""
    query = select(entries.c.identifier).where(in_values(connection, entries.c.id, keys))
    return tuple(sorted(connection.scalars(query))) if keys else ()
