# SPDX-License-Identifier: MIT
"""Records at addresses of their own: content negotiation, typed links, resolution of identifiers."""

from starlette.routing import BaseRoute, Route

from fairreg.server.records.catalog import api_catalog
from fairreg.server.records.handlers import record
from fairreg.server.records.resolve import resolve
from fairreg.server.site import Site

__all__ = ["routes"]


def routes(_site: Site) -> list[BaseRoute]:
    """Return the routes of this part."""
    return [
        Route("/records/{path:path}", record),
        Route("/resolve/{text:path}", resolve),
        Route("/.well-known/api-catalog", api_catalog),
    ]
