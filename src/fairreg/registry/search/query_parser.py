# SPDX-License-Identifier: MIT
"""Parse a query: its quoted parts, and the typed text of each of its words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from fairreg.registry.text.normalization import words

__all__ = ["QueryWord", "query_words", "quoted_parts"]

# A straight quote after a backslash is an accent in LaTeX (``Schr\\"odinger``).
_QUOTED = re.compile(r'(?<!\\)"([^"]*)(?<!\\)"|[“„]([^“”„]*)[”“]|«([^«»]*)»')
# Maximum number of typed words of one decay ("Higgs bosons decaying to a pair of b quarks").
_LONGEST_SEGMENT = 12


@dataclass(frozen=True)
class QueryWord:
    """A normalised word, and the typed text behind it."""

    word: str
    text: str


def quoted_parts(question: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a query in order, and whether each was in double quotes, straight or typographic.

    A quote without its partner is an ordinary character.
    """
    start = 0
    for match in _QUOTED.finditer(question):
        yield question[start : match.start()], False
        yield match[match.lastindex or 0], True
        start = match.end()
    yield question[start:], False


def query_words(text: str, most: int) -> list[QueryWord]:
    """Return the first `most` words of a text, each with its typed text."""
    found = words(text)[:most]
    typed = text.split()[:most]
    segments = _segments(typed, found)
    if segments is None:
        return [QueryWord(word, text.strip()) for word in found]
    return [QueryWord(word, " ".join(typed[start:stop])) for start, stop, held in segments for word in held]


_Segment = tuple[int, int, tuple[str, ...]]


def _segments(typed: list[str], found: list[str]) -> tuple[_Segment, ...] | None:
    """Align typed parts with words: the shortest parts whose words in sequence equal `found`.

    None where no division does, as with notation that spans the whole text.
    """

    @cache
    def held(start: int, stop: int) -> tuple[str, ...]:
        return tuple(words(" ".join(typed[start:stop])))

    @cache
    def follow(start: int, done: int) -> tuple[_Segment, ...] | None:
        if start == len(typed) or done >= len(found):
            return () if done >= len(found) else None
        for stop in range(start + 1, min(start + _LONGEST_SEGMENT, len(typed)) + 1):
            part = held(start, stop)
            if part != tuple(found[done : done + len(part)]):
                continue
            rest = follow(stop, done + len(part))
            if rest is not None:
                return ((start, stop, part), *rest)
        return None

    return follow(0, 0)
