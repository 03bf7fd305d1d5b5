# SPDX-License-Identifier: MIT
"""The page of a search: words, conditions, counts, results, pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fairreg.registry import Registry, SearchHit, SearchResults
from fairreg.registry.search.sorting import require_sort
from fairreg.schemas.text import counted
from fairreg.server.damage import log_damaged
from fairreg.server.live import LIVE, MOST_DEPTH, NOT_KEPT, is_live, with_peers
from fairreg.server.pages.frame import framed, page_response
from fairreg.server.pages.paths import search_path
from fairreg.server.pages.views.cards import ResultCard, cards
from fairreg.server.pages.views.facets import Chosen, Facet, Pairs, chosen_values, facets, hidden, without
from fairreg.server.pages.views.live import LiveBox, Offer, pages_elsewhere
from fairreg.server.pages.views.paging import Paging, Part
from fairreg.server.query import SearchQuery
from fairreg.server.site import Site, site_of
from fairreg.services.search.fused_ranking import FusedRanking, SourceQuery
from fairreg.services.search.report import Page, search_warnings

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
    offer: Offer | None
    live: LiveBox | None

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
    live = is_live(request.query_params)
    clean = search_path(site, [*pairs, LIVE] if live else pairs)
    empty = any(not value for _, value in request.query_params.multi_items())
    if empty and "hx-request" not in request.headers:
        return RedirectResponse(clean, 302)  # a form's address has its empty fields, too
    headers = {"Vary": "Accept", "HX-Push-Url": clean}
    if live:
        page = await with_peers(site, query, partial(_page, site, query))
        return page_response(page, headers=headers | NOT_KEPT)
    page = await site.read(partial(_page, site, query))
    return page_response(page, headers=headers)


def _wants_json(request: Request) -> bool:
    wanted = request.query_params.get("format")
    accepted = request.headers.get("accept", "")
    return wanted == "json" or (not wanted and "application/json" in accepted and "text/html" not in accepted)


def _page(
    site: Site, query: SearchQuery, registry: Registry, answers: Sequence[SourceQuery] | None = None
) -> str:
    """Return the page of a search, with the answers of other registries where these were asked."""
    pairs = query.to_params()
    # Without live=1: conditions, their counts and the form are those of this registry.
    kept = without(pairs, *(pair for pair in pairs if pair[0] == "offset"))
    found = _search(registry, query) if answers is None else _search_with(registry, query, answers)
    log_damaged(found.here.damaged)
    view = _view(site, registry, query, kept, found)
    named = dict(kept)
    # Several alternatives do not fit in one field.
    fields = [name for name in _FIELDS if sum(pair[0] == name for pair in kept) <= 1]
    if named.get("runnable") == "false":
        fields.remove("runnable")  # a box has no place for it
    return framed(
        site,
        "search.html",
        title=_title(query.q, view),
        here="search",
        view=view,
        named={name: named.get(name, "") if name in fields else "" for name in _FIELDS},
        sort=query.sort,
        sorts=_SORTS if query.q else _ORDERS,
        fair=_FAIR,
        hidden=hidden(kept, fields),
        is_home=not kept,
        examples=[(example, search_path(site, [("q", example)])) for example in EXAMPLES],
    )


@dataclass(frozen=True)
class _Found:
    """Results of a search: a part of `total` hits, and the results of this registry with their counts."""

    total: int
    hits: tuple[SearchHit, ...]
    warnings: tuple[str, ...]
    here: SearchResults
    holders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    answers: Sequence[SourceQuery] | None = None


def _search(registry: Registry, query: SearchQuery) -> _Found:
    found = registry.search(
        query.q,
        limit=query.limit,
        offset=query.offset,
        sort=require_sort(query.sort),
        facets=True,
        **query.filters(),
    )
    return _Found(found.total, found.hits, search_warnings(found), found)


def _search_with(registry: Registry, query: SearchQuery, answers: Sequence[SourceQuery]) -> _Found:
    page = Page(query.limit, query.offset)
    ranking = FusedRanking.of(registry, query.q, page, query.sort, facets=True, **query.filters())
    fused = ranking.fused(answers)
    # Each card has the warning of its own record.
    warnings = search_warnings(replace(ranking.local, unheld=fused.report.unheld))
    return _Found(fused.report.total, fused.hits, warnings, ranking.local, fused.holders, answers)


def _view(site: Site, registry: Registry, query: SearchQuery, kept: Pairs, found: _Found) -> _View:
    return _View(
        total=found.total,
        warnings=found.warnings,
        cards=cards(site, registry, found.hits, pages_elsewhere(found.holders)),
        facets=facets(site, kept, found.here),
        chosen=chosen_values(site, kept),
        paging=_paging(site, query, kept, found),
        offer=Offer.of(site, kept) if found.answers is None else None,
        live=None if found.answers is None else LiveBox.of(site, kept, found.answers),
    )


def _paging(site: Site, query: SearchQuery, kept: Pairs, found: _Found) -> Paging:
    part, shown = Part(query.offset, query.limit), len(found.hits)
    if found.answers is None:
        return Paging.of(site, kept, part, found.here.listed, found.total)
    whole_pages = MOST_DEPTH - MOST_DEPTH % query.limit
    paging = Paging.of(site, [*kept, LIVE], part, shown, min(found.total, whole_pages))
    return replace(paging, total=found.total)


def _title(words: str, view: _View) -> str:
    if not words and not view.chosen:
        return "fairreg: trained models, data and code of physics"
    about = " ".join([*([words] if words else []), *(item.words for item in view.chosen)])
    return f"{about} – search"
