# SPDX-License-Identifier: MIT
"""What goes into the registry and what comes out of it, apart from the record itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, version_sort_key

__all__ = [
    "Entry",
    "Harvest",
    "Info",
    "Outcome",
    "PutResult",
    "RejectedPayload",
    "Statement",
    "Submission",
    "newest_key",
    "representative_key",
]

Outcome = Literal["new", "changed", "unchanged"]


@dataclass(frozen=True)
class Submission:
    """A record with the payload it was read from, byte for byte as the service sent it."""

    record: ModelRecord
    payload: bytes | None = None
    media_type: str | None = None


@dataclass(frozen=True)
class RejectedPayload:
    """A payload that became no record: `reason` is a sentence, `path` where in the payload the fault is."""

    source: str
    payload: bytes
    reason: str
    path: str | None = None
    refused_at: str | None = None
    payload_sha256: str | None = None


@dataclass(frozen=True)
class PutResult:
    """What a record's arrival meant; `identifier` is that of the entry it now belongs to.

    *unchanged*: the record says what the source's last one said, whatever moved in the raw payload.
    """

    outcome: Outcome
    identifier: str


@dataclass(frozen=True)
class Statement:
    """What one source says about an entry. `gone_at` is set once the source withdrew it."""

    source: str
    source_id: str
    record: ModelRecord
    retrieved_at: str
    payload: bytes | None = None
    payload_sha256: str | None = None
    media_type: str | None = None
    gone_at: str | None = None
    gone_reason: str | None = None

    @property
    def gone(self) -> bool:
        """Whether the source withdrew it."""
        return self.gone_at is not None


@dataclass(frozen=True)
class Entry:
    """One model, dataset or piece of software: the record merged from what all its sources say.

    `matched` is the identifier by which it was asked for, where it was found by one. `gone` says that the
    source that held the files withdrew them; the metadata stays.
    """

    identifier: str
    record: ModelRecord
    sources: tuple[str, ...]
    runnable: bool
    fair_score: float | None = None
    url: str | None = None
    gone_at: str | None = None
    gone_reason: str | None = None
    matched: Identifier | None = None

    @property
    def gone(self) -> bool:
        """Whether the source that held the files withdrew them."""
        return self.gone_at is not None


def newest_key(entry: Entry) -> tuple[object, ...]:
    """Sort key that puts the newest version last, and before all what no longer exists."""
    record = entry.record
    dated = record.date_published or record.date_created
    version = version_sort_key(dated=dated, version=record.version, doi=record.doi)
    return not entry.gone, version, entry.identifier


def representative_key(entry: Entry) -> tuple[object, ...]:
    """Sort key that puts the entry last that stands for its model.

    It exists, is one of several versions, has a DOI and is the newest, in this order.
    """
    record = entry.record
    return not entry.gone, record.concept_doi is not None, record.doi is not None, newest_key(entry)


@dataclass(frozen=True)
class Harvest:
    """How far a harvest of `query` at `source` came. `cursor` is the source's own, kept as it is."""

    source: str
    query: str
    cursor: Any = None
    counts: Mapping[str, int] = field(default_factory=dict)
    finished: bool = False
    started_at: str | None = None
    updated_at: str | None = None
    finished_at: str | None = None


@dataclass(frozen=True)
class Info:
    """What the registry holds."""

    place: str
    revision: str
    entries: int
    gone: int
    runnable: int
    kinds: Mapping[str, int]
    sources: Mapping[str, int]
    harvests: tuple[Harvest, ...] = ()
