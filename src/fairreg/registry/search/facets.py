# SPDX-License-Identifier: MIT
"""Count results by source, kind, task, framework, licence and year."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, func, select

from fairreg.registry.db.key_conditions import in_values
from fairreg.registry.db.tables import entries, facets

__all__ = ["Facets", "count_all", "count_among"]

# Name of the facet -> (value, number of entries), most frequent first.
Facets = Mapping[str, tuple[tuple[str, int], ...]]

_MOST = 10
_COLUMNS: Mapping[str, ColumnElement[object]] = {
    "kind": entries.c.kind,
    "license": entries.c.license,
    "year": entries.c.year,
}
_ORDER = ("source", "kind", "task", "framework", "license", "year")


def count_among(connection: Connection, keys: Iterable[int]) -> Facets:
    """Count the facets of some entries."""
    return count_all(connection, (in_values(connection, entries.c.id, keys),))


def count_all(connection: Connection, conditions: Sequence[ColumnElement[bool]] = ()) -> Facets:
    """Count the facets of all entries that meet the conditions."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in _ORDER}
    named = select(facets.c.name, facets.c.value, func.count()).group_by(facets.c.name, facets.c.value)
    if conditions:
        named = named.join(entries, entries.c.id == facets.c.entry_id).where(*conditions)
    for name, value, number in connection.execute(named):
        if name in counts:
            counts[name][value] += number
    for name, column in _COLUMNS.items():
        valued = select(column, func.count()).where(column.is_not(None), *conditions).group_by(column)
        for value, number in connection.execute(valued):
            counts[name][str(value)] += number
    return {name: tuple(_ranked(counted)[:_MOST]) for name, counted in counts.items() if counted}


def _ranked(counted: Counter[str]) -> list[tuple[str, int]]:
    """Order by frequency, equal ones by name."""
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))
