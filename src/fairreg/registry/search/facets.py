# SPDX-License-Identifier: MIT
"""Count results by the values of the filters: source, kind, task, framework, licence, year, author, runnable.

A facet is counted without its own filter, so that the values which were not chosen keep their counts. What is
counted are results: entries of one lineage with the same value count once.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from fairreg.registry.db.key_conditions import in_values
from fairreg.registry.db.tables import entries, facets, lineages
from fairreg.registry.search.filters import Filters
from fairreg.registry.text.normalization import fold

__all__ = ["FACETS", "Facets", "count_facets"]

# Name of the facet -> (value, number of results), most frequent first.
Facets = Mapping[str, tuple[tuple[str, int], ...]]
Conditions = Sequence[ColumnElement[bool]]
# Keys of all entries that were found under the filters; None: all that meet them.
FoundUnder = Callable[[Filters], Iterable[int] | None]

FACETS = ("source", "kind", "task", "framework", "license", "year", "author", "runnable")
_MOST = 10
_COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "kind": entries.c.kind,
    "license": entries.c.license,
    "year": entries.c.year,
    "runnable": entries.c.runnable,
}


class _Counts:
    """Numbers of results by value of one facet; spellings of a value count as one."""

    def __init__(self) -> None:
        self._numbers: Counter[str] = Counter()
        self._shown: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, key: str, value: str, number: int) -> None:
        """Count a spelling of a value."""
        self._numbers[key] += number
        self._shown[key][value] += number

    def subtract(self, key: str, number: int) -> None:
        """Take away results that were counted more than once."""
        self._numbers[key] -= number

    def ranked(self, chosen: frozenset[str]) -> tuple[tuple[str, int], ...]:
        """Return the most frequent values, equal ones by name, and those chosen; in the usual spelling."""
        named = [(_usual(self._shown[key]), number, key) for key, number in self._numbers.items()]
        named.sort(key=lambda item: (-item[1], item[0]))
        kept = (item for place, item in enumerate(named) if place < _MOST or item[2] in chosen)
        return tuple((value, number) for value, number, _ in kept)


def _usual(spelled: Counter[str]) -> str:
    return min(spelled, key=lambda value: (-spelled[value], value))


def count_facets(connection: Connection, filters: Filters, found: FoundUnder) -> Facets:
    """Count the results under the filters, each facet without its own filter."""
    asked = [name for name in FACETS if name in filters.asked]
    counts = {name: _Counts() for name in FACETS}
    _count(connection, counts, [name for name in FACETS if name not in asked], filters, found)
    for name in asked:
        _count(connection, counts, [name], filters.without(name), found)
    ranked = {name: counted.ranked(_chosen(name, filters)) for name, counted in counts.items()}
    return {name: values for name, values in ranked.items() if values}


def _count(
    connection: Connection,
    counts: Mapping[str, _Counts],
    names: Sequence[str],
    filters: Filters,
    found: FoundUnder,
) -> None:
    keys = found(filters)
    conditions = filters.conditions() if keys is None else (in_values(connection, entries.c.id, keys),)
    stored = [name for name in names if name not in _COLUMNS]
    if stored:
        _count_rows(connection, {name: counts[name] for name in stored}, conditions)
    for name in names:
        if name in _COLUMNS:
            _count_column(connection, counts[name], _COLUMNS[name], conditions)


def _count_rows(connection: Connection, counts: Mapping[str, _Counts], conditions: Conditions) -> None:
    # Rows without a value are other keys of one that has it.
    counted = (facets.c.name.in_(counts), facets.c.value != "")
    query = select(facets.c.name, facets.c.key, facets.c.value, func.count()).where(*counted)
    if conditions:
        query = query.join(entries, entries.c.id == facets.c.entry_id).where(*conditions)
    for name, key, value, number in connection.execute(
        query.group_by(facets.c.name, facets.c.key, facets.c.value)
    ):
        counts[name].add(key, value, number)
    repeated = _repeated(facets.c.name, facets.c.key).join(facets, facets.c.entry_id == entries.c.id)
    for name, key, number in connection.execute(
        repeated.where(*counted, *conditions).group_by(facets.c.name, facets.c.key)
    ):
        counts[name].subtract(key, number)


def _count_column(
    connection: Connection, counts: _Counts, column: ColumnElement[Any], conditions: Conditions
) -> None:
    stated = (column.is_not(None), *conditions)
    for value, number in connection.execute(select(column, func.count()).where(*stated).group_by(column)):
        counts.add(_word(value), _word(value), number)
    for value, number in connection.execute(_repeated(column).where(*stated).group_by(column)):
        counts.subtract(_word(value), number)


def _repeated(*columns: ColumnElement[Any]) -> Select[Any]:
    """Count the entries beyond the first of each lineage; few entries share a lineage with others."""
    beyond = func.count() - func.count(lineages.c.lineage.distinct())
    return select(*columns, beyond).select_from(lineages).join(entries, entries.c.id == lineages.c.entry_id)


def _word(value: object) -> str:
    """Return a value as the filter takes it: ``true``, ``2021``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _chosen(name: str, filters: Filters) -> frozenset[str]:
    """Return the keys of the values that were asked for."""
    values = filters.asked.get(name, ())
    if name == "author":
        from fairreg.registry.text.author_names import author_keys

        return frozenset(key for value in values for key in author_keys(str(value))[:1])
    return frozenset(_word(value) if name in _COLUMNS else fold(value) for value in values)
