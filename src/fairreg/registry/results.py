# SPDX-License-Identifier: MIT
"""What goes into the registry and what comes out of it, apart from the record itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord

__all__ = [
    "Entry",
    "Filters",
    "Harvest",
    "Info",
    "Outcome",
    "PutResult",
    "SearchHit",
    "SearchResults",
    "Statement",
    "Submission",
]

Outcome = Literal["new", "changed", "unchanged"]


@dataclass(frozen=True)
class Submission:
    """A record with the payload it was read from, byte for byte as the service sent it."""

    record: ModelRecord
    payload: bytes | None = None
    media_type: str | None = None


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


@dataclass(frozen=True)
class Filters:
    """Conditions that an entry must meet, all of them; within one condition any of the values will do.

    `source`, `kind` and `license` are compared without case (a licence also by family: ``CC-BY`` finds
    ``CC-BY-4.0``); `task` and `framework` find entries whose task or framework contains the words.
    """

    source: tuple[str, ...] = ()
    task: tuple[str, ...] = ()
    framework: tuple[str, ...] = ()
    license: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    runnable: bool | None = None
    gone: bool | None = None


@dataclass(frozen=True)
class SearchHit:
    """An entry found, with a score in 0..1 that never rises with the rank."""

    entry: Entry
    score: float

    @property
    def record(self) -> ModelRecord:
        """The entry's merged record."""
        return self.entry.record

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that speak of it."""
        return self.entry.sources

    @property
    def gone(self) -> bool:
        """Whether the source that held the files withdrew them."""
        return self.entry.gone


@dataclass(frozen=True)
class SearchResults:
    """The best hits first; `total` counts those beyond the limit too."""

    query: str
    total: int
    hits: tuple[SearchHit, ...] = ()


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
