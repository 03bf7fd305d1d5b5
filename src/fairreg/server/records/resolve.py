# SPDX-License-Identifier: MIT
"""``/resolve/...``: from any spelling of an identifier to the address of its record."""

import re
from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fairreg.errors import IdentifierError
from fairreg.registry import Registry
from fairreg.schemas.identifiers import parse
from fairreg.schemas.text import clean, undirected
from fairreg.server.parts import split
from fairreg.server.problems import problem
from fairreg.server.records.lookup import LONGEST, entry_of
from fairreg.server.site import Site, site_of
from fairreg.sources import all_sources

__all__ = ["not_found", "resolve", "suggestions"]

_MOST = 5
_WORDS = re.compile(r"[^\W_]+")
_MOST_WORDS, _LONGEST_SHOWN = 8, 200
# Proxies and clients make one slash of two.
_MERGED = re.compile(r"(https?):/(?!/)", re.IGNORECASE)


async def resolve(request: Request) -> Response:
    """Redirect to the record that an identifier means; 404 with suggestions where there is none.

    The redirection is temporary (302): which record an identifier means may change with the next harvest, as
    that of all versions does with a new one.
    """
    site = site_of(request)
    text = request.path_params["text"]
    if request.url.query:
        text += f"?{request.url.query}"
    text = _MERGED.sub(r"\1://", text, count=1)
    return await site.read(lambda registry: _answer(site, registry, text))


def _answer(site: Site, registry: Registry, text: str) -> Response:
    entry = entry_of(registry, text)
    if entry is None:
        return not_found(site, registry, text)
    return RedirectResponse(site.record_url(entry.identifier), status_code=302)


def not_found(site: Site, registry: Registry, text: str) -> Response:
    """Return the problem of an identifier without a record here, with records that it may have meant.

    410 where the record was removed for good, or merged into another one.
    """
    shown = undirected(clean(text)).strip()[:_LONGEST_SHOWN]
    whole = len(text) <= LONGEST
    if whole and any(_removed(registry, named) for named in (text, split(text)[0])):
        return problem(410, f"The record of {shown} was removed from this registry for good.")
    if whole and any(_merged(registry, named) for named in (text, split(text)[0])):
        return problem(
            410,
            f"{shown} is a part of another entry now.",
            hint=f"Search for its name or its other identifiers: {site.url('/search')}",
            suggestions=suggestions(site, registry, text),
        )
    return problem(
        404,
        f"{shown or 'An empty text'} is not in this registry.",
        hint=f"Search for it: {site.url('/search')}",
        suggestions=suggestions(site, registry, text),
    )


def _removed(registry: Registry, text: str) -> bool:
    try:
        return registry.removals.record_of(text) is not None
    except IdentifierError:
        return False


def _merged(registry: Registry, text: str) -> bool:
    change = registry.changes.of(text)
    return change is not None and change.departed == "merged"


def suggestions(site: Site, registry: Registry, text: str) -> list[dict[str, Any]]:
    """Return at most five records that the words of an identifier find, the best first."""
    said = (word for word in _WORDS.findall(_value(text[:LONGEST])) if not word.isdigit())
    words = [word for word in said if word.casefold() not in _sources()][-_MOST_WORDS:]
    if not words:
        return []
    found = registry.search(" ".join(words)[:_LONGEST_SHOWN], limit=_MOST)
    named = ((hit.entry.identifier, hit.record.name) for hit in found.hits)
    return [{"identifier": pid, "name": name, "url": site.record_url(pid)} for pid, name in named]


@cache
def _sources() -> frozenset[str]:
    """Return words of identifiers that name a service, and no object in it."""
    return frozenset(source.name for source in all_sources())


def _value(text: str) -> str:
    """Return an identifier without its scheme, which says nothing of the object; other text as it is."""
    try:
        return parse(text).value
    except IdentifierError:
        return text
