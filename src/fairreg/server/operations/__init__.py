# SPDX-License-Identifier: MIT
"""Addresses for the keepers of a server and for other machines: health, counts, robots, list of pages."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fairreg.server.api.answers import document
from fairreg.server.api.documents import ServerHealth
from fairreg.server.middleware.rates import HEALTH
from fairreg.server.operations.sitemap import show_sitemap
from fairreg.server.site import Site, site_of
from fairreg.server.threads import QueuedThreads

__all__ = ["lifespan", "routes"]

_NOT_KEPT = {"Cache-Control": "no-store"}
# The addresses of a search and of lists that go on: a robot finds the same records in the sitemap. The last
# are live searches at any path, for which other registries are asked.
_NO_ROBOTS = ("/search", "/api/", "/oai", "/resolve/", "/mcp", "/v2/", "/metrics", "/*live=")

# Addresses that are guessed, of what is explained elsewhere.
_GUESSED = ("/api", "/api/", "/docs", "/about")


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of this part."""
    return [
        Route(HEALTH, _Health(site).answer),
        Route("/metrics", _metrics),
        Route("/robots.txt", _robots),
        Route("/sitemap.xml", show_sitemap),
        *(Route(path, _guide) for path in _GUESSED),
    ]


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """End the threads that read the registry or run models, after the last answer."""
    yield
    site: Site = app.state.site
    for close in (site.threads.close, site.live_threads.close, *site.at_end):
        close()


class _Health:
    """Answers whether the registry can be read, in a thread of its own: however busy the others are.

    Those who ask at the same time get the same answer, so that nobody can ask too often.
    """

    def __init__(self, site: Site) -> None:
        self._site = replace(site, threads=QueuedThreads(threads=1, name="health"))
        site.at_end.append(self._site.threads.close)
        self._counting: asyncio.Future[int] | None = None

    async def answer(self, _request: Request) -> Response:
        """Answer with the number of entries. Raises RegistryError."""
        if self._counting is None or self._counting.done():
            self._counting = asyncio.ensure_future(self._site.read(lambda registry: registry.listing.count()))
        entries = await asyncio.shield(self._counting)
        return document(ServerHealth(status="ok", entries=entries), headers=_NOT_KEPT)


async def _guide(request: Request) -> Response:
    """Redirect a reader to the help, and a program that asks for the API to its description."""
    reader = "text/html" in request.headers.get("accept", "")
    path = "/help" if reader or not request.url.path.startswith("/api") else "/openapi.json"
    return RedirectResponse(site_of(request).url(path), status_code=302, headers={"Vary": "Accept"})


async def _metrics(request: Request) -> Response:
    """Answer with the counts of this process in the text format of Prometheus."""
    site = site_of(request)
    lines = (
        "# HELP fairreg_worker Number of the process that answers: each worker counts for itself.",
        "# TYPE fairreg_worker gauge",
        f"fairreg_worker {os.getpid()}",
        "# HELP fairreg_reads Calls that read the registry or wait for a thread.",
        "# TYPE fairreg_reads gauge",
        f"fairreg_reads {site.threads.accepted}",
        "# HELP fairreg_live_searches Live searches that wait for other registries or for a thread.",
        "# TYPE fairreg_live_searches gauge",
        f"fairreg_live_searches {site.live_threads.accepted}",
        *request.app.state.metrics.lines(),
    )
    kind = "text/plain; version=0.0.4"
    return PlainTextResponse("\n".join((*lines, "")), media_type=kind, headers=_NOT_KEPT)


async def _robots(request: Request) -> Response:
    """Answer with the rules for robots (RFC 9309)."""
    lines = (
        "User-agent: *",
        *(f"Disallow: {path}" for path in _NO_ROBOTS),
        f"Sitemap: {site_of(request).url('/sitemap.xml')}",
    )
    return PlainTextResponse("\n".join((*lines, "")))
