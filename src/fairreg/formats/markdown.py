# SPDX-License-Identifier: MIT
"""Markdown as model cards need it: the sections and words of a text, and foreign text that stays text.

What is written here is one line, one paragraph or one block of code whatever characters it holds: nothing of
it opens a heading, a fence, a table cell, front matter or a tag of HTML.
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
# What opens a heading, a fence or a rule at the start of a line, or underlines the line above it.
_OPENS_A_BLOCK = re.compile(r"(?=#{1,6}(?:\s|$)|~{3}|(?:-\s?){3,}$|(?:\*\s?){3,}$|(?:_\s?){3,}$|=+$|-+$)")


class Section(NamedTuple):
    """A heading with the lines below it; `title` is the heading in lower case without markup."""

    level: int
    title: str
    lines: tuple[str, ...]
    heading: str = ""


def sections(body: str) -> Iterator[Section]:
    """The sections in order; the first, of level 0, is what stands before any heading."""
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
    """The words of lines without pictures and addresses; code on demand, lines that are `without` never."""
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
    """Foreign text on one line, in which nothing is markup of HTML or of a table."""
    flat = html.escape(one_line(text or ""), quote=False)
    return flat.replace("|", "\\|").replace("`", "'")


def address(text: str | None) -> str:
    """An address on one line, in which nothing is a tag of HTML or code."""
    return one_line(text or "").replace("<", "%3C").replace("`", "%60")


def paragraphs(text: str | None) -> str:
    """Foreign text as paragraphs, parted where empty lines part it."""
    parts = (inline(part) for part in re.split(r"\n\s*\n", text or ""))
    return "\n\n".join(_OPENS_A_BLOCK.sub("\\\\", part, count=1) if part else "" for part in parts if part)


def code_block(text: str) -> str:
    """Foreign text as it stands, in a fence that none of its lines closes."""
    inside = re.sub(
        r"^ {0,3}(?=~~~)", "    ", text.replace("\r\n", "\n").replace("\r", "\n"), flags=re.MULTILINE
    )
    return f"~~~text\n{inside}\n~~~"
