# SPDX-License-Identifier: MIT
"""Rank entries for a query. Pure: the same texts score the same in every database.

Each term counts by BM25 (Robertson and Zaragoza, Foundations and Trends in Information Retrieval 3, 2009)
with a weight for each column, the best of its phrases only, so that synonyms never add up. An entry that
expresses every term takes the upper half of 0..1.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["WEIGHTS", "Contribution", "IndexedDocument", "QueryTerm", "ScoredDocument", "idf", "score"]

# Weight of a match in each column of `entry_texts`.
WEIGHTS: Mapping[str, float] = {
    "name": 8.0,
    "alternate_names": 6.0,
    "subjects": 4.0,
    "creators": 1.0,
    "description": 2.0,
    "identifiers": 1.0,
}
# k1 and b of the paper, at their usual values.
_K1 = 1.2
_B = 0.75
# Length of a typical entry, in words: the median over the packaged catalogue. A constant, so that scores do
# not change when other entries come or go.
_TYPICAL_LENGTH = 64
# This is a registry of models: at equal text a model precedes the software and data around it.
_KIND_WEIGHTS = {"model": 1.0, "software": 0.95, "dataset": 0.9}
_LEADING = 1.25


@dataclass(frozen=True)
class QueryTerm:
    """One term of a query: stemmed phrases with their weights in 0..1, and its rarity.

    `words` is the typed text. An entry without a `required` term is no result.
    """

    words: str
    phrases: tuple[tuple[str, float], ...]
    idf: float
    required: bool = False


@dataclass(frozen=True)
class IndexedDocument:
    """Indexed text of an entry: stemmed words by column."""

    key: int
    identifier: str
    kind: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Contribution:
    """One term's share of a score: the matching phrase, its columns, rarity and strength."""

    term: str
    phrase: str
    columns: tuple[str, ...]
    rarity: float
    strength: float


@dataclass(frozen=True)
class ScoredDocument:
    """An entry with its relevance (comparable within one query) and the parts of it.

    The relevance is the sum over `parts` of rarity times strength, times `weight`: that of the entry's kind,
    raised where its name begins with a query term. `missing` are the terms that it does not express.
    """

    key: int
    identifier: str
    relevance: float
    weight: float
    parts: tuple[Contribution, ...]
    missing: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """True where it expresses every term."""
        return not self.missing


def idf(holders: float, total: float) -> float:
    """Inverse document frequency, as in the paper, of a term that `holders` of `total` entries hold."""
    return math.log(1 + (max(total, holders) - holders + 0.5) / (holders + 0.5))


def score(text: IndexedDocument, terms: Sequence[QueryTerm]) -> ScoredDocument | None:
    """Score an entry for the terms; None where it matches none of them, or lacks a required one."""
    words = _Words(text.columns)
    parts, missing = [], []
    for term in terms:
        best = _best(words, term)
        if best is not None:
            parts.append(best)
        elif term.required:
            return None
        else:
            missing.append(term.words)
    if not parts:
        return None
    weight = _KIND_WEIGHTS.get(text.kind, 1.0) * (_LEADING if _leads(text, terms) else 1.0)
    relevance = weight * sum(part.rarity * part.strength for part in parts)
    return ScoredDocument(text.key, text.identifier, relevance, weight, tuple(parts), tuple(missing))


class _Words:
    """Words of an entry as one text: each between blanks, with a mark between texts and between columns."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        joined = _COLUMN.join(columns.values())
        self._names = tuple(columns)
        self._text = f" {joined.replace(_TEXT, f' {_TEXT} ').replace(_COLUMN, f' {_COLUMN} ')} "
        self.length = joined.count(" ") + len(columns)

    def counts(self, phrase: str) -> dict[str, int]:
        """Return how often each column holds the phrase, without those that do not."""
        text, wanted, found = self._text, f" {phrase} ", dict[str, int]()
        place = text.find(wanted)
        while place >= 0:
            name = self._names[text.count(_COLUMN, 0, place)]
            found[name] = found.get(name, 0) + 1
            place = text.find(wanted, place + len(wanted) - 1)  # its last blank is the first of the next
        return found


# Between texts and between columns; neither is part of a word, so that no phrase goes on behind it.
_TEXT, _COLUMN = "\n", "\x1f"


def _best(words: _Words, term: QueryTerm) -> Contribution | None:
    """Return the contribution of the term by its best phrase."""
    best: Contribution | None = None
    for phrase, weight in term.phrases:
        counts = words.counts(phrase)
        if not counts:
            continue
        strength = weight * _tf_weight(counts, words.length)
        if best is None or strength > best.strength:
            best = Contribution(term.words, phrase, tuple(counts), term.idf, strength)
    return best


def _tf_weight(counts: Mapping[str, int], length: int) -> float:
    """BM25's term-frequency weight: it saturates, and is lower in long texts."""
    frequency = sum(WEIGHTS[name] * count for name, count in counts.items())
    norm = _K1 * (1 - _B + _B * length / _TYPICAL_LENGTH)
    return frequency * (_K1 + 1) / (frequency + norm)


def _leads(text: IndexedDocument, terms: Iterable[QueryTerm]) -> bool:
    """Tell whether the name begins with a phrase as it was typed."""
    name = text.columns["name"] + " "
    phrases = (phrase for term in terms for phrase, weight in term.phrases if weight == 1.0)
    return any(name.startswith((f"{phrase} ", f"{phrase}\n")) for phrase in phrases)
