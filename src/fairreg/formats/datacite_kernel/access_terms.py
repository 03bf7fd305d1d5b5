# SPDX-License-Identifier: MIT
"""Terms for the access to files that repositories share: OpenAIRE's, COAR's, and their words.

https://guidelines.openaire.eu (access level, embargo end date), http://purl.org/coar/access_right. They name
four levels; gated files are restricted ones. schema.org has the property `conditionsOfAccess` for them, and
no words of its own.
"""

import re
from collections.abc import Mapping

from fairreg.schemas.record import Access, AccessLevel

__all__ = ["access_term", "access_words", "conditions_of_access", "embargo_end", "level_of"]

_TERMS: Mapping[AccessLevel, tuple[str, str]] = {
    "open": ("Open Access", "openAccess"),
    "embargoed": ("Embargoed Access", "embargoedAccess"),
    "restricted": ("Restricted Access", "restrictedAccess"),
    "gated": ("Restricted Access", "restrictedAccess"),
    "closed": ("Closed Access", "closedAccess"),
}
_LEVELS: Mapping[str, AccessLevel] = {
    "openaccess": "open",
    "open access": "open",
    "c_abf2": "open",
    "embargoedaccess": "embargoed",
    "embargoed access": "embargoed",
    "c_f1cf": "embargoed",
    "restrictedaccess": "restricted",
    "restricted access": "restricted",
    "c_16ec": "restricted",
    "closedaccess": "closed",
    "closed access": "closed",
    "metadata only access": "closed",
    "c_14cb": "closed",
}
_END = "info:eu-repo/date/embargoEnd/"
_STATED_END = re.compile(rf"{_END}(\d{{4}}(?:-\d{{2}}(?:-\d{{2}})?)?)", re.IGNORECASE)


def access_term(level: AccessLevel) -> str:
    """Return the term of OpenAIRE for a level of access, gated as restricted."""
    return f"info:eu-repo/semantics/{_TERMS[level][1]}"


def access_words(level: AccessLevel) -> str:
    """Return the words of COAR for a level of access."""
    return _TERMS[level][0]


def level_of(text: str | None) -> AccessLevel | None:
    """Return the level that a term, or the last part of its address, or its words name; None for others.

    >>> level_of("http://purl.org/coar/access_right/c_16ec"), level_of("on request")
    ('restricted', None)
    """
    words = (text or "").strip().lower().rstrip("/")
    return _LEVELS.get(words) or _LEVELS.get(words.rsplit("/", 1)[-1])


def embargo_end(text: str | None) -> str | None:
    """Return the day in OpenAIRE's term for the end of an embargo; None for another text."""
    found = _STATED_END.fullmatch((text or "").strip())
    return found[1] if found else None


def conditions_of_access(access: Access | None) -> str | list[str] | None:
    """Return the values of schema.org's `conditionsOfAccess`: terms of files that are not open, and words.

    Open files are stated by `isAccessibleForFree`.
    """
    if access is None:
        return None
    terms = [access_term(access.level)] if access.level != "open" else []
    if access.level == "embargoed" and access.until and embargo_end(_END + access.until[:10]):
        terms.append(_END + access.until[:10])
    found = [*terms, *([access.conditions] if access.conditions else [])]
    return found if len(found) > 1 else next(iter(found), None)
