# SPDX-License-Identifier: MIT
"""Objects that a record points to, as the metadata formats name them: source code, data, publications."""

import re
from collections.abc import Iterable

from fairreg.schemas.identifiers import PAPER_SCHEMES, Identifier
from fairreg.schemas.record import ModelRecord, RelationType
from fairreg.sources import code_sites, scheme_names

__all__ = [
    "CODE_RELATIONS",
    "code_of",
    "papers_of",
    "repository_of",
    "source_revision",
    "unique",
]

CODE_RELATIONS: tuple[RelationType, ...] = (
    "is_supplement_to",
    "is_derived_from",
    "requires",
    "is_compiled_by",
)
_REVISION = re.compile(r"/(?:tree|releases/tag|commit|archive|blob|src)/|^swh:1:", re.IGNORECASE)
_CODE_HOSTS = (
    *(f"https://{site}/" for site in code_sites()),
    *("https://gitlab.", "https://bitbucket.org/", "https://codeberg.org/"),
)
_REVISION_MARKS = ("/tree/", "/releases/tag/", "/commit/", "/archive/", "/-/")


def source_revision(identifier: Identifier) -> str | None:
    """Return the address of source code at an identifier's version, None for a whole repository."""
    release = "@" in identifier.value and identifier.scheme in scheme_names("code")
    for text in ((identifier.url or "") if release else "", identifier.value, identifier.evidence or ""):
        if _REVISION.search(text):
            return text
    return None


def code_of(record: ModelRecord) -> str | None:
    """Return the address of the source code at its version."""
    related = [item.target for item in record.relations if item.type in CODE_RELATIONS]
    found = [revision for item in (*related, *record.identifiers) if (revision := source_revision(item))]
    return next((item for item in found if item.startswith("https://")), None)


def repository_of(record: ModelRecord) -> str | None:
    """Return the address of the whole code repository."""
    code = code_of(record)
    stated = [_root(code)] if code and code.startswith(_CODE_HOSTS) else []
    own = [_root(item.url or "") for item in record.identifiers if item.scheme in scheme_names("code")]
    return next((item for item in (*stated, *own) if item), None)


def papers_of(record: ModelRecord) -> tuple[Identifier, ...]:
    """Return publications of the model that the record names by DOI or arXiv number."""
    return unique(
        Identifier("doi" if item.scheme == "paper_doi" else item.scheme, item.value)
        for item in record.identifiers
        if item.scheme in PAPER_SCHEMES
    )


def unique(found: Iterable[Identifier]) -> tuple[Identifier, ...]:
    """Return each identifier once, in any spelling, in order."""
    first: dict[tuple[str, str], Identifier] = {}
    for item in found:
        first.setdefault(item.key, item)
    return tuple(first.values())


def _root(address: str) -> str:
    starts = [address.find(mark) for mark in _REVISION_MARKS if mark in address]
    return address[: min(starts)] if starts else address
