# SPDX-License-Identifier: MIT
"""Reading of Markdown and reStructuredText as passages: sentences, list items, table rows, settings, code.

Indicators ask passages, never a whole text: a word counts in its sentence, below its headings. Template
comments, front matter, quotations, open tasks and headings without content are nobody's statement. Every
step is linear in the length of the text.
"""

import re
from collections.abc import Generator, Iterable, Iterator
from functools import lru_cache
from html import unescape
from typing import Literal, NamedTuple

from fairreg.assessment.content import claims
from fairreg.assessment.content.prose import clean, without_comments
from fairreg.assessment.evidence import Document
from fairreg.formats.front_matter import split_front_matter

__all__ = ["Kind", "Passage", "passages", "sentences", "settings", "statements"]

Kind = Literal["heading", "sentence", "row", "pair", "code", "quote", "task"]

_COMMENT = re.compile(r"^[ \t]*\.\.[ \t]+(?![\w-]+::|_|\[)[^\n]*$", re.MULTILINE)  # of reStructuredText
_TAGS = (
    (re.compile(r"<h([1-6])(?:\s[^<>]{0,200})?>", re.IGNORECASE), "\n\n## "),
    (re.compile(r"</(?:h[1-6]|p|div|ul|ol|table)>|<(?:p|div|ul|ol|table)(?:\s[^<>]{0,200})?>", re.I), "\n\n"),
    (re.compile(r"<li(?:\s[^<>]{0,200})?>", re.IGNORECASE), "\n- "),
    (re.compile(r"<summary(?:\s[^<>]{0,200})?>", re.IGNORECASE), "\n\n###### "),
    (re.compile(r"</?details(?:\s[^<>]{0,200})?>|</summary>", re.IGNORECASE), "\n\n"),
    (re.compile(r"<br\s?/?>|<tr(?:\s[^<>]{0,200})?>", re.IGNORECASE), "\n"),
    (re.compile(r"</tr>", re.IGNORECASE), " |\n"),
    (re.compile(r"<t[dh](?:\s[^<>]{0,200})?>", re.IGNORECASE), "| "),
)
_PREFORMATTED = re.compile(
    r"(?:<pre(?:\s[^<>]{0,200})?>\s{0,9}(?:<code(?:\s[^<>]{0,200})?>)?)|((?:</code>\s{0,9})?</pre>)",
    re.IGNORECASE,
)
_HTML_FENCE = "~~~~~~"
_STRUCK = re.compile(
    r"(?<!~)~~(?!~)(?:[^~\n]|\n(?![ \t]{0,99}\n)){1,2000}~~(?!~)"
    r"|<(del|strike|s)>(?:[^<\n]|\n(?![ \t]{0,99}\n)){1,2000}</\1>",
    re.IGNORECASE,
)
_FENCE = re.compile(r"\s{0,3}(`{3,20}|~{3,20})")
_HEADING = re.compile(r"\s{0,3}(#{1,6})[ \t]+(\S.*)")
_BOLD_HEADING = re.compile(r"\s{0,3}(?:\*\*|__)([^*_\n]{1,80}?)(?:\*\*:?|__:?|:\*\*|:__)\s*$")
_UNDERLINE = re.compile(r"([=\-~^\"'+#*])\1{2,}\s*$")
_LEVELS = "=-~^\"'+#*"
_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+(\S.*)")
_TASK = re.compile(r"\[([ xX])\]\s+")
_QUOTE = re.compile(r"\s{0,3}>\s?(.*)")
_NOTE = re.compile(r"\[!\w+\]|\W*(?:note|warning|tip|important|caution|tl;?dr)\b", re.IGNORECASE)
_INDENTED = re.compile(r"(?: {4}|\t)\s*\S|\$ \S|>>> \S")
_PAIR = re.compile(
    r"[\W_]*([^\W\d_][\w ./()\[\]*'’-]{0,60}?)[\s*\"'`]{0,5}(?::=?(?![/:])|=| [–—→] | ->"
    r" )[\s*\"'`]{0,5}([^\s:].*)"
)
_END = re.compile(r"[.!?][\"')\]*_`”]{0,3}\s+(?=[\"'(\[*_`“]{0,3}[A-Z0-9À-Þ])|\n{2,}")
_SHORT = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|et al|cf|figs?|eqs?|secs?|refs?|vs|approx|ca|nos?|nr|dr|mrs?|ms|prof|st|resp"
    r"|incl|phys|rev|lett|nucl|instrum|jr|[A-Z])\.$",
    re.IGNORECASE,
)
_LONGEST_NAME = 6  # words before the colon of a setting
_MOST_CELLS = 40
_LONGEST = 1500  # characters of a sentence or a cell
_LAST_WORDS = 12  # characters that hold the last word of a sentence


