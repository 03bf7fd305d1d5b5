# SPDX-License-Identifier: MIT
"""Documents of ``harvest``, ``link`` and ``unlink``."""

from fairreg.schemas.documents.base import DocumentPart

__all__ = ["CollectionPlanDocument", "HarvestedSource", "LinkedModel", "ListedCollection"]


class RefusedPayload(DocumentPart, frozen=True):
    """Payload of a harvest that became no record."""

    reason: str
    """Reason in a sentence."""
    path: str | None
    """JSON path of the fault; null where it is in no single place."""
    payload_sha256: str | None
    """SHA-256 of the payload, in hexadecimal digits; null where it is not known."""


class HarvestedSource(DocumentPart, frozen=True):
    """Result for one source, or one query of a collection."""

    source: str
    """Name of the source."""
    query: str
    """Query in the language of the source; empty for all records."""
    since: str | None
    """Day since which records were requested (YYYY-MM-DD); null for all."""
    limit: int | None
    """Maximum number of records; null for all."""
    new: int
    """Number of new records."""
    changed: int
    """Number of changed records."""
    unchanged: int
    """Number of unchanged records."""
    forgotten: int
    """Number of records that were removed for good before, and left out."""
    gone: int
    """Number of records that the source withdrew."""
    refused: list[RefusedPayload]
    """Payloads that became no record."""
    notes: list[str]
    """Sentences for the user."""
    resumed: bool
    """True if it continued an earlier harvest that was stopped."""
    finished_before: bool
    """True if it was not run, because an earlier run of the collection had finished it."""
    seconds: float
    """Duration in seconds."""
    fault: str | None
    """Reason why it stopped early; null where it did not. What was stored before is kept."""


class ListedCollection(DocumentPart, frozen=True):
    """One named set of queries."""

    name: str
    """Name, as --collection takes it."""
    title: str
    """Title."""
    queries: int
    """Number of queries."""
    file: str | None
    """File of the user; null for a packaged collection."""
    fault: str | None
    """Reason why it cannot be used; null where it can."""


class QueryOfPlan(DocumentPart, frozen=True):
    """Query that would be sent."""

    source: str
    """Name of the source."""
    query: str
    """Query in the language of the source; empty for all records."""
    reason: str
    """Reason for the query, as the collection gives it."""
    limit: int | None
    """Maximum number of records; null for all."""
    skipped: str | None
    """Reason for leaving it out; null where it would be sent."""


class CollectionPlanDocument(DocumentPart, frozen=True):
    """Queries of a collection as they would be sent; nothing was sent."""

    name: str
    """Name of the collection."""
    title: str
    """Title."""
    description: str | None
    """Description; null where it has none."""
    file: str | None
    """File of the user; null for a packaged collection."""
    replaces_packaged: bool
    """True if the file is used instead of a packaged collection of this name."""
    queries: list[QueryOfPlan]
    """Queries in order."""


class LinkedSource(DocumentPart, frozen=True):
    """Statement of a source about a model."""

    source: str
    """Name of the source."""
    source_id: str
    """Identifier at the source."""
    identifier: str
    """Identifier of the record."""
    name: str
    """Title."""
    version: str | None
    """Version as its author names it; null where none is stated."""
    url: str | None
    """Page of the record; null where none is known."""


class LinkBetween(DocumentPart, frozen=True):
    """Evidence that joins statements."""

    how: str
    """Kind of evidence, such as "DOI or concept DOI" or "equal weights"."""
    value: str
    """Value that they share."""
    between: list[str]
    """Statements that it joins, as SOURCE:ID."""


class LinkedModel(DocumentPart, frozen=True):
    """One model after the decision: its versions, sources and what joins them."""

    id: str
    """Identifier of the record."""
    entries: list[str]
    """Identifiers of all its versions."""
    sources: list[LinkedSource]
    """Statements of sources."""
    bonds: list[LinkBetween]
    """What joins them."""
