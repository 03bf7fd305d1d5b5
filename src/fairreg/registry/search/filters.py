# SPDX-License-Identifier: MIT
"""Filters of a search, each one definition in `FILTERS`.

A definition has the same meaning in SQL, on the rows of an entry, and in Python, on an entry outside any
database.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from sqlalchemy import ColumnElement, Connection, and_, exists, func, literal_column, or_, select

from fairreg import rubrics
from fairreg.errors import UsageError
from fairreg.registry.db.tables import entries
from fairreg.registry.db.tables import facets as rows_of_facets
from fairreg.registry.entries import Entry
from fairreg.registry.text.normalization import fold
from fairreg.sources import is_from_files

if TYPE_CHECKING:
    from fairreg.registry.search.asked_values import AskedAuthor, TrainingData, Years

__all__ = ["FILTERS", "Filter", "FilterValues", "Filters", "Values"]

# One value, several as alternatives, or no condition.
Values = str | Iterable[str] | None
# Texts of an entry.
_Texts = Callable[[Entry], Iterable[str]]


class FilterValues(TypedDict, total=False):
    """Values to filter by; None sets no condition. See `Filters` for their meaning."""

    source: Values
    task: Values
    framework: Values
    license: Values
    kind: Values
    runnable: bool | None
    gone: bool | None
    min_fair: float | None
    author: Values
    year: Values | int | Iterable[int]
    trained_on: Values


def _as_given(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Filter:
    """One condition on an entry for a given value: the same in SQL and in Python.

    `read` makes the value of what was asked for; it raises UsageError. `of_many` is the condition in a form
    that is quicker where most entries are left to check, if there is one; `of_newest` bounds, in the index of
    dates, the entries that meet it. A value is of one of the types that it `takes`.
    """

    sql: Callable[[Any], ColumnElement[bool]]
    holds: Callable[[Entry, Any], bool]
    read: Callable[[Any], Any] = _as_given
    of_many: Callable[[Any], ColumnElement[bool]] | None = None
    of_newest: Callable[[Any], ColumnElement[bool]] | None = None
    takes: tuple[type, ...] = (str,)


@dataclass(frozen=True)
class Filters:
    """Conditions that an entry must all meet; several values of one condition are alternatives.

    `source`, `kind` and `license` are compared without case (a licence also by family: ``CC-BY`` finds
    ``CC-BY-4.0``); `task` and `framework` match entries whose task or framework contains the words,
    `task` also those whose task maps to the term of the vocabulary that is asked for, or to a narrower one.
    `min_fair` excludes entries that were not assessed as well as those that scored lower. `author` takes
    names in any order, case and spelling, with initials, or an ORCID; `year` a year, or a range of years
    (``2020-2023``, ``-2019``, ``2022-``); `trained_on` any identifier of the training data.
    """

    asked: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, **values: Unpack[FilterValues]) -> "Filters":
        """Create filters by name; TypeError for an unknown name, UsageError for a value without meaning."""
        unknown = sorted(values.keys() - FILTERS.keys())
        if unknown:
            raise TypeError(f"unknown search filter: {', '.join(unknown)}; there are {', '.join(FILTERS)}")
        several = {
            name: tuple(map(FILTERS[name].read, _several(name, given))) for name, given in values.items()
        }
        return cls({name: several[name] for name in FILTERS if several.get(name)})

    def without(self, name: str) -> "Filters":
        """Return all filters but that of a name."""
        return replace(self, asked={other: values for other, values in self.asked.items() if other != name})

    def known_as(self, connection: Connection) -> "Filters":
        """Return filters that also take what the registry knows under other identifiers."""
        data = self.asked.get("trained_on")
        if not data:
            return self
        return replace(self, asked={**self.asked, "trained_on": tuple(d.known_as(connection) for d in data)})

    def conditions(self, *, many: bool = False) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions on a row of `entries`, in SQL; `many` where they select among all entries."""
        forms = {name: FILTERS[name].of_many if many else None for name in self.asked}
        return tuple(
            or_(*map(forms[name] or FILTERS[name].sql, values)) for name, values in self.asked.items()
        )

    def bounds(self) -> tuple[ColumnElement[bool], ...]:
        """Return bounds of the dates of the entries that meet the conditions, as far as these bound them."""
        single = (
            (FILTERS[name].of_newest, values[0]) for name, values in self.asked.items() if len(values) == 1
        )
        return tuple(bound(value) for bound, value in single if bound is not None)

    def met_by(self, entry: Entry) -> bool:
        """Tell whether an entry meets all conditions, as its rows in a database would."""
        return all(
            any(FILTERS[name].holds(entry, value) for value in values) for name, values in self.asked.items()
        )


# Alternatives of one filter: SQLite reads no deeper conditions than a thousand of them make.
_MOST_VALUES = 50


