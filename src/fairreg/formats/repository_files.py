# SPDX-License-Identifier: MIT
"""Metadata files of a code repository, by name: those of the formats, README and licence.

Of a README the badges are read, of a licence text its title.
"""

import re
from collections.abc import Callable, Mapping
from typing import Protocol, cast
from urllib.parse import unquote

from fairreg import formats
from fairreg.formats.base import Reading
from fairreg.formats.file_facts import LONGEST, FileFacts, cited, doi_identifiers, papers, swhids
from fairreg.schemas.datacite_terms import identifier_of
from fairreg.schemas.identifiers import Identifier, normalise_doi
from fairreg.schemas.licenses import spdx
from fairreg.schemas.text import one_line

__all__ = ["is_known", "read_files"]

_ROLES = (
    ("citation", re.compile(r"citation\.cff", re.IGNORECASE)),
    ("codemeta", re.compile(r"codemeta\.json", re.IGNORECASE)),
    ("zenodo", re.compile(r"\.zenodo\.json", re.IGNORECASE)),
    ("readme", re.compile(r"readme(?:\.(?:md|markdown|rst|txt))?", re.IGNORECASE)),
    ("license", re.compile(r"(?:licen[cs]e|copying)(?:\.(?:md|rst|txt))?", re.IGNORECASE)),
)
_IN_LINK = r"[^\s\"'<>)\]]"
# Every repetition is bounded, so that no README is slow to read.
_BADGE_DOI = re.compile(rf"zenodo\.org/badge/doi/(10\.{_IN_LINK}{{1,200}})", re.IGNORECASE)
_SHIELD_DOI = re.compile(rf"img\.shields\.io/badge/doi-(10\.{_IN_LINK}{{1,200}})-[a-z0-9]{{3,20}}", re.I)
_JOSS_BADGE = re.compile(r"joss\.theoj\.org/papers/(10\.21105/[\w.-]{1,60})/status\.svg", re.IGNORECASE)
_LINKED_IMAGES = (
    re.compile(r"\[!\[[^\]\n]{0,200}\]\([^)\n]{1,500}\)\]\(\s{0,9}<?(https?://[^)\s>]{1,500})"),  # Markdown
    re.compile(
        r"<a\s[^>]{0,200}href=[\"'](https?://[^\"'\s]{1,500})[\"'][^>]{0,200}>\s{0,99}<img\b", re.IGNORECASE
    ),
    re.compile(
        r"image::[^\n]{1,500}\n(?:[ \t]{1,20}:(?!target)[^\n]{1,200}\n){0,9}[ \t]{1,20}:target:[ ]{0,9}(https?://\S{1,500})"
    ),
)
_MIT = "permission is hereby granted, free of charge, to any person obtaining a copy"


def is_known(name: str) -> bool:
    """Tell whether a file at the top of a repository is one that is read here."""
    return _role(name) is not None


def read_files(files: Mapping[str, str]) -> tuple[FileFacts, ...]:
    """Return the facts of each known file, the most deliberate first: CFF, CodeMeta, Zenodo's, README."""
    roles = [role for role, _ in _ROLES]
    named = sorted((roles.index(role), name) for name in files if (role := _role(name)) is not None)
    return tuple(_read(roles[place], name, files[name]) for place, name in named)


def _role(name: str) -> str | None:
    return next((role for role, pattern in _ROLES if pattern.fullmatch(name)), None)


def _read(role: str, name: str, text: str) -> FileFacts:
    if role in _PROSE:
        return _PROSE[role](name, text[:LONGEST])
    # Imported for a file of its own: listing the sources reads none.
    return cast("_FileFormat", formats.get(_FORMATS[role])).read(text, name=name).understood


def _readme(name: str, text: str) -> FileFacts:
    dois = [
        *(re.sub(r"(?:\.svg)?(?:\?.*)?$", "", item) for item in _BADGE_DOI.findall(text)),
        *(unquote(item).replace("--", "-") for item in _SHIELD_DOI.findall(text)),
    ]
    published = [Identifier("doi", doi) for item in _JOSS_BADGE.findall(text) if (doi := normalise_doi(item))]
    links = [
        found
        for pattern in _LINKED_IMAGES
        for link in pattern.findall(text)
        if (found := identifier_of(link))
    ]
    dois += [item.value for item in links if item.scheme == "doi"]
    published += [item for item in links if item.scheme == "arxiv"]
    evidence = f"{name}: badge"
    return FileFacts(
        name,
        "readme",
        identifiers=(
            *papers(published, evidence),
            *(found for doi in dois for found in doi_identifiers(doi, evidence)),
            *swhids(text, name),
        ),
        relations=tuple(cited(published, "cites")),
    )


def _license_text(name: str, text: str) -> FileFacts:
    lines = [line for line in map(one_line, text.splitlines()[:20]) if line.strip("#=-* ")][:2]
    title = re.sub(r", \w+ \d{4}$|, \d{1,2} \w+ \d{4}$", "", " ".join(lines)).strip("# ")
    mit = "MIT" if _MIT in one_line(text[:4000]).lower() else None
    return FileFacts(name, "license", license=spdx(title, lines[0].strip("# ") if lines else None) or mit)


class _FileFormat(Protocol):
    def read(self, document: str, *, name: str) -> Reading[FileFacts]: ...


# Name of the format of each role.
_FORMATS = {"citation": "cff", "codemeta": "codemeta", "zenodo": "zenodo"}
_PROSE: dict[str, Callable[[str, str], FileFacts]] = {"readme": _readme, "license": _license_text}
