# SPDX-License-Identifier: MIT
"""Objects that a record points to, as the metadata formats name them: source code, data, publications."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from fairreg.schemas.identifiers import PAPER_SCHEMES, Identifier
from fairreg.schemas.record import ModelRecord, Relation, RelationType
from fairreg.sources import code_sites, scheme_names

__all__ = [
    "CODE_RELATIONS",
    "code_of",
    "page_of_clone",
    "papers_of",
    "repository_of",
    "source_revision",
    "training_data_of",
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
_CLONE = re.compile(
    r"git\+(?P<web>https?://\S+)"
    r"|(?:git\+)?(?:ssh|git)://(?:[^@/\s]+@)?(?P<host>[\w.-]+)(?::\d+)?/(?P<path>\S+)"
    r"|git@(?P<site>[\w.-]+):(?P<place>[^\s:]+)",
    re.IGNORECASE,
)
_REVISION_MARKS = ("/tree/", "/releases/tag/", "/commit/", "/archive/", "/blob/", "/-/")


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
    """Return the address of the whole code repository: of a stated revision, of the record, of its code."""
    code = code_of(record)
    schemes = scheme_names("code")
    own = [item.url or "" for item in record.identifiers if item.scheme in schemes]
    related = [target.url or "" for target in record.related("is_supplement_to")]
    pages = [item.value for item in record.identifiers if item.scheme == "url"]
    on_hosts = (item for item in (code or "", *own, *related, *pages) if _is_repository(item))
    return next(map(_root, on_hosts), None)


def _is_repository(address: str) -> bool:
    """Tell whether an address is that of a repository on a site for source code, or of something in it."""
    host = next((item for item in _CODE_HOSTS if address.startswith(item)), None)
    return host is not None and "/" in urlsplit(address).path.strip("/")


def page_of_clone(text: str) -> str | None:
    """Return the web address of a repository that is given as it is cloned, None for another text.

    >>> page_of_clone("git+ssh://git@gitlab.com/lab/tagger.git")
    'https://gitlab.com/lab/tagger.git'

    Sites for source code serve a repository at the same path by every protocol; other hosts need not.
    """
    found = _CLONE.fullmatch(text.strip())
    if found is None:
        return None
    if found["web"]:
        return found["web"]
    page = f"https://{found['host'] or found['site']}/{(found['path'] or found['place']).lstrip('/')}"
    return page if page.startswith(_CODE_HOSTS) else None


def papers_of(record: ModelRecord) -> tuple[Identifier, ...]:
    """Return publications of the model that the record names by DOI or arXiv number."""
    return unique(
        Identifier("doi" if item.scheme == "paper_doi" else item.scheme, item.value)
        for item in record.identifiers
        if item.scheme in PAPER_SCHEMES
    )


def training_data_of(record: ModelRecord) -> tuple[Identifier, ...]:
    """Return the training data of the record: what a model derives from is such where it is called a dataset.

    DataCite, and so every archive, has no relation of its own for training data.
    """
    derived = record.relations if record.kind == "model" else ()
    return unique(
        [
            *record.related("trained_on"),
            *(item.target for item in derived if item.type == "is_derived_from" and _is_data(item)),
        ]
    )


def _is_data(item: Relation) -> bool:
    return (item.target_kind or "").casefold() == "dataset"


def unique(found: Iterable[Identifier]) -> tuple[Identifier, ...]:
    """Return each identifier once, in any spelling, in order."""
    first: dict[tuple[str, str], Identifier] = {}
    for item in found:
        first.setdefault(item.key, item)
    return tuple(first.values())


def _root(address: str) -> str:
    starts = [address.find(mark) for mark in _REVISION_MARKS if mark in address]
    return address[: min(starts)] if starts else address
