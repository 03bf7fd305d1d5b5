# SPDX-License-Identifier: MIT
"""Evidence for people: similar files as one group, times in words, identifiers as links."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath

from fairreg.assessment.base import Citation
from fairreg.errors import IdentifierError
from fairreg.schemas.identifiers import parse

__all__ = ["CitationGroup", "address_of", "grouped", "readable_time"]

_FEW = 4  # citations of similar files that are listed one by one
_NUMBER = re.compile(r"\d+")
_WEB = ("https://", "http://")


@dataclass(frozen=True)
class CitationGroup:
    """Citations of similar files, or a single one; `title` is None for a group that is not folded."""

    title: str | None
    citations: tuple[Citation, ...]


def grouped(citations: Iterable[Citation]) -> tuple[CitationGroup, ...]:
    """Return the citations in their order; more than four of similar files become one group.

    Similar files lie in one folder, have one extension, and differ in what is said of them by numbers only.
    """
    alike: dict[tuple[str, ...], list[Citation]] = {}
    for cited in citations:
        alike.setdefault(_likeness(cited), []).append(cited)
    found: list[CitationGroup] = []
    for listed in alike.values():
        if len(listed) > _FEW:
            found.append(CitationGroup(f"{len(listed)} files like {listed[0].what}", tuple(listed)))
        else:
            found += [CitationGroup(None, (cited,)) for cited in listed]
    return tuple(found)


def _likeness(cited: Citation) -> tuple[str, ...]:
    if cited.source not in {"file", "document", "model"}:
        return (cited.source, cited.what, cited.value, cited.where or "", cited.digest or "")
    path = PurePosixPath(cited.what)
    return (cited.source, str(path.parent), path.suffix, _NUMBER.sub("0", cited.value), cited.origin)


def readable_time(moment: str) -> str:
    """Format an ISO 8601 time in words, in UTC; another text stays as it is.

    >>> readable_time("2026-11-22T14:03:07+01:00"), readable_time("2026-11-22"), readable_time("soon")
    ('22 November 2026, 13:03 UTC', '22 November 2026', 'soon')
    """
    try:
        found = datetime.fromisoformat(moment)
        found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the second for the first hours of the year 1
        return moment
    day_only = "T" not in moment and " " not in moment
    day = f"{found.day} {_MONTHS[found.month - 1]} {found.year}"
    return day if day_only else f"{day}, {found:%H:%M} UTC"


# The names of the C library follow the user's language.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def address_of(identifier: str) -> str | None:
    """Return the web address of an identifier as fairreg prints it; None for one without.

    >>> address_of("doi:10.5281/zenodo.7305227")
    'https://doi.org/10.5281/zenodo.7305227'
    """
    try:
        address = parse(identifier).url
    except IdentifierError:
        return None
    return address if address and address.startswith(_WEB) else None
