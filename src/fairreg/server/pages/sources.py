# SPDX-License-Identifier: MIT
"""Pages of the sources: what this registry has from each, when it was read, and under which terms."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fairreg import harvesters
from fairreg.registry import Harvest, Info, Registry
from fairreg.schemas.text import one_line, shortened
from fairreg.server.pages.frame import framed, page_response
from fairreg.server.pages.paths import local, search_path
from fairreg.server.site import Site, site_of
from fairreg.source_row import MetadataTerms
from fairreg.sources import CURATED, all_sources, is_from_files, source_named

__all__ = ["show_source", "show_sources"]

_LONGEST, _MOST = 160, 10


@dataclass(frozen=True)
class SourcePage:
    """A source: `records` in this registry, the harvests of it, and payloads that became no record.

    `url` is its public address, also where this installation asks a mirror. One that is not `known` is a word
    of the records themselves.
    """

    name: str
    title: str
    url: str | None
    records: int
    harvests: tuple[Harvest, ...]
    rejected: int
    reasons: tuple[tuple[str, int], ...]
    terms: MetadataTerms | None
    enabled: bool
    known: bool
    path: str
    search: str

    @property
    def last(self) -> str | None:
        """Time of the last harvest."""
        return max((item.updated_at for item in self.harvests if item.updated_at), default=None)

    @property
    def state(self) -> str:
        """State in words."""
        if not self.enabled:
            return "switched off here"
        if self.name == CURATED.name:
            return "comes with fairreg"
        if any(not item.finished for item in self.harvests):
            return "harvest under way or interrupted"
        return "harvested" if self.harvests else "added, not harvested" if self.records else "no records yet"


async def show_sources(request: Request) -> Response:
    """Answer with the list of sources."""
    site = site_of(request)
    listed = await site.read(lambda registry: _pages(site, registry))
    page = framed(
        site,
        "sources.html",
        title="Sources",
        here="sources",
        listed=[item for item in listed if item.records],
        others=[item for item in listed if not item.records],
    )
    return page_response(page)


async def show_source(request: Request) -> Response:
    """Answer with the page of one source."""
    site, name = site_of(request), request.path_params["name"]
    listed = await site.read(lambda registry: _pages(site, registry))
    found = next((item for item in listed if item.name == name), None)
    if found is None:
        raise HTTPException(404, f"There is no source {shortened(one_line(name), _LONGEST)!r}.")
    page = framed(
        site, "source.html", title=found.title, here="sources", source=found, all=local(site, "/sources")
    )
    return page_response(page)


def _pages(site: Site, registry: Registry) -> list[SourcePage]:
    """Return the sources that this installation knows, and those that records came from by other ways."""
    info, rejected = registry.info(), registry.harvests.rejection_reasons()
    names = dict.fromkeys((*harvesters.names(), *info.sources))
    found = (_source(site, name, info, rejected.get(name, {})) for name in names if not is_from_files(name))
    return sorted(found, key=lambda item: (-item.records, item.title.casefold()))


def _source(site: Site, name: str, info: Info, rejected: Mapping[str, int]) -> SourcePage:
    row, reasons = source_named(name), Counter[str]()
    for reason, number in rejected.items():
        reasons[shortened(one_line(reason), _LONGEST)] += number
    return SourcePage(
        name=name,
        title=row.title,
        url=row.url,
        records=info.sources.get(name, 0),
        harvests=tuple(item for item in info.harvests if item.source == name),
        rejected=reasons.total(),
        reasons=tuple(reasons.most_common(_MOST)),
        terms=row.metadata_terms,
        enabled=name not in site.settings.disabled,
        known=any(item.name == name for item in all_sources()),
        path=local(site, f"/sources/{quote(name)}"),
        search=search_path(site, [("source", name)]),
    )
