# SPDX-License-Identifier: MIT
"""The page of a search: words, conditions, counts, results, pages."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fairreg.registry import Registry, SearchResults
from fairreg.registry.search.sorting import require_sort
from fairreg.schemas.text import counted
from fairreg.server.pages.frame import framed, page_response
from fairreg.server.pages.paths import search_path
from fairreg.server.pages.views.cards import ResultCard, cards
from fairreg.server.pages.views.facets import Chosen, Facet, Pairs, chosen_values, facets, hidden, without
from fairreg.server.pages.views.paging import Paging, Part
from fairreg.server.query import SearchQuery
from fairreg.server.site import Site, site_of
from fairreg.services.search.report import search_warnings

__all__ = ["EXAMPLES", "show_search"]

# Queries to begin with: a formula, a task, a kind of network, an identifier.
EXAMPLES = ("H→bb", "jet tagging", "graph neural network calorimeter", "10.5281/zenodo.7305227")

_SORTS = {"relevance": "Best match", "year": "Newest first", "fair": "FAIR score", "name": "Name"}
_ORDERS = {"relevance": "Newest first", "fair": "FAIR score", "name": "Name"}  # without words
_FAIR = ("0.5", "0.75", "0.9")
# Fields of the forms; other conditions are kept in hidden ones.
_FIELDS = ("q", "author", "year", "min_fair", "runnable", "sort", "offset")


@dataclass(frozen=True)
class _View:
    """Everything that the template shows of one search."""

    total: int
    warnings: tuple[str, ...]
    cards: tuple[ResultCard, ...]
    facets: tuple[Facet, ...]
    chosen: tuple[Chosen, ...]
    paging: Paging

    @property
    def said(self) -> str:
        """Number of results in words."""
        return counted(self.total, "result") if self.total else "Nothing found"


async def show_search(request: Request) -> Response:
    """Answer a search with its page, or with JSON where that is asked for."""
    if _wants_json(request):
        from fairreg.server.api.search import search_answer

        return await search_answer(request)
    site, query = site_of(request), SearchQuery.of(request.query_params)
    pairs = tuple(query.to_params())
    clean = search_path(site, pairs)
    empty = any(not value for _, value in request.query_params.multi_items())
    if empty and "hx-request" not in request.headers:
        return RedirectResponse(clean, 302)  # a form's address has its empty fields, too
    page = await site.read(lambda registry: _page(site, registry, query, pairs))
    return page_response(page, headers={"Vary": "Accept", "HX-Push-Url": clean})


def _wants_json(request: Request) -> bool:
    wanted = request.query_params.get("format")
    accepted = request.headers.get("accept", "")
    return wanted == "json" or (not wanted and "application/json" in accepted and "text/html" not in accepted)


def _page(site: Site, registry: Registry, query: SearchQuery, pairs: Pairs) -> str:
    """Return the page of a search with the parameters `pairs`."""
    named = dict(pairs)
    words, sort = named.get("q", ""), named.get("sort", "relevance")
    limit, offset = int(named.get("limit", 20)), int(named.get("offset", 0))
    conditions: dict[str, Any] = query.filters()
    found = registry.search(
        words, limit=limit, offset=offset, sort=require_sort(sort), facets=True, **conditions
    )
    kept = without(pairs, *(pair for pair in pairs if pair[0] == "offset"))
    paging = Paging.of(site, kept, Part(offset, limit), len(found.hits), found.total)
    view = _view(site, registry, kept, paging, found)
    # Several alternatives do not fit in one field.
    fields = [name for name in _FIELDS if sum(pair[0] == name for pair in kept) <= 1]
    if named.get("runnable") == "false":
        fields.remove("runnable")  # a box has no place for it
    return framed(
        site,
        "search.html",
        title=_title(words, view),
        here="search",
        view=view,
        named={name: named.get(name, "") if name in fields else "" for name in _FIELDS},
        sort=sort,
        sorts=_SORTS if words else _ORDERS,
        fair=_FAIR,
        hidden=hidden(kept, fields),
        is_home=not kept,
        examples=[(example, search_path(site, [("q", example)])) for example in EXAMPLES],
    )


def _view(
    site: Site,
    registry: Registry,
    kept: Pairs,
    paging: Paging,
    found: SearchResults,
) -> _View:
    return _View(
        total=found.total,
        warnings=search_warnings(found),
        cards=cards(site, registry, found.hits),
        facets=facets(site, kept, found),
        chosen=chosen_values(site, kept),
        paging=paging,
    )


def _title(words: str, view: _View) -> str:
    if not words and not view.chosen:
        return "fairreg: trained models, data and code of physics"
    about = " ".join([*([words] if words else []), *(item.words for item in view.chosen)])
    return f"{about} – search"
