# SPDX-License-Identifier: MIT
"""Spellings that a reader or a program takes for a plain character, read with the places they came from.

Character references of HTML, percent-encoding, escapes of JSON and Markdown, characters of full width; and
what is between two characters without being seen: soft hyphens, zero-width characters, tags of a few letters.
"""

import html
import re

__all__ = ["Spelled"]

# Format characters (general category Cf), variation selectors, and what no text may hold (`schemas.text`).
_UNSEEN = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4"
    "\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
_INLINE = (
    "a|abbr|b|bdi|bdo|big|cite|code|em|font|i|ins|kbd|mark|s|samp|small|span|strong|sub|sup|tt|u|var|wbr"
)
_PIECE = re.compile(
    rf"""
    (?P<reference>&(?:amp;)*+(?:\#0*+\d{{1,7}}+;?|\#x0*+[0-9a-f]{{1,6}}+;?|[a-z][a-z0-9]{{1,31}}+;))
    | %(?:25)*+(?P<percent>40|2e)
    | \\u(?P<escape>[0-9a-f]{{4}})
    | [\u3002\uff0e\uff61\uff20\ufe6b]
    | (?P<tag></?(?:{_INLINE})(?:\s[^<>@]{{0,200}}+)?/?>) | (?P<unseen>[{_UNSEEN}]++|\\(?=[@._+-]))
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PLAIN = str.maketrans(dict.fromkeys("\u3002\uff0e\uff61", ".") | dict.fromkeys("\uff20\ufe6b", "@"))
_ARE_UNSEEN = re.compile(rf"[{_UNSEEN}]++")


class Spelled:
    """A text as it is read, in `text`, with the place in the written one of each character."""

    def __init__(self, written: str, pieces: list[re.Match[str]]) -> None:
        self._written = written
        self._tagged = any(piece["tag"] for piece in pieces)
        self._starts: list[int] | range = range(len(written))
        self._ends: list[int] | range = range(1, len(written) + 1)
        self.text = self._read(pieces) if pieces else written

    @classmethod
    def of(cls, written: str) -> "Spelled | None":
        """Read a text; None where it holds no "@"."""
        pieces = list(_PIECE.finditer(written))
        if not pieces and "@" not in written:
            return None
        spelled = cls(written, pieces)
        return spelled if "@" in spelled.text else None

    def replaced(self, spans: list[tuple[int, int]], note: str) -> str:
        """Return the written text with `note` for each span of `text`; tags inside one stay behind it."""
        parts, end = [], 0
        for first, after in spans:
            start, stop = self._starts[first], self._ends[after - 1]
            parts += [self._written[end:start], note]
            if self._tagged:
                parts += [piece["tag"] or "" for piece in _PIECE.finditer(self._written, start, stop)]
            end = stop
        return "".join([*parts, self._written[end:]]) if spans else self._written

    def _read(self, pieces: list[re.Match[str]]) -> str:
        """Return the text with its pieces as they are read, after setting the places of its characters."""
        parts, starts, ends, end = [], [], [], 0
        for piece in pieces:
            read = _character(piece)
            parts += [self._written[end : piece.start()], read]
            starts += [*range(end, piece.start()), *[piece.start()] * len(read)]
            ends += [*range(end + 1, piece.start() + 1), *[piece.end()] * len(read)]
            end = piece.end()
        self._starts = [*starts, *range(end, len(self._written))]
        self._ends = [*ends, *range(end + 1, len(self._written) + 1)]
        return "".join([*parts, self._written[end:]])


def _character(piece: re.Match[str]) -> str:
    """Return the characters that a piece is read as; none for what is not seen."""
    if piece["tag"] or piece["unseen"]:
        return ""
    if piece["percent"]:
        return "@" if piece["percent"] == "40" else "."
    if piece["reference"]:
        read = html.unescape("&" + piece["reference"].rpartition("amp;")[2].removeprefix("&"))
    else:
        read = chr(int(piece["escape"], 16)) if piece["escape"] else piece[0]
    return _ARE_UNSEEN.sub("", read.translate(_PLAIN))
