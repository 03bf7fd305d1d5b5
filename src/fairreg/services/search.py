# SPDX-License-Identifier: MIT
"""The verb ``search``: a question to the registry becomes a typed report."""

from dataclasses import asdict, dataclass
from typing import Any

from fairreg.registry import Entry, Registry, SearchHit
from fairreg.settings import Settings

__all__ = ["SearchReport", "SearchRow", "search"]


@dataclass(frozen=True)
class SearchRow:
    """One entry found. `score` is 0..1 and never rises with the rank; `fair_score` is None until assessed."""

    id: str
    name: str
    kind: str
    sources: tuple[str, ...]
    doi: str | None
    license: str | None
    task: tuple[str, ...]
    frameworks: tuple[str, ...]
    year: int | None
    score: float
    runnable: bool
    fair_score: float | None
    url: str | None


@dataclass(frozen=True)
class SearchReport:
    """What a search found, best first; `total` counts what lies beyond the limit too."""

    query: str
    total: int
    results: tuple[SearchRow, ...] = ()
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The document of ``fairreg search --json``."""
        document: dict[str, Any] = asdict(self)
        return document


def search(settings: Settings, query: str, **filters: Any) -> SearchReport:
    """Entries of the registry that answer `query`; `filters` are those of `Registry.search`.

    An entry that its source withdrew is still found, with a warning. Raises RegistryError.
    """
    with Registry(settings=settings) as registry:
        results = registry.search(query, **filters)
    return SearchReport(
        query=query,
        total=results.total,
        results=tuple(map(_row, results.hits)),
        warnings=tuple(_withdrawn(hit.entry) for hit in results.hits if hit.gone),
    )


def _row(hit: SearchHit) -> SearchRow:
    record = hit.record
    return SearchRow(
        id=hit.entry.identifier,
        name=record.name,
        kind=record.kind,
        sources=hit.sources,
        doi=record.doi,
        license=record.license,
        task=record.ml_task,
        frameworks=record.frameworks,
        year=record.year,
        score=round(hit.score, 4),
        runnable=hit.entry.runnable,
        fair_score=hit.entry.fair_score,
        url=hit.entry.url,
    )


def _withdrawn(entry: Entry) -> str:
    because = f": {entry.gone_reason}" if entry.gone_reason else "."
    return f"{entry.identifier} was withdrawn by its source{because}"
