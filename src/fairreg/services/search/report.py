# SPDX-License-Identifier: MIT
"""Report of a search: its rows, warnings, explanations and the answers of the sources."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from fairreg.registry import Contribution, Entry, SearchHit, SearchResults
from fairreg.schemas.runs import runs

__all__ = [
    "DEADLINE",
    "AnswerCallback",
    "Explanation",
    "SearchReport",
    "SearchRow",
    "SourceAnswer",
    "UpdateCallback",
    "VersionRow",
    "explanation_of",
    "row_of",
    "search_warnings",
]

# Time limit of a live search for the sources, in seconds.
DEADLINE = 8.0


@dataclass(frozen=True)
class VersionRow:
    """One version under the concept DOI of a result."""

    id: str
    doi: str | None
    version: str | None
    year: int | None


@dataclass(frozen=True)
class SourceAnswer:
    """A source's answer to a live search: `count` results after `seconds`; `message` describes a failure."""

    status: Literal["ok", "error", "timeout", "offline"]
    count: int = 0
    seconds: float = 0.0
    message: str | None = None


# Called with the name of a source and its answer.
AnswerCallback = Callable[[str, SourceAnswer], None]


@dataclass(frozen=True)
class SearchRow:
    """One model found. `score` is 0..1 and never rises with the rank; `fair_score` is None until assessed.

    `runs` says what the record tells about running it (see `schemas.runs`), `runnable` whether it does or
    may, with open files.
    `sources` are those of all its versions; `versions` are those of its concept DOI, newest first.
    `gone`: its source withdrew it.
    """

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
    runs: str | None
    fair_score: float | None
    url: str | None
    concept_doi: str | None = None
    versions: tuple[VersionRow, ...] = ()
    gone: bool = False


@dataclass(frozen=True)
class Explanation:
    """Explanation of a rank: the contribution of each term, and the missing terms.

    `relevance` is the sum of rarity times strength, times `weight` (see `registry.search.ranking`); that of
    the best result is the unit of the scores.
    """

    relevance: float
    weight: float
    terms: tuple[Contribution, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class SearchReport:
    """Result of a search, best first; `total` includes results beyond the limit.

    `sources`: answer of each source to a live search; None if only the registry was searched. `explanations`
    by id, None for a result found by its identifier, and `facets` (value: count) are present if requested.
    """

    query: str
    total: int
    results: tuple[SearchRow, ...] = ()
    warnings: tuple[str, ...] = ()
    sources: Mapping[str, SourceAnswer] | None = None
    explanations: Mapping[str, Explanation | None] | None = None
    facets: Mapping[str, Mapping[str, int]] | None = None

    @property
    def all_failed(self) -> bool:
        """True if sources were queried and all of them failed."""
        answers = (self.sources or {}).values()
        return bool(answers) and all(answer.status != "ok" and not answer.count for answer in answers)

    def to_json(self) -> dict[str, Any]:
        """The document of ``fairreg search --json``, with the requested parts only."""
        document: dict[str, Any] = asdict(self)
        for name in ("sources", "explanations", "facets"):
            if document[name] is None:
                del document[name]
        return document


# Called with the ranking so far, and the names of the sources that have not answered yet.
UpdateCallback = Callable[[SearchReport, tuple[str, ...]], None]


def search_warnings(results: SearchResults) -> tuple[str, ...]:
    """Sentences on corrected words and on candidates left out."""
    warnings = [
        f"No record contains {item.asked!r}; searched for {item.used!r}." for item in results.corrections
    ]
    if not results.complete:
        warnings.append(
            "Many records contain these words; only the most likely were ranked. Add words or filters."
        )
    return tuple(warnings)


def explanation_of(hit: SearchHit) -> Explanation | None:
    """Explanation of a hit by words; None for a hit by identifier."""
    scored = hit.scored
    if scored is None:
        return None
    return Explanation(scored.relevance, scored.weight, scored.parts, scored.missing)


def row_of(hit: SearchHit) -> SearchRow:
    """Convert a hit to a row of the report."""
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
        runs=runs(hit.entry.record),
        fair_score=hit.entry.fair_score,
        url=hit.entry.url,
        concept_doi=record.concept_doi,
        versions=tuple(map(_version, hit.versions)),
        gone=hit.gone,
    )


def _version(entry: Entry) -> VersionRow:
    record = entry.record
    return VersionRow(entry.identifier, record.doi, record.version, record.year)
