# SPDX-License-Identifier: MIT
"""The tool ``search_models``."""

from typing import Any

from fairreg.registry import Registry, SearchHit, SearchResults
from fairreg.schemas.text import shortened
from fairreg.server.mcp.answers import CorrectedWord, FoundModel, FoundModels, UnknownValue
from fairreg.server.mcp.arguments import SearchArguments
from fairreg.server.mcp.foreign_text import ITEMS, line, lines, paragraphs, web_page
from fairreg.services.search.report import row_of

__all__ = ["search_models"]

_NO_FILTERS = frozenset({"query", "sort", "limit", "offset"})
_FILTERS = tuple(name for name in SearchArguments.__struct_fields__ if name not in _NO_FILTERS)
_SHORT_DESCRIPTION = 300


def search_models(registry: Registry, asked: SearchArguments) -> FoundModels:
    """Search the registry. Raises UsageError for years and other values without meaning."""
    filters: dict[str, Any] = {name: _given(getattr(asked, name)) for name in _FILTERS}
    found = registry.search(asked.query, limit=asked.limit, offset=asked.offset, sort=asked.sort, **filters)
    after = asked.offset + len(found.hits)
    return FoundModels(
        total=found.total,
        results=tuple(map(_model, found.hits)),
        next_offset=after if found.hits and after < found.total else None,
        corrections=tuple(CorrectedWord(asked=item.asked, used=item.used) for item in found.corrections),
        unknown_values=_unknown(found),
        only_likeliest=not found.complete,
    )


def _given(value: Any) -> Any:
    """Return the value of a filter; a blank text, which assistants send for none, is none."""
    return None if isinstance(value, str) and not value.strip() else value


def _unknown(found: SearchResults) -> tuple[UnknownValue, ...]:
    return tuple(
        UnknownValue(
            argument=item.name, asked=item.asked, similar=lines(item.similar), frequent=lines(item.frequent)
        )
        for item in found.unheld[:ITEMS]
    )


def _model(hit: SearchHit) -> FoundModel:
    row = row_of(hit)
    others = sum(item.id != row.id for item in row.versions)
    return FoundModel(
        identifier=row.id,
        name=line(row.name) or "",
        kind=hit.record.kind,
        runnable=row.runnable,
        relevance=row.score,
        runs=line(row.runs),
        fair_score=row.fair_score,
        task=lines(row.task),
        frameworks=lines(row.frameworks),
        license=line(row.license),
        year=row.year,
        sources=lines(row.sources),
        url=web_page(row.url),
        description=shortened(" ".join(paragraphs(hit.record.description).text.split()), _SHORT_DESCRIPTION),
        other_versions=others,
        withdrawn=row.gone,
    )
