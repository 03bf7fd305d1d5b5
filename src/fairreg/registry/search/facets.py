# SPDX-License-Identifier: MIT
"""Count results by the values of the filters: source, kind, task, framework, licence, year, author, runnable.

A facet is counted without its own filter, so that the values which were not chosen keep their counts. What is
counted are results: entries of one lineage count once. The most frequent values are shown, each with the
number of results that its filter finds: a longer task with its words, the family of a licence and the
initials of a name are among them. Tasks that map to a term of the vocabulary are counted as its label.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, literal_column, or_, select

from fairreg.registry.db.kept_results import kept
from fairreg.registry.db.key_conditions import in_values, text_values
from fairreg.registry.db.tables import entries, facets, lineages
from fairreg.registry.search.filters import FILTERS, Filters
from fairreg.registry.text.normalization import fold

__all__ = ["FACETS", "Facets", "count_facets"]

# (value, number of results), most frequent first; and the same by the name of the facet.
Counts = tuple[tuple[str, int], ...]
Facets = Mapping[str, Counts]
# Keys of all entries that were found under the filters; None: all that meet them.
FoundUnder = Callable[[Filters], Iterable[int] | None]
Conditions = Sequence[ColumnElement[bool]]
# Conditions of values whose filters may find more than the value itself.
Wider = Mapping[str, ColumnElement[bool]]

FACETS = ("source", "kind", "task", "framework", "license", "year", "author", "runnable")
# Their filters find other values with the same words, too.
_BY_WORDS = frozenset({"task", "framework"})
_MOST = 10
# Values that are read, as entries of one lineage are taken away from their numbers afterwards.
_MOST_READ = 40
_COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "kind": entries.c.kind,
    "license": entries.c.license,
    "year": entries.c.year,
    "runnable": entries.c.runnable,
}
# So many entries are looked up one by one; of more, whole indexes are read.
_FEW = 10_000
# Expressions in the place of columns, so that SQLite does not use the index of the column.
_NAME: ColumnElement[str] = facets.c.name + literal_column("''")
_ENTRY: ColumnElement[int] = facets.c.entry_id + literal_column("0")


def count_facets(connection: Connection, query: str, filters: Filters, found: FoundUnder) -> Facets:
    """Count the results of a query under the filters, each facet without its own filter.

    What was counted is kept until the database changes: pages of one search have the same counts.
    """
    asked = tuple((name, values) for name, values in filters.asked.items())
    return kept(connection, ("facets", query, asked), lambda: _counted(connection, filters, found))


def _counted(connection: Connection, filters: Filters, found: FoundUnder) -> Facets:
    among: dict[str | None, _Among] = {}
    counted = {}
    for name in FACETS:
        own = name if name in filters.asked else None
        if own not in among:
            others = filters.without(name)
            among[own] = _Among.of(connection, others, found(others))
        count = _count_column if name in _COLUMNS else _count_rows
        counted[name] = count(connection, name, among[own], _chosen(name, filters))
    return {name: counts for name, counts in counted.items() if counts}


@dataclass(frozen=True)
class _Among:
    """Conditions on the entries to count, none for all; `few` where they are not many.

    `related` are the keys of those that share a lineage with others.
    """

    conditions: Conditions
    few: bool
    related: tuple[int, ...]

    @classmethod
    def of(cls, connection: Connection, filters: Filters, keys: Iterable[int] | None) -> "_Among":
        """Return the conditions on the entries found, or on all that meet the filters."""
        named = None if keys is None else (in_values(connection, entries.c.id, keys),)
        conditions = filters.conditions(many=True) if named is None else named
        few, related = named is not None, select(lineages.c.entry_id)
        if conditions:
            meeting = select(entries.c.id).where(*conditions)
            related = related.where(lineages.c.entry_id.in_(meeting))
            counted = select(func.count()).select_from(entries).where(*conditions)
            few = few or (connection.scalar(counted) or 0) <= _FEW
        return cls(conditions, few, tuple(connection.scalars(related)))


def _count_column(connection: Connection, name: str, among: _Among, chosen: frozenset[str]) -> Counts:
    column = _COLUMNS[name]
    counted = select(column, func.count()).where(column.is_not(None), *among.conditions).group_by(column)
    numbers, repeated = _numbers(connection, counted), {}
    if among.related:
        related = in_values(connection, entries.c.id, among.related)
        query = select(column, _beyond(entries.c.id)).where(related).group_by(column)
        repeated = _numbers(connection, query)
    ranked = _ranked(numbers, repeated, chosen)
    if name != "license":
        return ranked
    wider = _of_families(connection, [value for value, _ in ranked])
    return _recounted(ranked, _results(connection, wider, entries.c.id, among.conditions))


def _count_rows(connection: Connection, name: str, among: _Among, chosen: frozenset[str]) -> Counts:
    key, number = facets.c.key, func.count()
    counted = select(key, number).where(*_rows_of((name,), among)).group_by(key)
    every = name in _BY_WORDS
    numbers = _numbers(
        connection, counted if every else counted.order_by(number.desc(), key).limit(_MOST_READ)
    )
    repeated: dict[str, int] = {}
    if rare := sorted(chosen - numbers.keys()):
        numbers |= _numbers(connection, counted.where(key.in_(rare)))
    if among.related:
        related = (_NAME.in_((name,)), in_values(connection, facets.c.entry_id, among.related))
        query = select(key, _beyond(facets.c.entry_id)).where(*related).group_by(key)
        repeated = _numbers(connection, query)
    if name == "task":
        return _recounted_tasks(connection, among, chosen, numbers, repeated)
    ranked = _ranked(numbers, repeated, chosen)
    spelled = _spelled(connection, name, [value for value, _ in ranked])
    named = tuple((spelled.get(value) or value, counts) for value, counts in ranked)
    if name == "author":
        wider = _of_names(value for value, _ in named)
    elif every:
        keys = {value: spelling for (value, _), (spelling, _) in zip(ranked, named, strict=True)}
        wider = _of_words(connection, keys, numbers)
    else:
        return named
    rows = _rows_of(("author", "author_key") if name == "author" else (name,), among)
    return _recounted(named, _results(connection, wider, facets.c.entry_id, rows))


def _recounted_tasks(
    connection: Connection,
    among: _Among,
    chosen: frozenset[str],
    numbers: Mapping[str, int],
    beyond: Mapping[str, int],
) -> Counts:
    """Count tasks by the label of their term, those without a term by their first spelling."""
    from fairreg.registry.text.task_keys import labels_by_key

    terms = labels_by_key()
    asked = frozenset(terms.get(key, key) for key in chosen)
    # A chosen term that only narrower ones are stated of has no key of its own.
    sums = dict.fromkeys(sorted(asked & set(terms.values())), 0) | _summed(numbers, terms)
    ranked = _ranked(sums, _summed(beyond, terms), asked)
    spelled = _spelled(connection, "task", [key for key, _ in ranked if key not in terms.values()])
    named = tuple((spelled.get(key) or key, number) for key, number in ranked)
    wider = _of_tasks(connection, [value for value, _ in named], numbers)
    return _recounted(named, _results(connection, wider, facets.c.entry_id, _rows_of(("task",), among)))


def _summed(numbers: Mapping[str, int], terms: Mapping[str, str]) -> dict[str, int]:
    """Return the numbers with those of all spellings of a term added up under the term."""
    sums: Counter[str] = Counter()
    for key, number in numbers.items():
        sums[terms.get(key, key)] += number
    return dict(sums)


def _of_tasks(connection: Connection, values: Iterable[str], keys: Iterable[str]) -> Wider:
    """Return the condition of each task whose filter finds more than one key, or one of a narrower term."""
    from fairreg.registry.text.task_keys import keys_under, labels_by_key

    labels = labels_by_key()
    padded = {key: f" {key} " for key in keys}
    found = {
        value: [key for key, words in padded.items() if key in under or f" {fold(value)} " in words]
        for value, under in ((value, keys_under(value)) for value in values)
    }
    return {
        value: facets.c.key.in_(select(text_values(connection, others)))
        for value, others in found.items()
        if len(others) > 1 or any(labels.get(key, value) != value for key in others)
    }


def _of_families(connection: Connection, values: Sequence[str]) -> Wider:
    """Return the condition of each licence that has others in its family."""
    column = entries.c.license
    found = select(column, *(FILTERS["license"].sql(value) for value in values)).group_by(column)
    held = [tuple(row) for row in connection.execute(found.where(column.is_not(None)))]
    members = {value: [row[0] for row in held if row[place]] for place, value in enumerate(values, 1)}
    return {value: column.in_(names) for value, names in members.items() if len(names) > 1}


def _of_names(names: Iterable[str]) -> Wider:
    """Return the condition of each author on the rows of `facets`."""
    from fairreg.registry.search.asked_values import AskedAuthor

    return {name: AskedAuthor.of(name).condition(facets.c.key) for name in names}


def _of_words(connection: Connection, spelled: Mapping[str, str], keys: Iterable[str]) -> Wider:
    """Return the condition of each value whose words stand in other keys, too; `spelled` are keys to show."""
    padded = [f" {key} " for key in keys]
    found = {key: [other[1:-1] for other in padded if f" {key} " in other] for key in spelled}
    return {
        spelled[key]: facets.c.key.in_(select(text_values(connection, others)))
        for key, others in found.items()
        if len(others) > 1
    }


def _results(
    connection: Connection, wider: Wider, entry_id: ColumnElement[int], rows: Conditions
) -> dict[str, int]:
    """Count for each value the results that meet its condition, in one reading of the rows."""
    if not wider:
        return {}
    result = func.coalesce(lineages.c.lineage, -entry_id)
    numbers = [func.count(case((condition, result)).distinct()) for condition in wider.values()]
    joined = entry_id.table.outerjoin(lineages, lineages.c.entry_id == entry_id)
    query = select(*numbers).select_from(joined).where(or_(*wider.values()), *rows)
    return dict(zip(wider, connection.execute(query).one(), strict=True))


def _recounted(counts: Counts, numbers: Mapping[str, int]) -> Counts:
    found = ((value, numbers.get(value, number)) for value, number in counts)
    return tuple(sorted(found, key=lambda item: -item[1]))


def _rows_of(names: Sequence[str], among: _Among) -> Conditions:
    """Return the conditions on the rows of `facets` to count."""
    if not among.conditions:
        return [facets.c.name.in_(names)]
    meeting = select(entries.c.id).where(*among.conditions)
    if among.few:
        return [_NAME.in_(names), facets.c.entry_id.in_(meeting)]
    return [facets.c.name.in_(names), _ENTRY.in_(meeting)]


def _beyond(entry_id: ColumnElement[int]) -> ColumnElement[int]:
    """Number of entries beyond the first of each lineage."""
    lineage = select(lineages.c.lineage).where(lineages.c.entry_id == entry_id).scalar_subquery()
    return func.count() - func.count(lineage.distinct())


def _numbers(connection: Connection, query: Select[Any]) -> dict[str, int]:
    return {_word(value): number for value, number in connection.execute(query)}


def _ranked(numbers: Mapping[str, int], beyond: Mapping[str, int], chosen: frozenset[str]) -> Counts:
    """Return the most frequent values, equal ones by name, and those chosen."""
    results = ((value, number - beyond.get(value, 0)) for value, number in numbers.items())
    ordered = sorted(results, key=lambda item: (-item[1], item[0]))
    return tuple(item for place, item in enumerate(ordered) if place < _MOST or item[0] in chosen)


def _spelled(connection: Connection, name: str, keys: Sequence[str]) -> dict[str, str]:
    """Return for each value the spelling that came first."""
    given = text_values(connection, keys)
    first = select(facets.c.value).where(facets.c.name == name, facets.c.key == given)
    first = first.order_by(facets.c.entry_id).limit(1)
    query = select(given, first.correlate(given.table).scalar_subquery())
    return {row[0]: row[1] for row in connection.execute(query)} if keys else {}


def _word(value: object) -> str:
    """Return a value as the filter takes it: ``true``, ``2021``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _chosen(name: str, filters: Filters) -> frozenset[str]:
    """Return the keys of the values that were asked for."""
    values = filters.asked.get(name, ())
    if name == "author":
        from fairreg.registry.text.normalization import author_keys

        return frozenset(key for value in values for key in author_keys(str(value))[:1])
    return frozenset(_word(value) if name in _COLUMNS else fold(value) for value in values)
