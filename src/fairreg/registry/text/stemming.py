# SPDX-License-Identifier: MIT
"""Stem words, so that *tagger* is found by *tagging*.

Done here and not by the database, so that every database holds the same words and finds the same entries.
"""

from functools import cache, lru_cache
from typing import Any

__all__ = ["stemmed"]


def stemmed(text: str) -> str:
    """Stem each word of the text by Porter's English rules; words are separated by one blank or line end."""
    return "\n".join(" ".join(map(_stem, line.split(" "))) for line in text.split("\n"))


# Texts repeat their words: the cache answers for most of them.
@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    stem: str = _rules().stemWord(word) if word.isalpha() else word
    return stem


@cache
def _rules() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english", 0)  # no cache of its own: `_stem` caches already
