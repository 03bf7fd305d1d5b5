# SPDX-License-Identifier: MIT
"""Spelling variants of words: British and American, and names without the letter after an umlaut."""

import re
from collections.abc import Iterator

from fairreg.registry.text.normalization import name_variant

__all__ = ["spelling_variants"]

Phrase = tuple[str, ...]

_SHORTEST_NAME = 5
# Endings after some letters, so that "rise", "noise" and "hour" stay. A variant that no text holds is
# harmless.
_VERB = r"(?=(?:e|ed|er|ers|es|ing|ation|ations)\b)"
_TO_AMERICAN = (
    (re.compile(rf"(?<=\w{{3}})is{_VERB}"), "iz"),
    (re.compile(rf"(?<=al)ys{_VERB}"), "yz"),
    (re.compile(r"(?<=\w{2})our(?=s?\b|ed\b|ing\b|less\b)"), "or"),
    (re.compile(r"(?<=\w{3})ll(?=(?:ed|ing|er)\b)"), "l"),
    (re.compile(r"(?<=\w{3})tre(?=s?\b)"), "ter"),
    (re.compile(r"(?<=\w{3})ogue(?=s?\b)"), "og"),
)
_TO_BRITISH = (
    (re.compile(rf"(?<=\w{{3}})iz{_VERB}"), "is"),
    (re.compile(rf"(?<=al)yz{_VERB}"), "ys"),
    (re.compile(r"(?<=\w{2}[bilmpv])or(?=s?\b|ed\b|ing\b|less\b)"), "our"),
    (re.compile(r"(?<=\w{3}[aeiou]l)(?=(?:ed|ing|er)\b)"), "l"),
    (re.compile(r"(?<=\bcen)ter(?=s?\b)"), "tre"),
    (re.compile(r"(?<=\bcatal)og(?=s?\b)"), "ogue"),
)


def spelling_variants(phrase: Phrase) -> Iterator[Phrase]:
    """Yield the other spellings of a phrase; a single word is also treated as a name."""
    text = " ".join(phrase)
    for rules in (_TO_AMERICAN, _TO_BRITISH):
        other = text
        for ending, replacement in rules:
            other = ending.sub(replacement, other)
        if other != text:
            yield tuple(other.split())
    name = name_variant(text) if len(phrase) == 1 and len(text) >= _SHORTEST_NAME else None
    if name:
        yield (name,)
