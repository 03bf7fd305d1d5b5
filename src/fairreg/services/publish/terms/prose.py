# SPDX-License-Identifier: MIT
"""Lines of model cards on terms, which a reader of metadata does not see."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from fairreg.schemas.text import one_line

__all__ = ["OtherTerms", "terms_in_prose"]

_LONGEST_LINE = 100
# Words of terms that close what a licence opens.
_CLOSED = re.compile(
    # Not "for commercial and non-commercial purposes".
    r"(?<!\bcommercial and )(?<!\bcommercial or )non[- ]?commercial(?! (?:and|or) commercial)"
    r"|\bcc[- ]by[- ](?:n[cd]|sa[- ]n[cd])\b"
    r"|\b(?:research|academic|evaluation|educational)(?: use| purposes?)? only"
    r"|only (?:be used )?for (?:\w+ ){0,3}(?:research|academic|evaluation|educational)"
    r"|all rights reserved|proprietary",
    re.IGNORECASE,
)
_WEIGHTS = re.compile(r"\b(?:weights?|checkpoints?|models?)\b", re.IGNORECASE)
_HEADING = re.compile(r"\s{0,3}(?P<marks>#{1,6})\s|\s{0,3}(?:\*\*|__)[^*_]{1,60}(?:\*\*|__):?\s*$")
_ON_TERMS = re.compile(r"licen[cs]|\bterms\b|\brights\b|\bconditions of use\b", re.IGNORECASE)
_UNDERLINE = re.compile(r"\s{0,3}(?:={3,}|-{3,})\s*")


class OtherTerms(NamedTuple):
    """A sentence on a line of other terms, and whether the line speaks of the weights."""

    told: str
    on_weights: bool


def terms_in_prose(texts: Mapping[str, str], licence: str | None) -> Iterator[OtherTerms]:
    """Yield the first line of each text on other terms than a licence that has none of these.

    Read are lines that speak of a licence, and all lines below a heading on terms.
    """
    if licence is None or _CLOSED.search(licence):
        return
    for name, text in texts.items():
        found = [(number, line) for number, line in _lines_on_terms(text) if _CLOSED.search(line)]
        # The line on the weights counts most.
        found.sort(key=lambda item: _WEIGHTS.search(item[1]) is None)
        for number, line in found[:1]:
            said = one_line(line).strip()[:_LONGEST_LINE]
            told = f"{name}, line {number}, speaks of other terms than {licence}: {said!r}."
            yield OtherTerms(told, _WEIGHTS.search(line) is not None)


def _lines_on_terms(text: str) -> Iterator[tuple[int, str]]:
    lines = text.splitlines()
    level: int | None = None  # of the heading on terms that the line is below
    front = next((number for number, line in enumerate(lines[1:], 2) if line.strip() == "---"), 0)
    front = front if lines and lines[0].strip() == "---" else 0
    for number, line in enumerate(lines, 1):
        below = lines[number] if number < len(lines) else ""
        heading = _HEADING.match(line)
        if number > front and (heading or (line.strip() and _UNDERLINE.fullmatch(below))):
            depth = len(heading["marks"] or "") or 7 if heading else 1
            if level is None or depth <= level:
                level = depth if _ON_TERMS.search(line) else None
        if level is not None or "licen" in line.lower():
            yield number, line
