# SPDX-License-Identifier: MIT
"""Vocabulary of tasks: the terms that the free words of records map to, and the spellings that map.

`tasks.json` holds one term per line. A statement maps where it is spelled as a term's key, its label or one
of its listed spellings; case, hyphens, underscores and a plural make no difference. Nothing else maps: a word
is not looked for inside a statement, and descriptions are not read. docs/tasks.md is written from it
(``scripts/build_tasks.py``).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec

__all__ = ["Task", "narrower", "spelled", "spellings", "term_of", "terms_of", "vocabulary"]

_BETWEEN_WORDS = re.compile(r"[\s_\-\u2010-\u2013]+")


class Task(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A term: its key, its label in lower case, a definition, and the key of the next broader term.

    `spellings` map to it, as its key and its label do; `matches` are addresses of terms of others with the
    same meaning: pipeline tags of Hugging Face, operations of EDAM.
    """

    key: str
    label: str
    definition: str
    broader: str | None = None
    spellings: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()


@cache
def vocabulary() -> Mapping[str, Task]:
    """Return all terms by key, in the order of the file."""
    document = Path(__file__).with_name("tasks.json").read_bytes()
    return {term.key: term for term in msgspec.json.decode(document, type=tuple[Task, ...])}


def term_of(statement: str) -> str | None:
    """Return the key of the term that a statement is spelled as, None where it is free text.

    >>> term_of("Hbb-Tagging"), term_of("tagging of jets")
    ('higgs-tagging', None)
    """
    return _terms().get(spelled(statement))


def terms_of(statements: Iterable[str]) -> tuple[str, ...]:
    """Return the keys of the terms of statements, each once, in their order."""
    return tuple(dict.fromkeys(key for text in statements if (key := term_of(text)) is not None))


def narrower(key: str) -> tuple[str, ...]:
    """Return the key of a term with those of all narrower ones, itself first."""
    below = (term.key for term in vocabulary().values() if term.broader == key)
    return (key, *(found for child in below for found in narrower(child)))


def spellings(term: Task) -> Iterator[str]:
    """Yield everything that maps to a term: key, label and spellings, singular and plural."""
    for text in dict.fromkeys((term.key, term.label, *term.spellings)):
        yield text
        if text[-1].isalpha() and not text.endswith("s"):
            yield f"{text}s"


def spelled(text: str) -> str:
    """Return a statement without case, with one blank for hyphens, underscores and blanks."""
    return _BETWEEN_WORDS.sub(" ", text.casefold()).strip()


@cache
def _terms() -> Mapping[str, str]:
    """Return the key of the term of each spelling."""
    return {spelled(text): term.key for term in vocabulary().values() for text in spellings(term)}