def _several(name: str, given: object) -> tuple[Any, ...]:
    if given is None:
        return ()
    values = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else (given,)
    if len(values) > _MOST_VALUES:
        raise UsageError(
            f"{name} has {len(values)} values.", hint=f"Give at most {_MOST_VALUES}, or search several times."
        )
    for value in values:
        _require_type(name, value)
    return tuple(_storable(value) if isinstance(value, str) else value for value in values)


_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "True or False"}


def _require_type(name: str, value: object) -> None:
    """Raise UsageError for a value of a type that the filter does not take; a flag is no number."""
    takes = FILTERS[name].takes
    if not isinstance(value, takes) or (isinstance(value, bool) and bool not in takes):
        from fairreg.schemas.text import shortened  # not needed for what is right

        wanted = " or ".join(_WORDS[each] for each in takes)
        raise UsageError(f"{name} is {shortened(repr(value), _SHOWN)}; it takes {wanted}.")


# Characters of a value in a message.
_SHOWN = 60
# Characters of a value that are read: more than any stored one has, and what a condition of SQLite may hold.
_LONGEST_VALUE = 2000


def _storable(text: str) -> str:
    """Return the beginning of `text` without NUL and lone surrogates, which databases do not accept."""
    return text[:_LONGEST_VALUE].encode("utf-8", "replace").decode().replace("\0", " ")


# Factories of filters: `of` reads from an entry what the column or facet stores of it.


def _same_word(column: ColumnElement[str], of: Callable[[Entry], str]) -> Filter:
    """Return a filter for equality of a column with a lower-case word."""
    return Filter(
        sql=lambda value: column == value.casefold(),
        holds=lambda entry, value: of(entry) == value.casefold(),
    )


def _same_flag(column: ColumnElement[bool], of: Callable[[Entry], bool]) -> Filter:
    return Filter(
        sql=lambda value: column == value,
        holds=lambda entry, value: of(entry) == value,
        takes=(bool,),
    )


def _stated(column: ColumnElement[str | None], of: Callable[[Entry], str | None]) -> Filter:
    """The column is filled, or empty for False."""
    return Filter(
        sql=lambda value: column.is_not(None) if value else column.is_(None),
        holds=lambda entry, value: (of(entry) is not None) == value,
        takes=(bool,),
    )


def _as_score(given: float) -> float:
    if not 0 <= given <= 1:  # NaN, too
        raise UsageError(f"min_fair is {given}; it takes a number from 0 to 1, such as 0.75.")
    return given


def _at_least(
    column: ColumnElement[float | None],
    of: Callable[[Entry], float | None],
    read: Callable[[Any], Any] = _as_given,
) -> Filter:
    return Filter(
        read=read,
        takes=(float, int),
        sql=lambda value: _unindexed(column) >= rubrics.least(value),
        of_many=lambda value: column >= rubrics.least(value),
        holds=lambda entry, value: (number := of(entry)) is not None and rubrics.reaches(number, value),
    )


def _unindexed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    from fairreg.registry.db.unindexed import unindexed  # few searches have a range

    return unindexed(column)


def _same_or_family(column: ColumnElement[str | None], of: Callable[[Entry], str | None]) -> Filter:
    """A family matches each of its members: the names that continue with a hyphen."""

    def in_sql(value: str) -> ColumnElement[bool]:
        wanted, held = _small(value.strip()), func.lower(column)
        return or_(held == wanted, held.startswith(f"{wanted}-", autoescape=True))

    def in_python(entry: Entry, value: str) -> bool:
        wanted, held = _small(value.strip()), of(entry)
        return held is not None and (_small(held) == wanted or _small(held).startswith(f"{wanted}-"))

    return Filter(in_sql, in_python)


