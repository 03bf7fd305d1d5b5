# SPDX-License-Identifier: MIT
"""Pages of errors, for browsers: what happened, what to do next, and records with similar names."""

import re
from collections.abc import Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from fairreg.errors import FairregError
from fairreg.registry import Registry
from fairreg.server.pages.cards import Link
from fairreg.server.pages.frame import framed, page_response
from fairreg.server.pages.paths import record_path
from fairreg.server.site import Site, site_of

__all__ = ["error_response", "wants_page"]

_MOST, _LONGEST = 5, 200
_RECORDS = "/records/"
_TITLES = {
    404: "Not found",
    410: "Gone",
    400: "This address asks for what cannot be",
    406: "No such form of this record",
    429: "Too many requests",
    503: "Not available at the moment",
}


def wants_page(request: Request) -> bool:
    """Tell whether the visitor is a browser: it names HTML among what it accepts."""
    accepted = request.headers.get("accept", "")
    return "text/html" in accepted and request.query_params.get("format") != "json"


async def error_response(
    request: Request,
    status: int,
    detail: str | None,
    hint: str | None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the page of an error with this status."""
    site = site_of(request)
    similar = await _similar(site, request.url.path) if status == HTTPStatus.NOT_FOUND else ()
    page = framed(
        site,
        "error.html",
        title=_TITLES.get(status, HTTPStatus(status).phrase),
        status=status,
        detail=detail,
        hint=hint,
        similar=similar,
    )
    return page_response(page, status, headers)


async def _similar(site: Site, path: str) -> tuple[Link, ...]:
    """Return records whose words are those of a path that leads nowhere; none where that cannot be found out."""
    words = " ".join(re.findall(r"[^\W_]{3,}", path.partition(_RECORDS)[2][:_LONGEST]))
    if not words:
        return ()

    def found(registry: Registry) -> tuple[Link, ...]:
        hits = registry.search(words, limit=_MOST).hits
        return tuple(Link(hit.record.name, record_path(site, hit.entry.identifier)) for hit in hits)

    try:
        return await site.read(found)
    except FairregError:
        return ()  # the error itself is still told
