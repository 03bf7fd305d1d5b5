# SPDX-License-Identifier: MIT
"""Licences by name: of the SPDX list, of GNU and Creative Commons in any wording, of package indexes."""

import re
from collections.abc import Iterator

from fairreg.schemas.licenses.addresses import creative_commons
from fairreg.schemas.licenses.spdx_list import aliases, by_words, known, list_name, words

__all__ = ["is_part_of_name", "of_name"]

_LATER = r"(?P<later>\+|(?:or|and)(?: at your option)?(?: any)? (?:later|newer|above|higher)(?: versions?)?)"
_GNU = re.compile(
    r"(?:gnu )?(?:(?P<family>affero |lesser |library (?:or lesser )?)?general public(?: [al]?gpl)?"
    r"|(?P<short>[al])?gpl|(?P<fdl>free documentation(?: g?fdl)?|g?fdl))"
    rf" ?v?(?P<version>\d(?:\.\d)?)(?:\.0)? ?(?:{_LATER}|only)?"
)
_CC0 = re.compile(
    r"(?:cc|creative commons)(?: cc)? ?(?:zero|0)(?: cc ?0)?(?: 1(?:\.0)?)?(?: universal)?"
    r"(?: public domain(?: dedication)?)?(?: deed)?"
)
_CC = re.compile(
    r"(?:(?:creative commons|cc) ?|(?=attribution))"
    r"(?P<terms>(?:by|attribution|non ?commercial|nc|share ?alike|sa"
    r"|no ?deriv(?:ative)?s?(?: works)?|nd| )+?)"
    r" ?(?P<version>\d(?:\.\d)?)(?: (?:international|generic|unported|intl|universal))?(?: public)?(?: deed)?"
)
_PREFIX = re.compile(
    r"(?:spdx-licen[cs]e-identifier|licen[cs]e"
    r"|(?:this \w+ is )?(?:licen[cs]ed|released|distributed|available) under(?: an?)?)"
    r"[:\s]\s*(?:the terms of )?",
    re.IGNORECASE,
)
_AT_LEAST = re.compile(r"\(?\s*(?:>=|≥)\s*(\d[\d.]*)\s*\)?")  # of R: GPL (>= 2)
_OTHER_BOUNDS = re.compile(r"[<>=~≤≥≠^]|!(?!\s*\w*[a-z])", re.IGNORECASE)  # not those of Yahoo! Public
# Words of any licence's name.
_OF_ANY_NAME = frozenset(
    {"gnu", "general", "public", "software", "free", "open", "source", "creative", "commons"}
)
_IN_PARENTHESES = re.compile(r"([^()]*)\((?! )([^()]*)(?<! )\)([^()]*)")
_CHOICE = re.compile(r"\s*(?:/|\|\|?|\bor\b(?!\s+(?:later|any|newer|above|higher|at)\b))\s*", re.IGNORECASE)


def of_name(text: str) -> str | None:
    """Return the licence of a name or classifier, or a choice between several; None for an ambiguous one."""
    # License :: OSI Approved :: MIT License (https://pypi.org/classifiers/)
    text = re.sub(r"^licen[cs]e\s*::.*::", "", text, flags=re.IGNORECASE)
    text = re.sub(r"\(at your option\)|\s*[+|]\s*file LICENSE$", "", text, flags=re.IGNORECASE)
    text = _AT_LEAST.sub(r" \1+", text).strip(" .,;")
    if _OTHER_BOUNDS.search(text):
        return None
    found = _whole(text)
    if found is None and words(text) not in aliases().ambiguous:
        found = _with_abbreviation(text) or _choice(text)
    prefix = _PREFIX.match(text)
    return found or (of_name(text[prefix.end() :]) if prefix and prefix.end() < len(text) else None)


def _whole(text: str) -> str | None:
    """Return the licence of which the text is one name."""
    name = words(text)
    return next((found for form in _spellings(name) if (found := by_words(form))), None) or _of_family(name)


def _spellings(name: str) -> Iterator[str]:
    """Yield the name, with its version apart (mplv2), and as 2.0 or 2."""
    apart = re.sub(r"(?<=[a-z])(?:v|(?<!v))(?=\d)", " ", name)
    for form in (name, apart):
        yield form
        yield re.sub(r"(?<![\d.])(\d)$", r"\1.0", form)
        yield re.sub(r"(\d)\.0$", r"\1", form)


def _of_family(name: str) -> str | None:
    gnu = _GNU.fullmatch(name)
    if gnu:
        return _of_gnu(gnu)
    if _CC0.fullmatch(name):
        return "CC0-1.0"
    common = _CC.fullmatch(name)
    return creative_commons(common["terms"], _decimal(common["version"])) if common else None


def _of_gnu(match: re.Match[str]) -> str | None:
    initial = {"affero": "A", "lesser": "L", "library": "L"}.get((match["family"] or "").split(" ")[0], "")
    family = "GFDL" if match["fdl"] else f"{initial or (match['short'] or '').upper()}GPL"
    return known(f"{family}-{_decimal(match['version'])}-{'or-later' if match['later'] else 'only'}")


def _decimal(version: str) -> str:
    return version if "." in version else f"{version}.0"


def _with_abbreviation(text: str) -> str | None:
    """Return the licence of a name with a second name in parentheses, which must not contradict it."""
    match = _IN_PARENTHESES.fullmatch(text)
    if match is None:
        return None
    inside = match[2].strip()
    name = _whole(f"{match[1].strip()} {match[3].strip()}")
    second = known(inside) or _whole(inside)
    if name and second:
        return name if name == second else None
    if name:
        return name if _abbreviates(inside, name, match[1]) else None
    # An identifier with its version completes a name without one: BSD License (BSD-3-Clause).
    versioned = second == inside and re.search(r"\d", inside) is not None
    return second if versioned and second and is_part_of_name(f"{match[1]} {match[3]}", second) else None


def is_part_of_name(text: str, licence: str) -> bool:
    """Tell whether all words are of the licence's own name: no negation, no condition, no second licence."""
    own = f"{words(list_name(licence) or '')} {words(licence)}".split()
    stated = _PREFIX.sub("", text.strip(), count=1)
    return _OF_ANY_NAME.union(own) >= set(words(stated).split())


def _abbreviates(short: str, licence: str, name: str) -> bool:
    """Tell whether an abbreviation is of the licence (GPL, CC-BY) or of its name (ISCL), or a version."""
    if re.fullmatch(rf"{re.escape(short.replace(' ', '-'))}-\d.*", licence, re.IGNORECASE):
        return True
    if not re.fullmatch(r"[A-Z]{2,10}", short):
        return re.fullmatch(r"v?[\d.]+", short) is not None and short.strip("v.") in licence
    if licence.startswith("CC-") and short not in licence.split("-"):
        return False  # AT, IT: the country to which the licence was ported, not letters of its name
    letters = iter(name.upper())
    return all(letter in letters for letter in short)


def _choice(text: str) -> str | None:
    """Return the expression of alternatives, where each is a known licence: MIT/Apache-2.0."""
    parts = [part for part in _CHOICE.split(text) if part]
    if not 1 < len(parts) <= 4:  # noqa: PLR2004 - nobody offers more
        return None
    found = [known(part) or _whole(part) for part in parts]
    if any(item is None or " " in item for item in found):
        return None
    return " OR ".join(dict.fromkeys(item for item in found if item))
