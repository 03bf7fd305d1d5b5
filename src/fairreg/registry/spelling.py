# SPDX-License-Identifier: MIT
"""Mends a word that no entry holds: by the word of names and subjects that it resembles most."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from sqlalchemy import Connection

from fairreg.registry.fulltext import holding, resembling
from fairreg.registry.results import Correction
from fairreg.registry.stemming import stemmed
from fairreg.registry.vocabulary import Term, understand

__all__ = ["mended"]

_SHORTEST = 4
_TRIED = 200
# Share of letters that two spellings of a word have in common, in order: one slip in a word of five letters.
_ALIKE = 0.8
_WORD = re.compile(r"[^\W\d_]+")


def mended(connection: Connection, terms: Sequence[Term]) -> tuple[tuple[Term, ...], tuple[Correction, ...]]:
    """The terms, with a known word in the place of each that the registry has never heard of.

    Quoted phrases, numbers and short words stay as they are, and so does what resembles nothing.
    """
    kept: list[Term] = []
    corrections = []
    for term in terms:
        better = None if term.required or not _unknown(connection, term) else _nearest(connection, term)
        kept.append(term if better is None else better[0])
        if better is not None:
            corrections.append(better[1])
    return tuple(kept), tuple(corrections)


def _unknown(connection: Connection, term: Term) -> bool:
    (word, *others), _ = term.phrases[0]
    if others or len(word) < _SHORTEST or not _WORD.fullmatch(word):
        return False
    phrases = [tuple(stemmed(" ".join(phrase)).split()) for phrase, _ in term.phrases]
    return not holding(connection, [phrases], limit=1).keys


def _nearest(connection: Connection, term: Term) -> tuple[Term, Correction] | None:
    (word,), _ = term.phrases[0]
    likeness = {near: _likeness(word, near) for near in resembling(connection, word, limit=_TRIED)}
    best = min(likeness, key=lambda near: (-likeness[near], near), default=None)
    if best is None or likeness[best] < _ALIKE:
        return None
    understood = understand(best)
    return (understood[0], Correction(term.asked or word, best)) if understood else None


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
