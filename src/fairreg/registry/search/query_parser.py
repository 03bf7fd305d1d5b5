# SPDX-License-Identifier: MIT
"""A question taken apart: what is in quotes, and from which typed text each of its words came."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from fairreg.registry.text.normalization import words

__all__ = ["QueryWord", "query_words", "quoted_parts"]

# A straight quote after a backslash is an accent in LaTeX (``Schr\\"odinger``).
_QUOTED = re.compile(r'(?<!\\)"([^"]*)(?<!\\)"|[“„]([^“”„]*)[”“]|«([^«»]*)»')
# Words that one decay may be typed in ("Higgs bosons decaying to a pair of b quarks").
_LONGEST_SEGMENT = 12


@dataclass(frozen=True)
class QueryWord:
    """A word, and the text as it was typed that it stands for."""

    word: str
    text: str


def quoted_parts(question: str) -> Iterator[tuple[str, bool]]:
    """The parts of a question in order, each with whether it was in double quotes, straight or typographic.

    A quote without its partner is an ordinary character.
    """
    start = 0
    for match in _QUOTED.finditer(question):
        yield question[start : match.start()], False
        yield match[match.lastindex or 0], True
        start = match.end()
    yield question[start:], False


def query_words(text: str, most: int) -> list[QueryWord]:
    """The first `most` words of a text, each with what was typed for it."""
    found = words(text)[:most]
    typed = text.split()[:most]
    segments = _segments(typed, found)
    if segments is None:
        return [QueryWord(word, text.strip()) for word in found]
    return [QueryWord(word, " ".join(typed[start:stop])) for start, stop, held in segments for word in held]


_Segment = tuple[int, int, tuple[str, ...]]


def _segments(typed: list[str], found: list[str]) -> tuple[_Segment, ...] | None:
    """Which typed parts gave which words: the shortest parts whose words follow one another as `found` does.

    None where no division does, as with notation that reaches across the whole text.
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
