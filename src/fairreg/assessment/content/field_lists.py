# SPDX-License-Identifier: MIT
"""Fields of data that a text describes: rows of a table of fields, items that begin with a field's name."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from fairreg.assessment.content.documents import role_of
from fairreg.assessment.content.prose import words

__all__ = ["described_fields", "may_describe_fields"]

_HEADS = re.compile(r"\b(?:description|meaning|definition|explanation|comment)s?\b", re.IGNORECASE)
# Words that head a description only beside a column of fields, and those that name such a column or section.
_WEAK_HEADS = re.compile(r"\b(?:contents?|holds?|quantit(?:y|ies)|what)\b", re.IGNORECASE)
_FIELDS = re.compile(
    r"\b(?:fields?|columns?|variables?|features?|branch(?:es)?|data dictionary|code ?book|schema)\b",
    re.IGNORECASE,
)
_HEADING = re.compile(r"[ ]{0,3}#{1,6}[ \t](.{1,200})")
_RULE = re.compile(r"[\s|:+=-]*")
_ITEM = re.compile(
    r"[ \t]{0,8}(?:[-*+][ \t]{1,4})?(`[^`\n]{1,80}`|[A-Za-z][\w.\[\]]{0,79})"
    r"[ \t]{0,4}(?::|[-–—]{1,2}[ \t])(.*)"
)
# A field's name, unlike a word of prose, has a digit, an underscore, a bracket or inner capitals or quotes.
_NAME = re.compile(r"`[^`]+`|\w*(?:[\d_\[\].]|[a-z][A-Z])[\w.\[\]]*")
_ENOUGH = 2  # words of a description
_ROLES = frozenset({"readme", "model_card", "docs", "definitions"})
_SUFFIXES = frozenset(
    {".md", ".rst", ".txt", ".pdf", ".html", ".htm", ".doc", ".docx", ".odt", ".yaml", ".yml"}
    | {".zip", ".tar", ".tgz", ".gz", ".7z"}
)
_NAMED = re.compile(
    r"code.?book|dictionary|schema|description|fields|columns|variables|metadata", re.IGNORECASE
)


def may_describe_fields(name: str) -> bool:
    """Tell whether a file of this name may describe the fields of data to people, or holds one that may."""
    return (
        role_of(name) in _ROLES
        or PurePosixPath(name).suffix.lower() in _SUFFIXES
        or bool(_NAMED.search(name))
    )


def described_fields(text: str) -> list[str]:
    """Return the lines that describe a field in words, in linear time."""
    return [*_rows(text.splitlines()), *_items(text.splitlines())]


def _rows(lines: list[str]) -> Iterator[str]:
    """Yield the rows of tables whose head names a description."""
    inside = False
    for line in lines:
        if line.count("|") < 2:  # noqa: PLR2004 - two cells
            inside = False
        elif not inside:
            inside = bool(_HEADS.search(line) or (_WEAK_HEADS.search(line) and _FIELDS.search(line)))
        elif not _RULE.fullmatch(line):
            cells = [cell for cell in line.strip().strip("|").split("|") if words(cell)]
            if len(cells) > 1 and max(map(words, cells[1:])) >= _ENOUGH:
                yield line.strip()


def _items(lines: list[str]) -> Iterator[str]:
    """Yield the lines that are a field's name, a colon or dash, and a description.

    Below a heading on fields any single word is a name ("pt: transverse momentum in GeV").
    """
    below = False
    for line in lines:
        if heading := _HEADING.match(line):
            below = bool(_FIELDS.search(heading[1]))
            continue
        item = _ITEM.fullmatch(line[:1000])
        if item and (below or _NAME.fullmatch(item[1])) and words(item[2]) >= _ENOUGH:
            yield line.strip()
