# SPDX-License-Identifier: MIT
"""The conditions of `Filters`: in SQL for the database, in Python for records that no database holds."""

from collections.abc import Callable, Iterable

from sqlalchemy import ColumnElement, exists, func, literal_column, or_

from fairreg.registry.db.tables import entries
from fairreg.registry.db.tables import facets as rows_of_facets
from fairreg.registry.entries import Entry
from fairreg.registry.search.results import Filters
from fairreg.registry.text.normalization import fold

__all__ = ["meets"]


def meets(entry: Entry, filters: Filters) -> bool:
    """Whether the entry meets all conditions, as a search of the database would have it."""
    record = entry.record
    return (
        _any_of(filters.source, lambda value: fold(value) in map(fold, entry.sources))
        and _any_of(filters.kind, lambda value: value.casefold() == record.kind)
        and _any_of(filters.license, lambda value: _is_licensed(record.license, value))
        and _any_of(filters.task, lambda value: _holds(record.ml_task, value))
        and _any_of(filters.framework, lambda value: _holds(record.frameworks, value))
        and filters.runnable in {None, entry.runnable}
        and filters.gone in {None, entry.gone}
        and _scored(entry.fair_score, filters.min_fair)
    )


def _scored(score: float | None, least: float | None) -> bool:
    return least is None or (score is not None and score >= least)


def _any_of(values: tuple[str, ...], met: Callable[[str], bool]) -> bool:
    return not values or any(map(met, values))


def _is_licensed(stated: str | None, wanted: str) -> bool:
    """A family of licences is met by each of its members."""
    held, asked = (stated or "").casefold(), wanted.strip().casefold()
    return held == asked or held.startswith(f"{asked}-")


def _holds(texts: Iterable[str], words: str) -> bool:
    """Whole words only: ``gan`` is not found inside ``organ``."""
    return any(f" {fold(words)} " in f" {fold(text)} " for text in texts)


def sql_conditions(filters: Filters) -> Iterable[ColumnElement[bool] | None]:
    yield _any(entries.c.kind == value.casefold() for value in filters.kind)
    yield _any(_licensed(value) for value in filters.license)
    yield _any(_faceted("source", rows_of_facets.c.key == fold(value)) for value in filters.source)
    for name, values in (("task", filters.task), ("framework", filters.framework)):
        yield _any(_faceted(name, _holds_words(fold(value))) for value in values)
    yield None if filters.runnable is None else entries.c.runnable == filters.runnable
    yield None if filters.min_fair is None else entries.c.fair_score >= filters.min_fair
    yield (
        None
        if filters.gone is None
        else (entries.c.gone_at.is_not(None) if filters.gone else entries.c.gone_at.is_(None))
    )


def _any(conditions: Iterable[ColumnElement[bool]]) -> ColumnElement[bool] | None:
    listed = list(conditions)
    return or_(*listed) if listed else None


def _licensed(value: str) -> ColumnElement[bool]:
    folded, stored = value.strip().casefold(), func.lower(entries.c.license)
    return or_(stored == folded, stored.startswith(f"{folded}-", autoescape=True))


def _faceted(name: str, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The entry itself is looked at, which costs nothing where few entries are in question."""
    return exists().where(rows_of_facets.c.entry_id == entries.c.id, rows_of_facets.c.name == name, condition)


def _holds_words(folded: str) -> ColumnElement[bool]:
    """Whole words only: ``gan`` is not found inside ``organ``."""
    padded: ColumnElement[str] = literal_column("' '") + rows_of_facets.c.key + literal_column("' '")
    return padded.contains(f" {folded} ", autoescape=True)
