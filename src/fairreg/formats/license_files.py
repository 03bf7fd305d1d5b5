# SPDX-License-Identifier: MIT
"""Licence files of a repository, whose whole text has to be that of a licence.

Read are LICENSE and COPYING; COPYING.LESSER, the additional permissions of GNU's Lesser licence
(https://www.gnu.org/licenses/gpl-howto.html); several to choose from, as LICENSE-MIT beside LICENSE-APACHE;
and the folder ``LICENSES`` with one file per licence that applies somewhere (REUSE specification 3.3).
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from fairreg.formats.file_facts import LONGEST, FileFacts
from fairreg.schemas.licenses import joined, spdx
from fairreg.schemas.licenses.texts import has_other_terms, license_of_text

__all__ = ["is_license_file", "read_license_files"]

_ROLE = "license"
_TEXT = r"(?:\.(?:md|rst|txt))?"
_WHOLE = re.compile(rf"(?:licen[cs]e|copying){_TEXT}", re.IGNORECASE)
_LESSER = re.compile(rf"(?:copying|licen[cs]e)[-._]lesser{_TEXT}", re.IGNORECASE)
# A suffix of another kind than text would be a program: license_check.py.
_PART = re.compile(
    rf"(?:licen[cs]e|copying)[-._](?!(?:html?|pdf|tex|rtf|docx?|in|py|js|go|java|json|ya?ml|xml|toml|csv)\Z)"
    rf"(?P<name>[a-z0-9][a-z0-9+_-]*(?:\.\d+)*){_TEXT}",
    re.IGNORECASE,
)
_REUSE = re.compile(r"LICENSES/(?P<name>[A-Za-z0-9.+-]+)\.txt")


class _Part(NamedTuple):
    """One of several licence files: what its name calls it, and the licence of its text."""

    file: str
    called: str
    license: str | None

    @property
    def is_choice(self) -> bool:
        """True if the name calls it by its licence, not by what it covers (LICENSE-DATA)."""
        family = re.match(r"[a-z]*", self.called)
        of_text = (self.license or "").lower()
        return bool(family and family[0] and of_text.startswith(family[0])) or spdx(self.called) is not None


def is_license_file(path: str) -> bool:
    """Tell whether a path from the top of a repository is that of a licence text."""
    return any(pattern.fullmatch(path) for pattern in (_WHOLE, _LESSER, _PART, _REUSE))


def read_license_files(files: Mapping[str, str]) -> tuple[FileFacts, ...]:
    """Return the licence of each layout in `files`, the most deliberate first."""
    texts = {name: text[:LONGEST] for name, text in sorted(files.items()) if is_license_file(name)}
    lesser = [_facts(name, text) for name, text in texts.items() if _LESSER.fullmatch(name)]
    whole = [_facts(name, text) for name, text in texts.items() if _WHOLE.fullmatch(name)]
    if any((facts.license or "").startswith("LGPL") for facts in lesser):
        # The Lesser licence adds permissions to the General one, whose text lies beside it.
        whole = [facts for facts in whole if not (facts.license or "").startswith("GPL")]
    parts = [
        _Part(name, match["name"].lower(), _license_of_part(text, match["name"]))
        for name, text in texts.items()
        if (match := _PART.fullmatch(name)) and not _LESSER.fullmatch(name)
    ]
    return (*lesser, *whole, *_of_parts(parts), *_of_reuse(texts))


def _facts(name: str, text: str) -> FileFacts:
    return FileFacts(name, _ROLE, license=license_of_text(text))


def _license_of_part(text: str, called: str) -> str | None:
    """Return the licence of a text, else that of its file's name, which terms of other kinds contradict."""
    return license_of_text(text) or (None if has_other_terms(text) else spdx(called))


def _of_parts(parts: list[_Part]) -> Iterator[FileFacts]:
    """Yield the choice between licences, and as stated the licence of each thing that a file covers."""
    choice = [part for part in parts if part.is_choice]
    found = sorted({part.license for part in choice if part.license})
    if found:
        name = " and ".join(part.file for part in choice)
        yield FileFacts(name, _ROLE, license=" OR ".join(found))
    for part in parts:
        if part not in choice and part.license:
            yield FileFacts(part.file, _ROLE, license_stated=f"{part.file}: {part.license}")


def _of_reuse(texts: Mapping[str, str]) -> Iterator[FileFacts]:
    names = [match["name"] for name in texts if (match := _REUSE.fullmatch(name))]
    found = [spdx(name) for name in names]
    known = [item for item in found if item]
    if known and len(known) == len(found):
        yield FileFacts("LICENSES", _ROLE, license=joined(known))
    elif names:
        yield FileFacts("LICENSES", _ROLE, license_stated=" AND ".join(names))
