# SPDX-License-Identifier: MIT
"""Family names, given names and suffixes of creators, and groups, as metadata formats tell them apart."""

import re
from typing import NamedTuple

from fairreg.schemas.record import Creator

__all__ = ["NameParts", "inverted", "is_group", "is_suffix", "name_parts", "parts"]

_GROUP = re.compile(
    r"\b(?:collaboration|consortium|group|team|project|university|laboratory|institute|organi[sz]ation|department"
    r"|agency|association|foundation|corporation|company|(?-i:(?<=\S )(?:and|of|for)(?= \S)))\b|\s&\s",
    re.IGNORECASE,
)
# In the case that they are written in: Ii and Iii are family names.
_SUFFIX = re.compile(r"(?:[JjSs]r|JR|SR|II|III|IV|PhD|PHD|phd)\.?")
_NAMES_TOO = frozenset({"jr", "sr"})
# Between two family names, in Spanish, Catalan and Portuguese.
_JOINING = frozenset({"y", "i", "e"})


class NameParts(NamedTuple):
    """Names of a person; the suffix is that of a generation or a degree, as ``III``."""

    family: str
    given: str
    suffix: str


def is_group(creator: Creator) -> bool:
    """Tell whether it is a group: said so, or called one without a comma (``CMS Collaboration``)."""
    return creator.kind == "organization" or ("," not in creator.name and bool(_GROUP.search(creator.name)))


def is_suffix(word: str) -> bool:
    """Tell whether a word of a name has the form of a suffix."""
    return bool(_SUFFIX.fullmatch(word))


def name_parts(creator: Creator) -> NameParts:
    """Return the names of a person; without a comma the family name is the last word before a suffix, with
    the particles before it (``de la Cruz``).

    BibTeX writes ``Family, Suffix, Given``, the Citation File Format lists the suffix last.
    """
    listed = [part.strip() for part in creator.name.split(",")]
    family, *others = listed
    suffixes = [part for part in others if is_suffix(part)]
    words = family.split()
    given = ", ".join(part for part in others if part and not is_suffix(part))
    may_be_name = not given and words and words[-1].rstrip(".").lower() in _NAMES_TOO
    if len(words) > (2 if may_be_name else 1) and is_suffix(words[-1]):
        suffixes.insert(0, words.pop())
    # A comma before the suffix alone ("John Smith, Jr.") does not tell the family name from the given ones.
    if not given and (len(listed) == 1 or suffixes):
        first = _family_begins(words)
        return NameParts(" ".join(words[first:]), " ".join(words[:first]), " ".join(suffixes))
    return NameParts(" ".join(words), given, " ".join(suffixes))


def _family_begins(words: list[str]) -> int:
    """Index of the first word of the family names in a name that begins with the given ones.

    As in BibTeX a word in lower case among capitalised ones is a particle, which begins them; a name all in
    lower case shows none.
    """
    if not all(word[0].islower() for word in words):
        for place, word in enumerate(words[:-1]):
            if word[0].islower():
                return place - 1 if word in _JOINING and place > 1 else place
    return max(0, len(words) - 1)


def parts(creator: Creator) -> tuple[str, str]:
    """Return (family names, given names) of a person; a suffix ends the family names."""
    family, given, suffix = name_parts(creator)
    return f"{family} {suffix}".strip(), given


def inverted(creator: Creator) -> str:
    """Return ``Family, Given`` of a person, the plain name of a group."""
    if is_group(creator):
        return creator.name
    family, given = parts(creator)
    return f"{family}, {given}" if given else family
