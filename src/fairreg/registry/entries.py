# SPDX-License-Identifier: MIT
"""Types of the registry's input and output, apart from the record itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from msgspec.structs import replace

from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access, ModelRecord, may_hold_address, public_text, version_sort_key
from fairreg.schemas.runs import unrecognised
from fairreg.sources import CURATED, OWN_SOURCE, REGISTRAR, is_from_files

__all__ = [
    "Entry",
    "Harvest",
    "Info",
    "Outcome",
    "PutResult",
    "RejectedPayload",
    "Statement",
    "Submission",
    "as_withdrawn",
    "newest_key",
    "representative_key",
    "tombstone_of",
    "withdrawal_warning",
]

Outcome = Literal["new", "changed", "unchanged", "forgotten"]
# Sources that describe files hosted elsewhere: they do not keep an entry alive whose files are gone.
_DESCRIBERS = frozenset({CURATED.name, REGISTRAR.name})


@dataclass(frozen=True)
class Submission:
    """A record with the payload it was read from, byte for byte as the service sent it.

    `retrieved_at` is when it was read, where the record does not say so; None: now. Only fairreg's own
    statement tells the networks that were recognised in weights.
    """

    record: ModelRecord
    payload: bytes | None = None
    media_type: str | None = None
    retrieved_at: str | None = None

    def __post_init__(self) -> None:
        if self.record.provenance.source != OWN_SOURCE:
            object.__setattr__(self, "record", unrecognised(self.record))


@dataclass(frozen=True)
class RejectedPayload:
    """A payload that could not become a record: `reason` is a sentence, `path` the JSON path of the fault."""

    source: str
    payload: bytes
    reason: str
    path: str | None = None
    refused_at: str | None = None
    payload_sha256: str | None = None

    def __post_init__(self) -> None:
        _keep_public(self, "reason", "path")  # both may quote the payload


@dataclass(frozen=True)
class PutResult:
    """Outcome of storing a record; `identifier` is that of the entry it now belongs to.

    *unchanged*: the record equals the source's last one, even where the raw payload differs. *forgotten*: it
    was removed for good, and was not stored; `identifier` is the record's own.
    """

    outcome: Outcome
    identifier: str


@dataclass(frozen=True)
class Statement:
    """Record of an entry as one source states it. `gone_at` is set once the source withdrew it."""

    source: str
    source_id: str
    record: ModelRecord
    retrieved_at: str
    payload: bytes | None = None
    payload_sha256: str | None = None
    media_type: str | None = None
    gone_at: str | None = None
    gone_reason: str | None = None

    def __post_init__(self) -> None:
        _keep_public(self, "gone_reason")  # older releases stored it as the source said it

    @property
    def gone(self) -> bool:
        """True once the source withdrew it."""
        return self.gone_at is not None


class _Marked(Protocol):
    """Statement with its tombstone, if the source withdrew it."""

    @property
    def source(self) -> str:
        """Name of the source."""

    @property
    def gone_at(self) -> str | None:
        """Time of the withdrawal."""

    @property
    def gone_reason(self) -> str | None:
        """Reason of the withdrawal."""


def tombstone_of(said: Iterable[_Marked]) -> tuple[str, str | None] | None:
    """Return time and reason of the withdrawal of an entry with these statements, by the first that has one.

    None for an entry that no source withdrew, or whose files another source still hosts.
    """
    rows = list(said)
    gone = sorted((row.gone_at, row.gone_reason or "") for row in rows if row.gone_at is not None)
    hosted = any(row.gone_at is None and not _describes(row.source) for row in rows)
    return gone[0] if gone and not hosted else None


def _describes(source: str) -> bool:
    return source in _DESCRIBERS or is_from_files(source)


def withdrawal_warning(identifier: str, reason: str | None) -> str:
    """Warning about an entry that its source withdrew."""
    return f"{identifier} was withdrawn by its source{f': {reason}' if reason else '.'}"


def as_withdrawn(record: ModelRecord, reason: str | None) -> ModelRecord:
    """Return the record with its access closed, and the withdrawal as the condition of access."""
    said = reason or ""
    if not said.startswith("withdrawn on "):  # DataCite's words say the date, too
        said = f"withdrawn by its source{f': {said}' if said else ''}"
    return replace(record, access=Access(level="closed", conditions=said))


@dataclass(frozen=True)
class Entry:
    """One model, dataset or piece of software: the record merged from the statements of all sources.

    `matched` is the identifier by which the entry was looked up, if any. `gone` means that the source that
    held the files withdrew them; the metadata stays.
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

    def __post_init__(self) -> None:
        _keep_public(self, "gone_reason")

    @property
    def gone(self) -> bool:
        """True once the source that held the files withdrew them."""
        return self.gone_at is not None

    @property
    def warning(self) -> str | None:
        """Warning about its withdrawal, None for an entry that is still there."""
        return withdrawal_warning(self.identifier, self.gone_reason) if self.gone else None

    @property
    def present_record(self) -> ModelRecord:
        """The record as it is to be shown: that of a withdrawn entry says so, its access is closed."""
        return as_withdrawn(self.record, self.gone_reason) if self.gone else self.record


def _keep_public(item: object, *names: str) -> None:
    """Replace the e-mail addresses in the given texts of a frozen dataclass."""
    for name in names:
        value = getattr(item, name)
        if value is not None and may_hold_address(value):
            object.__setattr__(item, name, public_text(value))


def newest_key(entry: Entry) -> tuple[object, ...]:
    """Sort key that puts the newest version last, and withdrawn entries first."""
    record = entry.record
    dated = record.date_published or record.date_created
    version = version_sort_key(dated=dated, version=record.version, doi=record.doi)
    return not entry.gone, version, entry.identifier


def representative_key(entry: Entry) -> tuple[object, ...]:
    """Sort key that puts the representative of a lineage last.

    Criteria in this order: not withdrawn, one of several versions, has a DOI, newest.
    """
    record = entry.record
    return not entry.gone, record.concept_doi is not None, record.doi is not None, newest_key(entry)


@dataclass(frozen=True)
class Harvest:
    """Progress of a harvest of `query` at `source`. `cursor` is the source's own, stored unchanged."""

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
    """Contents of the registry, in numbers."""

    place: str
    revision: str
    entries: int
    gone: int
    runnable: int
    kinds: Mapping[str, int]
    sources: Mapping[str, int]
    harvests: tuple[Harvest, ...] = ()