class Passage(NamedTuple):
    """One unit of a text below its `headings` (outermost first); `raw` keeps links and code marks.

    A ``row`` of a table and a ``pair`` ("name: value") have a `name` and a `value`; a row knows the `head` of
    its table.
    """

    kind: Kind
    text: str
    headings: tuple[str, ...]
    raw: str = ""
    name: str = ""
    value: str = ""
    head: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """The nearest heading, empty above the first."""
        return self.headings[-1] if self.headings else ""


@lru_cache(maxsize=64)
def passages(text: str) -> tuple[Passage, ...]:
    """Return every passage of a text, in order."""
    return tuple(_Reader(_plain(text)).read())


def statements(document: Document, *kinds: Kind) -> Iterator[Passage]:
    """Yield passages in which the author speaks of the model, by default sentences.

    Quotations and open tasks are not among them, nor is anything below "References" or "To do", or a heading
    that names others or plans; nor are rows and "name: value" below one of examples or negation, and code
    below one that says that it does not run.
    """
    title = _title(document.text)
    for item in passages(document.text):
        if item.kind not in (kinds or ("sentence",)) or any(map(claims.is_elsewhere, item.headings)):
            continue
        # What the title says in passing is said of no section below it.
        titled = item.headings[:1] == (title,)
        if _counts(item, item.headings[1:] if titled else item.headings):
            yield item


def _counts(item: Passage, inner: tuple[str, ...]) -> bool:
    """Tell whether the headings of its section let a passage of this kind be a statement on the model."""
    below = inner or item.headings
    if any(map(claims.is_on_others, below)):
        return False
    if item.kind != "sentence" and any(map(claims.is_to_fill_in, item.headings)):
        return False
    if item.kind == "code":
        return not any(map(claims.denies_code, below))
    if claims.is_question(item.heading):
        return False
    # An item "epochs: 20" is a sentence as well as data.
    is_data = item.kind != "sentence" or _paired(item.raw) is not None
    return not (is_data and (any(map(claims.denies_data, below)) or any(map(claims.names_baselines, inner))))


@lru_cache(maxsize=64)
def _title(text: str) -> str | None:
    """Return the heading above all others of a document, None where several are."""
    outermost = [item.text for item in passages(text) if item.kind == "heading" and not item.headings]
    return outermost[0] if len(outermost) == 1 else None


def sentences(text: str | None) -> tuple[str, ...]:
    """Return the sentences of a field, for example of a description, without markup."""
    return tuple(item.text for item in passages(text or "") if item.kind == "sentence")


def settings(document: Document, *kinds: Kind) -> Iterator[Passage]:
    """Yield table rows and "name: value" lines, or other `kinds`, of this model alone: no comparison."""
    for item in statements(document, *(kinds or ("row", "pair"))):
        denied = item.kind == "code" and any(map(claims.denies_data, item.headings))
        if not (denied or any(map(claims.is_comparison, item.headings))):
            yield item


