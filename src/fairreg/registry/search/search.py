# SPDX-License-Identifier: MIT
"""Answer queries: identifiers are looked up, words are ranked. Entries of one lineage are one result.

Words take two steps: `candidates` retrieves the entries worth ranking, `ranking` scores them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, func, select

from fairreg.errors import IdentifierError, RecordError
from fairreg.registry.db.entry_query import NEWEST, select_entries, sources_of_all
from fairreg.registry.db.key_conditions import in_values
from fairreg.registry.db.lineage_query import lineage_ids_of, lineage_members
from fairreg.registry.db.row_mapping import entry_from
from fairreg.registry.db.tables import entries
from fairreg.registry.db.tables import lineages as rows_of_lineages
from fairreg.registry.entries import Entry, representative_key
from fairreg.registry.search.candidates import retrieve
from fairreg.registry.search.filters import Filters
from fairreg.registry.search.lookup import entries_for
from fairreg.registry.search.query_expansion import parse_query
from fairreg.registry.search.ranking import ScoredDocument, score
from fairreg.registry.search.results import Correction, SearchHit, SearchResults, UnheldValue

if TYPE_CHECKING:
    from fairreg.registry.search.sorting import Sort

__all__ = ["search"]

_LONGEST_QUESTION = 2000
_MOST_NAMED = 300
# No registry has more results; databases have no larger numbers.
_LAST = 2**31 - 1
# One entry of so many meets conditions that are wide.
_WIDE = 4

Conditions = tuple[ColumnElement[bool], ...]


@dataclass(frozen=True)
class _Found:
    """Key of an entry with its score in 0..1, and the parts of a score by words."""

    entry_id: int
    score: float
    scored: ScoredDocument | None = None


@dataclass(frozen=True)
class _Answer:
    """Results, best first, one per lineage but for those that only match; `total` may count more."""

    found: list[_Found]
    total: int
    complete: bool = True
    corrections: tuple[Correction, ...] = ()


def search(
    connection: Connection,
    query: str,
    filters: Filters,
    *,
    limit: int | None,
    offset: int = 0,
    facets: bool = False,
    sort: "Sort" = "relevance",
) -> SearchResults:
    """Search for models that meet `filters`, best first; an empty query lists all, newest first.

    One of its entries represents a model: the one whose identifier was the query, else that of the newest
    version with a DOI, or under another order than that of relevance the one that comes first. `facets`
    requests counts, too.
    """
    asked = query[:_LONGEST_QUESTION].encode("utf-8", "replace").decode().replace("\0", " ")
    offset, stop = min(offset, _LAST), None if limit is None else min(offset + limit, _LAST)
    meant = filters.known_as(connection)
    named = _by_identifier(connection, asked) if asked.strip() else []
    question = _Question(connection, asked, tuple(named))
    answer = question.answer(meant, sort, stop)
    shown = answer.found[offset:stop]
    representing = sort == "relevance" and not named
    hits, damaged = _hits(connection, shown, () if named else meant.conditions(), newest=representing)
    counts = None
    if facets:
        from fairreg.registry.search.facets import count_facets

        words = asked.strip()
        counts = count_facets(connection, words, meant, question.found_under if words else lambda _: None)
    return SearchResults(
        query,
        answer.total,
        hits,
        answer.complete,
        answer.corrections,
        counts,
        _unheld(connection, meant, found=answer.total > 0),
        damaged,
        len(shown) - len(hits),
        _by_terms(connection, meant) if answer.total else (),
    )


def _unheld(connection: Connection, filters: Filters, *, found: bool) -> tuple[UnheldValue, ...]:
    """Return the values asked for that no entry has; one that is alone is looked up if nothing was found."""
    if all(found and len(values) == 1 for values in filters.asked.values()):
        return ()
    from fairreg.registry.search.unheld_values import unheld_values  # most searches find something

    return unheld_values(connection, filters, found=found)


def _by_terms(connection: Connection, filters: Filters) -> tuple[UnheldValue, ...]:
    """Return the tasks asked for whose words no entry has, with what the vocabulary finds for them."""
    if "task" not in filters.asked:
        return ()
    from fairreg.registry.search.unheld_values import found_by_term  # few searches ask for a task

    return tuple(filter(None, (found_by_term(connection, task) for task in filters.asked["task"])))


@dataclass(frozen=True)
class _Question:
    """A query, the entries whose identifier it is, and what was found under the filters of these names."""

    connection: Connection
    asked: str
    named: tuple[_Found, ...]
    known: dict[tuple[str, ...], _Answer] = field(default_factory=dict)

    def answer(self, filters: Filters, sort: "Sort", stop: int | None) -> _Answer:
        """Return the results under the filters in the order of `sort`, at least up to the place `stop`."""
        if not self.asked.strip():
            return _listed(self.connection, filters, stop, sort)
        found = self._matching(filters)
        if sort != "relevance":
            from fairreg.registry.search.sorting import sort_keys  # few searches ask for another order

            keys = sort_keys(self.connection, [item.entry_id for item in found.found], sort)
            found = replace(found, found=sorted(found.found, key=lambda item: keys[item.entry_id]))
        listed = _one_each(self.connection, found.found)
        return replace(found, found=listed, total=len(listed))

    def found_under(self, filters: Filters) -> list[int]:
        """Return the keys of all entries that were found under the filters."""
        return [item.entry_id for item in self._matching(filters).found]

    def _matching(self, filters: Filters) -> _Answer:
        """Return all entries that match, most relevant first."""
        names = tuple(filters.asked)
        if names not in self.known:
            conditions = filters.conditions()
            self.known[names] = (
                _Answer(_meeting(self.connection, self.named, conditions), 0)
                if self.named
                else _by_words(self.connection, self.asked, conditions)
            )
        return self.known[names]


def _one_each(connection: Connection, found: list[_Found]) -> list[_Found]:
    """Keep the best entry of each lineage."""
    numbers = lineage_ids_of(connection, [item.entry_id for item in found])
    best: dict[tuple[str, int], _Found] = {}
    for item in found:
        alone = item.entry_id not in numbers
        place = ("entry", item.entry_id) if alone else ("lineage", numbers[item.entry_id])
        best.setdefault(place, item)
    return list(best.values())


def _by_identifier(connection: Connection, asked: str) -> list[_Found]:
    try:
        matches = entries_for(connection, asked)
    except IdentifierError:
        return []
    except RecordError:
        return []  # of a damaged record; its words find it as well, and say so
    names = [entry.identifier for entry in matches][:_MOST_NAMED]
    query = select(entries.c.identifier, entries.c.id).where(entries.c.identifier.in_(names))
    keys = {row.identifier: row.id for row in connection.execute(query)}
    return [_Found(keys[name], 1.0) for name in names]


def _by_words(connection: Connection, asked: str, conditions: Conditions) -> _Answer:
    chosen = retrieve(connection, parse_query(asked), conditions)
    scored = [item for text in chosen.documents if (item := score(text, chosen.terms)) is not None]
    best = max((item.relevance for item in scored), default=1.0)
    ranked = sorted(scored, key=lambda item: (-_score(item, best), item.identifier))
    found = [_Found(item.key, _score(item, best), item) for item in ranked]
    return _Answer(found, len(found), chosen.complete, chosen.corrections)


def _score(item: ScoredDocument, best: float) -> float:
    """Scale a relevance to 0..1; entries that express the whole query take the upper half."""
    share = 0.5 * item.relevance / best
    return 0.5 + share if item.whole else share


def _listed(connection: Connection, filters: Filters, wanted: int | None, sort: "Sort") -> _Answer:
    """Return at least the first `wanted` lineages in an order, by default newest first."""
    from fairreg.registry.db.kept_results import kept  # few searches are without words

    def numbers(of: Filters) -> tuple[int, int, int]:
        key = ("listed", *of.asked.items())
        return kept(connection, key, lambda: _numbers(connection, of.conditions(many=True)))

    alone, several, lineages = numbers(filters)
    total = alone - several + lineages
    if not total or wanted == 0:
        return _Answer([], total)
    # Of all entries in their order the first ones are soon found where many meet the conditions; else those
    # that meet them are sorted.
    wide = wanted is not None and alone * _WIDE >= numbers(Filters())[0]
    order = _listing_order(sort)
    bounds = filters.bounds() if order is NEWEST else ()
    in_order = wide or len(filters.asked) == len(bounds)
    query = select(entries.c.id).where(*filters.conditions(many=not in_order), *(bounds if in_order else ()))
    query = query.order_by(*order)
    # At most this many entries belong to lineages seen already.
    query = query if wanted is None else query.limit(wanted + several)
    found = [_Found(key, 1.0) for key in connection.scalars(query)]
    return _Answer(_one_each(connection, found), total)


def _numbers(connection: Connection, conditions: Conditions) -> tuple[int, int, int]:
    """Return the numbers of entries that meet the conditions, of those in lineages, and of their lineages."""
    number, places = func.count(), rows_of_lineages.c.lineage
    alone = connection.scalar(select(number).select_from(entries).where(*conditions)) or 0
    related = select(number, func.count(places.distinct())).join_from(rows_of_lineages, entries)
    several, lineages = connection.execute(related.where(*conditions)).one()
    return alone, several, lineages


def _listing_order(sort: "Sort") -> Sequence[ColumnElement[object]]:
    if sort == "relevance":
        return NEWEST
    from fairreg.registry.search.sorting import listing_order

    return listing_order(sort)


def _meeting(connection: Connection, found: Sequence[_Found], conditions: Conditions) -> list[_Found]:
    """Keep the entries that meet the conditions, in their order."""
    if not conditions:
        return list(found)
    named = in_values(connection, entries.c.id, (item.entry_id for item in found))
    kept = set(connection.scalars(select(entries.c.id).where(named, *conditions)))
    return [item for item in found if item.entry_id in kept]


def _hits(
    connection: Connection, found: Sequence[_Found], conditions: Conditions, *, newest: bool
) -> tuple[tuple[SearchHit, ...], tuple[str, ...]]:
    """Return the hits, and the identifiers of their entries whose stored record is damaged."""
    if not found:
        return (), ()
    members = lineage_members(connection, [item.entry_id for item in found])
    keys = {key for listed in members.values() for key in listed}
    loaded = _loaded(connection, keys)
    related = {key for listed in members.values() if len(listed) > 1 for key in listed}
    meeting = _meeting(connection, [_Found(key, 1.0) for key in sorted(related)], conditions)
    able = {item.entry_id for item in meeting}
    hits = []
    for item in found:
        listed = {key: loaded[key] for key in members[item.entry_id] if key in loaded}
        shown = loaded.get(item.entry_id)
        if newest:
            shown = max(
                (entry for key, entry in listed.items() if key in able), key=representative_key, default=shown
            )
        if shown is not None:
            hits.append(SearchHit(shown, item.score, tuple(listed.values()), item.scored))
    return tuple(hits), _names_of(connection, keys - loaded.keys())


def _names_of(connection: Connection, damaged: set[int]) -> tuple[str, ...]:
    if not damaged:
        return ()
    from fairreg.registry.db.damaged_rows import identifiers_of  # few registries are damaged

    return identifiers_of(connection, [*damaged])


def _loaded(connection: Connection, keys: Iterable[int]) -> dict[int, Entry]:
    """Return the entries, without those whose stored record is damaged."""
    said = sources_of_all(connection, sorted(keys))

    def load(some: Iterable[int]) -> dict[int, Entry]:
        query = select_entries().where(in_values(connection, entries.c.id, some))
        return {row["id"]: entry_from(row, said[row["id"]]) for row in connection.execute(query).mappings()}

    try:
        return load(said)
    except RecordError:
        from fairreg.registry.db.damaged_rows import damaged_keys

        damaged = damaged_keys([*said], load)
        return load(key for key in said if key not in damaged)
