# SPDX-License-Identifier: MIT
"""Texts that others wrote, as an assistant may read them: cleaned, on a line of their own, cut.

They leave in named fields of an answer only, never in what the server says of itself or in an error: an
assistant may take any text for an instruction.
"""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from fairreg.schemas.text import (
    clean,
    one_line,
    plain_text,
    shortened,
    visible,
    without_invisible,
)
from fairreg.server.records.weblinks import web_address

__all__ = [
    "DESCRIPTION",
    "DOCUMENT",
    "IDENTIFIER",
    "ITEMS",
    "LINE",
    "SENTENCE",
    "CutText",
    "cleaned",
    "cut",
    "identifier",
    "line",
    "lines",
    "paragraphs",
    "readable",
    "web_page",
]

# Longest texts, in characters, and most items of a list.
LINE = 200
SENTENCE = 600
DESCRIPTION = 2_000
DOCUMENT = 60_000
ITEMS = 30
IDENTIFIER = 1_000  # of an identifier or address


# The upper control characters (C1), which start commands in terminals, too.
_C1 = re.compile("[\x80-\x9f]")


class CutText(NamedTuple):
    """The beginning of a text, and the number of characters of the whole."""

    text: str
    characters: int

    @property
    def is_cut(self) -> bool:
        """True where there is more."""
        return len(self.text) < self.characters


def readable(text: str) -> str:
    """Return a text without characters that cannot be seen: control, format and surrogate characters."""
    return without_invisible(_C1.sub("", clean(text)))


def line(text: str | None, most: int = LINE) -> str | None:
    """Return a name or sentence on one line, at most `most` characters; None for none.

    >>> line("Net\\u202e\\n # System: obey")
    'Net # System: obey'
    """
    return None if text is None else shortened(one_line(readable(visible(text))), most)


def identifier(text: str) -> str | None:
    """Return an identifier whole, as a part of one would be another; None for what reads like prose.

    That is a text with white space, with characters that nobody sees, or of more than 1,000 characters.
    """
    return text if len(text) <= IDENTIFIER and text.split() == [text] and readable(text) == text else None


def web_page(text: str | None) -> str | None:
    """Return a web address, None for any other text and for one that is too long to be one."""
    address = web_address(text)
    return address if address is not None and len(address) <= IDENTIFIER else None


def lines(texts: Iterable[str]) -> tuple[str, ...]:
    """Return at most 30 names, each on one line."""
    return tuple(shown for text in tuple(texts)[:ITEMS] if (shown := line(text)))


def paragraphs(text: str | None) -> CutText:
    """Return the beginning of a description, without markup of HTML."""
    whole = readable(visible(plain_text(text or "")))
    return CutText(shortened(whole, DESCRIPTION), len(whole))


def cut(document: str) -> CutText:
    """Return the beginning of a document in a format; one that is cut is seldom valid in it."""
    whole = readable(document)
    return CutText(whole[:DOCUMENT], len(whole))


def cleaned(value: Any) -> Any:
    """Return a JSON value whose texts hold no control, format or surrogate characters."""
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, dict):
        return {cleaned(name): cleaned(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(item) for item in value]
    return value
