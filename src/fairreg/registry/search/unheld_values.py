# SPDX-License-Identifier: MIT
"""Values of filters that no entry has, with those that there are: most of them were mistyped or guessed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher, get_close_matches
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from fairreg.registry.db.kept_results import kept
from fairreg.registry.db.tables import entries, facets
from fairreg.registry.search.filters import FILTERS, Filters
from fairreg.registry.search.fulltext import similar_words
from fairreg.registry.search.results import UnheldValue
from fairreg.registry.text.normalization import author_keys, author_words, fold, holds_words
from fairreg.schemas.text import shortened

__all__ = ["OPEN_FILTERS", "found_by_term", "unheld_values"]

# Filters whose values are those that the records happen to have.
OPEN_FILTERS = frozenset({"source", "kind", "task", "framework", "license", "author", "year", "trained_on"})
_COLUMNS: Mapping[str, ColumnElement[Any]] = {"kind": entries.c.kind, "license": entries.c.license}
_MOST_SIMILAR, _MOST_FREQUENT = 4, 8
# Values that are compared with a mistyped one, and rows that are read to find the names of similar authors.
_MOST_COMPARED, _MOST_READ = 1000, 200
_LONGEST_ASKED = 80
_SIMILAR_WORD = 0.75
_SHORTEST_WORD = 4


def unheld_values(connection: Connection, filters: Filters, *, found: bool) -> tuple[UnheldValue, ...]:
    """Return the values asked for that no entry has; with `found` only where other values may have it."""
    return tuple(
        _unheld(connection, name, value)
        for name, values in filters.asked.items()
        if name in OPEN_FILTERS and (not found or len(values) > 1)
        for value in values
        if not _is_held(connection, name, value)
    )


def _is_held(connection: Connection, name: str, value: Any) -> bool:
    chosen = FILTERS[name]
    query = select(entries.c.id).where((chosen.of_many or chosen.sql)(value)).limit(1)
    return kept(connection, ("held", name, value), lambda: connection.scalar(query) is not None)


def _unheld(connection: Connection, name: str, value: Any) -> UnheldValue:
    asked = str(value)
    shown = shortened(asked, _LONGEST_ASKED)
    if name == "author":
        return UnheldValue(name, shown, similar=_similar_authors(connection, asked))
    if name == "year":
        return UnheldValue(name, shown, frequent=_span(connection))
    counts = kept(connection, ("values", name), lambda: _counts(connection, name))
    frequent = sorted(counts, key=lambda held: (-counts[held], held))
    compared = [*frequent[:_MOST_COMPARED], *(_terms(counts) if name == "task" else ())]
    similar = _similar(asked[:_LONGEST_ASKED], compared, by_words=name != "trained_on")
    return UnheldValue(name, shown, similar, tuple(frequent[:_MOST_FREQUENT]))


def found_by_term(connection: Connection, task: str) -> UnheldValue | None:
    """Return a task whose words no entry has, with the texts that its term covers; None for any other."""
    from fairreg.registry.text.task_keys import keys_under

    covered, words = keys_under(task), f" {fold(task)} "
    if not covered:
        return None
    counts = kept(connection, ("values", "task"), lambda: _counts(connection, "task"))
    if any(words in f" {key} " for key in counts):
        return None
    found = sorted(covered & counts.keys(), key=lambda key: (-counts[key], key))[:_MOST_FREQUENT]
    if not found:
        return None
    stated = select(facets.c.key, func.min(facets.c.value)).group_by(facets.c.key)
    of_these = stated.where(facets.c.name == "task", facets.c.key.in_(found))
    texts = {str(key): str(text) for key, text in connection.execute(of_these)}
    return UnheldValue("task", shortened(task, _LONGEST_ASKED), tuple(texts[key] for key in found))


def _terms(counts: Mapping[str, int]) -> list[str]:
    """Return the terms of tasks by which an entry is found, from the numbers of entries by task."""
    from fairreg.registry.text.task_keys import keys_under  # few searches name an unknown task
    from fairreg.schemas.tasks import vocabulary

    return [term for term in vocabulary() if not keys_under(term).isdisjoint(counts)]


def _counts(connection: Connection, name: str) -> Counter[str]:
    """Count the entries by value, in a spelling that the filter takes."""
    if name in _COLUMNS:
        column = _COLUMNS[name]
        query = select(column, func.count()).where(column.is_not(None)).group_by(column)
    else:
        # Data are named by their identifiers, tasks and frameworks as they are compared.
        shown = func.min(facets.c.value) if name == "trained_on" else facets.c.key
        query = select(shown, func.count()).where(facets.c.name == name).group_by(facets.c.key)
    return Counter({str(value): number for value, number in connection.execute(query)})


def _span(connection: Connection) -> tuple[str, ...]:
    """Return the years from the first to the last of any entry."""
    first, last = (connection.scalar(select(bound(entries.c.year))) for bound in (func.min, func.max))
    return () if first is None else (f"{first}-{last}",)


def _similar(asked: str, held: Iterable[str], *, by_words: bool) -> tuple[str, ...]:
    """Return the values that are spelled like the asked one, `by_words` also those with a word of it."""
    folded: dict[str, str] = {}
    for value in held:
        folded.setdefault(fold(value), value)
    wanted = fold(asked)
    words = {word for word in wanted.split() if len(word) >= _SHORTEST_WORD}
    spelled = get_close_matches(wanted, folded, n=_MOST_SIMILAR)
    common = [key for key in folded if not words.isdisjoint(key.split())] if by_words else []
    return tuple(folded[key] for key in dict.fromkeys((*spelled, *common)))[:_MOST_SIMILAR]


def _similar_authors(connection: Connection, asked: str) -> tuple[str, ...]:
    """Return authors who have one of the words, or one that is spelled like it."""
    names: Counter[str] = Counter()
    for word in author_words(asked):
        if len(word) < _SHORTEST_WORD:
            continue
        near = [word, *(other for other in similar_words(connection, word, limit=50) if _alike(word, other))]
        for spelled in near[:_MOST_SIMILAR]:
            names.update(_named(connection, author_words(spelled)[:1]))
    return tuple(name for name, _ in sorted(names.items(), key=lambda item: (-item[1], item[0])))[
        :_MOST_SIMILAR
    ]


def _alike(word: str, other: str) -> bool:
    return SequenceMatcher(None, word, other, autojunk=False).ratio() >= _SIMILAR_WORD


def _named(connection: Connection, words: tuple[str, ...]) -> list[str]:
    """Return names of creators with the word, as many times as they were read."""
    if not words:
        return []
    key, named = facets.c.key, facets.c.name.in_(("author", "author_key"))
    with_word = (
        select(facets.c.entry_id).where(named, key >= words[0], key < f"{words[0]}!").limit(_MOST_READ)
    )
    homes = list(connection.scalars(with_word))
    query = select(facets.c.value).where(facets.c.name == "author", facets.c.entry_id.in_(homes))
    return [name for name in connection.scalars(query) if holds_words(author_keys(name), words)]
