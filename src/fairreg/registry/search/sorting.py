# SPDX-License-Identifier: MIT
"""Orders of results. Each is total, so that paging by offset neither repeats nor skips a result."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

from sqlalchemy import ColumnElement, Connection, select

from fairreg.errors import UsageError
from fairreg.registry.db.entry_query import NEWEST
from fairreg.registry.db.key_conditions import in_values
from fairreg.registry.db.row_mapping import number_or_none, sort_name
from fairreg.registry.db.tables import entries
from fairreg.registry.entries import Entry

__all__ = ["SORTS", "Sort", "listing_order", "require_sort", "sort_key", "sort_keys"]

# year and fair: the newest and the best first, unknown ones last, equal ones by relevance; name: A to Z.
Sort = Literal["relevance", "year", "fair", "name"]
SORTS: tuple[Sort, ...] = get_args(Sort)

# A sort key sorts upwards, and knows nothing of relevance.
SortKey = tuple[float, str]

# Each is read from an index, see migration 0009.
_LISTINGS: Mapping[Sort, Sequence[ColumnElement[object]]] = {
    "relevance": NEWEST,
    "year": NEWEST,  # a date begins with its year
    "fair": (entries.c.fair_score.desc().nulls_last(), *NEWEST),
    "name": (entries.c.sort_name, entries.c.id),
}


def require_sort(name: str) -> Sort:
    """Return the order of this name; UsageError lists those there are."""
    for sort in SORTS:
        if sort == name:
            return sort
    raise UsageError(f"There is no order {name!r}.", hint=f"Sort by {', '.join(SORTS)}.")


def listing_order(sort: Sort) -> Sequence[ColumnElement[object]]:
    """Return the order of entries where no query makes one more relevant than another: the newest first."""
    return _LISTINGS[sort]


def sort_keys(connection: Connection, entry_ids: Sequence[int], sort: Sort) -> Mapping[int, SortKey]:
    """Return the sort key of each entry."""
    columns = (entries.c.id, entries.c.year, entries.c.fair_score, entries.c.sort_name)
    query = select(*columns).where(in_values(connection, entries.c.id, entry_ids))
    return {
        row.id: _KEYS[sort](
            number_or_none(row.year), number_or_none(row.fair_score), str(row.sort_name or "")
        )
        for row in connection.execute(query)
    }


def sort_key(entry: Entry, sort: Sort) -> SortKey:
    """Return the sort key of an entry that need not be in a database."""
    return _KEYS[sort](entry.record.year, entry.fair_score, sort_name(entry.record))


def _by_relevance(_year: int | None, _score: float | None, _name: str) -> SortKey:
    return 0.0, ""


def _by_year(year: int | None, _score: float | None, _name: str) -> SortKey:
    return -float(year or 0), ""


def _by_score(_year: int | None, score: float | None, _name: str) -> SortKey:
    return 1.0 if score is None else -score, ""


def _by_name(_year: int | None, _score: float | None, name: str) -> SortKey:
    return 0.0, name


_KEYS: Mapping[Sort, Callable[[int | None, float | None, str], SortKey]] = {
    "relevance": _by_relevance,
    "year": _by_year,
    "fair": _by_score,
    "name": _by_name,
}
