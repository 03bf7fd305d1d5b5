# SPDX-License-Identifier: MIT
"""The application: the routes of all parts, and what every answer passes through."""

from collections.abc import Sequence
from importlib import import_module

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from fairreg.server.problems import handlers
from fairreg.server.site import Site

__all__ = ["PARTS", "application"]

# Packages that serve something, in the order in which their routes are tried.
PARTS: tuple[str, ...] = ("operations", "inference")


def application(site: Site) -> Starlette:
    """Return the application of a site; its registry must be ready."""
    app = Starlette(routes=_routes(site), exception_handlers=handlers())
    app.state.site = site
    return app


def _routes(site: Site) -> list[BaseRoute]:
    found: list[BaseRoute] = []
    for part in PARTS:
        of_part: Sequence[BaseRoute] = import_module(f"fairreg.server.{part}").routes(site)
        found += of_part
    return found
