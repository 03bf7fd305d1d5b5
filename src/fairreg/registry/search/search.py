# SPDX-License-Identifier: MIT
"""Answer queries: identifiers are looked up, words are ranked. Entries of one lineage are one result.

Words take two steps: `candidates` retrieves the entries worth ranking, `ranking` scores them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, func, select

from fairreg.errors import IdentifierError
from fairreg.registry.db.entry_query import select_entries, sources_of_all
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
from fairreg.registry.search.results import Correction, SearchHit, SearchResults

__all__ = ["search"]

_LONGEST_QUESTION = 2000
_MOST_NAMED = 300

Conditions = tuple[ColumnElement[bool], ...]


@dataclass(frozen=True)
class _Found:
    """Key of an entry with its score in 0..1, and the parts of a score by words."""

    entry_id: int
    score: float
    scored: ScoredDocument | None = None


@dataclass(frozen=True)
class _Answer:
    """Results, best first, one per lineage; `total` may count more than are listed."""

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
) -> SearchResults:
    """Search for models that meet `filters`, best first; an empty query lists all, newest first.

    One of its entries represents a model: the one whose identifier was the query, else that of the newest
    version with a DOI. `facets` requests counts, too.
    """
    asked = query[:_LONGEST_QUESTION].encode("utf-8", "replace").decode().replace("\0", " ")
    conditions = filters.conditions()
    named = _by_identifier(connection, asked) if asked.strip() else []
    if named:
        answer = _counted(connection, _meeting(connection, named, conditions))
    elif asked.strip():
        answer = _by_words(connection, asked, conditions)
    else:
        answer = _newest(connection, conditions, None if limit is None else offset + limit)
    shown = answer.found[offset:] if limit is None else answer.found[offset : offset + limit]
    hits = _hits(connection, shown, () if named else conditions, newest=not named)
    counts = None
    if facets:
        from fairreg.registry.search.facets import count_all, count_among

        keys = (item.entry_id for item in answer.found)
        counts = count_among(connection, keys) if asked.strip() else count_all(connection, conditions)
    return SearchResults(query, answer.total, hits, answer.complete, answer.corrections, counts)


def _counted(connection: Connection, found: Iterable[_Found], *, complete: bool = True) -> _Answer:
    listed = _one_each(connection, list(found))
    return _Answer(listed, len(listed), complete)


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
    names = [entry.identifier for entry in matches][:_MOST_NAMED]
    query = select(entries.c.identifier, entries.c.id).where(entries.c.identifier.in_(names))
    keys = {row.identifier: row.id for row in connection.execute(query)}
    return [_Found(keys[name], 1.0) for name in names]


def _by_words(connection: Connection, asked: str, conditions: Conditions) -> _Answer:
    chosen = retrieve(connection, parse_query(asked), conditions)
    scored = [item for text in chosen.documents if (item := score(text, chosen.terms)) is not None]
    best = max((item.relevance for item in scored), default=1.0)
    ranked = sorted(scored, key=lambda item: (-_score(item, best), item.identifier))
    found = (_Found(item.key, _score(item, best), item) for item in ranked)
    answer = _counted(connection, found, complete=chosen.complete)
    return replace(answer, corrections=chosen.corrections)


def _score(item: ScoredDocument, best: float) -> float:
    """Scale a relevance to 0..1; entries that express the whole query take the upper half."""
    share = 0.5 * item.relevance / best
    return 0.5 + share if item.whole else share


def _newest(connection: Connection, conditions: Conditions, wanted: int | None) -> _Answer:
    """Return at least the first `wanted` lineages, newest first."""
    number, places = func.count(), rows_of_lineages.c.lineage
    alone = connection.scalar(select(number).select_from(entries).where(*conditions)) or 0
    related = select(number, func.count(places.distinct())).join_from(rows_of_lineages, entries)
    several, lineages = connection.execute(related.where(*conditions)).one()
    query = select(entries.c.id).where(*conditions).order_by(entries.c.dated.desc(), entries.c.id.desc())
    # At most this many entries belong to lineages seen already.
    query = query if wanted is None else query.limit(wanted + several)
    found = [_Found(key, 1.0) for key in connection.scalars(query)]
    return _Answer(_one_each(connection, found), alone - several + lineages)


def _meeting(connection: Connection, found: Sequence[_Found], conditions: Conditions) -> list[_Found]:
    """Keep the entries that meet the conditions, in their order."""
    if not conditions:
        return list(found)
    named = in_values(connection, entries.c.id, (item.entry_id for item in found))
    kept = set(connection.scalars(select(entries.c.id).where(named, *conditions)))
    return [item for item in found if item.entry_id in kept]


def _hits(
    connection: Connection, found: Sequence[_Found], conditions: Conditions, *, newest: bool
) -> tuple[SearchHit, ...]:
    members = lineage_members(connection, [item.entry_id for item in found])
    keys = {key for listed in members.values() for key in listed}
    loaded = _loaded(connection, keys)
    related = {key for listed in members.values() if len(listed) > 1 for key in listed}
    meeting = _meeting(connection, [_Found(key, 1.0) for key in sorted(related)], conditions)
    able = {item.entry_id for item in meeting}
    hits = []
    for item in found:
        listed = {key: loaded[key] for key in members[item.entry_id]}
        shown = loaded[item.entry_id]
        if newest:
            shown = max(
                (entry for key, entry in listed.items() if key in able), key=representative_key, default=shown
            )
        hits.append(SearchHit(shown, item.score, tuple(listed.values()), item.scored))
    return tuple(hits)


def _loaded(connection: Connection, keys: Iterable[int]) -> dict[int, Entry]:
    said = sources_of_all(connection, sorted(keys))
    query = select_entries().where(in_values(connection, entries.c.id, said))
    return {row["id"]: entry_from(row, said[row["id"]]) for row in connection.execute(query).mappings()}
