# SPDX-License-Identifier: MIT
"""Expand a query: its terms, each with synonyms from the field's vocabulary."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from fairreg.registry.search.query_parser import QueryWord, query_words, quoted_parts
from fairreg.registry.text.normalization import words, written
from fairreg.registry.text.spelling_variants import spelling_variants
from fairreg.registry.text.stemming import stemmed

__all__ = ["Term", "parse_query"]

Phrase = tuple[str, ...]

# A form is another spelling of the same word, kin is another word for nearly the same.
_SYNONYM, _RELATED = 1.0, 0.7
_MOST_WORDS = 40
_LONGEST_PHRASE, _LONGEST_PARAPHRASE = 5, 8
# Weight of a compound that is also written as one word.
_LONGEST_PART = 8
_PLURAL = re.compile(r"\w{2,}[^\Ws]s")


@dataclass(frozen=True)
class Term:
    """One term of a query: the phrases (word tuples) that express it, each with its weight in 0..1.

    `asked` is the typed text. A quoted text is required, and has no other phrases.
    """

    phrases: "tuple[tuple[Phrase, float], ...]"
    asked: str = ""
    required: bool = False


def parse_query(question: str) -> tuple[Term, ...]:
    """Parse a query into its distinct terms in order; known phrases of several words are one term.

    A text in double quotes is a required term of its own. Stop phrases are left out, unless there is nothing
    else.
    """
    known = _vocabulary()
    found: list[Term] = []
    left = _MOST_WORDS
    for text, quoted in quoted_parts(question):
        found += _required(text, left) if quoted else _free(query_words(text, left), known)
        left = _MOST_WORDS - sum(len(_phrase(term)) for term in found)
    telling = [term for term in found if term.required or not known.is_stop_phrase(_phrase(term))]
    distinct: dict[tuple[Phrase, bool], Term] = {}
    for term in telling or found:
        distinct.setdefault((_phrase(term), term.required), term)
    return tuple(distinct.values())


def _phrase(term: Term) -> Phrase:
    """Return the phrase as typed."""
    return term.phrases[0][0]


def _required(text: str, most: int) -> list[Term]:
    phrase = tuple(written(text)[:most])
    return [Term(((phrase, 1.0),), text.strip(), required=True)] if phrase else []


def _free(asked: Sequence[QueryWord], known: "_Vocabulary") -> list[Term]:
    """Return the terms of a text without quotes."""
    spans = list(_spans([one.word for one in asked], known))
    phrases = [tuple(one.word for one in asked[start:stop]) for start, stop in spans]
    typed = [" ".join(dict.fromkeys(one.text for one in asked[start:stop])) for start, stop in spans]
    joined: dict[int, list[Phrase]] = {}
    for index, (one, other) in enumerate(pairwise(phrases)):
        if known.joins(one) and known.joins(other):
            for place in (index, index + 1):
                joined.setdefault(place, []).append((one[0] + other[0],))
    return [
        Term(tuple(known.expressing(phrase, joined.get(place, ())).items()), text)
        for place, (phrase, text) in enumerate(zip(phrases, typed, strict=True))
    ]


def _spans(asked: list[str], known: "_Vocabulary") -> Iterator[tuple[int, int]]:
    """Yield the start and stop of each term."""
    start = 0
    while start < len(asked):
        stop = start + known.longest(asked[start:])
        yield start, stop
        start = stop


@dataclass(frozen=True)
class _Vocabulary:
    """Vocabulary of `vocabulary.toml`; phrases are in the singular.

    `groups`: each known phrase with the others of its groups and their weights. `paraphrases`: plain words,
    stemmed and without those of grammar, with the terms that they stand for. `stop_phrases`: phrases to
    ignore. `units`: words that belong to the number before them.
    """

    groups: Mapping[Phrase, tuple[tuple[Phrase, float], ...]]
    paraphrases: Mapping[Phrase, tuple[tuple[Phrase, float], ...]]
    stop_phrases: frozenset[Phrase]
    units: frozenset[str]

    def is_stop_phrase(self, phrase: Phrase) -> bool:
        return phrase in self.stop_phrases or _singular(phrase) in self.stop_phrases

    def joins(self, phrase: Phrase) -> bool:
        """Tell whether a phrase may be part of a compound, as "point" and "cloud" of "pointcloud"."""
        word = phrase[0]
        return (
            len(phrase) == 1
            and word.isalpha()
            and len(word) <= _LONGEST_PART
            and phrase not in self.stop_phrases
        )

    def longest(self, asked: Sequence[str]) -> int:
        """Return how many of the next words make one known phrase or a number with its unit, else one."""
        for length in range(min(_LONGEST_PARAPHRASE, len(asked)), 1, -1):
            phrase = tuple(asked[:length])
            if self._paraphrase(phrase) or (length <= _LONGEST_PHRASE and self._is_known(_singular(phrase))):
                return length
        digits = next((place for place, word in enumerate(asked) if not word.isdigit()), 0)
        return digits + 1 if 0 < digits < _LONGEST_PHRASE and asked[digits] in self.units else 1

    def _is_known(self, phrase: Phrase) -> bool:
        return phrase in self.groups or phrase in self.stop_phrases

    def _paraphrase(self, phrase: Phrase) -> tuple[tuple[Phrase, float], ...]:
        """Return the terms that plain words stand for; none where a word of grammar begins or ends them."""
        if (phrase[:1] in self.stop_phrases) or (phrase[-1:] in self.stop_phrases):
            return ()
        return self.paraphrases.get(_content(phrase, self.stop_phrases), ())

    def expressing(self, phrase: Phrase, joined: Sequence[Phrase]) -> dict[Phrase, float]:
        """Return all phrases that express `phrase`, itself first, each with its weight."""
        weights: dict[Phrase, float] = dict.fromkeys((phrase, *spelling_variants(phrase), *joined), 1.0)
        for other, weight in (*self.groups.get(_singular(phrase), ()), *self._paraphrase(phrase)):
            if other != _singular(phrase):
                for spelling in (other, *spelling_variants(other)):
                    weights[spelling] = max(weight, weights.get(spelling, 0.0))
        return weights


@cache
def _vocabulary() -> _Vocabulary:
    import tomllib  # needed only for a search by words

    text = Path(__file__).with_name("vocabulary.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    stop_phrases = frozenset(_phrases([*document["little"]["terms"], *document["everywhere"]["terms"]]))
    units = frozenset(unit for (unit,) in _phrases(document["units"]["terms"]))
    groups = _grouped(document["group"])
    return _Vocabulary(
        groups, _paraphrased(document["paraphrase"], groups, stop_phrases), stop_phrases, units
    )


def _paraphrased(
    listed: Sequence[Mapping[str, Any]],
    groups: Mapping[Phrase, tuple[tuple[Phrase, float], ...]],
    stop_phrases: frozenset[Phrase],
) -> Mapping[Phrase, tuple[tuple[Phrase, float], ...]]:
    """Map plain words to the terms that they stand for, and to the forms of these."""
    found: dict[Phrase, tuple[tuple[Phrase, float], ...]] = {}
    for item in listed:
        terms = _phrases(item["stands_for"])
        forms = [form for term in terms for form, weight in groups.get(term, ()) if weight == _SYNONYM]
        meant = tuple((term, _RELATED) for term in dict.fromkeys((*terms, *forms)))
        for text in item["said"]:
            found[_content(tuple(words(text)), stop_phrases)] = meant
    return found


def _content(phrase: Phrase, stop_phrases: frozenset[Phrase]) -> Phrase:
    """Return the stems of a phrase without its words of grammar."""
    return tuple(stemmed(word) for word in phrase if (word,) not in stop_phrases)


def _grouped(listed: Sequence[Mapping[str, Any]]) -> Mapping[Phrase, tuple[tuple[Phrase, float], ...]]:
    """Map each phrase to the others of its groups; the kin of a phrase is also the kin of its forms."""
    forms = [_phrases(group["terms"]) for group in listed if group["relation"] == "form"]
    related = [_phrases(group["terms"]) for group in listed if group["relation"] == "kin"]
    same: dict[Phrase, list[Phrase]] = {}
    for terms in forms:
        for term in terms:
            same.setdefault(term, []).extend(terms)
    others: dict[Phrase, dict[Phrase, float]] = {}
    for weight, terms in (*((_RELATED, terms) for terms in related), *((_SYNONYM, terms) for terms in forms)):
        members = {one for term in terms for one in (term, *same.get(term, ()))}
        for phrase in {spelling for one in members for spelling in (one, *spelling_variants(one))}:
            others.setdefault(phrase, {}).update(dict.fromkeys(terms, weight))
    return {phrase: tuple(found.items()) for phrase, found in others.items()}


def _phrases(terms: list[str]) -> list[Phrase]:
    return [_singular(tuple(words(term))) for term in terms]


def _singular(phrase: Phrase) -> Phrase:
    last = phrase[-1]
    return (*phrase[:-1], last[:-1]) if _PLURAL.fullmatch(last) else phrase
