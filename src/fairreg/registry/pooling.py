# SPDX-License-Identifier: MIT
"""Which entries are worth scoring: in a small registry all that hold a word asked for, in a large one the
likeliest of them, so that a question of common words costs no more than one of rare words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, select

from fairreg.registry.fulltext import Held, Phrase, beginning, holding
from fairreg.registry.keys import chunks
from fairreg.registry.scoring import WEIGHTS, Passage, Sought, rarity
from fairreg.registry.stemming import stemmed
from fairreg.registry.tables import entries, entry_texts
from fairreg.registry.vocabulary import Term

__all__ = ["Pool", "pool"]

# A word that more entries hold than this is common: the index is read no further.
_COMMON = 1000
# How many entries are scored at most, the named ones among them.
_MOST = 1000
_NAMED = 200


@dataclass(frozen=True)
class Pool:
    """The terms as they are looked for, and the entries to score; `complete` where no other holds any."""

    terms: tuple[Sought, ...]
    passages: tuple[Passage, ...]
    complete: bool


def pool(
    connection: Connection, terms: Sequence[Term], conditions: Sequence[ColumnElement[bool]] = ()
) -> Pool:
    """What is to be scored for the terms, among the entries that meet the conditions."""
    total = connection.scalar(select(func.max(entry_texts.c.entry_id))) or 0
    phrases = [_stemmed(term) for term in terms]
    found = [holding(connection, [list(said)], limit=_COMMON) for said in phrases]
    sought = tuple(
        Sought(term.asked, tuple(_spelled(said)), _rarity(held, total), term.required)
        for term, said, held in zip(terms, phrases, found, strict=True)
    )
    if conditions:
        found = [holding(connection, [list(s)], limit=_COMMON, conditions=conditions) for s in phrases]
    keys, complete = _chosen(connection, phrases, found, sought, conditions)
    return Pool(sought, tuple(_passages(connection, keys)), complete)


def _stemmed(term: Term) -> dict[Phrase, float]:
    """The term's phrases in stems, each with its greatest weight."""
    weights: dict[Phrase, float] = {}
    for phrase, weight in term.phrases:
        stems = tuple(stemmed(" ".join(phrase)).split())
        weights[stems] = max(weight, weights.get(stems, 0.0))
    return weights


def _spelled(phrases: dict[Phrase, float]) -> Iterable[tuple[str, float]]:
    return ((" ".join(phrase), weight) for phrase, weight in phrases.items())


def _rarity(held: Held, total: int) -> float:
    """Counted where the term is rare; else by how far into the registry its first holders reach."""
    count = float(len(held.keys))
    if not held.complete:
        count *= total / max(held.keys)
    return rarity(count, total)


def _chosen(
    connection: Connection,
    phrases: Sequence[dict[Phrase, float]],
    found: Sequence[Held],
    sought: Sequence[Sought],
    conditions: Sequence[ColumnElement[bool]],
) -> tuple[list[int], bool]:
    """Keys of what to score, and whether that is all there is."""
    weights: dict[int, float] = {}
    for held, term in zip(found, sought, strict=True):
        if held.complete:
            for key in held.keys:
                weights[key] = weights.get(key, 0.0) + term.rarity
    ranked = sorted(weights, key=lambda key: (-weights[key], key))
    if all(held.complete for held in found):
        return ranked[:_MOST], len(ranked) <= _MOST
    first = dict.fromkeys(_likeliest(connection, phrases, found, conditions))
    return list(dict.fromkeys((*first, *ranked)))[:_MOST], False


def _likeliest(
    connection: Connection,
    phrases: Sequence[dict[Phrase, float]],
    found: Sequence[Held],
    conditions: Sequence[ColumnElement[bool]],
) -> Iterable[int]:
    """Where words are common: what all of them name, what one of them begins the name of, what holds all."""
    demand = [list(said) for said in phrases]
    yield from holding(connection, demand, limit=_NAMED, conditions=conditions, names=True).keys
    for said, held in zip(phrases, found, strict=True):
        if not held.complete:
            for phrase, weight in said.items():
                if weight == 1.0:
                    yield from beginning(connection, phrase, limit=_NAMED, conditions=conditions)
    if not any(held.complete for held in found):
        yield from holding(connection, demand, limit=_MOST // 2, conditions=conditions).keys
    for one, held in zip(demand, found, strict=True):
        if not held.complete:
            yield from holding(connection, [one], limit=_NAMED, conditions=conditions, names=True).keys


def _passages(connection: Connection, keys: Iterable[int]) -> Iterable[Passage]:
    columns = (entry_texts.c.entry_id, entries.c.identifier, entries.c.kind)
    query = select(*columns, *(entry_texts.c[name] for name in WEIGHTS)).join(
        entries, entries.c.id == entry_texts.c.entry_id
    )
    for chunk in chunks(keys):
        for row in connection.execute(query.where(entry_texts.c.entry_id.in_(chunk))):
            yield Passage(row[0], row[1], row[2], dict(zip(WEIGHTS, row[3:], strict=True)))
