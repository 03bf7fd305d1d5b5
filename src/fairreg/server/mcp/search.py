# SPDX-License-Identifier: MIT
"""The tool ``search_models``."""

from typing import Any

from fairreg.registry import Registry, SearchHit, SearchResults
from fairreg.schemas.text import shortened
from fairreg.server.damage import log_damaged
from fairreg.server.mcp.answers import CorrectedWord, FoundModel, FoundModels, UnknownValue
from fairreg.server.mcp.arguments import SearchArguments
from fairreg.server.mcp.foreign_text import ITEMS, line, lines, paragraphs, web_page
from fairreg.server.mcp.records import pid_of
from fairreg.services.search.report import row_of

__all__ = ["search_models"]

_NO_FILTERS = frozenset({"query", "sort", "limit", "offset"})
_FILTERS = tuple(name for name in SearchArguments.__struct_fields__ if name not in _NO_FILTERS)
_SHORT_DESCRIPTION = 300
_NO_SCORES = (
    "No record of this registry has a FAIR score, as none was assessed with enough evidence. Where it is "
    "kept, `fairreg assess` makes them; until then leave min_fair out."
)


def search_models(registry: Registry, asked: SearchArguments) -> FoundModels:
    """Search the registry. Raises UsageError for years and other values without meaning."""
    filters: dict[str, Any] = {name: _given(getattr(asked, name)) for name in _FILTERS}
    found = registry.search(asked.query, limit=asked.limit, offset=asked.offset, sort=asked.sort, **filters)
    log_damaged(found.damaged)
    after = asked.offset + found.listed
    return FoundModels(
        total=found.total,
        results=tuple(_model(registry, hit) for hit in found.hits),
        next_offset=after if found.listed and after < found.total else None,
        corrections=tuple(CorrectedWord(asked=item.asked, used=item.used) for item in found.corrections),
        unknown_values=_unknown(found),
        only_likeliest=not found.complete,
        note=_note(registry, asked, found),
    )


def _note(registry: Registry, asked: SearchArguments, found: SearchResults) -> str | None:
    """Name the results whose stored record is damaged; say that min_fair finds nothing without scores."""
    if found.damaged:
        return f"Left out, as their stored records are damaged: {', '.join(lines(found.damaged))}."
    if asked.min_fair is None or found.total or registry.search("", min_fair=0, limit=1).total:
        return None
    return _NO_SCORES


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


def _model(registry: Registry, hit: SearchHit) -> FoundModel:
    row, access = row_of(hit), hit.record.access
    others = sum(item.id != row.id for item in row.versions)
    return FoundModel(
        identifier=pid_of(registry, hit.entry),
        name=line(row.name) or "",
        kind=hit.record.kind,
        runnable=row.runnable,
        relevance=row.score,
        runs=line(row.runs),
        fair_score=row.fair_score,
        access=None if access is None else access.level,
        task=lines(row.task),
        task_terms=row.task_terms,
        frameworks=lines(row.frameworks),
        license=line(row.license),
        year=row.year,
        sources=lines(row.sources),
        url=web_page(row.url),
        description=shortened(" ".join(paragraphs(hit.record.description).text.split()), _SHORT_DESCRIPTION),
        other_versions=others,
        withdrawn=row.gone,
    )
