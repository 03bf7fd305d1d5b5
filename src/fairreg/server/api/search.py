# SPDX-License-Identifier: MIT
"""``/api/search`` and ``/api/facets``: the documents of ``fairreg search --json``, and its facets."""

from collections.abc import Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from fairreg.errors import UsageError
from fairreg.registry import Registry
from fairreg.schemas import versioned
from fairreg.server.api.answers import address, document, next_link, require_known
from fairreg.server.api.documents import ApiFacets
from fairreg.server.damage import log_damaged
from fairreg.server.live import LIVE, MOST_DEPTH, NOT_KEPT, is_live, with_peers
from fairreg.server.middleware.log import ROUTE
from fairreg.server.query import FLAGS, MOST_OFFSET, TEXTS, SearchQuery, choice, single
from fairreg.server.site import Site, site_of
from fairreg.services.search.fused_ranking import FusedRanking, SourceQuery
from fairreg.services.search.report import Page, SearchReport, require_held
from fairreg.services.search.search import search

__all__ = ["FACET_PARAMETERS", "SEARCH_PARAMETERS", "facets_answer", "search_answer"]

FACET_PARAMETERS = ("q", *TEXTS, "runnable", "min_fair")
SEARCH_PARAMETERS = (*FACET_PARAMETERS, "sort", "limit", "offset", "facets")
_FILLED = ("kind", "runnable", "min_fair", "sort", "limit", "offset", "facets")
_PAGES = ("/", "/search")  # the page answers with this document, too
_ALSO = ("format", "live")  # parameters of the page


async def search_answer(request: Request) -> Response:
    """Answer a search with the document of ``fairreg search --json``, and a link to the next page.

    As on the command line, a value of a filter that no record has is a mistake of who asks.
    """
    of_page = request.scope[ROUTE] in _PAGES
    if of_page:  # whose form leaves fields empty
        require_known(request, (*SEARCH_PARAMETERS, *_ALSO))
    else:
        # It does not take `live`: other registries ask this address, so that none ever asks on their behalf.
        require_known(request, SEARCH_PARAMETERS, _FILLED)
    site, query = site_of(request), SearchQuery.of(request.query_params)
    counted = choice("facets", single("facets", request.query_params), FLAGS)
    if of_page and is_live(request.query_params):
        return await _live_answer(site, query, facets=bool(counted))
    report = await site.read(
        lambda registry: search(
            site.settings,
            query.q,
            registry=registry,
            limit=query.limit,
            offset=query.offset,
            sort=query.sort,
            facets=bool(counted),
            **query.filters(),
        )
    )
    require_held(report.unheld)
    after = query.offset + query.limit
    log_damaged(report.damaged)
    listed = len(report.results) + report.left_out
    more = listed == query.limit and after < min(report.total, MOST_OFFSET)
    following = replace(query, offset=after).to_params() + ([("facets", "true")] if counted else [])
    url = address(site.url("/api/search"), following) if more else None
    headers = {"Vary": "Accept"} if of_page else {}
    return document(versioned("search", report.to_json()), headers=headers | next_link(url))


async def _live_answer(site: Site, query: SearchQuery, *, facets: bool) -> Response:
    """Answer with the document of ``fairreg search --live --json``, of the other registries alone."""
    if facets:
        raise UsageError("Facets cover only the registry.", hint="Leave out facets or live.")
    page = Page(query.limit, query.offset)

    def fused(registry: Registry, answers: Sequence[SourceQuery]) -> SearchReport:
        return FusedRanking.of(registry, query.q, page, query.sort, **query.filters()).report(answers)

    report = await with_peers(site, query, fused)
    after = query.offset + query.limit
    more = len(report.results) == query.limit and after < report.total and after + query.limit <= MOST_DEPTH
    params = [*replace(query, offset=after).to_params(), LIVE, ("format", "json")]
    url = address(site.url("/search"), params) if more else None
    headers = {"Vary": "Accept"} | NOT_KEPT | next_link(url)
    return document(versioned("search", report.to_json()), headers=headers)


async def facets_answer(request: Request) -> Response:
    """Answer with the numbers of results by value of each filter."""
    require_known(request, FACET_PARAMETERS, _FILLED)
    site, query = site_of(request), SearchQuery.of(request.query_params)
    report = await site.read(
        lambda registry: search(
            site.settings, query.q, registry=registry, limit=0, facets=True, **query.filters()
        )
    )
    require_held(report.unheld)
    facets = {name: dict(values) for name, values in (report.facets or {}).items()}
    return document(ApiFacets(total=report.total, facets=facets))
