# SPDX-License-Identifier: MIT
"""The page of help, for people and for those who write programs."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from fairreg import formats
from fairreg.assessment.principle_names import LETTER_NAMES
from fairreg.server.pages.frame import framed, page_response
from fairreg.server.pages.paths import local, record_path, search_path
from fairreg.server.pages.search import EXAMPLES
from fairreg.server.pages.views.live import hosts
from fairreg.server.site import site_of

__all__ = ["show_guide"]

_EXAMPLE = "doi:10.5281/zenodo.7305227"
# Addresses for programs, shown where this server has them.
_ADDRESSES = {
    "/openapi.json": "description of the interface for programs (OpenAPI)",
    "/oai": "harvesting with OAI-PMH 2.0",
    "/.well-known/api-catalog": "list of the interfaces (RFC 9727)",
    "/mcp": "tools for language models (Model Context Protocol)",
}

# Of these, what a browser cannot open.
_POSTED = frozenset({"/mcp"})


async def show_guide(request: Request) -> Response:
    """Answer with the help."""
    site = site_of(request)
    page = framed(
        site,
        "guide.html",
        title="Help",
        here="help",
        base=site.base_url,
        letter_names=LETTER_NAMES,
        queries=[(words, search_path(site, [("q", words)])) for words in EXAMPLES],
        record=record_path(site, _EXAMPLE),
        formats=formats.names(),
        peers=hosts(site),
        addresses=[
            (local(site, path) if path not in _POSTED else None, path, words)
            for path, words in _ADDRESSES.items()
            if path in _served(request)
        ],
    )
    return page_response(page)


def _served(request: Request) -> frozenset[str]:
    app: Starlette = request.app
    return frozenset(getattr(route, "path", "") for route in app.routes)
