# SPDX-License-Identifier: MIT
"""What a question asks for: its terms, each with the other words that the field uses for it."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fairreg.registry.wording import words

__all__ = ["Term", "understand"]

Phrase = tuple[str, ...]

# A form is the same word written otherwise, kin is another word for nearly the same.
_WEIGHTS = {"form": 1.0, "kin": 0.7}
_MOST_WORDS = 40
_LONGEST_PHRASE = 4
_PLURAL = re.compile(r"\w{2,}[^\Ws]s")
_STOP_WORDS = frozenset(
    {
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "can",
        "do",
        "find",
        "for",
        "from",
        "get",
        "how",
        "i",
        "in",
    }
    | {
        "into",
        "is",
        "it",
        "of",
        "on",
        "or",
        "run",
        "show",
        "that",
        "the",
        "their",
        "this",
        "to",
        "use",
        "using",
    }
    | {"via", "what", "which", "with"}
)


@dataclass(frozen=True)
class Term:
    """One thing asked for: phrases (word tuples) that express it, each with its weight in 0..1.

    `asked` is how the user put it; what lacks a `required` term is no answer.
    """

    phrases: "tuple[tuple[Phrase, float], ...]"
    asked: str = ""
    required: bool = False


def understand(question: str) -> tuple[Term, ...]:
    """The distinct terms of a question in order; known phrases of several words are one term.

    Words that ask for nothing are left out, unless there are no others.
    """
    known = _vocabulary()
    asked = words(question)[:_MOST_WORDS]
    phrases: list[Phrase] = []
    while asked:
        length = _longest(asked, known)
        phrases.append(tuple(asked[:length]))
        del asked[:length]
    telling = [phrase for phrase in phrases if not _asks_nothing(phrase, known)]
    return tuple(_term(phrase, known) for phrase in dict.fromkeys(telling or phrases))


def _asks_nothing(phrase: Phrase, known: "_Vocabulary") -> bool:
    return _singular(phrase) in known.everywhere or (len(phrase) == 1 and phrase[0] in _STOP_WORDS)


def _term(phrase: Phrase, known: "_Vocabulary") -> Term:
    weights: dict[Phrase, float] = {phrase: 1.0}
    for other, weight in known.groups.get(_singular(phrase), ()):
        if other != _singular(phrase):
            weights[other] = max(weight, weights.get(other, 0.0))
    return Term(tuple(weights.items()), " ".join(phrase))


def _longest(asked: list[str], known: "_Vocabulary") -> int:
    """Number of the next words that make one known phrase, else one."""
    for length in range(min(_LONGEST_PHRASE, len(asked)), 1, -1):
        phrase = _singular(tuple(asked[:length]))
        if phrase in known.groups or phrase in known.everywhere:
            return length
    return 1


@dataclass(frozen=True)
class _Vocabulary:
    """Each known phrase with the others of its groups and their weights; phrases that are true everywhere."""

    groups: Mapping[Phrase, tuple[tuple[Phrase, float], ...]]
    everywhere: frozenset[Phrase]


@cache
def _vocabulary() -> _Vocabulary:
    document = tomllib.loads(
        files("fairreg.registry").joinpath("vocabulary.toml").read_text(encoding="utf-8")
    )
    groups: dict[Phrase, tuple[tuple[Phrase, float], ...]] = {}
    for group in document["group"]:
        weight = _WEIGHTS[group["relation"]]
        terms = _phrases(group["terms"])
        for term in terms:
            groups[term] = (*groups.get(term, ()), *((other, weight) for other in terms))
    return _Vocabulary(groups, frozenset(_phrases(document["everywhere"]["terms"])))


def _phrases(terms: list[str]) -> list[Phrase]:
    return [_singular(tuple(words(term))) for term in terms]


def _singular(phrase: tuple[str, ...]) -> tuple[str, ...]:
    last = phrase[-1]
    return (*phrase[:-1], last[:-1]) if _PLURAL.fullmatch(last) else phrase
