# SPDX-License-Identifier: MIT
"""Model Context Protocol: the registry as tools and resources of an assistant. Extra ``mcp``.

`tools` says what there is, `protocol` speaks it, over `http` and `stdio`. The protocol's package is imported
where it is used: without it the server has no ``/mcp``.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.util import find_spec

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from fairreg.server.problems import problem
from fairreg.server.site import Site

__all__ = ["is_installed", "lifespan", "routes"]


def is_installed() -> bool:
    """Tell whether the extra is installed."""
    return find_spec("mcp") is not None


def routes(site: Site) -> Sequence[BaseRoute]:
    """Return the route of the protocol, none without the extra.

    Only POST: there are no streams from the server, which GET would open, and no sessions to DELETE.
    """
    if not is_installed():
        return []
    from fairreg.server.mcp.http import McpEndpoint

    return [_Posted("/mcp", McpEndpoint(site), methods=["POST"])]


class _Posted(Route):
    """Route that tells a visitor, who may have followed a link, what is asked there with POST."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        answer = problem(
            405,
            "Assistants ask here by the Model Context Protocol, with POST.",
            hint="Give this address to an assistant; people start at /.",
            headers={"Allow": "POST"},
        )
        await answer(scope, receive, send)


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Context manager of the running application."""
    if not is_installed():
        yield
        return
    from fairreg.server.mcp.http import running

    async with running(app):
        yield
