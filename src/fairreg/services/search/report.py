# SPDX-License-Identifier: MIT
"""Report of a search: its rows, warnings, explanations and the answers of the sources."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from fairreg.registry import Contribution, Entry, SearchHit, SearchResults

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
    "withdrawal_warning",
]

# Seconds that a live search gives the sources.
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
    """How a source took a live question: `count` results after `seconds`; `message` says what went wrong."""

    status: Literal["ok", "error", "timeout", "offline"]
    count: int = 0
    seconds: float = 0.0
    message: str | None = None


# Hears the name of a source and its answer.
AnswerCallback = Callable[[str, SourceAnswer], None]


@dataclass(frozen=True)
class SearchRow:
    """One model found. `score` is 0..1 and never rises with the rank; `fair_score` is None until assessed.

    `sources` are those of all its versions; `versions` lists what shares its concept DOI, the newest first.
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
    fair_score: float | None
    url: str | None
    concept_doi: str | None = None
    versions: tuple[VersionRow, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """Why a result has its rank: what each term added, and the terms that it lacks.

    `relevance` is the sum of rarity times strength, times `weight` (see `registry.search.ranking`); the best
    result's is the unit of the scores.
    """

    relevance: float
    weight: float
    terms: tuple[Contribution, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class SearchReport:
    """What a search found, best first; `total` counts what lies beyond the limit too.

    `sources`: how each source took a live question; None where only the registry was asked. `explanations` by
    id, None for what was found by its identifier, and `facets` (value: count) are there where asked for.
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
        """Whether sources were asked and nothing came from any of them."""
        answers = (self.sources or {}).values()
        return bool(answers) and all(answer.status != "ok" and not answer.count for answer in answers)

    def to_json(self) -> dict[str, Any]:
        """The document of ``fairreg search --json``: what was not asked for is not in it."""
        document: dict[str, Any] = asdict(self)
        for name in ("sources", "explanations", "facets"):
            if document[name] is None:
                del document[name]
        return document


# Hears the ranking so far, and the names of the sources that have yet to answer.
UpdateCallback = Callable[[SearchReport, tuple[str, ...]], None]


def search_warnings(results: SearchResults) -> tuple[str, ...]:
    """Sentences on what was searched for instead of what was asked, and on what was left out."""
    said = [f"No record holds {item.asked!r}: searched for {item.used!r}." for item in results.corrections]
    if not results.complete:
        said.append("Many records hold these words: only the likeliest were compared. Add words or filters.")
    return tuple(said)


def explanation_of(hit: SearchHit) -> Explanation | None:
    """Explanation of a hit by words; None for one that was found by its identifier."""
    scored = hit.scored
    if scored is None:
        return None
    return Explanation(scored.relevance, scored.weight, scored.parts, scored.missing)


def row_of(hit: SearchHit) -> SearchRow:
    """A hit as scripts read it."""
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
        concept_doi=record.concept_doi,
        versions=tuple(map(_version, hit.versions)),
    )


def _version(entry: Entry) -> VersionRow:
    record = entry.record
    return VersionRow(entry.identifier, record.doi, record.version, record.year)


def withdrawal_warning(entry: Entry) -> str:
    """The sentence that warns of an entry that is gone."""
    because = f": {entry.gone_reason}" if entry.gone_reason else "."
    return f"{entry.identifier} was withdrawn by its source{because}"
