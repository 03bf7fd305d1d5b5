# SPDX-License-Identifier: MIT
"""Convert physics notation to plain text, case kept: LaTeX, arrows, Greek letters, charges, primes, indices.

``$H\\to b\\bar{b}$`` and ``H→bb̄`` become ``H to bb``, ``τ⁺τ⁻`` becomes ``tautau``, ``Z'`` ``Zprime``,
``p_T`` and ``$p_{\\mathrm{T}}$`` ``pT``, ``J/ψ`` ``Jpsi``, ``√s`` ``sqrts``; ``Schr\\"odinger`` gets its
letter back.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping

__all__ = ["Letters", "greek", "plain"]

_ACCENTS = dict(
    zip(
        "\"'`^~=.uvHcdbkr",
        "\u0308\u0301\u0300\u0302\u0303\u0304\u0307\u0306\u030c\u030b\u0327\u0323\u0331\u0328\u030a",
        strict=True,
    )
)
_LETTERS = {"o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ss": "ß", "aa": "å", "AA": "Å", "ae": "æ", "oe": "œ"}
_ACCENTED = re.compile(
    r"\\(?:([\"'`^~=.]) ?(?:\{\\?([A-Za-z])\}|\\?([A-Za-z]))|([uvHcdbkr])\{\\?([A-Za-z])\})"
)
_LETTER = re.compile(rf"\\({'|'.join(_LETTERS)})(?:\{{\}}|(?![A-Za-z]) ?)")
_LATEX_ARROW = re.compile(r"\\(?:long)?(?:right)?arrow\b|\\to\b|\\rightarrow\b")
_LATEX_STYLE = re.compile(
    r"\\(?:mathrm|mathbf|mathit|mathcal|text\w*|rm|it|left|right|bar|overline|tilde|hat)\b|\\[,;!:]"
)
_GREEK_LETTER = re.compile(r"GREEK (?:SMALL|CAPITAL) LETTER (?:FINAL )?(\w+)")

# (mark, rule): a rule runs only where the text contains its mark, because looking for a mark is almost free.
_RULES: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("$", re.compile(r"(?<=-)\$|\$(?=-)"), ""),
    ("$", re.compile(r"\$"), " "),
    (">", re.compile(r"(?<![-=])[-=]+>"), " to "),
    ("_", re.compile(r"(?<!\w)([A-Za-z])_(?!to)(?=[A-Z]|[a-z]{1,2}(?![^\W_]))"), r"\1"),
    ("+", re.compile(r"(?<![^\W_])(e|mu|tau|pi|l|ell|W|K|D|B)([+-]) ?\1(?!\2)[+-]"), r"\1\1"),
    ("'", re.compile(r"(?<![^\W_])([WZTtb])'+(?![A-Za-z])"), r"\1prime"),
    ("J/", re.compile(r"(?<![^\W_])J/ ?psi"), "Jpsi"),
    ("", re.compile(r"(\d)([kKmMgGtTpP]?(?:[eE][vV]|[hH][zZ]))(?![^\W_])"), r"\1 \2"),
    ("sqrt", re.compile(r"(?<![^\W_])sqrt\(?s(?![^\W_])\)?"), "sqrts"),
)


def plain(text: str) -> str:
    """Resolve all notation in the text; a text without any is returned unchanged."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if "\\" in text:
        text = _without_commands(text)
    if "^" in text or "{" in text or "}" in text:
        text = text.translate(_BRACES)
    if not text.isascii():
        text = text.translate(_SYMBOLS)
    for mark, rule, replacement in _RULES:
        if mark in text:
            text = rule.sub(replacement, text)
    return text


def _without_commands(text: str) -> str:
    text = _ACCENTED.sub(_accented, text)
    text = _LETTER.sub(lambda match: _LETTERS[match[1]], text)
    text = _LATEX_ARROW.sub(" to ", text)
    text = re.sub(r"\^?\{?\\prime\b\}?", "'", text)
    return unicodedata.normalize("NFKC", _LATEX_STYLE.sub("", text).replace("\\", " "))


def _accented(match: re.Match[str]) -> str:
    return (match[2] or match[3] or match[5]) + _ACCENTS[match[1] or match[4]]


class Letters(dict[int, str]):
    """Table for `str.translate`: `known` characters, else `rule`, evaluated once per character."""

    def __init__(self, rule: Callable[[str], str], known: Mapping[int, str]) -> None:
        super().__init__(known)
        self._rule = rule

    def __missing__(self, code: int) -> str:
        found = self._rule(chr(code))
        if code < _FEW:
            self[code] = found
        return found


_ARROWS = (("\u2190", "\u21ff"), ("\u27f0", "\u27ff"), ("\u2b00", "\u2bff"))
# Letters and signs of European languages and of physics end here; later ones are not cached.
_FEW = 0x3000
_BRACES = str.maketrans({"^": "", "{": "", "}": ""})


def _spelled(character: str) -> str:
    if any(first <= character <= last for first, last in _ARROWS):
        return " to "
    return greek(character) or character


# Replacements of characters outside ASCII.
_SYMBOLS = Letters(
    _spelled,
    {0x2032: "'", 0x2019: "'", 0x2010: "-", 0x2212: "-", 0x221A: "sqrt", 0x2206: "Delta", 0x2202: "partial"},
)


def greek(character: str) -> str | None:
    """Return the name of a Greek letter, with or without accents; None for other characters."""
    base = unicodedata.normalize("NFD", character)[0]
    letter = _GREEK_LETTER.fullmatch(unicodedata.name(base, "")) if "\u0370" <= base <= "\u03ff" else None
    return letter[1].lower() if letter else None
