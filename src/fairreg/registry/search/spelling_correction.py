# SPDX-License-Identifier: MIT
"""Mends a word that no entry holds: by the word of names and subjects that it resembles most."""

import re
from difflib import SequenceMatcher

from sqlalchemy import Connection

from fairreg.registry.search.fulltext import resembling
from fairreg.registry.search.query_expansion import Term, understand
from fairreg.registry.search.results import Correction

__all__ = ["mended"]

_SHORTEST = 4
_TRIED = 200
# Share of letters that two spellings of a word have in common, in order: one slip in a word of five letters.
_ALIKE = 0.8
_WORD = re.compile(r"[^\W\d_]+")


def mended(connection: Connection, term: Term) -> tuple[Term, Correction] | None:
    """A term that the registry knows in the place of one that it does not, and what was mended.

    None for quoted phrases, numbers and short words, and for what resembles nothing.
    """
    (word, *others), _ = term.phrases[0]
    if term.required or others or len(word) < _SHORTEST or not _WORD.fullmatch(word):
        return None
    likeness = {near: _likeness(word, near) for near in resembling(connection, word, limit=_TRIED)}
    best = min(likeness, key=lambda near: (-likeness[near], near), default=None)
    if best is None or likeness[best] < _ALIKE:
        return None
    understood = understand(best)
    return (understood[0], Correction(term.asked or word, best)) if understood else None


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
