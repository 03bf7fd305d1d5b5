# SPDX-License-Identifier: MIT
"""Keys of records that were removed for good, which nothing brings back (`ingest.forget` writes them)."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from fairreg.registry.db.key_conditions import chunks, in_key_pairs
from fairreg.registry.db.tables import forgotten

__all__ = ["marked"]


def marked(connection: Connection, keys: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Return those of the keys that are marks; costs one query where nothing was ever forgotten."""
    if connection.scalar(select(forgotten.c.key).limit(1)) is None:
        return frozenset()
    found: set[tuple[str, str]] = set()
    for chunk in chunks(sorted(keys)):
        query = select(forgotten.c.family, forgotten.c.key)
        held = in_key_pairs(forgotten.c.family, forgotten.c.key, chunk)
        found |= {(row.family, row.key) for row in connection.execute(query.where(held))}
    return frozenset(found)
