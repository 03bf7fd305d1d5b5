# SPDX-License-Identifier: MIT
"""Documents of the API that the command line does not have, too."""

from typing import Literal

from fairreg.schemas.documents.base import DocumentPart
from fairreg.schemas.documents.models import RecordOfWeights
from fairreg.schemas.record import Kind, ModelRecord

__all__ = [
    "ApiChanges",
    "ApiFacets",
    "ApiFingerprint",
    "ApiProblem",
    "ApiRecord",
    "ApiSource",
    "ApiSources",
    "ApiStatement",
    "ServerHealth",
]


class RecordStatement(DocumentPart, frozen=True):
    """One source of a record."""

    source: str
    """Name of the source."""
    source_id: str
    """Identifier of the record there."""
    url: str | None
    """Address of the record there; null where none is known."""
    retrieved_at: str
    """Time at which it was read last (ISO 8601)."""
    gone_at: str | None
    """Time at which the source withdrew it (ISO 8601); null for one that is there."""
    gone_reason: str | None
    """Reason of the withdrawal; null without one."""


class RecordVersion(DocumentPart, frozen=True):
    """One entry of the same model: another version, or another place."""

    identifier: str
    """Identifier of the entry."""
    version: str | None
    """Version as its author names it; null where none is stated."""
    date: str | None
    """Date of publication, as precise as known (ISO 8601); null where none is stated."""
    gone: bool
    """True if its source withdrew it."""
    url: str
    """Address of its page here."""


class RecordAssessment(DocumentPart, frozen=True):
    """The last assessment by the rubric of this release."""

    rubric: str
    """Name of the rubric."""
    rubric_version: str
    """Version of the rubric."""
    assessed_at: str
    """Time at which the evidence was gathered (ISO 8601)."""
    offline: bool
    """True if it was gathered without the network."""
    overall: float | None
    """Overall score, 0 to 1; null where there is not enough evidence."""
    coverage: float
    """Share of the rubric's weight with evidence, 0 to 1."""
    letters: dict[str, float | None]
    """Score of each of the letters F, A, I and R; null where there is not enough evidence."""


class RecordLinks(DocumentPart, frozen=True):
    """Addresses of the record here and elsewhere."""

    self: str
    """Address of this document."""
    page: str
    """Address of its page here, which answers in every format of `formats`."""
    formats: dict[str, str]
    """Address of the record in each format."""
    source: str | None
    """Page of the record at its source; null where none is known."""


class ApiRecord(DocumentPart, frozen=True):
    """One entry: its record, merged from all sources, and what the registry knows beside it."""

    identifier: str
    """Identifier of the entry."""
    record: ModelRecord
    """Record as `fairreg show --format json` prints it: keys with the usual value are left out."""
    runnable: bool
    """True if the model runs, or may run, with `fairreg run`, and its files are open."""
    gone_at: str | None
    """Time at which its source withdrew it (ISO 8601); null for one that is there."""
    gone_reason: str | None
    """Reason of the withdrawal; null without one."""
    changed_at: str
    """Time of its last change in this registry (ISO 8601)."""
    sources: list[RecordStatement]
    """Sources that state it."""
    versions: list[RecordVersion]
    """All entries of the same model, this one included."""
    assessment: RecordAssessment | None
    """Last assessment; null before the first by the rubric of this release."""
    links: RecordLinks
    """Addresses of the record."""


class ApiStatement(DocumentPart, frozen=True):
    """The record as one source states it."""

    identifier: str
    """Identifier of the entry."""
    statement: RecordStatement
    """Source of the record."""
    record: ModelRecord
    """Record of this source alone."""


class SourceTerms(DocumentPart, frozen=True):
    """Licence or terms of the metadata of a source."""

    words: str
    """Terms in words."""
    url: str
    """Page that states them."""
    license: str | None
    """SPDX identifier; null where the source states no licence."""


class ApiSource(DocumentPart, frozen=True):
    """One source of records."""

    name: str
    """Name, as the parameter `source` takes it."""
    title: str
    """Name for people."""
    url: str | None
    """Public address of the service; null where it has none."""
    records: int
    """Number of its records in the registry."""
    last_harvest: str | None
    """Time of the last harvest (ISO 8601); null before the first."""
    terms: SourceTerms | None
    """Terms of its metadata; null where its description states none."""


class ApiSources(DocumentPart, frozen=True):
    """All sources that this registry can read, or has records of."""

    sources: list[ApiSource]
    """Sources by name."""


class ApiFacets(DocumentPart, frozen=True):
    """Numbers of results of a search by value of each filter."""

    total: int
    """Number of results."""
    facets: dict[str, dict[str, int]]
    """Number of results by value, for each facet; a facet is counted without its own filter."""


class ApiFingerprint(DocumentPart, frozen=True):
    """Records whose files hold weights of a fingerprint."""

    fingerprint: str
    """Fingerprint that was asked for, as `fairreg inspect` prints it."""
    records: list[RecordOfWeights]
    """Records with it."""


class EntryChange(DocumentPart, frozen=True):
    """The last change of an identifier."""

    identifier: str
    """Identifier of the entry."""
    changed_at: str
    """Time of the change (ISO 8601 in UTC, to the microsecond)."""
    gone: bool
    """True if its source withdrew it, or if it has departed."""
    departed: Literal["merged", "forgotten", "left"] | None
    """Why it is no entry any more (left: none of those asked for by kind or source); null for an entry."""
    kind: Kind | None
    """Kind of the record; null where it is not known any more."""
    sources: list[str]
    """Names of its sources."""
    url: str
    """Address of the record in this API."""


class ApiChanges(DocumentPart, frozen=True):
    """Changes in their order, oldest first; each identifier stands at its last change."""

    changes: list[EntryChange]
    """Changes of this page."""
    cursor: str | None
    """Place after the last change of this page, for the parameter `cursor` now or later; null before any."""
    next: str | None
    """Address of the next page; null where this is the last."""


class ApiProblem(DocumentPart, frozen=True, forbid_unknown_fields=False):
    """Problem details (RFC 9457)."""

    type: str
    """URI of the kind of problem; about:blank for one that the status tells."""
    title: str
    """Words of the status."""
    status: int
    """HTTP status."""
    detail: str = ""
    """What is wrong, in a sentence; absent where the title says all."""
    hint: str = ""
    """Next step; absent where there is none to name."""


class ServerHealth(DocumentPart, frozen=True):
    """State of the server."""

    status: Literal["ok"]
    """Always ok: a server that cannot read its registry answers with a problem."""
    entries: int
    """Number of entries in the registry."""
