# SPDX-License-Identifier: MIT
"""Text from forms: HTML descriptions, comma-separated keywords, broken characters."""

import html
import re
from collections.abc import Iterable

__all__ = ["clean", "one_line", "plain_text", "split_keywords", "title"]

_TAGS = (
    "a|abbr|address|article|aside|b|bdi|bdo|big|blockquote|body|br|caption|center|cite|code|col|colgroup|dd|"
    "del|details|dfn|div|dl|dt|em|figcaption|figure|font|footer|h[1-6]|head|header|hr|html|i|iframe|img|ins|"
    "kbd|label|li|link|main|mark|meta|nav|nobr|ol|p|pre|q|s|samp|script|section|small|span|strike|strong|"
    "style|sub|summary|sup|svg|table|tbody|td|tfoot|th|thead|time|title|tr|tt|u|ul|var|video|wbr"
)
# A comment ends before the next one begins: searching each to the end would take quadratic time.
_TAG = re.compile(rf"</?(?:{_TAGS})(?=[\s/>])[^<>]*>|<!--(?:(?!<!--).)*?-->", re.IGNORECASE | re.DOTALL)
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_PARAGRAPH, _LINE = "\x1e", "\x1f"
_PARAGRAPHS = (
    "p", "div", "blockquote", "pre", "table", "ul", "ol", "dl", "section", "article", "hr", "figure",
    "h1", "h2", "h3", "h4", "h5", "h6",
)  # fmt: skip
_LINES = ("br", "li", "tr", "dt", "dd", "caption", "figcaption")


def clean(text: str) -> str:
    """Remove the characters that UTF-8, XML or a database rejects (NUL, lone surrogates)."""
    return _UNFIT.sub("", text)


def one_line(text: str) -> str:
    """Return `text` on one line: cleaned, runs of white space (no-break spaces too) become one space."""
    return " ".join(clean(text).split())


def plain_text(text: str) -> str:
    """Return the words of an HTML or plain description; an empty line separates paragraphs, lines are kept.

    Only text that looks like an HTML tag is treated as one, so ``p < 0.05`` and ``x<y`` stay whole.
    """
    text = clean(text)
    return _of_html(text) if _TAG.search(text) else _tidy(html.unescape(text).replace("\r\n", "\n"))


def title(text: str) -> str | None:
    """Return a title, name or keyword on one line: entities become characters, tags of HTML are removed.

    None for an empty text. ``<`` and ``&`` of plain text stay, and so does a text that is nothing but tags.
    """
    return one_line(plain_text(text)) or one_line(text) or None


def split_keywords(stated: Iterable[str]) -> tuple[str, ...]:
    """Return each keyword once, ignoring case, without markup; a single entry is split at its separators."""
    entries = [entry for entry in map(title, stated) if entry]
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
    # Marks go inside the tags: a mark beside a tag would search the parent's list from its start.
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
    """Escape every ``<`` that opens no tag: the parser would take the words after it for a tag."""
    parts, end = [], 0
    for match in _TAG.finditer(text):
        parts += [text[end : match.start()].replace("<", "&lt;"), match[0]]
        end = match.end()
    return "".join([*parts, text[end:].replace("<", "&lt;")])


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in clean(text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
