# SPDX-License-Identifier: MIT
"""Text from forms: HTML descriptions, comma-separated keywords, broken characters."""

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping

__all__ = [
    "around",
    "clean",
    "counted",
    "holds_invisible",
    "is_shown",
    "is_unknown",
    "normal_form",
    "one_line",
    "plain_text",
    "shortened",
    "split_keywords",
    "title",
    "undirected",
    "visible",
    "without_format_characters",
    "without_hidden",
    "without_invisible",
]

_TAGS = (
    "a|abbr|address|article|aside|b|bdi|bdo|big|blockquote|body|br|caption|center|cite|code|col|colgroup|dd|"
    "del|details|dfn|div|dl|dt|em|figcaption|figure|font|footer|h[1-6]|head|header|hr|html|i|iframe|img|ins|"
    "kbd|label|li|link|main|mark|meta|nav|nobr|ol|p|pre|q|s|samp|script|section|small|span|strike|strong|"
    "style|sub|summary|sup|svg|table|tbody|td|tfoot|th|thead|time|title|tr|tt|u|ul|var|video|wbr"
)
# No part of a tag holds a "<", and a comment ends before the next one begins: what is searched for one is not
# searched again for the next, so the time is linear. A ">" in quotes does not end a tag.
_BOOLEAN = "async|autoplay|checked|compact|controls|defer|disabled|hidden|loop|muted|nowrap|open|reversed"
# Words alone are no attributes: "1<q and u>3" compares.
_NO_ATTRIBUTES = rf"""\s++(?=[^\s>])(?!(?:(?:{_BOOLEAN})\b\s*)++/?>)[^<>="'/]*>"""
_TAG = re.compile(
    rf"<(?P<closing>/?)(?P<name>{_TAGS})(?=[\s/>])(?!{_NO_ATTRIBUTES})"
    r"""(?:(?:[^<>"']|"[^<"]*"|'[^<']*')*+>|[^<>]*>)"""
    r"|<!--(?:(?!<!--).)*?-->",
    re.IGNORECASE | re.DOTALL,
)
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.IGNORECASE)
# Unicode's format characters (general category Cf): soft hyphens, zero-width and bidirectional ones, tags.
_FORMAT_CHARACTERS = (
    "\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064"
    "\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
# The other code points that Unicode calls ignorable (the property Default_Ignorable_Code_Point),
# such as variation selectors, which can spell any text; and letters and symbols that look like a blank.
_IGNORABLE_CHARACTERS = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000\U000e0002-\U000e001f\U000e0080-\U000e0fff"
)
_BLANK_CHARACTERS = "\u2800\U00016fe4\U0001d159"
_FORMAT = re.compile(f"[{_FORMAT_CHARACTERS}]")
_INVISIBLE = re.compile(f"[{_FORMAT_CHARACTERS}{_IGNORABLE_CHARACTERS}{_BLANK_CHARACTERS}]")
# Format characters that are drawn, around the letters that follow them.
_DRAWN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
_JOINERS = frozenset("\u200c\u200d")
_JOINED_SCRIPTS = range(0x0600, 0x1D00)  # Arabic to Mongolian, with those of India
_MONGOLIAN = range(0x1800, 0x18B0)
_BRAILLE = range(0x2800, 0x2900)
_SYMBOLS = 0x2190
_KEYS = frozenset("#*0123456789")  # those that U+FE0F makes an emoji of
# Those of them that turn the direction of what follows, also beyond the text that they stand in.
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_LOOK_ALIKES = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58", "-")
    | dict.fromkeys("\u2018\u2019\u201a\u201b", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"')
    | dict.fromkeys("\u2044\u2215", "/")
)
_MOST_ROUNDS = 4  # of entities inside entities: &amp;lt;
_PARAGRAPH, _LINE = "\x1e", "\x1f"
_PARAGRAPHS = (
    "p", "div", "blockquote", "pre", "table", "ul", "ol", "dl", "section", "article", "hr", "figure",
    "h1", "h2", "h3", "h4", "h5", "h6",
)  # fmt: skip
_LINES = ("br", "li", "tr", "dt", "dd", "caption", "figcaption")
_MARKS = {
    **dict.fromkeys(_PARAGRAPHS, _PARAGRAPH),
    **dict.fromkeys(_LINES, _LINE),
    **dict.fromkeys(("td", "th"), " "),
}
_HIDDEN = frozenset({"script", "style", "head"})
# DataCite Metadata Schema 4, "Standard values for unknown information": a code, and in words what it means.
_CODE = "(?:unac|unal|unap|unas|unav|unkn|none|null|tba|etal)"
_UNKNOWN = re.compile(
    rf"\(:{_CODE}\)(?:\s.{{0,40}})?|:{_CODE}|(?:\(:{_CODE}\)|:{_CODE})(?:, ?(?:\(:{_CODE}\)|:{_CODE}))+",
    re.IGNORECASE,
)


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: ``1 file``, ``7 files``.

    >>> counted(1, "property", "properties"), counted(0, "file")
    ('1 property', '0 files')
    """
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def clean(text: str) -> str:
    """Remove the characters that UTF-8, XML or a database rejects (NUL, lone surrogates)."""
    return _UNFIT.sub("", text)


def undirected(text: str) -> str:
    """Return `text` without the characters that turn its direction, and that of what stands behind it."""
    return _DIRECTION.sub("", text)


def without_format_characters(text: str) -> str:
    """Return `text` without Unicode's format characters: nobody sees them, programs read them.

    >>> without_format_characters("net\U000e0041\u202e")
    'net'
    """
    return _FORMAT.sub("", text)


def without_invisible(text: str) -> str:
    """Return `text` without any character that nobody sees, for readers that are programs.

    >>> without_invisible("net\ufe01\U000e0150\u3164\u200b")
    'net'
    """
    return text if text.isascii() else _INVISIBLE.sub("", text)


def holds_invisible(text: str) -> bool:
    """Tell whether a character of `text` is invisible, also one that shapes another."""
    return not text.isascii() and _INVISIBLE.search(text) is not None


def without_hidden(text: str) -> str:
    """Return `text` with those invisible characters only that shape what stands before them, for people.

    >>> without_hidden("\u2764\ufe0f net\ufe01\U000e0150\u3164\u200b") == "\u2764\ufe0f net"
    True
    """
    if not holds_invisible(text):
        return text
    return _INVISIBLE.sub(
        lambda found: found[0] if is_shown(found[0], text[max(0, found.start() - 1)]) else "", text
    )


def is_shown(letter: str, before: str) -> bool:
    """Tell whether a letter is seen, or changes the shape of `before`, instead of only hiding there."""
    if letter in _DRAWN or _INVISIBLE.match(letter) is None:
        return True
    kind, number = unicodedata.category(before), ord(before)
    is_symbol = number >= _SYMBOLS and kind in {"So", "Sk", "Sm"}
    if letter in _JOINERS:
        is_emoji = (is_symbol and kind != "Sm") or before == "\ufe0f"
        return is_emoji or (number in _JOINED_SCRIPTS and kind[0] in "LM")
    if letter in "\u180b\u180c\u180d\u180f":
        return number in _MONGOLIAN and kind[0] == "L"
    if letter == "\u2800":
        return number in _BRAILLE
    is_ideograph = kind == "Lo" and unicodedata.name(before, "").startswith("CJK")
    if letter in "\ufe0e\ufe0f":
        return is_symbol or kind == "So" or before in _KEYS or is_ideograph
    return ("\ufe00" <= letter <= "\ufe0d" and (is_symbol or is_ideograph)) or (
        "\U000e0100" <= letter <= "\U000e01ef" and is_ideograph
    )


def visible(text: str) -> str:
    """Return `text` without format characters, its entities decoded (``&lt;``, but not a bare ``&lt``)."""
    for _ in range(_MOST_ROUNDS):
        before, text = text, without_format_characters(_ENTITY.sub(lambda e: html.unescape(e[0]), text))
        if text == before:
            break
    return text


def normal_form(text: str) -> str:
    """Return `text` in the characters of a keyboard: `visible`, NFKC, plain hyphens, quotes and slashes."""
    for _ in range(_MOST_ROUNDS):
        before, text = text, unicodedata.normalize("NFKC", visible(text)).translate(_LOOK_ALIKES)
        if text == before:
            break
    return text


def is_unknown(text: str) -> bool:
    """Tell whether a text is a code by which DataCite's members state that a value is not known.

    >>> is_unknown("(:unav)"), is_unknown("(:unkn) Anonymous"), is_unknown("Unkn, A.")
    (True, True, False)
    """
    return text.startswith((":", "(:")) and _UNKNOWN.fullmatch(text) is not None


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
    """Return the text between the tags, in one pass: an element costs the same however deep it is nested."""
    matches = list(_TAG.finditer(text))
    ends = {match["name"].lower(): match.start() for match in matches if match["closing"]}
    reader = _TextReader(ends)
    end = 0
    for match in matches:
        reader.add(text[end : match.start()])
        reader.tag(match)
        end = match.end()
    reader.add(text[end:])
    flowing = re.sub(r"[^\S\x1e\x1f]+", " ", "".join(reader.parts))
    return _tidy(flowing.replace(_PARAGRAPH, "\n\n").replace(_LINE, "\n"))


class _TextReader:
    """Reader of tags and the texts between them, in `parts`; breaks of paragraphs and lines are marks."""

    def __init__(self, ends: Mapping[str, int]) -> None:
        # Where the last closing tag of each name is; without one behind it, an element has no content.
        self._ends = ends
        self.parts: list[str] = []
        # Names of the element whose content is not text, and of how many `pre` the text is in.
        self._hidden: str | None = None
        self._pre = 0

    def add(self, text: str) -> None:
        """Add what stands between two tags."""
        if self._hidden is None and text:
            plain = html.unescape(text)
            self.parts.append(plain.replace("\n", _LINE) if self._pre else plain)

    def tag(self, match: re.Match[str]) -> None:
        """Take the effect of a tag or comment."""
        name, closing = (match["name"] or "").lower(), bool(match["closing"])
        if self._hidden is not None:
            if closing and name == self._hidden:
                self._hidden = None
        elif name in _HIDDEN and not closing:
            if self._ends.get(name, -1) > match.start():
                self._hidden = name
            else:
                self.add(match[0])  # prose about the element
        elif name in _MARKS and not (closing and name not in _PARAGRAPHS):
            self.parts.append(_MARKS[name])
        if name == "pre":
            self._pre = max(0, self._pre + (-1 if closing else 1))


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in clean(text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


_LONGEST_WORD = 40  # characters; a longer one (a digest, an address) is cut inside


def shortened(text: str, most: int) -> str:
    """Return the first words of a text, at most `most` characters.

    >>> shortened("trained with Adam for 20 epochs", 20)
    'trained with Adam…'
    """
    if len(text) <= most:
        return text
    whole = text[: most - 1]
    last = whole if text[most - 1].isspace() else whole[: whole.rfind(" ") + 1]
    return f"{(last if len(whole) - len(last) < _LONGEST_WORD else whole).rstrip()}…"


def around(text: str, start: int, end: int, margin: int) -> str:
    """Return the words from `start` to `end` with whole words on both sides, within `margin` characters.

    >>> around("It was trained with Adam for 20 epochs.", 20, 24, 10)
    '…with Adam for 20…'
    """
    first, last = max(0, start - margin), min(len(text), end + margin)
    if first and not text[first - 1].isspace():
        first = next((at for at in range(first, start) if text[at].isspace()), start)
    if last < len(text) and not text[last].isspace():
        last = next((at for at in range(last, end, -1) if text[at - 1].isspace()), end)
    before, after = ("…" if text[:first].strip() else ""), ("…" if text[last:].strip() else "")
    return f"{before}{text[first:last].strip()}{after}"
