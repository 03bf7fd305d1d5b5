# SPDX-License-Identifier: MIT
"""The catalogue of this server's interfaces (RFC 9727), as FAIRiCat asks of repositories.

Only what the server answers is in it: parts whose packages are not installed are left out.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from fairreg.server.records.linkset import as_json
from fairreg.server.records.weblinks import WebLink, header
from fairreg.server.site import Site, site_of

__all__ = ["PATH", "api_catalog", "api_catalog_link"]

PATH = "/.well-known/api-catalog"
_PROFILE = "https://www.rfc-editor.org/info/rfc9727"
# As it is answered: the type of its own, application/openapi+json, is not understood by all clients.
_OPENAPI = "application/json"


class _Interface(NamedTuple):
    """An interface by its path, and documents on it: relation, path and media type."""

    path: str
    documents: tuple[tuple[str, str, str], ...] = ()


_HELP = ("service-doc", "/help", "text/html")
_INTERFACES = (
    _Interface("/api/search", (_HELP, ("service-desc", "/openapi.json", _OPENAPI))),
    _Interface("/oai", (_HELP, ("service-meta", "/oai?verb=Identify", "text/xml"))),
    _Interface("/records", (_HELP,)),
    _Interface("/mcp", (_HELP,)),
    _Interface("/v2/health/ready", (_HELP, ("service-meta", "/v2", "application/json"))),
    _Interface("/sitemap.xml"),
)


def api_catalog_link(site: Site) -> str:
    """Return the value of a ``Link`` header that leads to the catalogue, for the home page."""
    return header([WebLink("api-catalog", site.url(PATH))])


async def api_catalog(request: Request) -> Response:
    """Answer the catalogue, to HEAD with the link that RFC 9727, section 2 asks for."""
    site = site_of(request)
    document = as_json(_links(site, request.app.routes))
    media_type = f'application/linkset+json; profile="{_PROFILE}"'
    return Response(document, media_type=media_type, headers={"Link": api_catalog_link(site)})


def _links(site: Site, routes: Iterable[BaseRoute]) -> Iterator[WebLink]:
    served = [item for item in _INTERFACES if _answers(routes, item.path)]
    for item in served:
        yield WebLink("item", site.url(item.path), anchor=site.url(PATH))
    for item in served:
        for rel, path, media_type in item.documents:
            if _answers(routes, path.partition("?")[0]):
                yield WebLink(rel, site.url(path), media_type, anchor=site.url(item.path))


def _answers(routes: Iterable[BaseRoute], path: str) -> bool:
    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    # Another method of a path is a partial match.
    return any(route.matches(scope)[0] is not Match.NONE for route in routes)
