# SPDX-License-Identifier: MIT
"""Licences by the notice that refers to their text, which stands in the place of the text itself.

These are GNU's notice of each program, one sentence that names a licence, Creative Commons' own (also in
HTML), and the summary ("deed") that it shows of its licences. Any further words make another text of it.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from fairreg.schemas.licenses import agreed, spdx
from fairreg.schemas.licenses.texts import own_lines
from fairreg.schemas.text import one_line

__all__ = ["is_deed", "license_of_notice", "license_of_statement"]

_LONGEST = 4000
_HREF = re.compile(r"<a\b[^>]{0,400}?\bhref\s*=\s*[\"']([^\"']{1,300})[\"']", re.IGNORECASE)
_MARKDOWN_LINK = re.compile(r"\[([^\]]{1,200})\]\(\s*(https?://[^)\s]{1,300})\s*\)")
_ELEMENT = re.compile(r"<[/!a-z][^<>]{0,1000}>", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s<>\")\]]+")
_HEADING = re.compile(r"licen[cs]e(?: of the (?:weights|model|data|code))?:?", re.IGNORECASE)
_LETTER = (
    r"(?:,? or send a letter to Creative Commons, (?:PO Box 1866, Mountain View, (?:CA|California),? 94042"
    r"|171 Second Street, Suite 300, San Francisco, California,? 94105"
    r"|444 Castro Street, Suite 900, Mountain View, California,? 94041"
    r"|543 Howard Street, 5th Floor, San Francisco, California,? 94105)(?:, USA)?)?"
)
# The name may hold points, those of versions.
_SENTENCE = (
    r"(?:the |this |these )?(?P<subject>%s)(?: and (?:the )?\w+)? (?:is|are) "
    r"(?:hereby |made )?(?:licensed|licenced|released|distributed|available|provided) under "
    r"(?:the terms of )?(?:the |an? )?(?P<name>[\w][\w .,()+-]{1,90}?)\.?"
    r"(?:[ ,]{1,2}(?:to view a copy of (?:this|the) licen[cs]e,? (?:please )?visit|see) ADDRESS"
    + _LETTER
    + r"\.?| ?\(?ADDRESS\)?\.?)?"
)
_WHOLE = r"work|project|repository|software|program|library|package|material|content|model"
_OF_ALL = re.compile(_SENTENCE % _WHOLE, re.IGNORECASE)
# Subjects of a text whose name or place says that it covers what the record is.
_PARTS: Mapping[str, str] = {
    "model": r"(?:(?:pre-?)?trained )?(?:model )?(?:weights|checkpoints|parameters|models)",
    "dataset": r"data ?sets?|data(?: files)?",
    "software": r"(?:source )?code",
}
_OF_PART = {kind: re.compile(_SENTENCE % f"{_WHOLE}|{part}", re.IGNORECASE) for kind, part in _PARTS.items()}
_IT = r"this (?:program|software|library|file|package|project|work|code)"
_FAMILY = r"(?:affero |lesser |library )?general public license"
_GNU = re.compile(
    rf"(?:{_IT}|[a-z0-9]+) is free software you can redistribute it and or modify it"
    r" under the terms of (?:version (?P<first>\d(?: \d)?) of )?"
    r"the gnu (?P<family>affero |lesser |library )?general public license"
    r"(?: as published by the free software foundation)?"
    r"(?: (?:either )?version (?P<version>\d(?: \d)?)(?: of the license)?)?"
    r"(?P<later> or at your option any later version)?"
    rf"(?: {_IT} is distributed in the hope that it will be useful but without any warranty without even"
    r" the implied warranty of merchantability or fitness for a particular purpose"
    rf" see the gnu {_FAMILY} for more details)?"
    rf"(?: you should have received a copy of the gnu {_FAMILY} along with {_IT}"
    r"(?: if not (?:see (?:https? )?(?:www )?(?:gnu|fsf) org licenses"
    r"|write to the free software foundation inc (?:5[19] (?:franklin|temple)|675 mass) [a-z0-9 ]{5,60}"
    r" usa))?)?"
)


def license_of_notice(text: str) -> str | None:
    """Return the licence of a text that is such a notice of the whole work alone; None for any other text.

    >>> license_of_notice("This work is licensed under the CC-BY-4.0, for research only")
    """
    return _of_gnu(text) or _of_sentence(text, _OF_ALL)


def license_of_statement(text: str, kind: str = "model") -> str | None:
    """Return the licence that one sentence states of a work, or of the weights, data or code that it is.

    >>> license_of_statement("The weights are licensed under the MIT License.")
    'MIT'
    """
    return _of_sentence(text, _OF_PART[kind])


def _of_sentence(text: str, sentence: re.Pattern[str]) -> str | None:
    if len(text) > _LONGEST:
        return None
    addresses = _HREF.findall(text)
    text = _ELEMENT.sub(" ", text)
    addresses += [address for _, address in _MARKDOWN_LINK.findall(text)]
    lines = [line for line in _lines(_MARKDOWN_LINK.sub(r"\1", text)) if not _HEADING.fullmatch(line)]
    # The name of a licence at the top has to be that of the sentence.
    titles = [title for line in lines[:1] if len(lines) > 1 and (title := spdx(line))]
    plain = " ".join(lines[len(titles) :])
    addresses += [address.rstrip(".,;") for address in _ADDRESS.findall(plain)]
    found = sentence.fullmatch(_ADDRESS.sub(_as_address, plain).strip())
    licence = _named(found["name"]) if found else spdx(_ADDRESS.sub("", plain).strip(" ()"))
    read = {agreed(licence, address) for address in addresses} if licence else set()
    return licence if licence and read <= {licence} and {licence, *titles} == {licence} else None


def _lines(text: str) -> list[str]:
    return list(own_lines(map(one_line, text.splitlines())))


def _as_address(match: re.Match[str]) -> str:
    """Return a word in place of an address, with the punctuation that follows it."""
    return "ADDRESS" + match[0][len(match[0].rstrip(".,;")) :]


def _named(name: str) -> str | None:
    name = name.strip(" .,")
    return spdx(name) or spdx(re.sub(r" licen[cs]e$", "", name, flags=re.IGNORECASE))


def _of_gnu(text: str) -> str | None:
    if len(text) > _LONGEST:
        return None
    found = _GNU.fullmatch(_plain(" ".join(_lines(text))))
    if found is None or bool(found["first"]) == bool(found["version"]):
        return None
    initial = {"affero ": "A", "lesser ": "L", "library ": "L"}.get(found["family"] or "", "")
    version = (found["first"] or found["version"]).replace(" ", ".")
    number = version if "." in version else f"{version}.0"
    return spdx(f"{initial}GPL-{number}-{'or-later' if found['later'] else 'only'}")


def is_deed(licence: str, words: str) -> bool:
    """Tell whether words below the title of a Creative Commons licence are those of its deed alone."""
    if not licence.startswith("CC-BY"):
        return False
    kinds = [kind for kind in ("nc", "nd", "sa") if f"-{kind.upper()}" in licence]
    phrases = [*_deeds()["all"], *(phrase for kind in kinds for phrase in _deeds()[kind])]
    left = f" {words} "
    for phrase in sorted(phrases, key=len, reverse=True):
        left = left.replace(f" {phrase} ", "  ")
    needed = [_deeds()["needed"], *(_deeds()[kind][0] for kind in kinds)]
    return not left.strip() and all(f" {phrase} " in f" {words} " for phrase in needed)


@cache
def _deeds() -> Mapping[str, Any]:
    import tomllib

    packaged = files("fairreg.schemas.licenses").joinpath("deeds.toml").read_text(encoding="utf-8")
    return {
        key: _plain(value) if isinstance(value, str) else [_plain(item) for item in value]
        for key, value in tomllib.loads(packaged).items()
    }


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))
