# SPDX-License-Identifier: MIT
"""Records at addresses of their own: content negotiation, typed links, resolution of identifiers."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fairreg.server import any_path
from fairreg.server.records.catalog import api_catalog
from fairreg.server.records.handlers import record
from fairreg.server.records.resolve import resolve
from fairreg.server.site import Site, site_of

__all__ = ["routes"]


def routes(_site: Site) -> list[BaseRoute]:
    """Return the routes of this part."""
    any_path.register()
    return [
        Route("/records", _search),
        Route("/records/{path:any}", record),
        Route("/resolve/{text:any}", resolve),
        Route("/.well-known/api-catalog", api_catalog),
    ]


async def _search(request: Request) -> Response:
    """Redirect from all records to the search, which lists them."""
    return RedirectResponse(site_of(request).url("/search"), status_code=302)
