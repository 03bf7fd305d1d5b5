# SPDX-License-Identifier: MIT
"""Pages of one record."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fairreg.registry import Entry, Registry
from fairreg.server.pages.assessment import assessment_page
from fairreg.server.pages.frame import page_response
from fairreg.server.pages.record import record_page
from fairreg.server.pages.related import related_page
from fairreg.server.site import Site, site_of

__all__ = ["routes"]


def routes(_site: Site) -> list[BaseRoute]:
    """Return the routes of this part."""
    return [
        Route("/records/{pid:path}/assessment", _assessment),
        Route("/records/{pid:path}/related", _related),
        Route("/records/{pid:path}", _record),
    ]


async def _answer(request: Request, page: Callable[[Site, Registry, Entry], str]) -> Response:
    site, pid = site_of(request), request.path_params["pid"]
    return page_response(await site.read(lambda registry: page(site, registry, registry.entry_for(pid))))


async def _assessment(request: Request) -> Response:
    return await _answer(request, assessment_page)


async def _related(request: Request) -> Response:
    return await _answer(request, related_page)


async def _record(request: Request) -> Response:
    return await _answer(request, lambda site, registry, entry: record_page(site, registry, entry, ""))
