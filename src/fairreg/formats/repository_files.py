# SPDX-License-Identifier: MIT
"""Metadata files of a code repository, by name: those of the formats, README and licence.

Of a README the badges are read.
"""

import re
from collections.abc import Mapping
from typing import Protocol, cast
from urllib.parse import unquote

from fairreg import formats
from fairreg.formats.base import Reading
from fairreg.formats.file_facts import LONGEST, FileFacts, cited, doi_identifiers, papers, swhids
from fairreg.formats.license_files import is_license_file, read_license_files
from fairreg.schemas.datacite_terms import identifier_of
from fairreg.schemas.identifiers import Identifier, normalise_doi

__all__ = ["is_known", "read_files"]

_ROLES = (
    ("citation", re.compile(r"citation\.cff", re.IGNORECASE)),
    ("codemeta", re.compile(r"codemeta\.json", re.IGNORECASE)),
    ("zenodo", re.compile(r"\.zenodo\.json", re.IGNORECASE)),
    ("readme", re.compile(r"readme(?:\.(?:md|markdown|rst|txt))?", re.IGNORECASE)),
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


def is_known(name: str) -> bool:
    """Tell whether a path from the top of a repository is that of a file that is read here."""
    return _role(name) is not None or is_license_file(name)


def read_files(files: Mapping[str, str]) -> tuple[FileFacts, ...]:
    """Return the facts of the known files, the most deliberate first: CFF, CodeMeta, Zenodo's, README.

    Licence files come last, those that belong together as one.
    """
    roles = [role for role, _ in _ROLES]
    named = sorted((roles.index(role), name) for name in files if (role := _role(name)) is not None)
    return (*(_read(roles[place], name, files[name]) for place, name in named), *read_license_files(files))


def _role(name: str) -> str | None:
    return next((role for role, pattern in _ROLES if pattern.fullmatch(name)), None)


def _read(role: str, name: str, text: str) -> FileFacts:
    if role == "readme":
        return _readme(name, text[:LONGEST])
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


class _FileFormat(Protocol):
    def read(self, document: str, *, name: str) -> Reading[FileFacts]: ...


# Name of the format of each role.
_FORMATS = {"citation": "cff", "codemeta": "codemeta", "zenodo": "zenodo"}
