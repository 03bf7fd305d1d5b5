# SPDX-License-Identifier: MIT
"""One spelling for the many of particle physics: what is indexed and what is asked are both put into it.

``H→bb``, ``H->bb``, ``H(bb)``, ``$H\\to b\\bar{b}$``, ``h bb``, ``higgs to bottom quarks`` and ``HiggsToBB``
all hold the word ``hbb``; so do the other two-body decays. Greek letters are spelled out, diacritics dropped.
"""

import re
import unicodedata
from functools import lru_cache

__all__ = ["fold", "indexed", "words"]

_LATEX_ARROW = re.compile(r"\\(?:long)?(?:right)?arrow\b|\\to\b|\\rightarrow\b")
_LATEX_STYLE = re.compile(
    r"\\(?:mathrm|mathbf|mathit|mathcal|text\w*|rm|it|left|right|bar|overline|tilde|hat)\b|\\[,;!:]"
)
_ARROW = re.compile(r"[-=]+>|[\u2190-\u21ff\u27f0-\u27ff\u2b00-\u2bff]")
_GREEK_LETTER = re.compile(r"GREEK (?:SMALL|CAPITAL) LETTER (?:FINAL )?(\w+)")
# Nothing in it that stands for something else.
_PLAIN = re.compile(r"(?:[^\\{}$>\u0080-\U0010ffff]|(?<![-=])>)*")
_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

_PARENTS = {"h": r"h(?:125)?|higgs(?: bosons?)?", "z": r"z(?: bosons?)?", "w": r"w(?: bosons?)?", "x": r"x"}
# canonical pair: how it is spelled in letters, how in words
_DAUGHTERS = {
    "bb": (
        r"bb(?:bar)?|b b(?:bar)?|bbbar|bbar|b anti ?b",
        r"bottoms?|bottom (?:anti)?quarks?|b quarks?|beauty quarks?|b jets?",
    ),
    "cc": (r"cc(?:bar)?|c c(?:bar)?|c anti ?c", r"charms?|charm (?:anti)?quarks?|c quarks?"),
    "qq": (r"qq(?:bar)?|q q(?:bar)?", r"light quarks?|quarks?"),
    "gg": (r"gg|g g", r"gluons?"),
    "tautau": (r"tau ?tau|tau tau", r"taus|tau leptons?|tau pairs?"),
    "mumu": (r"mu ?mu", r"muons?"),
    "ee": (r"ee|e e", r"electrons?"),
    "gammagamma": (r"gamma ?gamma|yy", r"photons?|diphotons?"),
    "ww": (r"ww|w w", r"w bosons"),
    "zz": (r"zz|z z", r"z bosons"),
}
_LINK = r"(?: (?:decays?|decaying|decayed))?(?: (?:to|into|in|in to))(?: (?:a|two|pairs? of|a pair of))?"
_DECAYS = tuple(
    (
        re.compile(
            rf"\b(?:{parent})(?:(?:(?:{_LINK})? (?:{letters}))|(?:{_LINK} (?:{spelled})(?: pairs?)?))\b"
            rf"|\b{short}(?:to|2)?{pair}\b"
        ),
        f"{short}{pair}",
    )
    for short, parent in _PARENTS.items()
    for pair, (letters, spelled) in _DAUGHTERS.items()
)
# What every decay begins with: most texts have none of it, and need not be read once for each decay.
_DECAYING = re.compile(
    rf"\b(?:{'|'.join(_PARENTS.values())})\b|\b[{''.join(_PARENTS)}](?:to|2)?(?:{'|'.join(_DAUGHTERS)})\b"
)


def words(text: str) -> list[str]:
    """The words of a question in their one spelling, in order; decays are one word each."""
    plain = _plain(text)
    found = _WORD.findall(_lower(plain))
    decays = _replaced(" ".join(_WORD.findall(_lower(_HUMP.sub(" ", plain)))))
    replaced = _replaced(" ".join(found)).split()
    extra = [word for word in decays.split() if word in _CANONICAL and word not in replaced]
    return replaced + extra


def indexed(*texts: str) -> str:
    """All words by which `texts` should be found: as written, with camel humps split, decays in one word."""
    lines = []
    for text in texts:
        plain = _plain(text)
        written = " ".join(_WORD.findall(_lower(plain)))
        split = " ".join(_WORD.findall(_lower(_HUMP.sub(" ", plain))))
        decays = [word for word in _replaced(split).split() if word in _CANONICAL]
        humps = split if split != written else ""
        lines.append(" ".join(part for part in (written, humps, " ".join(dict.fromkeys(decays))) if part))
    return "\n".join(line for line in lines if line)


# Keywords, tasks and frameworks come again and again.
@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """A value as filters compare it: no case, no diacritics, words apart by one blank."""
    return " ".join(_WORD.findall(_lower(_plain(text))))


_CANONICAL = frozenset(name for _, name in _DECAYS)


def _plain(text: str) -> str:
    """Compatibility forms, LaTeX and arrows resolved; case kept."""
    plain = unicodedata.normalize("NFKC", text)
    if _PLAIN.fullmatch(plain):
        return plain
    plain = _LATEX_ARROW.sub(" to ", plain)
    plain = _LATEX_STYLE.sub("", plain).replace("\\", " ").replace("{", "").replace("}", "").replace("$", " ")
    return "".join(map(_spelled, _ARROW.sub(" to ", plain)))


def _spelled(character: str) -> str:
    if not "\u0370" <= character <= "\u03ff":
        return character
    name = unicodedata.name(unicodedata.normalize("NFD", character)[0], "")
    letter = _GREEK_LETTER.fullmatch(name)
    return letter[1].lower() if letter else character


def _lower(text: str) -> str:
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _replaced(text: str) -> str:
    if _DECAYING.search(text) is None:
        return text
    for pattern, name in _DECAYS:
        text = pattern.sub(name, text)
    return text
