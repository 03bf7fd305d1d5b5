# SPDX-License-Identifier: MIT
"""Fused ranking: results of the registry and answers of sources, as a report and as hits of one page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fairreg import harvesters
from fairreg.harvesters import Harvester
from fairreg.registry import Registry, Submission
from fairreg.registry.entries import RejectedPayload
from fairreg.registry.resolution.grouping import StatementKey, statement_key_of
from fairreg.registry.search.filters import Filters
from fairreg.registry.search.fusion import fuse
from fairreg.registry.search.results import SearchHit, SearchResults
from fairreg.registry.search.sorting import Sort, require_sort, sort_key
from fairreg.schemas.record import ModelRecord
from fairreg.services.search.report import Page, SearchReport, SourceAnswer, row_of, search_warnings

__all__ = ["FusedPage", "FusedRanking", "SourceQuery"]

# Number of local results in the fusion.
_LOCAL_DEPTH = 100


@dataclass
class SourceQuery:
    """A source with its results so far, best first; `answer` is None until it is done."""

    harvester: Harvester
    found: list[Submission] = field(default_factory=list)
    refused: list[RejectedPayload] = field(default_factory=list)
    answer: SourceAnswer | None = None

    @property
    def name(self) -> str:
        """Name of the source."""
        return self.harvester.name

    @property
    def ranking(self) -> tuple[StatementKey, ...]:
        """Keys of its results, best first."""
        return tuple(statement_key_of(item.record) for item in self.found)


@dataclass(frozen=True)
class FusedPage:
    """Part of a fused ranking: its report, and the hits of the report's rows.

    `holders` are, by identifier of a hit that the registry does not hold, the names of the registries that
    told of it.
    """

    report: SearchReport
    hits: tuple[SearchHit, ...]
    holders: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class FusedRanking:
    """The registry's results, and the requested part of the fused ranking."""

    registry: Registry
    local: SearchResults
    conditions: Filters
    query: str
    page: Page
    sort: Sort

    @classmethod
    def of(
        cls,
        registry: Registry,
        query: str,
        page: Page,
        sort: str,
        *,
        facets: bool = False,
        **filters: Any,
    ) -> "FusedRanking":
        """Search the registry for what the answers of the sources are to be fused with."""
        depth = None if page.limit is None else max(_LOCAL_DEPTH, page.offset + page.limit)
        conditions = registry.listing.filters(**filters)
        local = registry.search(query, limit=depth, sort=sort, facets=facets, **filters)
        return cls(registry, local, conditions, query, page, require_sort(sort))

    def report(self, answers: Sequence[SourceQuery]) -> SearchReport:
        """Report on the results of the registry and of the sources in `answers`."""
        return self.fused(answers).report

    def fused(self, answers: Sequence[SourceQuery]) -> FusedPage:
        """Return the requested part of the ranking of the registry and of the sources in `answers`."""
        held: set[str] = set()
        found = self._fused(answers, held)
        shown = tuple(self.page.cut(found))
        # A source may have what the registry has not.
        local = replace(self.local, unheld=()) if found else self.local
        report = SearchReport(
            query=self.query,
            total=len(found) + max(0, self.local.total - len(self.local.hits)),
            results=tuple(row_of(hit) for hit in shown),
            warnings=(
                *search_warnings(local),
                *(warning for hit in shown if (warning := hit.entry.warning)),
            ),
            sources={asked.name: asked.answer for asked in answers if asked.answer},
            offset=self.page.offset,
            limit=self.page.limit,
            unheld=local.unheld,
        )
        named = {hit.entry.identifier for hit in shown} - held
        return FusedPage(report, shown, {name: tuple(_holders(answers, name)) for name in sorted(named)})

    def _fused(self, answers: Sequence[SourceQuery], held: set[str]) -> list[SearchHit]:
        """Return all results; the names of the entries among them that are stored are added to `held`."""
        told, own = (
            [item.record for asked in answers for item in asked.found if harvesters.is_peer(asked.name) is by]
            for by in (True, False)
        )
        told = self._allowed(told)
        known = (entry.record for hit in self.local.hits for entry in hit.lineage_members)
        related = self.registry.listing.related_entries([*told, *own, *known])
        held |= {entry.identifier for entry, _ in related}
        # What a peer tells replaces neither what is stored nor, because it comes first, what a source says.
        stored = {statement_key_of(record) for _, said in related for record in said}
        live = [*(record for record in told if statement_key_of(record) not in stored), *own]
        named = stored | {statement_key_of(record) for record in live}
        found = fuse(
            self.local,
            live,
            related=related,
            rankings=[[key for key in asked.ranking if key in named] for asked in answers if asked.found],
            overrides=self.registry.links.overrides(),
            conditions=self.conditions,
        )
        return sorted(found, key=lambda hit: sort_key(hit.entry, self.sort))

    def _allowed(self, told: list[ModelRecord]) -> list[ModelRecord]:
        """Leave out what was removed for good here: it does not come back from another registry."""
        barred = self.registry.removals.barred(told) if told else frozenset()
        return [record for number, record in enumerate(told) if number not in barred]


def _holders(answers: Sequence[SourceQuery], identifier: str) -> Iterator[str]:
    """Yield the names of the registries that told of a record by this identifier."""
    for asked in answers:
        stated = (item.record.identifier for item in asked.found)
        if harvesters.is_peer(asked.name) and identifier in stated:
            yield asked.name
