# SPDX-License-Identifier: MIT
"""Analyse prose: content, placeholders, and the objects that a text mentions.

Template text ("[More Information Needed]", "TODO", "Your ORCID", lorem ipsum) is never content: `clean`
removes it before anything is counted.
"""

import re
from functools import lru_cache

import msgspec

from fairreg.assessment.evidence import Document
from fairreg.schemas.identifiers import normalise_doi
from fairreg.sources import ARXIV, DOI, all_sources

__all__ = [
    "Mention",
    "clean",
    "code_blocks",
    "has_figures",
    "is_placeholder",
    "mentions",
    "sections",
    "words",
]

_PLACEHOLDER = re.compile(
    r"\[?more information needed\]?|lorem ipsum[^.\n]*\.?|\b(?:TODO|TBD|FIXME|XXX)\b[^\n]*"
    r"|\byour (?:orcid|name|e-?mail|affiliation|title|abstract|description|doi)\b[^\n]*"
    r"|<\s?(?:insert|add|your)[^<>]{0,200}>|\{\{[^{}]{0,200}\}\}|<!--.{0,5000}?-->",
    re.IGNORECASE | re.DOTALL,
)
_MARKUP = re.compile(r"<[^<>]+>|!?\[([^\[\]]*)\]\([^()\n]{0,500}\)|[`*_#|]+")
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"'<>\])},;|]+")
_ARXIV = re.compile(r"arxiv(?:\.org/(?:abs|pdf)/|:\s*)(\d{4}\.\d{4,5}|[a-z-]+/\d{7})", re.IGNORECASE)
_DATA = re.compile(r"\b(?:data|datasets?|samples?|train(?:ed|ing)?|simulat\w+)\b|_data\b", re.IGNORECASE)
_PAPER = re.compile(
    r"\b(?:papers?|articles?|journal|publications?|preprint|proceedings|et al|arxiv|manuscript)\b",
    re.IGNORECASE,
)
_BADGES = (row.dois.badge for row in all_sources() if row.dois and row.dois.badge)
_BADGE = re.compile("|".join(_BADGES), re.IGNORECASE)
_FENCE = re.compile(r"^(?:```|~~~)[^\n]*\n(.*?)^(?:```|~~~)", re.DOTALL | re.MULTILINE)
_RST_BLOCK = re.compile(r"::[^\n]*\n(?:[ \t]*\n)+((?:[ \t]*\n|[ \t]+\S[^\n]*(?:\n|$))+)")
_INDENTED = re.compile(r"^(?: {4}|\t|\$ )(\S[^\n]*)$", re.MULTILINE)
_HEADING = re.compile(r"^(?:#{1,6}[ \t]+(\S[^\n]*)|(\S[^\n]*)\n[=\-~^]{3,}[ \t]*)$", re.MULTILINE)
_FIGURES = re.compile(
    r"\b(?:accuracy|auc|auroc|f1(?:[- ]score)?|precision|recall|background rejection|rejection|rmse|mae|bleu"
    r"|perplexity|fidelity|r2|loss)\b[^\n.]{0,40}?\d+(?:\.\d+)?\s*%?",
    re.IGNORECASE,
)


class Mention(msgspec.Struct, frozen=True):
    """An object that a text names by DOI or arXiv number; `about_data` separates data from publications."""

    scheme: str
    value: str
    line: str
    about_data: bool
    badge: bool = False


def clean(text: str | None) -> str:
    """Return `text` without markup and placeholders: the author's own words."""
    without = _PLACEHOLDER.sub(" ", text or "")
    return " ".join(_MARKUP.sub(r" \1 ", without).split())


def words(text: str | None) -> int:
    """Count the words of content."""
    return len(re.findall(r"[^\W_][\w'’-]*", clean(text)))


def is_placeholder(text: str | None) -> bool:
    """Tell whether `text` has no content."""
    return words(text) == 0


@lru_cache(maxsize=256)
def mentions(document: Document) -> tuple[Mention, ...]:
    """Return DOIs and arXiv numbers of a text, in order, classified by the same and the previous line.

    In a Makefile every DOI counts as data when the file has a target or variable for data.
    """
    lines = document.text.splitlines()
    everywhere = document.role == "makefile" and bool(_DATA.search(_DOI.sub("", document.text)))
    found: list[Mention] = []
    for before, line in zip(["", *lines], lines, strict=False):
        about_data = everywhere or _is_about_data(before, line)
        badge = bool(_BADGE.search(line))
        found += [Mention(DOI.name, doi, line.strip(), about_data, badge) for doi in _dois(line)]
        found += [
            Mention(ARXIV.name, hit[1], line.strip(), about_data=False) for hit in _ARXIV.finditer(line)
        ]
    return tuple(dict.fromkeys(found))


def _is_about_data(before: str, line: str) -> bool:
    return bool(_DATA.search(_DOI.sub("", f"{before} {line}"))) and not _PAPER.search(line)


def sections(text: str) -> tuple[tuple[str, str], ...]:
    """Return (heading, body) of each Markdown or reStructuredText section; '' heads the text before them."""
    heads = list(_HEADING.finditer(text))
    starts = [0, *(head.end() for head in heads)]
    ends = [*(head.start() for head in heads), len(text)]
    titles = ["", *((head[1] or head[2]).rstrip("# \t") for head in heads)]
    return tuple((title, text[start:end]) for title, start, end in zip(titles, starts, ends, strict=True))


def code_blocks(text: str) -> tuple[str, ...]:
    """Return code blocks and command lines of a Markdown or reStructuredText file."""
    fenced = [match[1] for match in _FENCE.finditer(text)]
    literal = [match[1] for match in _RST_BLOCK.finditer(text)]
    indented = [match[1] for match in _INDENTED.finditer(text)]
    return tuple(block for block in (fenced or literal or indented) if block.strip())


def has_figures(text: str) -> str | None:
    """Return the first passage that gives a metric with a number."""
    match = _FIGURES.search(text)
    return match[0] if match else None


def _dois(line: str) -> tuple[str, ...]:
    bare = (match[0].removesuffix(".svg") for match in _DOI.finditer(line))
    return tuple(dict.fromkeys(doi for text in bare if (doi := normalise_doi(text))))
