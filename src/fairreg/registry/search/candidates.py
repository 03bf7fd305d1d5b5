# SPDX-License-Identifier: MIT
"""Retrieve candidates for ranking.

In a small registry these are all entries that hold a query word, in a large one the likeliest of them, so
that a query of common words costs no more than one of rare words.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, func, select

from fairreg.registry.db.key_conditions import in_values
from fairreg.registry.db.tables import entries, entry_texts
from fairreg.registry.search.fulltext import Phrase, PostingList, match, prefix_match
from fairreg.registry.search.query_expansion import Term, parse_query
from fairreg.registry.search.ranking import WEIGHTS, IndexedDocument, QueryTerm, idf
from fairreg.registry.search.results import Correction
from fairreg.registry.text.stemming import stemmed

__all__ = ["CandidateSet", "retrieve"]

# A word that more entries hold is common: its postings are read no further.
_MAX_POSTINGS = 500
# Maximum number of candidates, and of those found by name.
_MAX_CANDIDATES = 400
_MAX_BY_NAME = 150


@dataclass(frozen=True)
class CandidateSet:
    """Terms as searched, and the entries to rank; `complete` where they are all that match.

    `corrections` are the replaced words, which no entry holds.
    """

    terms: tuple[QueryTerm, ...]
    documents: tuple[IndexedDocument, ...]
    complete: bool
    corrections: tuple[Correction, ...]


@dataclass(frozen=True)
class _TermMatches:
    """A term with its stemmed phrases, the entries that hold any, and those that hold the typed phrase.

    Related words do not count for the latter: a rare word stays rare beside a common synonym.
    """

    term: Term
    phrases: dict[Phrase, float]
    postings: PostingList
    exact_postings: PostingList

    @property
    def alternatives(self) -> list[Phrase]:
        """All phrases that match the term."""
        return list(self.phrases)

    def query_term(self, total: int) -> QueryTerm:
        """Return the term for ranking: counted where rare, else its count is extrapolated to `total`."""
        count = float(len(self.exact_postings.keys))
        if not self.exact_postings.complete:
            count *= total / max(self.exact_postings.keys)
        phrases = tuple((" ".join(phrase), weight) for phrase, weight in self.phrases.items())
        return QueryTerm(self.term.asked, phrases, idf(count, total), self.term.required)


def retrieve(
    connection: Connection, terms: Sequence[Term], conditions: Sequence[ColumnElement[bool]] = ()
) -> CandidateSet:
    """Retrieve the candidates for the terms, among the entries that meet the conditions."""
    total = connection.scalar(select(func.max(entry_texts.c.entry_id))) or 0
    meant, matches, corrections = list[Term](), [], []
    for term in terms:
        found = _term_matches(connection, term)
        better = None if found.postings.keys else _corrected(connection, term)
        if better is not None:
            corrections.append(better[1])
        meant.append(better[0] if better else term)
        matches.append(found)
    if corrections:  # the right word may be part of a phrase that the wrong one hid
        matches = [_term_matches(connection, term) for term in parse_query(_question(meant))]
    query_terms = tuple(item.query_term(total) for item in matches)
    if conditions:
        matches = [
            replace(item, postings=_postings(connection, item.phrases, conditions)) for item in matches
        ]
    keys, complete = _candidate_keys(connection, matches, query_terms, conditions)
    return CandidateSet(query_terms, tuple(_documents(connection, keys)), complete, tuple(corrections))


def _question(terms: Sequence[Term]) -> str:
    """Return a query of these terms, without their related words."""
    return " ".join(f'"{term.asked}"' if term.required else " ".join(term.phrases[0][0]) for term in terms)


def _corrected(connection: Connection, term: Term) -> tuple[Term, Correction] | None:
    from fairreg.registry.search.spelling_correction import (
        correct_spelling,  # imported late: most words are held by some entry
    )

    return correct_spelling(connection, term)


def _term_matches(connection: Connection, term: Term) -> _TermMatches:
    phrases: dict[Phrase, float] = {}
    for phrase, weight in term.phrases:
        stems = tuple(stemmed(" ".join(phrase)).split())
        phrases[stems] = max(weight, phrases.get(stems, 0.0))
    postings = _postings(connection, phrases)
    strict = [phrase for phrase, weight in phrases.items() if weight == 1.0]
    exact = postings if len(strict) == len(phrases) else _postings(connection, strict)
    return _TermMatches(term, phrases, postings, exact)


def _postings(
    connection: Connection, phrases: Iterable[Phrase], conditions: Sequence[ColumnElement[bool]] = ()
) -> PostingList:
    return match(connection, [list(phrases)], limit=_MAX_POSTINGS, conditions=conditions)


def _candidate_keys(
    connection: Connection,
    matches: Sequence[_TermMatches],
    query_terms: Sequence[QueryTerm],
    conditions: Sequence[ColumnElement[bool]],
) -> tuple[list[int], bool]:
    """Return the keys of the candidates, and whether they are all matches."""
    weights: dict[int, float] = {}
    for item, term in zip(matches, query_terms, strict=True):
        if item.postings.complete:
            for key in item.postings.keys:
                weights[key] = weights.get(key, 0.0) + term.idf
    ranked = sorted(weights, key=lambda key: (-weights[key], key))
    if all(item.postings.complete for item in matches):
        return ranked[:_MAX_CANDIDATES], len(ranked) <= _MAX_CANDIDATES
    first = dict.fromkeys(_top_matches(connection, matches, conditions))
    return list(dict.fromkeys((*first, *ranked)))[:_MAX_CANDIDATES], False


def _top_matches(
    connection: Connection, matches: Sequence[_TermMatches], conditions: Sequence[ColumnElement[bool]]
) -> list[int]:
    """Return matches of common words: all terms in the name, then all terms, then any term in the name."""
    phrase_groups = [item.alternatives for item in matches]
    common = [item for item in matches if not item.postings.complete]
    found = list(match(connection, phrase_groups, limit=_MAX_BY_NAME, conditions=conditions, names=True).keys)
    if len(matches) == 1:
        for phrase, weight in matches[0].phrases.items():
            if weight == 1.0:
                found += prefix_match(connection, phrase, limit=_MAX_BY_NAME, conditions=conditions)
    if len(common) == len(matches):
        found += match(connection, phrase_groups, limit=_MAX_CANDIDATES // 2, conditions=conditions).keys
    if len(found) < _MAX_BY_NAME and len(matches) > 1:
        for item in common:
            named = match(
                connection, [item.alternatives], limit=_MAX_BY_NAME, conditions=conditions, names=True
            )
            found += named.keys
    return found


def _documents(connection: Connection, keys: Sequence[int]) -> Iterable[IndexedDocument]:
    columns = (entry_texts.c.entry_id, entries.c.identifier, entries.c.kind)
    query = select(*columns, *(entry_texts.c[name] for name in WEIGHTS)).join(
        entries, entries.c.id == entry_texts.c.entry_id
    )
    for row in connection.execute(query.where(in_values(connection, entry_texts.c.entry_id, keys))).all():
        yield IndexedDocument(row[0], row[1], row[2], dict(zip(WEIGHTS, row[3:], strict=True)))