def _plain(text: str) -> str:
    """Return the text without front matter, comments and struck words; tags become Markdown or nothing."""
    text = without_comments(text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff"))
    text = "\n".join(split_front_matter(text.split("\n"))[1]) if text.lstrip().startswith("---") else text
    text = _STRUCK.sub(" ", text)  # the author took it back
    text = _fenced_html(text)
    for tag, mark in _TAGS:
        text = tag.sub(mark, text)
    return _COMMENT.sub("", text)


def _fenced_html(text: str) -> str:
    """Return the text with preformatted blocks of HTML as fenced ones; one that is never closed is none."""
    parts: list[str] = []
    opened: re.Match[str] | None = None
    end = 0
    for mark in _PREFORMATTED.finditer(text):
        if not mark[1]:
            opened = opened or mark
        elif opened:
            body = unescape(_TAG.sub("", text[opened.end() : mark.start()]))
            parts += [text[end : opened.start()], f"\n\n{_HTML_FENCE}\n{body}\n{_HTML_FENCE}\n\n"]
            opened, end = None, mark.end()
    return "".join((*parts, text[end:]))


class _Reader:
    """State of one reading, line by line."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._headings: list[tuple[int, str]] = []
        self._open: list[str] = []  # lines of the open paragraph or item
        self._kind: Kind = "sentence"
        self._in_list = False
        self._quoting = False

    def read(self) -> Iterator[Passage]:
        """Yield the passages in order."""
        at = 0
        while at < len(self._lines):
            line = self._lines[at]
            if mark := _FENCE.match(line):
                yield from self._closed()
                at = yield from self._fenced(at, mark[1])
            elif self._is_table(at):
                yield from self._closed()
                at = yield from self._table(at)
            elif not self._open and not self._in_list and _INDENTED.match(line):
                at = yield from self._indented(at)
            else:
                yield from self._line(line)
                at += 1
        yield from self._closed()

    def _line(self, line: str) -> Iterator[Passage]:
        heading = _HEADING.match(line)
        bold = None if self._open else _BOLD_HEADING.match(line)
        under = _UNDERLINE.match(line)
        if heading:
            yield from self._closed()
            yield self._headed(len(heading[1]), heading[2].rstrip("# \t"))
        elif under:
            title = self._open.pop() if self._open and not self._in_list else ""
            yield from self._closed()
            if title:  # else it is a rule, or the line above a title
                yield self._headed(1 + _LEVELS.index(under[1]), title)
        elif bold:
            yield self._headed(10, bold[1])
        elif not line.strip():
            yield from self._closed()
        elif item := _ITEM.match(line):
            yield from self._closed()
            self._in_list = True
            self._begin(item[1])
        elif quote := _QUOTE.match(line):
            yield from self._quoted(quote[1])
        else:
            self._in_list = self._in_list and (bool(self._open) or line[0] in " \t")
            self._open.append(line)

    def _quoted(self, text: str) -> Iterator[Passage]:
        if not self._quoting:
            yield from self._closed()
            # A note to the reader is set as a quotation, but quotes nobody.
            self._kind, self._quoting = "sentence" if _NOTE.match(text) else "quote", True
        self._open.append(text)

    def _begin(self, text: str) -> None:
        task = _TASK.match(text)
        self._kind = "task" if task and task[1] == " " else "sentence"
        self._open = [text[task.end() :] if task else text]

    def _headed(self, level: int, title: str) -> Passage:
        self._in_list = False
        self._headings = [item for item in self._headings if item[0] < level]
        found = Passage("heading", clean(title), self._path(), title)
        self._headings.append((level, found.text))
        return found

    def _path(self) -> tuple[str, ...]:
        return tuple(title for _, title in self._headings)

    def _closed(self) -> Iterator[Passage]:
        """Yield what the open paragraph holds: its settings line by line, then its sentences."""
        lines, kind, self._open, self._kind, self._quoting = self._open, self._kind, [], "sentence", False
        path = self._path()
        if kind == "sentence":
            yield from _pairs(lines, path)
        for raw in _split("\n".join(lines)):
            yield Passage(kind, _words(raw), path, raw)
            if kind == "sentence":
                commands = re.findall(r"`([^`\n]{1,300})`", raw)
                yield from (Passage("code", item, path, item) for item in commands if " " in item)

    def _fenced(self, at: int, mark: str) -> Generator[Passage, None, int]:
        end = next(
            (n for n in range(at + 1, len(self._lines)) if self._lines[n].lstrip().startswith(mark)),
            len(self._lines),
        )
        body = "\n".join(self._lines[at + 1 : end]) + "\n"
        yield Passage("code", body, self._path(), body)
        return end + 1

    def _indented(self, at: int) -> Generator[Passage, None, int]:
        end = at
        while end < len(self._lines) and (_INDENTED.match(self._lines[end]) or not self._lines[end].strip()):
            end += 1
        body = "\n".join(self._lines[at:end]).rstrip() + "\n"
        yield Passage("code", body, self._path(), body)
        return end

    def _is_table(self, at: int) -> bool:
        line = self._lines[at]
        if line.count("|") > 1 and line.lstrip().startswith("|"):
            return True
        below = self._lines[at + 1] if at + 1 < len(self._lines) else ""
        return "|" in line and "|" in below and _is_ruler(below)

    def _table(self, at: int) -> Generator[Passage, None, int]:
        end = at
        while end < len(self._lines) and "|" in self._lines[end]:
            end += 1
        lines = self._lines[at:end]
        ruled = len(lines) > 1 and _is_ruler(lines[1])
        rows = [line for line in lines if not _is_ruler(line)]
        headed = ruled and len(rows) > 1  # else the only row stands where a header would
        head = _cells(rows[0]) if headed else []
        for line in rows[1:] if headed else rows:
            yield from _row(head, line, self._path())
        return end


def _row(head: list[str], line: str, path: tuple[str, ...]) -> Iterator[Passage]:
    cells, names = _cells(line), tuple(head)
    whole, raw = " | ".join(cells), line.strip()[: _LONGEST * 2]
    yield Passage("row", whole, path, raw, cells[0], " | ".join(cells[1:]), names)
    if head and len(head) == len(cells):
        for name, value in zip(head, cells, strict=True):
            yield Passage("row", f"{name}: {value}", path, raw, name, value, names)


def _is_ruler(line: str) -> bool:
    return "-" in line and not line.strip(" \t:|+=-")


def _cells(line: str) -> list[str]:
    cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))[:_MOST_CELLS]
    return [_words(cell[:_LONGEST]) for cell in cells]


def _pairs(lines: Iterable[str], path: tuple[str, ...]) -> Iterator[Passage]:
    for line in lines:
        if found := _paired(line):
            name, value = _words(found[1]), _words(found[2])
            yield Passage("pair", _words(found[0]), path, line, name, value)


def _paired(line: str) -> re.Match[str] | None:
    """Return a line "name: value" as its parts."""
    found = _PAIR.match(line[:_LONGEST])
    return found if found and len(found[1].split()) <= _LONGEST_NAME else None


def _split(text: str) -> Iterator[str]:
    """Yield the sentences of a paragraph; a full stop of an abbreviation ends none."""
    start = 0
    for found in _END.finditer(text):
        end = found.start() + 1
        if not _SHORT.search(text[max(start, end - _LAST_WORDS) : end]):
            yield from _cut(text[start : found.end()].strip())
            start = found.end()
    yield from _cut(text[start:].strip())


def _cut(sentence: str) -> Iterator[str]:
    """Yield a sentence in pieces that a pattern reads in bounded time; no author's sentence is that long."""
    yield from (sentence[at : at + _LONGEST] for at in range(0, len(sentence), _LONGEST))


_IMAGE = re.compile(r"!\[[^\[\]\n]{0,300}\]\([^()\n]{0,500}\)")
_LINK = re.compile(r"\[([^\[\]\n]{0,300})\]\([^()\n]{0,500}\)")
_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,300}>")
_MARKS = re.compile(r"\*+|`+|~~|(?<!\w)_{1,3}|_{1,3}(?!\w)")


def _words(raw: str) -> str:
    """Return text on one line without inline markup; underscores inside names stay."""
    without = _LINK.sub(r"\1", _IMAGE.sub(" ", raw))
    return " ".join(_MARKS.sub("", _TAG.sub(" ", without)).split())
