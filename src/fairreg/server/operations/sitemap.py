# SPDX-License-Identifier: MIT
"""``/sitemap.xml``: the addresses of all records, a page at a time (sitemaps.org, protocol 0.9)."""

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response

from fairreg.errors import NotFound, UsageError
from fairreg.registry import Registry
from fairreg.registry.db.change_times import is_time
from fairreg.server.site import Site, site_of

__all__ = ["PAGE", "show_sitemap"]

# Records on a page; the protocol allows 50,000 of at most 50 MB.
PAGE = 5_000
_NUMBER = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


async def show_sitemap(request: Request) -> Response:
    """Answer with the list of pages, or with one page of it."""
    site, number = site_of(request), request.query_params.get("page")
    if number is None:
        count = await site.read(lambda registry: registry.listing.count())
        pages = range(1, 1 + max(1, -(-count // PAGE)))
        return _xml(
            "sitemapindex", "sitemap", ((site.url(f"/sitemap.xml?page={page}"), None) for page in pages)
        )
    if _NUMBER.fullmatch(number) is None:
        raise UsageError(f"page is {number[:20]!r}; it takes a number from 1.")
    rows = await site.read(lambda registry: _rows(site, registry, int(number)))
    if not rows:
        raise NotFound(f"The list of records has no page {number}.")
    return _xml("urlset", "url", rows)


def _rows(site: Site, registry: Registry, number: int) -> list[tuple[str, str | None]]:
    """Return the addresses of a page, by identifier."""
    names = registry.listing.living(PAGE * (number - 1), PAGE)
    first = [(site.url("/"), None)] if number == 1 else []
    # A time that is none is left out: a robot would refuse the whole list.
    return [*first, *((site.record_url(name), at if is_time(at) else None) for name, at in names)]


def _xml(root: str, item: str, rows: Iterable[tuple[str, str | None]]) -> Response:
    listed = "".join(
        f"<{item}><loc>{escape(url)}</loc>{f'<lastmod>{changed}</lastmod>' if changed else ''}</{item}>\n"
        for url, changed in rows
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return Response(f'{head}<{root} xmlns="{_NAMESPACE}">\n{listed}</{root}>\n', media_type="application/xml")
