# SPDX-License-Identifier: MIT
"""Documents of ``search`` and ``sources``."""

from typing import Literal

from msgspec import UNSET, UnsetType

from fairreg.schemas.documents.base import DocumentPart
from fairreg.schemas.record import Kind

__all__ = ["ListedSource", "RejectedPayloadItem", "SearchDocument"]


class VersionOfResult(DocumentPart, frozen=True):
    """One version under the concept DOI of a result."""

    id: str
    """Identifier, which every command takes."""
    doi: str | None
    """DOI of the version; null where it has none."""
    version: str | None
    """Version as its author names it; null where none is stated."""
    year: int | None
    """Year of publication; null where none is stated."""


class SearchResult(DocumentPart, frozen=True):
    """One result: a model, a dataset or software."""

    id: str
    """Identifier, which every command takes."""
    name: str
    """Title."""
    kind: Kind
    """Kind of the record."""
    sources: list[str]
    """Names of the sources that have it, in any of its versions."""
    doi: str | None
    """DOI of this version; null where it has none."""
    license: str | None
    """SPDX identifier of the licence; null where none is stated or it is not in the SPDX list."""
    task: list[str]
    """Tasks of the model, in the words of the source."""
    task_terms: list[str]
    """Terms of the vocabulary of tasks (docs/tasks.md) that these words map to, by their keys; words that map
    to none are free text."""
    frameworks: list[str]
    """Frameworks of the model."""
    year: int | None
    """Year of publication; null where none is stated."""
    score: float
    """Relevance, 0 to 1, where 1 is that of the best result."""
    runnable: bool
    """True if the model runs, or may run, with `fairreg run`, and its files are open."""
    runs: str | None
    """Phrase on how it runs here; null where the record does not tell."""
    fair_score: float | None
    """Overall FAIR score, 0 to 1; null before an assessment, and where one has not enough evidence."""
    url: str | None
    """Page of the record; null where none is known."""
    concept_doi: str | None
    """DOI of all versions together; null where it has none."""
    versions: list[VersionOfResult]
    """Versions under the same concept DOI, newest first; empty without one."""
    gone: bool
    """True if its source withdrew it."""


class SourceReply(DocumentPart, frozen=True):
    """Answer of a source to a live search."""

    status: Literal["ok", "error", "timeout", "offline"]
    """How the query of the source ended."""
    count: int
    """Number of results."""
    seconds: float
    """Time until the answer, in seconds."""
    message: str | None
    """Description of a failure; null where it answered."""


class TermShare(DocumentPart, frozen=True):
    """Contribution of one query term to a relevance: rarity times strength."""

    term: str
    """Term of the query."""
    phrase: str
    """Phrase of the record that matches it."""
    columns: list[str]
    """Fields of the record with the phrase."""
    rarity: float
    """Rarity of the phrase in the registry."""
    strength: float
    """Strength of the match in these fields."""


class RankExplanation(DocumentPart, frozen=True):
    """Explanation of the rank of a result."""

    relevance: float
    """Sum of the contributions, times `weight`; comparable within one query."""
    weight: float
    """Weight of the kind of record, raised where the name begins with a query term."""
    terms: list[TermShare]
    """Contributions of the terms."""
    missing: list[str]
    """Terms of the query that the record lacks."""


class SearchDocument(DocumentPart, frozen=True):
    """Results of a search, best first."""

    query: str
    """Query as given."""
    total: int
    """Number of results, those beyond the limit included."""
    results: list[SearchResult]
    """Results up to the limit."""
    warnings: list[str]
    """Sentences on corrected words, on values of filters that no record has, on candidates left out, and on
    results left out because their stored record is damaged."""
    offset: int
    """Number of results before the first of `results`."""
    limit: int | None
    """Maximum number of `results`; null for all."""
    sources: dict[str, SourceReply] | UnsetType = UNSET
    """With --live: answer of each source by its name."""
    explanations: dict[str, RankExplanation | None] | UnsetType = UNSET
    """With --explain: explanation by `id`; null for a result that its identifier or its date found."""
    facets: dict[str, dict[str, int]] | UnsetType = UNSET
    """With --facets: number of results by value, for each facet; one that is filtered is counted without its
    own filter."""
    removed: dict[str, int] | UnsetType = UNSET
    """Where filters leave no result: number of results without one of them, by its name."""


class TermsOfMetadata(DocumentPart, frozen=True):
    """Licence or terms of the metadata of a source."""

    words: str
    """Terms in words."""
    url: str
    """Page that states them, or where to look for them."""
    license: str | None
    """SPDX identifier; null where the source states no licence."""
    date: str | None
    """Month in which the page was read (YYYY-MM); null where it was not."""


class CheckDifference(DocumentPart, frozen=True):
    """Difference between an answer of a source and the known one."""

    kind: Literal["missing", "new", "type", "fact", "header", "record", "search"]
    """Kind of the difference."""
    where: str
    """JSON path in the answer, or the name of a fact or header."""
    expected: str | None
    """Expected type or value; null for what is new."""
    found: str | None
    """Type or value in the answer; null for what is missing."""
    read: bool
    """True if fairreg reads this place, so that records depend on it."""


class CheckedSource(DocumentPart, frozen=True):
    """Result of the check of one source."""

    name: str
    """Name of the source."""
    status: Literal["as expected", "changed", "unreachable", "not compared", "not checked"]
    """Result; "not compared": it answers, but no answer of it is known; "not checked": it was not asked."""
    asked: str | None
    """Record that was requested; null where none was."""
    message: str | None
    """Reason in a sentence; null where there is none to give."""
    differences: list[CheckDifference]
    """Differences to the known answer."""
    answers: int
    """Number of answers received."""
    seconds: float
    """Time of the check, in seconds."""


class ListedSource(DocumentPart, frozen=True):
    """One source, its state and what came from it."""

    name: str
    """Name, as options take it."""
    title: str
    """Name for people."""
    url: str | None
    """Base address of its requests; null where it has none, as for the packaged catalogue."""
    configured: bool
    """True if a variable replaces the address."""
    records: int
    """Number of records in the registry."""
    last_harvest: str | None
    """Time of the last harvest (ISO 8601); null before the first."""
    enabled: bool
    """True if what it needs is installed and FAIRREG_DISABLE does not list it."""
    live: bool
    """True if it can be searched with --live."""
    token: bool | None
    """True if an access token is set; null for a source without tokens."""
    limits: str
    """Limits of its requests, as a phrase."""
    terms: TermsOfMetadata | None
    """Terms of its metadata; null where its description states none."""
    refused: int
    """Number of its payloads that became no record."""
    state: str | None
    """With --check: "ok" or the fault; null where it was not asked."""
    check: CheckedSource | None
    """With --check: the comparison with the known answer; null without --check."""


class RejectedPayloadItem(DocumentPart, frozen=True):
    """One payload that became no record."""

    source: str
    """Name of the source."""
    reason: str
    """Reason in a sentence."""
    path: str | None
    """JSON path of the fault; null where it is in no single place."""
    payload_sha256: str | None
    """SHA-256 of the payload, in hexadecimal digits; null where it is not known."""
    size: int
    """Size of the payload in bytes."""
    refused_at: str | None
    """Time of the rejection (ISO 8601); null where it is not known."""
