# SPDX-License-Identifier: MIT
"""Normalise the many spellings of physics to one, for indexed texts and queries alike.

``H→bb``, ``H->bb``, ``H(bb)``, ``$H\\to b\\bar{b}$``, ``h bb``, ``higgs to bottom quarks`` and ``HiggsToBB``
all hold the word ``hbb``; so do the other two-body decays (`decays`). Notation is resolved (`notation`),
diacritics are dropped.
"""

import re
import string
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from fairreg.registry.text.decays import decays_in, with_decays
from fairreg.registry.text.notation import Letters, greek, plain

__all__ = [
    "author_keys",
    "author_words",
    "fold",
    "holds_words",
    "indexed",
    "is_initial",
    "leading_words",
    "name_variant",
    "words",
    "written",
]

# Letters without a Unicode decomposition.
_LATIN = {
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "æ": "ae",
    "œ": "oe",
    "ı": "i",
    "ħ": "h",
    "ŋ": "n",
}
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_UMLAUT = re.compile("[äöüøå]")
# Boundaries: lower-case letter or digit before a capital, and before the last of several capitals of a word.
_HUMP = re.compile(r"[A-Z](?:(?<=[a-z0-9][A-Z])|(?<=[A-Z][A-Z])(?=[a-z]))")
# A name may write two letters for an umlaut; in words like "value" or "question" they are none.
_TWO_FOR_ONE = re.compile(r"(ae|oe|(?<!q)ue|aa)(?=[b-df-hj-np-tv-z])")
_NAMES = re.compile(r"[A-Z][a-z]*(?:[aou]e|aa)[a-z]+|Aa[a-z]+")
_SHORT = 48
_LONGEST_PART = 24
_DIGITS_JOINED = 2
# Bounds of a key, which is indexed: 1,300 bytes at most (`db.text_limits`).
_MOST_WORDS = 12
_LONGEST_WORD = 24

_BLANKS = "".join(chr(code) if chr(code).isalnum() else " " for code in range(128))


def _in_word(character: str) -> str:
    """Map a character of a decomposed lower-case text to its form in a word; blank for a separator."""
    if character.isalnum():
        return greek(character) or character
    return "" if unicodedata.combining(character) else " "


def _in_token(character: str) -> str:
    return character if character.isalnum() or unicodedata.combining(character) else " "


_WORD_LETTERS = Letters(_in_word, {ord(letter): found for letter, found in _LATIN.items()})
_TOKEN_LETTERS = Letters(_in_token, {})


def words(text: str) -> list[str]:
    """Return the normalised words of a query, in order; each decay is one word."""
    found: list[str] = []
    run: list[str] = []
    for token in _tokens(plain(text)):
        parts = _parts(token)
        if decays_in(parts):
            found += [*with_decays(run), *with_decays(parts)]
            run = []
        else:
            run += _split(token)
    return found + with_decays(run)


def written(text: str) -> list[str]:
    """Return the words as they stand, in order, without replacing decays."""
    return _split(plain(text))


def indexed(*texts: str) -> str:
    """Return all words by which `texts` should be found, one line per text.

    As written, then in their other spellings: camel case split, compounds joined, decays as one word, names
    with and without the two letters that replace an umlaut.
    """
    lines = [_short_line(text) if len(text) <= _SHORT else _line(text) for text in texts]
    return "\n".join(line for line in lines if line)


# Keywords, tasks and frameworks repeat often.
@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Normalise a value for filters: no case, no diacritics, words separated by one blank."""
    return " ".join(written(text))


def name_variant(word: str) -> str | None:
    """Drop the second letter of a spelled-out umlaut: ``mueller`` gives ``muller``; None for other words."""
    variant = _TWO_FOR_ONE.sub(lambda match: match[1][0], word)
    return variant if variant != word else None


@lru_cache(maxsize=8192)
def _short_line(text: str) -> str:
    return _line(text)


def _line(text: str) -> str:
    text = plain(text)
    found = _split(text)
    more = _humps(text) if _HUMP.search(text) else []
    if "-" in text:
        more += _compounds(text)
    more += decays_in(found)
    more += _names(text, found)
    return " ".join(found + list(dict.fromkeys(more))) if more else " ".join(found)


def _split(text: str) -> list[str]:
    if text.isascii():
        return text.lower().translate(_BLANKS).split()
    return unicodedata.normalize("NFKD", text.casefold()).translate(_WORD_LETTERS).split()


def _tokens(text: str) -> list[str]:
    """Return the text between blanks and signs, case kept."""
    if text.isascii():
        return text.translate(_BLANKS).split()
    return text.translate(_TOKEN_LETTERS).split()


def _parts(token: str) -> list[str]:
    return _split(_HUMP.sub(r" \g<0>", token))


def _humps(text: str) -> list[str]:
    """Return each camel-case token, split, and the decay that it names."""
    found = []
    for token in _tokens(text):
        if not token.islower() and _HUMP.search(token):
            parts = _parts(token)
            found += [" ".join(parts), *decays_in(parts)]
    return found


def _compounds(text: str) -> list[str]:
    """Return each compound of two parts, joined: ``antikt`` for ``anti-kt``."""
    found = []
    for token in text.split():
        if "-" in token:
            left, _, right = token.strip(string.punctuation).partition("-")
            if left.isalnum() and right.isalnum() and _joins(left, right):
                found += _split(left + right)
    return found


def _joins(left: str, right: str) -> bool:
    short = len(left) <= _LONGEST_PART and len(right) <= _LONGEST_PART
    return short and left[-1].isalpha() and (right[0].isalpha() or len(right) <= _DIGITS_JOINED)


def _names(text: str, found: list[str]) -> list[str]:
    """Return ``mueller`` for Müller, ``muller`` for Mueller."""
    variants = []
    if not text.isascii():
        small = unicodedata.normalize("NFC", text).casefold()
        if _UMLAUT.search(small):
            known = set(found)
            variants = [word for word in _split(small.translate(_UMLAUTS)) if word not in known]
    if "ae" in text or "oe" in text or "ue" in text or "aa" in text or "Aa" in text:
        names = (name_variant(name.lower()) for name in _NAMES.findall(text))
        variants += [variant for variant in names if variant]
    return variants


# A name of a person is kept under keys that each begin with another of its words and go around (``duarte
# javier``, ``javier duarte``), so that an index finds it by any word, and the other names follow.


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
