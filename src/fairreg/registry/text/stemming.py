# SPDX-License-Identifier: MIT
"""Words without their endings, so that *tagger* is found by *tagging*: done here and not by the database, so
that every kind of database holds the same words and finds the same entries."""

from functools import cache, lru_cache
from typing import Any

__all__ = ["stemmed"]


def stemmed(text: str) -> str:
    """The text, words apart by one blank or line end, each word in the stem of Porter's English rules."""
    return "\n".join(" ".join(map(_stem, line.split(" "))) for line in text.split("\n"))


# Texts repeat their words: the rules are worked through once for most of them.
@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    stem: str = _rules().stemWord(word) if word.isalpha() else word
    return stem


@cache
def _rules() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english", 0)  # it need not remember words a second time
