# SPDX-License-Identifier: MIT
"""Compare names of people in any order, case and spelling: ``Duarte, J.`` is ``Javier Duarte``.

A name is kept under keys that each begin with another of its words and go around (``duarte javier``, ``javier
duarte``), so that an index finds it by any word, and what follows the word are the other names.
"""

from collections.abc import Iterable

from fairreg.registry.text.normalization import name_variant, written

__all__ = ["author_keys", "author_words", "holds_words", "is_initial", "leading_words"]

# Bounds of a key, which is indexed: 1,300 bytes at most (`db.text_limits`).
_MOST_WORDS = 12
_LONGEST_WORD = 24


def author_words(name: str) -> tuple[str, ...]:
    """Return the words of a name without case and diacritics; ``Mueller`` and ``Müller`` are one."""
    listed = written(name)[:_MOST_WORDS]
    return tuple((name_variant(word) or word)[:_LONGEST_WORD] for word in listed)


def is_initial(word: str) -> bool:
    """Tell whether a word is one letter of the Latin alphabet, which may stand for a whole name."""
    return len(word) == 1 and word.isascii() and word.isalpha()


def leading_words(words: tuple[str, ...]) -> tuple[int, ...]:
    """Return the places of the words by which a name is found: all but initials, unless it has no others."""
    return tuple(place for place, word in enumerate(words) if not is_initial(word)) or (0,) * bool(words)


def author_keys(name: str) -> tuple[str, ...]:
    """Return the keys of a name; the first is the same for ``Family, Given`` and ``Given Family``."""
    words = author_words(name)
    return tuple(sorted({" ".join(words[place:] + words[:place]) for place in leading_words(words)}))


def holds_words(keys: Iterable[str], asked: tuple[str, ...]) -> bool:
    """Tell whether a name with these keys has all words asked for, at least one of them written out.

    An initial on either side stands for a name that begins with it.
    """
    return any(
        key.startswith(asked[place]) and _continues(key, asked[place], asked[:place] + asked[place + 1 :])
        for key in keys
        for place in leading_words(asked)
    )


def _continues(key: str, word: str, others: Iterable[str]) -> bool:
    rest = f"{key[len(word) :]} "
    return rest.startswith(" ") and all(_expresses(rest, other) for other in others)


def _expresses(rest: str, word: str) -> bool:
    if is_initial(word):
        return f" {word}" in rest
    return f" {word} " in rest or (is_initial(word[0]) and f" {word[0]} " in rest)
