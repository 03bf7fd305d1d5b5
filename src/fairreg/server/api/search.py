# SPDX-License-Identifier: MIT
"""A search as JSON."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fairreg.server.query import SearchQuery
from fairreg.server.site import site_of
from fairreg.services.search.search import search

__all__ = ["search_answer"]


async def search_answer(request: Request) -> Response:
    """Answer with the document of ``fairreg search --json``."""
    site, query = site_of(request), SearchQuery.of(request.query_params)
    chosen: dict[str, Any] = {"limit": query.limit, "offset": query.offset, "sort": query.sort}
    report = await site.read(
        lambda registry: search(
            site.settings, query.q, registry=registry, facets=True, **chosen, **query.filters()
        )
    )
    return JSONResponse(report.to_json())
