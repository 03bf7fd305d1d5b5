# SPDX-License-Identifier: MIT
"""Answers questions: an identifier is looked up, words are ranked. Entries of one lineage are one result.

An entry that expresses every term of the question comes before all that do not. Within that, each term counts
by BM25 with column weights (the name most), the best of its phrases only, so that synonyms never add up.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal_column, or_, select

from fairreg.errors import IdentifierError
from fairreg.registry.fulltext import beginning, matches
from fairreg.registry.judging import lineage_entries
from fairreg.registry.lookup import entries_for, sources_of
from fairreg.registry.mapping import entry_from
from fairreg.registry.relating import numbers_of
from fairreg.registry.results import Entry, Filters, SearchHit, SearchResults, standing
from fairreg.registry.tables import entries, entry_texts, facets
from fairreg.registry.vocabulary import Term, understand
from fairreg.registry.wording import fold

__all__ = ["search"]

# This is a registry of models: at equal words a model comes before the software and data around it.
_KIND_WEIGHTS = {"model": 1.0, "software": 0.95, "dataset": 0.9}
_LEADING = 1.25
_LONGEST_QUESTION = 2000
_CHUNK = 300


@dataclass(frozen=True)
class _Found:
    """Key of an entry with its score in 0..1."""

    entry_id: int
    score: float


def search(
    connection: Connection, query: str, filters: Filters, *, limit: int | None, offset: int = 0
) -> SearchResults:
    """Models that answer `query` and meet `filters`, best first; an empty query lists all, newest first.

    One of its entries stands for a model: the one that was asked for by its identifier, else that of the
    newest version with a DOI.
    """
    asked = query[:_LONGEST_QUESTION].encode("utf-8", "replace").decode().replace("\0", " ")
    allowed = _allowed(connection, filters)
    named = _by_identifier(connection, asked) if asked.strip() else []
    if asked.strip():
        found = named or _by_words(connection, asked)
    else:
        found = [_Found(key, 1.0) for key in _newest(connection)]
    found = _one_each(connection, [item for item in found if allowed is None or item.entry_id in allowed])
    shown = found[offset:] if limit is None else found[offset : offset + limit]
    hits = _hits(connection, shown, None if named else allowed, newest=not named)
    return SearchResults(query=query, total=len(found), hits=hits)


def _one_each(connection: Connection, found: list[_Found]) -> list[_Found]:
    """The best of each lineage."""
    numbers = numbers_of(connection, [item.entry_id for item in found])
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
    names = [entry.identifier for entry in matches]
    query = select(entries.c.identifier, entries.c.id).where(entries.c.identifier.in_(names[:_CHUNK]))
    keys = {row.identifier: row.id for row in connection.execute(query)}
    return [_Found(keys[name], 1.0) for name in names[:_CHUNK]]


def _by_words(connection: Connection, asked: str) -> list[_Found]:
    terms = understand(asked)
    total = connection.scalar(select(func.count()).select_from(entry_texts)) or 0
    sums: dict[int, float] = {}
    covered: dict[int, int] = {}
    for term in terms:
        for key, strength in _strengths(connection, term, total).items():
            sums[key] = sums.get(key, 0.0) + strength
            covered[key] = covered.get(key, 0) + 1
    for key, weight in _entry_weights(connection, terms).items():
        if key in sums:
            sums[key] *= weight
    best = max(sums.values(), default=1.0)
    scores = {key: _score(total / best, whole=covered[key] == len(terms)) for key, total in sums.items()}
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return [_Found(key, score) for key, score in ranked]


def _score(relevance: float, *, whole: bool) -> float:
    """What answers the whole question takes the upper half of 0..1."""
    return 0.5 + 0.5 * relevance if whole else 0.5 * relevance


def _entry_weights(connection: Connection, terms: Sequence[Term]) -> dict[int, float]:
    """What speaks for an entry beside its words: its kind, and a name that begins with a term asked for."""
    kinds = connection.execute(select(entries.c.id, entries.c.kind))
    weights = {row.id: _KIND_WEIGHTS.get(row.kind, 1.0) for row in kinds}
    phrases = {phrase for term in terms for phrase, weight in term.phrases if weight == 1.0}
    leading = {key for phrase in phrases for key in beginning(connection, phrase)}
    return {key: weight * (_LEADING if key in leading else 1.0) for key, weight in weights.items()}


def _strengths(connection: Connection, term: Term, total: int) -> dict[int, float]:
    """How strongly each entry expresses the term: by the best of its phrases, times the term's rarity."""
    best: dict[int, float] = {}
    for phrase, weight in term.phrases:
        for key, strength in matches(connection, phrase, total):
            best[key] = max(best.get(key, 0.0), weight * strength)
    rarity = math.log(1 + (total - len(best) + 0.5) / (len(best) + 0.5))
    return {key: rarity * strength for key, strength in best.items()}


def _newest(connection: Connection) -> Iterable[int]:
    return connection.scalars(
        select(entries.c.id).order_by(func.coalesce(entries.c.dated, "").desc(), entries.c.name)
    )


def _hits(
    connection: Connection, found: Sequence[_Found], allowed: frozenset[int] | None, *, newest: bool
) -> tuple[SearchHit, ...]:
    kindred = lineage_entries(connection, [item.entry_id for item in found])
    loaded = _loaded(connection, {key for keys in kindred.values() for key in keys})
    hits = []
    for item in found:
        listed = {key: loaded[key] for key in kindred[item.entry_id]}
        shown = loaded[item.entry_id]
        if newest:
            able = [entry for key, entry in listed.items() if allowed is None or key in allowed]
            shown = max(able, key=standing, default=shown)
        hits.append(SearchHit(shown, item.score, tuple(listed.values())))
    return tuple(hits)


def _loaded(connection: Connection, keys: Iterable[int]) -> dict[int, Entry]:
    loaded: dict[int, Entry] = {}
    listed = sorted(keys)
    for start in range(0, len(listed), _CHUNK):
        wanted = entries.c.id.in_(listed[start : start + _CHUNK])
        for row in connection.execute(select(entries).where(wanted)).mappings():
            loaded[row["id"]] = entry_from(row, sources_of(connection, row["id"]))
    return loaded


def _allowed(connection: Connection, filters: Filters) -> frozenset[int] | None:
    """Keys of the entries that meet all filters, None where there are none to meet."""
    conditions = [condition for condition in _conditions(filters) if condition is not None]
    if not conditions:
        return None
    return frozenset(connection.scalars(select(entries.c.id).where(and_(*conditions))))


def _conditions(filters: Filters) -> Iterable[ColumnElement[bool] | None]:
    yield _any(entries.c.kind == value.casefold() for value in filters.kind)
    yield _any(_licensed(value) for value in filters.license)
    yield _any(_faceted("source", facets.c.key == fold(value)) for value in filters.source)
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
    chosen: Select[tuple[int]] = select(facets.c.entry_id).where(facets.c.name == name, condition)
    return entries.c.id.in_(chosen)


def _holds_words(folded: str) -> ColumnElement[bool]:
    """Whole words only: ``gan`` is not found inside ``organ``."""
    padded: ColumnElement[str] = literal_column("' '") + facets.c.key + literal_column("' '")
    return padded.contains(f" {folded} ", autoescape=True)
