# SPDX-License-Identifier: MIT
"""Web pages: search, records, scorecards, relations, sources, help.

Every page is whole without script; `templates` has their markup, `static` the style and the scripts. All
texts of others are escaped by `fairreg.pages`, and only web addresses become links.
"""

from starlette.routing import BaseRoute, Route

from fairreg.server.pages.guide import show_guide
from fairreg.server.pages.search import show_search
from fairreg.server.pages.sources import show_source, show_sources
from fairreg.server.pages.static import serve_file, serve_icon
from fairreg.server.site import Site

__all__ = ["routes"]


def routes(_site: Site) -> list[BaseRoute]:
    """Return the routes of this part."""
    return [
        Route("/", show_search),
        Route("/search", show_search),
        Route("/sources", show_sources),
        Route("/sources/{name}", show_source),
        Route("/help", show_guide),
        Route("/static/{name}", serve_file),
        Route("/favicon.ico", serve_icon),
    ]
