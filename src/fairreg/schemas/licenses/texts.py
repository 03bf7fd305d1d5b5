# SPDX-License-Identifier: MIT
"""Licences by their whole text: title, statements of copyright and the licence's own words, nothing else.

``texts.toml`` holds the words of the short licences, where ``_`` stands for a name, and of the long ones how
they end and how many words they have. A text with further terms (Commons Clause, a licence of the weights,
notices of third parties) is another licence, or several.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from fairreg.schemas.licenses import spdx
from fairreg.schemas.text import one_line

__all__ = ["has_other_terms", "has_terms", "license_of_text", "own_lines"]

_MARKS = "#=-*/_>;|~` "
_DATE = re.compile(r", \w+ \d{4}$|, \d{1,2} \w+ \d{4}$")
_NO_NAME = re.compile(
    r"(?:the )?(?:software )?licen[cs]e(?: agreement| file| terms)?:?|creative commons legal code",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^(?:[*o•-]|\(?(?:[0-9a-d]|i{1,3})[.)])\s+")
_COPYRIGHT = re.compile(
    r"(?:portions |parts )?copyright\b(?! (?:notices?|holders?|owners?|laws?|and|licen\w+|or|in|on)\b)"
    r"|\(c\)|©|all rights reserved",
    re.IGNORECASE,
)
# Words by which a statement of copyright would go on with terms.
_TERMS = re.compile(
    r"licen[cs]|commercial|permi|grant|\bterms?\b|\bmay\b|\bonly\b|research|weights|\bused?\b|\busing\b"
    r"|patent|\bmust\b|\bshall\b|prohibit|forbid|\bnot\b|consent|provided|redistribut",
    re.IGNORECASE,
)
# Words in names of holders: Google Research, May Smith.
_NAME = re.compile(r"\bResearch\b(?! (?:[Uu]se|[Pp]urposes?|[Oo]nly))|\bMay\b(?= [A-Z][a-z])")
_FOR_RESEARCH = re.compile(
    r"(?:^|[.,;:(-] ?|\b(?:only|solely|available|released|is|are) )for (?!the benefit )[^.;]{0,40}\bresearch",
    re.IGNORECASE,
)
_OTHER_TERMS = re.compile(
    r"commons clause|non[- ]?commercial|\bcc[- ]by[- ]n[cd]|\bshall be used for good\b"
    r"|third[- ]party (?:notices|licen)"
    r"|(?:research|academic|evaluation|educational|personal)(?: use| purposes?)? only"
    r"|only (?:be used )?for (?:\w+ ){0,3}(?:research|academic|evaluation|education|personal)"
    r"|\bweights\b[^.]{0,80}\b(?:licen[cs]|terms|subject)|\b(?:not|neither)\b[^.]{0,40}\bcommercial(?:ly)?\b"
    r"|additional(?:ly)? (?:\w+ ){0,2}(?:restrict|condition|terms and conditions (?:apply|below))",
    re.IGNORECASE,
)
_RESERVATION = re.compile(
    r"commercial|research|weights|restrict|prohibit|forbid|consent|clause"
    r"|\b(?:only|not|no|except(?:ions?)?|unless|but|however|must|prior|additional|modified|or)\b",
    re.IGNORECASE,
)
_MENTION = 60  # words of the longest note in place of a long licence's text
_FEWEST = 12  # words by which a text without a title is known
_DIFFERENCE = 20  # words of spelling, addresses and the name in an appendix


class _Title(NamedTuple):
    """The licence that the first lines name, if any, and the lines after them."""

    licence: str | None
    rest: Sequence[str]


def license_of_text(text: str) -> str | None:
    """Return the licence of a text that holds the licence alone, its beginning or its notice; else None.

    >>> license_of_text("MIT License, for non-commercial use only")
    """
    from fairreg.schemas.licenses.notices import license_of_notice  # of texts that are no known ones

    title = _title(list(own_lines(map(one_line, text.splitlines()))))
    body = " ".join(title.rest)
    words = _words(body)
    if title.licence is None:
        found = _of_short(words, body) if len(words) >= _FEWEST else None
    else:
        found = title.licence if _is_text_of(title.licence, words, body) else None
    return found or license_of_notice(text)


def has_other_terms(text: str) -> bool:
    """Tell whether a text states terms that no free licence has: non-commercial use, licences of weights."""
    return _OTHER_TERMS.search(one_line(text)) is not None


def has_terms(text: str) -> bool:
    """Tell whether a text has words by which a statement of copyright goes on with terms."""
    return _TERMS.search(text) is not None or has_other_terms(text)


def _is_text_of(licence: str, words: list[str], body: str) -> bool:
    """Tell whether the words after a title are those of the licence that it names, or their beginning."""
    from fairreg.schemas.licenses.notices import is_deed

    if licence in _texts()["short"]:
        return not words or _of_short(words, body, licence) is not None
    if is_deed(licence, " ".join(words)):
        return True
    if len(words) < _MENTION:
        # A title with the address of the licence, or how to cite the work.
        return _RESERVATION.search(body) is None and not has_other_terms(body)
    endings = _texts()["long"].get(licence)
    if endings is None:
        return not has_other_terms(body)
    written = " ".join(words)
    return any(
        written.endswith(ending["words"])
        and ("count" not in ending or abs(len(words) - ending["count"]) <= _DIFFERENCE)
        for ending in endings
    )


def _of_short(words: list[str], body: str, licence: str | None = None) -> str | None:
    """Return the short licence of which the words are the text, or its beginning."""
    written = " ".join(words)
    for key, forms in _patterns().items():
        if licence not in {None, key} or has_other_terms(body):
            continue
        if any(start.startswith(written) or form.fullmatch(written) for start, form in forms):
            return key
    return None


def _title(lines: Sequence[str]) -> _Title:
    if lines and _NO_NAME.fullmatch(lines[0]):
        return _title(lines[1:])
    for count in (2, 1):
        found = spdx(_DATE.sub("", " ".join(lines[:count])))
        if found:
            return _Title(found, lines[count:])
    return _Title(None, lines)


def own_lines(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines without statements of copyright, whose paragraphs go on with names at most."""
    stating = False
    for line in lines:
        bare = _BULLET.sub("", line).strip(_MARKS)
        # "(c)" may be a statement of copyright as well as the third item of a list.
        starts = any(_COPYRIGHT.match(form) for form in (line.strip(_MARKS), bare))
        stating = bool(bare) and (starts or stating) and not _has_terms_beside_names(bare)
        if bare and not stating:
            yield bare


def _has_terms_beside_names(line: str) -> bool:
    return bool(_FOR_RESEARCH.search(line) or _TERMS.search(_NAME.sub(" ", line)))


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


@cache
def _texts() -> Mapping[str, Any]:
    import tomllib

    packaged = files("fairreg.schemas.licenses").joinpath("texts.toml").read_text(encoding="utf-8")
    return tomllib.loads(packaged)


@cache
def _patterns() -> Mapping[str, list[tuple[str, re.Pattern[str]]]]:
    """Return the beginning, up to the first name, and the pattern of each form of the short licences."""
    found = {}
    for key, forms in _texts()["short"].items():
        parts = [[" ".join(_words(part)) for part in form.split("_")] for form in forms]
        found[key] = [(items[0], re.compile(r" (?:[a-z0-9]+ ){1,15}?".join(items))) for items in parts]
    return found
