# SPDX-License-Identifier: MIT
"""What the keepers of a server look at: its health."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from fairreg.server.site import Site, site_of

__all__ = ["routes"]


def routes(_site: Site) -> list[BaseRoute]:
    """Return the routes of this part."""
    return [Route("/healthz", _health)]


async def _health(request: Request) -> Response:
    """Answer whether the registry can be read."""
    entries = await site_of(request).read(lambda registry: registry.count())
    return JSONResponse({"status": "ok", "entries": entries}, headers={"Cache-Control": "no-store"})
