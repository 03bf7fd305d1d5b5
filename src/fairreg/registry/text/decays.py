# SPDX-License-Identifier: MIT
"""Normalise two-body decays of heavy bosons, in letters or words, to one word: ``hbb``, ``ztautau``, ``xcc``.

``h to bb``, ``higgs bosons decaying to a pair of b quarks`` and ``htobb`` all mean ``hbb``.
"""

import re
from collections.abc import Iterable

__all__ = ["decays_in", "with_decays"]

_PARENTS = {"h": r"h(?:125)?|higgs(?: bosons?)?", "z": r"z(?: bosons?)?", "w": r"w(?: bosons?)?", "x": r"x"}
# canonical pair: its spellings in letters and in words (the longer first)
_DAUGHTERS = {
    "bb": (
        r"bbbar|bb(?:bar)?|b b(?:bar)?|bbar|b anti ?b|b bar b",
        r"bottom (?:anti)?quarks?|beauty quarks?|b quarks?|b jets?|bottoms?",
    ),
    "cc": (r"cc(?:bar)?|c c(?:bar)?|c anti ?c", r"charm (?:anti)?quarks?|c quarks?|c jets?|charms?"),
    "qq": (r"qq(?:bar)?|q q(?:bar)?", r"light quarks?|quarks?"),
    "gg": (r"gg|g g", r"gluons?"),
    "tautau": (r"tau ?tau", r"tau leptons?|tau pairs?|taus"),
    "mumu": (r"mu ?mu", r"muons?"),
    "ee": (r"ee|e e", r"electrons?"),
    "gammagamma": (r"gamma ?gamma|yy", r"photons?|diphotons?"),
    "ww": (r"ww|w w", r"w bosons"),
    "zz": (r"zz|z z", r"z bosons"),
}
_LINK = r"(?: (?:decays?|decaying|decayed))?(?: (?:to|into|in|in to))(?: (?:a|two|pairs? of|a pair of))?"


def _any(spellings: Iterable[str]) -> str:
    """Join the spellings into one group, in order."""
    return "|".join(f"({spelling})" for spelling in spellings)


_LETTERS = _any(letters for letters, _ in _DAUGHTERS.values())
_SPELLED = _any(spelled for _, spelled in _DAUGHTERS.values())
_DECAY = re.compile(
    rf"\b(?:{_any(_PARENTS.values())})"
    rf"(?:(?:{_LINK})? (?:{_LETTERS})|{_LINK} (?:{_SPELLED})(?: pairs?)?)\b"
)
_PAIRS = (*_DAUGHTERS, *_DAUGHTERS)
_JOINED = {
    f"{parent}{link}{pair}": f"{parent}{pair}"
    for parent in _PARENTS
    for link in ("", "to", "2")
    for pair in _DAUGHTERS
}
_CANONICAL = frozenset(_JOINED.values())
# Every text that names a decay contains one of these; most texts contain none and are skipped early.
_TELLING = frozenset({"h", "h125", "higgs", "z", "w", "x", *_JOINED})


def with_decays(words: list[str]) -> list[str]:
    """Return the words, lower case, with each decay in place of the words that name it."""
    if _TELLING.isdisjoint(words):
        return words
    joined = " ".join(_JOINED.get(word, word) for word in words)
    return _DECAY.sub(_canonical, joined).split()


def decays_in(words: list[str]) -> list[str]:
    """Return the decays that the words name, each once."""
    if _TELLING.isdisjoint(words):
        return []
    return [word for word in dict.fromkeys(with_decays(words)) if word in _CANONICAL]


def _canonical(match: re.Match[str]) -> str:
    groups = match.groups()
    parent = next(name for name, found in zip(_PARENTS, groups, strict=False) if found)
    pair = next(name for name, found in zip(_PAIRS, groups[len(_PARENTS) :], strict=True) if found)
    return parent + pair
