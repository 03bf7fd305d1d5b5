# SPDX-License-Identifier: MIT
"""Correct a word that no entry holds to the most similar word of names and subjects."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

from sqlalchemy import Connection

from fairreg.registry.search.fulltext import similar_words
from fairreg.registry.search.query_expansion import Term, parse_query
from fairreg.registry.search.results import Correction

__all__ = ["correct_spelling"]

_SHORTEST = 4
_MAX_TRIED = 200
# Minimum share of letters in common, in order: one typo in a word of five letters.
_MIN_SIMILARITY = 0.8
_WORD = re.compile(r"[^\W\d_]+")


def correct_spelling(connection: Connection, term: Term) -> tuple[Term, Correction] | None:
    """Replace a term that the registry does not know by one that it knows, and return the correction.

    None for quoted phrases, numbers and short words, and where no word is similar.
    """
    (word, *others), _ = term.phrases[0]
    if term.required or others or len(word) < _SHORTEST or not _WORD.fullmatch(word):
        return None
    best = _most_similar(word, similar_words(connection, word, limit=_MAX_TRIED))
    if best is None:
        return None
    parsed = parse_query(best)
    return (parsed[0], Correction(term.asked or word, best)) if parsed else None


def _most_similar(word: str, candidates: Iterable[str]) -> str | None:
    """Return the word that is most similar, of several the first in the alphabet; None if all differ much."""
    best, found = _MIN_SIMILARITY, list[str]()
    matcher = SequenceMatcher(None, word, autojunk=False)
    for near in candidates:
        matcher.set_seq2(near)
        # Bounds of the share from above; the first costs nearly nothing.
        if matcher.real_quick_ratio() < best or matcher.quick_ratio() < best:
            continue
        share = matcher.ratio()
        if share > best:
            best, found = share, [near]
        elif share == best:
            found.append(near)
    return min(found, default=None)
