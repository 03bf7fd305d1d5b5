# SPDX-License-Identifier: MIT
"""Markdown for model cards: the sections and words of a text, and foreign text escaped.

Foreign text is written as one line, one paragraph or one code block, with any characters: nothing in it opens
a heading, a fence, a table cell, front matter or an HTML tag.
"""

import html
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from fairreg.schemas.text import one_line, plain_text

__all__ = ["Section", "address", "code_block", "inline", "paragraphs", "prose", "sections"]

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*$")
_FENCE = re.compile(r"\s{0,3}(```|~~~)")
_IMAGE = re.compile(r"!\[[^\[\]\n]*\]\([^()\n]*\)")
_LINK = re.compile(r"\[([^\[\]\n]*)\]\([^()\n]*\)")
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)([^*_\n]+)\1")
# Starts of a line that open a heading, a fence or a rule, or underline the line above.
_OPENS_A_BLOCK = re.compile(r"(?=#{1,6}(?:\s|$)|~{3}|(?:-\s?){3,}$|(?:\*\s?){3,}$|(?:_\s?){3,}$|=+$|-+$)")


class Section(NamedTuple):
    """A heading with the lines below it; `title` is the heading in lower case without markup."""

    level: int
    title: str
    lines: tuple[str, ...]
    heading: str = ""


def sections(body: str) -> Iterator[Section]:
    """Yield the sections in order; the first, of level 0, is the text before any heading."""
    level, heading, lines, fence = 0, "", list[str](), ""
    for text in body.split("\n"):
        mark = _FENCE.match(text)
        if mark and fence in {"", mark[1]}:
            fence = "" if fence else mark[1]
        found = None if fence or mark else _HEADING.match(text)
        if found:
            yield Section(level, _plain_title(heading), tuple(lines), heading)
            level, heading, lines = len(found[1]), found[2], []
        else:
            lines.append(text)
    yield Section(level, _plain_title(heading), tuple(lines), heading)


def _plain_title(stated: str) -> str:
    text = _LINK.sub(r"\1", _IMAGE.sub("", stated)).lower().replace("-", " ")
    return " ".join(re.sub(r"[^\w&,;' ]", " ", text).split())


def prose(lines: tuple[str, ...], *, without: Callable[[str], bool], code: bool = False) -> str:
    """Return the words of lines, without pictures, addresses and lines matching `without`; code on demand."""
    kept: list[str] = []
    fence = ""
    for text in lines:
        mark = _FENCE.match(text)
        if mark and fence in {"", mark[1]}:
            fence = "" if fence else mark[1]
        elif fence or not without(text):
            kept += [text] if code or not fence else []
    whole = _LINK.sub(r"\1", _IMAGE.sub("", "\n".join(kept)))
    words = plain_text(_EMPHASIS.sub(r"\2", whole))
    return words if re.search(r"\w", words) else ""


def inline(text: str | None) -> str:
    """Return foreign text on one line, with HTML and table markup escaped."""
    flat = html.escape(one_line(text or ""), quote=False)
    return flat.replace("|", "\\|").replace("`", "'")


def address(text: str | None) -> str:
    """Return an address on one line, with HTML tags and code escaped."""
    return one_line(text or "").replace("<", "%3C").replace("`", "%60")


def paragraphs(text: str | None) -> str:
    """Return foreign text as paragraphs, separated at its empty lines."""
    parts = (inline(part) for part in re.split(r"\n\s*\n", text or ""))
    return "\n\n".join(_OPENS_A_BLOCK.sub("\\\\", part, count=1) if part else "" for part in parts if part)


def code_block(text: str) -> str:
    """Return foreign text unchanged, in a fence that none of its lines closes."""
    inside = re.sub(
        r"^ {0,3}(?=~~~)", "    ", text.replace("\r\n", "\n").replace("\r", "\n"), flags=re.MULTILINE
    )
    return f"~~~text\n{inside}\n~~~"
