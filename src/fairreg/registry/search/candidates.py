# SPDX-License-Identifier: MIT
"""Which entries are worth scoring: in a small registry all that hold a word asked for, in a large one the
likeliest of them, so that a question of common words costs no more than one of rare words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, func, select

from fairreg.registry.db.key_conditions import among
from fairreg.registry.db.tables import entries, entry_texts
from fairreg.registry.search.fulltext import Held, Phrase, beginning, holding
from fairreg.registry.search.query_expansion import Term
from fairreg.registry.search.ranking import WEIGHTS, Passage, Sought, rarity
from fairreg.registry.search.results import Correction
from fairreg.registry.text.stemming import stemmed

__all__ = ["Pool", "pool"]

# A word that more entries hold than this is common: the index is read no further.
_COMMON = 500
# How many entries are scored at most, and how many of them for their names.
_MOST = 400
_NAMED = 150


@dataclass(frozen=True)
class Pool:
    """The terms as they are looked for, and the entries to score; `complete` where no other holds any.

    `corrections` are the words that were mended because no entry holds them.
    """

    terms: tuple[Sought, ...]
    passages: tuple[Passage, ...]
    complete: bool
    corrections: tuple[Correction, ...]


@dataclass(frozen=True)
class _Looked:
    """A term with its phrases in stems, the entries that hold any, and those that hold what was asked for.

    Other words of the field are no part of the latter: a rare word stays rare beside a common relative.
    """

    term: Term
    phrases: dict[Phrase, float]
    held: Held
    proper: Held

    @property
    def demand(self) -> list[Phrase]:
        """Any of its phrases."""
        return list(self.phrases)

    def sought(self, total: int) -> Sought:
        """As it is scored: counted where it is rare, else by how far the first holders reach in `total`."""
        count = float(len(self.proper.keys))
        if not self.proper.complete:
            count *= total / max(self.proper.keys)
        phrases = tuple((" ".join(phrase), weight) for phrase, weight in self.phrases.items())
        return Sought(self.term.asked, phrases, rarity(count, total), self.term.required)


def pool(
    connection: Connection, terms: Sequence[Term], conditions: Sequence[ColumnElement[bool]] = ()
) -> Pool:
    """What is to be scored for the terms, among the entries that meet the conditions."""
    total = connection.scalar(select(func.max(entry_texts.c.entry_id))) or 0
    looked, corrections = [], []
    for term in terms:
        found = _looked(connection, term)
        better = None if found.held.keys else _mended(connection, term)
        if better is not None:
            found = _looked(connection, better[0])
            corrections.append(better[1])
        looked.append(found)
    sought = tuple(item.sought(total) for item in looked)
    if conditions:
        looked = [replace(item, held=_held(connection, item.phrases, conditions)) for item in looked]
    keys, complete = _chosen(connection, looked, sought, conditions)
    return Pool(sought, tuple(_passages(connection, keys)), complete, tuple(corrections))


def _mended(connection: Connection, term: Term) -> tuple[Term, Correction] | None:
    from fairreg.registry.search.spelling_correction import mended  # most words are held by some entry

    return mended(connection, term)


def _looked(connection: Connection, term: Term) -> _Looked:
    phrases: dict[Phrase, float] = {}
    for phrase, weight in term.phrases:
        stems = tuple(stemmed(" ".join(phrase)).split())
        phrases[stems] = max(weight, phrases.get(stems, 0.0))
    held = _held(connection, phrases)
    strict = [phrase for phrase, weight in phrases.items() if weight == 1.0]
    proper = held if len(strict) == len(phrases) else _held(connection, strict)
    return _Looked(term, phrases, held, proper)


def _held(
    connection: Connection, phrases: Iterable[Phrase], conditions: Sequence[ColumnElement[bool]] = ()
) -> Held:
    return holding(connection, [list(phrases)], limit=_COMMON, conditions=conditions)


def _chosen(
    connection: Connection,
    looked: Sequence[_Looked],
    sought: Sequence[Sought],
    conditions: Sequence[ColumnElement[bool]],
) -> tuple[list[int], bool]:
    """Keys of what to score, and whether that is all there is."""
    weights: dict[int, float] = {}
    for item, term in zip(looked, sought, strict=True):
        if item.held.complete:
            for key in item.held.keys:
                weights[key] = weights.get(key, 0.0) + term.rarity
    ranked = sorted(weights, key=lambda key: (-weights[key], key))
    if all(item.held.complete for item in looked):
        return ranked[:_MOST], len(ranked) <= _MOST
    first = dict.fromkeys(_likeliest(connection, looked, conditions))
    return list(dict.fromkeys((*first, *ranked)))[:_MOST], False


def _likeliest(
    connection: Connection, looked: Sequence[_Looked], conditions: Sequence[ColumnElement[bool]]
) -> list[int]:
    """Where words are common: what all of them name, what holds them all, and only then what one names."""
    demand = [item.demand for item in looked]
    common = [item for item in looked if not item.held.complete]
    found = list(holding(connection, demand, limit=_NAMED, conditions=conditions, names=True).keys)
    if len(looked) == 1:
        for phrase, weight in looked[0].phrases.items():
            if weight == 1.0:
                found += beginning(connection, phrase, limit=_NAMED, conditions=conditions)
    if len(common) == len(looked):
        found += holding(connection, demand, limit=_MOST // 2, conditions=conditions).keys
    if len(found) < _NAMED and len(looked) > 1:
        for item in common:
            named = holding(connection, [item.demand], limit=_NAMED, conditions=conditions, names=True)
            found += named.keys
    return found


def _passages(connection: Connection, keys: Sequence[int]) -> Iterable[Passage]:
    columns = (entry_texts.c.entry_id, entries.c.identifier, entries.c.kind)
    query = select(*columns, *(entry_texts.c[name] for name in WEIGHTS)).join(
        entries, entries.c.id == entry_texts.c.entry_id
    )
    for row in connection.execute(query.where(among(connection, entry_texts.c.entry_id, keys))):
        yield Passage(row[0], row[1], row[2], dict(zip(WEIGHTS, row[3:], strict=True)))