def _small(text: str) -> str:
    """Lower-case ASCII only, as `lower` does in SQLite and in PostgreSQL under the collation C."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _facet(name: str, of: _Texts) -> Filter:
    """One of the texts equals the value, ignoring case and diacritics."""
    return Filter(
        sql=lambda value: _faceted(name, rows_of_facets.c.key == fold(value)),
        holds=lambda entry, value: fold(value) in _keys(of(entry)),
        of_many=lambda value: _holding((name,), rows_of_facets.c.key == fold(value)),
    )


def _no_more(_: str) -> frozenset[str]:
    return frozenset()


def _facet_words(name: str, of: _Texts, more: Callable[[str], frozenset[str]] = _no_more) -> Filter:
    """One of the texts contains the words of the value in a row: ``gan`` does not match ``organ``.

    Texts whose key is among `more` keys of the value match, too.
    """
    padded: ColumnElement[str] = literal_column("' '") + rows_of_facets.c.key + literal_column("' '")

    def condition(value: str) -> ColumnElement[bool]:
        worded = padded.contains(f" {fold(value)} ", autoescape=True)
        others = sorted(key for key in more(value) if not _contains(key, value))
        return or_(worded, rows_of_facets.c.key.in_(others)) if others else worded

    def matches(key: str, value: str) -> bool:
        return _contains(key, value) or key in more(value)

    return Filter(
        sql=lambda value: _faceted(name, condition(value)),
        of_many=lambda value: _holding((name,), condition(value)),
        holds=lambda entry, value: any(matches(key, value) for key in _keys(of(entry))),
    )


def _contains(key: str, value: str) -> bool:
    return f" {fold(value)} " in f" {key} "


def _keys_of_term(value: str) -> frozenset[str]:
    from fairreg.registry.text.task_keys import keys_under  # few searches ask for a task

    return keys_under(value)


def _faceted(name: str, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """A correlated subquery on the entry, which is cheap where few entries are left to check."""
    of_entry = rows_of_facets.c.entry_id == entries.c.id
    # Facets counted in the outer query need an alias of their own.
    return exists().where(of_entry, rows_of_facets.c.name == name, condition).correlate(entries)


def _keys(texts: Iterable[str]) -> list[str]:
    """Return the keys of the texts in `facets`; a text without letters and digits has none."""
    return [key for text in texts if (key := fold(text))]


def _among(column: ColumnElement[int | None], of: Callable[[Entry], int | None]) -> Filter:
    """The number is within the years asked for."""

    def in_sql(years: "Years", held: ColumnElement[int | None] = column) -> ColumnElement[bool]:
        if years.first is None:
            return held <= years.last
        return held >= years.first if years.last is None else held.between(years.first, years.last)

    def in_python(entry: Entry, years: "Years") -> bool:
        number = of(entry)
        return number is not None and number in years

    def read(given: Any) -> "Years":
        from fairreg.registry.search.asked_values import Years  # few searches ask for years

        return Years.of(given)

    return Filter(
        lambda years: in_sql(years, _unindexed(column)), in_python, read, in_sql, _dated, takes=(int, str)
    )


def _dated(years: "Years") -> ColumnElement[bool]:
    """The date, of which the year is taken, begins with one of the years; then comes a hyphen or nothing."""
    earliest = [] if years.first is None else [entries.c.dated >= f"{years.first:04}"]
    latest = [] if years.last is None else [entries.c.dated < f"{years.last:04}."]
    return and_(*earliest, *latest)


def _by_author() -> Filter:
    """A creator has the ORCID, or a name with all the words asked for."""

    def in_sql(author: "AskedAuthor") -> ColumnElement[bool]:
        return _holding(("author", "author_key"), author.condition(rows_of_facets.c.key))

    def in_python(entry: Entry, author: "AskedAuthor") -> bool:
        return author.made(entry.record)

    def read(given: Any) -> "AskedAuthor":
        from fairreg.registry.search.asked_values import AskedAuthor

        return AskedAuthor.of(str(given))

    return Filter(in_sql, in_python, read)


def _by_training_data() -> Filter:
    """The model states that it was trained on the data of one of the identifiers."""

    def in_sql(data: "TrainingData") -> ColumnElement[bool]:
        return _holding(("trained_on",), rows_of_facets.c.key.in_(sorted(data.keys)))

    def in_python(entry: Entry, data: "TrainingData") -> bool:
        return data.taught(entry.record)

    def read(given: Any) -> "TrainingData":
        from fairreg.registry.search.asked_values import TrainingData

        return TrainingData.of(given)

    return Filter(in_sql, in_python, read)


def _holding(names: tuple[str, ...], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """A subquery of its own, which reads an index of the facets however many entries there are."""
    named = rows_of_facets.c.name.in_(names)
    return entries.c.id.in_(select(rows_of_facets.c.entry_id).where(named, condition))


# Filters by name, in the order of the conditions in SQL.
FILTERS: Mapping[str, Filter] = {
    "kind": _same_word(entries.c.kind, lambda entry: entry.record.kind),
    "license": _same_or_family(entries.c.license, lambda entry: entry.record.license),
    "source": _facet("source", lambda entry: (name for name in entry.sources if not is_from_files(name))),
    "task": _facet_words("task", lambda entry: entry.record.ml_task, _keys_of_term),
    "framework": _facet_words("framework", lambda entry: entry.record.frameworks),
    "runnable": _same_flag(entries.c.runnable, lambda entry: entry.runnable),
    "min_fair": _at_least(entries.c.fair_score, lambda entry: entry.fair_score, _as_score),
    "gone": _stated(entries.c.gone_at, lambda entry: entry.gone_at),
    "author": _by_author(),
    "year": _among(entries.c.year, lambda entry: entry.record.year),
    "trained_on": _by_training_data(),
}
