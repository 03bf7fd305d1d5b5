# SPDX-License-Identifier: MIT
"""The application: the routes of all parts, and what every answer passes through."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from fairreg.server.problems import handlers
from fairreg.server.site import Site

__all__ = ["PARTS", "application"]

# Packages that serve something, in the order in which their routes are tried.
PARTS: tuple[str, ...] = ("operations", "records", "mcp")


def application(site: Site) -> Starlette:
    """Return the application of a site; its registry must be ready."""
    app = Starlette(routes=_routes(site), exception_handlers=handlers(), lifespan=_lifespan)
    app.state.site = site
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    """Enter the context manager `lifespan` of each part that has one, while the application runs."""
    async with AsyncExitStack() as stack:
        for part in PARTS:
            lifespan = getattr(import_module(f"fairreg.server.{part}"), "lifespan", None)
            if lifespan is not None:
                await stack.enter_async_context(lifespan(app))
        yield


def _routes(site: Site) -> list[BaseRoute]:
    found: list[BaseRoute] = []
    for part in PARTS:
        of_part: Sequence[BaseRoute] = import_module(f"fairreg.server.{part}").routes(site)
        found += of_part
    return found
