# SPDX-License-Identifier: MIT
"""Text as people paste it into forms: HTML descriptions, comma-separated keywords, broken characters."""

import html
import re
from collections.abc import Iterable

__all__ = ["clean", "one_line", "plain_text", "split_keywords"]

_TAGS = (
    "a|abbr|address|article|aside|b|bdi|bdo|big|blockquote|body|br|caption|center|cite|code|col|colgroup|dd|"
    "del|details|dfn|div|dl|dt|em|figcaption|figure|font|footer|h[1-6]|head|header|hr|html|i|iframe|img|ins|"
    "kbd|label|li|link|main|mark|meta|nav|nobr|ol|p|pre|q|s|samp|script|section|small|span|strike|strong|"
    "style|sub|summary|sup|svg|table|tbody|td|tfoot|th|thead|time|title|tr|tt|u|ul|var|video|wbr"
)
# A comment goes no further than the next one begins: searching each to the end would be quadratic.
_TAG = re.compile(rf"</?(?:{_TAGS})(?=[\s/>])[^<>]*>|<!--(?:(?!<!--).)*?-->", re.IGNORECASE | re.DOTALL)
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_PARAGRAPH, _LINE = "\x1e", "\x1f"
_PARAGRAPHS = (
    "p", "div", "blockquote", "pre", "table", "ul", "ol", "dl", "section", "article", "hr", "figure",
    "h1", "h2", "h3", "h4", "h5", "h6",
)  # fmt: skip
_LINES = ("br", "li", "tr", "dt", "dd", "caption", "figcaption")


def clean(text: str) -> str:
    """`text` without the characters that neither UTF-8, XML nor a database takes (NUL, lone surrogates)."""
    return _UNFIT.sub("", text)


def one_line(text: str) -> str:
    """`text` on one line: cleaned, runs of white space (no-break spaces too) become one space."""
    return " ".join(clean(text).split())


def plain_text(text: str) -> str:
    """The words of an HTML or plain description; paragraphs are parted by an empty line, lines stay lines.

    Only what looks like a tag of HTML is taken for one, so ``p < 0.05`` and ``x<y`` come through whole.
    """
    text = clean(text)
    return _of_html(text) if _TAG.search(text) else _tidy(html.unescape(text).replace("\r\n", "\n"))


def split_keywords(stated: Iterable[str]) -> tuple[str, ...]:
    """Keywords, each once whatever its case; a single entry that lists several is split at its separators."""
    entries = [entry for entry in map(one_line, stated) if entry]
    if len(entries) == 1:
        entries = [part.strip() for part in re.split(r"[,;|]", entries[0])]
    seen: dict[str, str] = {}
    for entry in entries:
        if entry.strip(" .,;|"):
            seen.setdefault(entry.casefold(), entry)
    return tuple(seen.values())


def _of_html(text: str) -> str:
    from bs4 import BeautifulSoup
    from bs4.element import NavigableString

    soup = BeautifulSoup(_escape_bare(text), "html.parser")
    for tag in soup.find_all(("script", "style", "head")):
        tag.decompose()
    for tag in soup.find_all("pre"):
        for string in list(tag.find_all(string=True)):
            string.replace_with(NavigableString(str(string).replace("\n", _LINE)))
    # Marks go inside the tags: beside them, each would search the parent's list anew.
    for tag in soup.find_all(_PARAGRAPHS):
        tag.insert(0, NavigableString(_PARAGRAPH))
        tag.append(NavigableString(_PARAGRAPH))
    for tag in soup.find_all(("td", "th")):
        tag.insert(0, NavigableString(" "))
    for tag in soup.find_all(_LINES):
        tag.insert(0, NavigableString(_LINE))
    flowing = re.sub(r"[^\S\x1e\x1f]+", " ", soup.get_text())
    return _tidy(flowing.replace(_PARAGRAPH, "\n\n").replace(_LINE, "\n"))


def _escape_bare(text: str) -> str:
    """Every ``<`` that opens no tag becomes ``&lt;``: the parser would take the words behind it for a tag."""
    parts, end = [], 0
    for match in _TAG.finditer(text):
        parts += [text[end : match.start()].replace("<", "&lt;"), match[0]]
        end = match.end()
    return "".join([*parts, text[end:].replace("<", "&lt;")])


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in clean(text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
