# SPDX-License-Identifier: MIT
"""``/api/sources``: the services that records come from, with the numbers of their records."""

from starlette.requests import Request
from starlette.responses import Response

from fairreg import harvesters
from fairreg.registry import Info
from fairreg.server.api.answers import document, require_known
from fairreg.server.api.documents import ApiSource, ApiSources, SourceTerms
from fairreg.server.site import site_of
from fairreg.sources import is_from_files, source_named

__all__ = ["sources_answer"]


async def sources_answer(request: Request) -> Response:
    """Answer with all sources by name."""
    require_known(request, ())
    info = await site_of(request).read(lambda registry: registry.info())
    names = {item.name for item in harvesters.all_harvesters()} | info.sources.keys()
    return document(ApiSources([_source(name, info) for name in sorted(names) if not is_from_files(name)]))


def _source(name: str, info: Info) -> ApiSource:
    row = source_named(name)
    harvested = (item.updated_at for item in info.harvests if item.source == name)
    terms = row.metadata_terms
    return ApiSource(
        name=name,
        title=row.title,
        url=row.url or None,
        records=info.sources.get(name, 0),
        last_harvest=max(filter(None, harvested), default=None),
        terms=None if terms is None else SourceTerms(terms.words, terms.url, terms.license),
    )
