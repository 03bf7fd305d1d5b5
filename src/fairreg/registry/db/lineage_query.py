# SPDX-License-Identifier: MIT
"""Read the stored lineages of entries."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection, select

from fairreg.registry.db.key_conditions import in_values
from fairreg.registry.db.tables import lineages

__all__ = ["entries_of", "lineage_ids_of", "lineage_members"]

_LINEAGES = select(lineages.c.entry_id, lineages.c.lineage)


def lineage_ids_of(connection: Connection, entry_ids: Iterable[int]) -> dict[int, int]:
    """Return the lineage of each entry that shares one with other entries."""
    chosen = in_values(connection, lineages.c.entry_id, entry_ids)
    return {row.entry_id: row.lineage for row in connection.execute(_LINEAGES.where(chosen))}


def entries_of(connection: Connection, numbers: Iterable[int]) -> dict[int, list[int]]:
    """Return the entries of each lineage."""
    found: dict[int, list[int]] = defaultdict(list)
    chosen = in_values(connection, lineages.c.lineage, numbers)
    for row in connection.execute(_LINEAGES.where(chosen).order_by(lineages.c.entry_id)):
        found[row.lineage].append(row.entry_id)
    return dict(found)


def lineage_members(connection: Connection, entry_ids: list[int]) -> dict[int, list[int]]:
    """Return for each entry all entries of its lineage, itself included."""
    numbers = lineage_ids_of(connection, entry_ids)
    listed = entries_of(connection, set(numbers.values()))
    return {key: listed[numbers[key]] if key in numbers else [key] for key in entry_ids}
