# SPDX-License-Identifier: MIT
"""Report of a search: its rows, warnings, explanations and the answers of the sources."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, SupportsIndex, TypeVar, get_args, overload

import msgspec

from fairreg.errors import UsageError
from fairreg.registry import Contribution, Entry, SearchHit, SearchResults, UnheldValue
from fairreg.schemas.runs import runs
from fairreg.schemas.tasks import term_of, terms_of

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = [
    "DEADLINE",
    "PAGE",
    "AnswerCallback",
    "Explanation",
    "Page",
    "SearchReport",
    "SearchRow",
    "SourceAnswer",
    "UpdateCallback",
    "VersionRow",
    "explanation_of",
    "require_held",
    "row_of",
    "search_warnings",
    "unheld_warning",
]

_Item = TypeVar("_Item")
# Number of results without another limit.
PAGE = 20
# Time limit of a live search for the sources, in seconds.
DEADLINE = 8.0


@dataclass(frozen=True)
class Page:
    """Part of the results: at most `limit` (None: all) after the first `offset`."""

    limit: int | None = PAGE
    offset: int = 0

    @classmethod
    def of(cls, limit: int | None, offset: int) -> "Page":
        """Return the page; UsageError for what is no number of results."""
        for name, number in (("limit", limit), ("offset", offset)):
            if number is None and name == "limit":
                continue
            if isinstance(number, bool) or not isinstance(number, int) or number < 0:
                raise UsageError(f"{name} is {number!r}; it is a number of results, 0 or more.")
        return cls(limit, offset)

    def cut(self, found: Sequence[_Item]) -> Sequence[_Item]:
        """Return this part of all results."""
        return found[self.offset :] if self.limit is None else found[self.offset : self.offset + self.limit]


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

    `task` are the tasks in the words of the source, `task_terms` the keys of the terms of the vocabulary that
    they map to. `runs` says what the record tells about running it (see `schemas.runs`), `runnable` whether
    it does or may, with open files.
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
    task_terms: tuple[str, ...] = ()

    def __repr__(self) -> str:
        from fairreg.schemas.notebook.one_line import brief, named, represented

        return represented(self, named(self.doi or self.id), brief(self.name), self.kind)

    def _repr_html_(self) -> str:
        """View of the result in a notebook."""
        from fairreg.services.search.notebook import row_view

        return row_view(self)


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

    It is a sequence of its `results`: it has a length, an order and an index, and is false without any. A
    part of it, as ``report[:5]``, is a report of the same search.

    `offset` results come before the first of `results`, which are at most `limit` (None: all). `sources`:
    answer of each source to a live search; None if only the registry was searched. `explanations` by id, None
    for a result found by its identifier, and `facets` (value: count) are present if requested. A facet is
    counted without its own filter. `unheld` are values of filters that no record has, `damaged` the
    identifiers of entries whose stored record is damaged, with `left_out` results; `warnings` say so, too.
    Where filters leave nothing, `removed` are the results that each alone removes.
    """

    query: str
    total: int
    results: tuple[SearchRow, ...] = ()
    warnings: tuple[str, ...] = ()
    sources: Mapping[str, SourceAnswer] | None = None
    explanations: Mapping[str, Explanation | None] | None = None
    facets: Mapping[str, Mapping[str, int]] | None = None
    offset: int = 0
    limit: int | None = None
    unheld: tuple[UnheldValue, ...] = ()
    damaged: tuple[str, ...] = ()
    left_out: int = 0
    removed: Mapping[str, int] | None = None

    def __len__(self) -> int:
        return len(self.results)

    def __iter__(self) -> Iterator[SearchRow]:
        return iter(self.results)

    @overload
    def __getitem__(self, place: SupportsIndex) -> SearchRow: ...

    @overload
    def __getitem__(self, place: slice) -> "SearchReport": ...

    def __getitem__(self, place: SupportsIndex | slice) -> "SearchRow | SearchReport":
        if not isinstance(place, slice):
            try:
                return self.results[place]
            except IndexError:
                raise IndexError(f"the report has {len(self)} results, there is no [{place}]") from None
        return self._part(self.results[place], range(len(self.results))[place])

    def _part(self, rows: tuple[SearchRow, ...], places: range) -> "SearchReport":
        """Return a report of some of the results, which are at these places."""
        ids = {row.id for row in rows}
        told = self.explanations
        return replace(
            self,
            results=rows,
            offset=self.offset + (places[0] if places else max(0, places.start)),
            limit=len(rows),
            explanations=None if told is None else {pid: why for pid, why in told.items() if pid in ids},
        )

    def __repr__(self) -> str:
        from fairreg.schemas.notebook.one_line import brief, represented

        return represented(self, f"{brief(self.query)}:", f"{len(self):,} of {self.total:,} results")

    def _repr_html_(self) -> str:
        """View of the results in a notebook."""
        from fairreg.services.search.notebook import report_view

        return report_view(self)

    def to_pandas(self) -> "DataFrame":
        """Return the results as a `pandas.DataFrame`, one row for each, numbered by rank.

        Its first columns are those of ``fairreg search --format csv``; cells of several values are tuples,
        for `DataFrame.explode`. Raises MissingEngine without pandas (extra ``pandas``).
        """
        from fairreg.services.search.notebook import data_frame

        return data_frame(self)

    @property
    def all_failed(self) -> bool:
        """True if sources were queried and all of them failed."""
        answers = (self.sources or {}).values()
        return bool(answers) and all(answer.status != "ok" and not answer.count for answer in answers)

    def to_json(self) -> dict[str, Any]:
        """The document of ``fairreg search --json``, with the requested parts only."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        del document["unheld"], document["damaged"], document["left_out"]
        for name in ("sources", "explanations", "facets", "removed"):
            if document[name] is None:
                del document[name]
        return document


# Called with the ranking so far, and the names of the sources that have not answered yet.
UpdateCallback = Callable[[SearchReport, tuple[str, ...]], None]


def search_warnings(results: SearchResults) -> tuple[str, ...]:
    """Sentences on corrected words, unheld values of filters, candidates left out, and damaged records."""
    warnings = [
        f"No record contains {item.asked!r}; searched for {item.used!r}." for item in results.corrections
    ]
    warnings += map(unheld_warning, results.unheld)
    warnings += (
        f"No record says the task {item.asked!r}; its term covers: {', '.join(item.similar)}."
        for item in results.by_terms
    )
    if not results.complete:
        warnings.append(
            "Many records contain these words; only the most likely were ranked. Add words or filters."
        )
    warnings += (
        f"{identifier} is left out: its stored record is damaged (see `fairreg db check`)."
        for identifier in results.damaged
    )
    return tuple(warnings)


# Names of filters in sentences.
_WORDS = {"trained_on": "training data"}
# Filters of which only few values exist, so that one that no record has is a mistake; authors are many.
_OF_FEW_VALUES = frozenset({"source", "task", "framework", "license"})


def unheld_warning(value: UnheldValue) -> str:
    """Sentence on a value of a filter that no record has, with similar values and those that there are."""
    if _is_to_harvest(value):
        return f"The registry holds nothing from {value.asked!r} yet; harvest it first."
    return " ".join((_unheld(value), *_held(value)))


def require_held(values: Iterable[UnheldValue]) -> None:
    """Raise UsageError for values of source, task, framework and licence that no record has.

    A source that was not harvested yet is no mistake, nor are a term of the vocabulary of tasks and a kind of
    which there is no record.
    """
    mistaken = [item for item in values if _is_mistaken(item)]
    if mistaken:
        hints = dict.fromkeys(part for item in mistaken for part in _held(item))
        raise UsageError(" ".join(map(_unheld, mistaken)), hint=" ".join(hints) or None)


def _is_mistaken(value: UnheldValue) -> bool:
    if value.name == "kind":
        from fairreg.schemas.record import Kind  # few searches name a kind that no record has

        return value.asked.casefold() not in get_args(Kind)
    return value.name in _OF_FEW_VALUES and not _is_to_harvest(value) and not _is_a_term(value)


def _unheld(value: UnheldValue) -> str:
    if _is_a_term(value):
        return f"No record has the task {value.asked!r} yet, a term of the vocabulary, nor a narrower one."
    return f"No record has the {_WORDS.get(value.name, value.name)} {value.asked!r}."


def _held(value: UnheldValue) -> Iterator[str]:
    """Yield sentences on similar values, frequent ones, and sources to harvest."""
    if value.similar:
        yield f"Similar: {', '.join(value.similar)}."
    if others := [item for item in value.frequent if item not in value.similar]:
        yield f"{'Others' if value.similar else 'Held'}: {', '.join(others)}."
    if value.name == "source":
        yield f"To harvest: {', '.join(name for name in _sources() if name not in value.frequent)}."


def _is_to_harvest(value: UnheldValue) -> bool:
    return value.name == "source" and value.asked.casefold() in _sources()


def _is_a_term(value: UnheldValue) -> bool:
    return value.name == "task" and term_of(value.asked) is not None


def _sources() -> list[str]:
    from fairreg import harvesters  # few searches name an unknown source

    return [row.name for row in harvesters.all_harvesters()]


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
        task_terms=terms_of(record.ml_task),
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
