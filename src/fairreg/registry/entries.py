# SPDX-License-Identifier: MIT
"""What goes into the registry and what comes out of it, apart from the record itself."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fairreg.registry.resolution.lineage import Bond
from fairreg.registry.search.facets import Facets
from fairreg.registry.search.ranking import Scored
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord

__all__ = [
    "Correction",
    "Entry",
    "Filters",
    "Harvest",
    "Info",
    "LineageReport",
    "Outcome",
    "PutResult",
    "Refused",
    "SearchHit",
    "SearchResults",
    "SourceLink",
    "Statement",
    "Submission",
    "Values",
    "newness",
    "standing",
]

Outcome = Literal["new", "changed", "unchanged"]
# One value, several, or none.
Values = str | Iterable[str] | None


@dataclass(frozen=True)
class Submission:
    """A record with the payload it was read from, byte for byte as the service sent it."""

    record: ModelRecord
    payload: bytes | None = None
    media_type: str | None = None


@dataclass(frozen=True)
class Refused:
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


@dataclass(frozen=True)
class Filters:
    """Conditions that an entry must meet, all of them; within one condition any of the values will do.

    `source`, `kind` and `license` are compared without case (a licence also by family: ``CC-BY`` finds
    ``CC-BY-4.0``); `task` and `framework` find entries whose task or framework contains the words. `min_fair`
    leaves out what was not assessed as well as what scored lower.
    """

    source: tuple[str, ...] = ()
    task: tuple[str, ...] = ()
    framework: tuple[str, ...] = ()
    license: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    runnable: bool | None = None
    gone: bool | None = None
    min_fair: float | None = None

    @classmethod
    def of(
        cls,
        *,
        runnable: bool | None = None,
        gone: bool | None = None,
        min_fair: float | None = None,
        **conditions: Values,
    ) -> "Filters":
        """Filters whose conditions are one value, several, or none. TypeError for an unknown one."""
        several = {name: _several(values) for name, values in conditions.items()}
        return cls(**several, runnable=runnable, gone=gone, min_fair=min_fair)


def _several(values: Values) -> tuple[str, ...]:
    if values is None:
        return ()
    return (values,) if isinstance(values, str) else tuple(values)


@dataclass(frozen=True)
class SearchHit:
    """A model found, with a score in 0..1 that never rises with the rank.

    `entry` stands for it; `kindred` are all entries of its lineage, `entry` among them. `scored` says
    what its score is made of, where it was found by words.
    """

    entry: Entry
    score: float
    kindred: tuple[Entry, ...] = ()
    scored: Scored | None = None

    @property
    def record(self) -> ModelRecord:
        """The entry's merged record."""
        return self.entry.record

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that speak of it, in any of its versions."""
        return tuple(sorted({name for entry in (self.entry, *self.kindred) for name in entry.sources}))

    @property
    def versions(self) -> tuple[Entry, ...]:
        """The entries under its concept DOI, the newest first; none without a concept DOI."""
        concept = self.record.concept_doi
        held = [entry for entry in self.kindred if concept and entry.record.concept_doi == concept]
        return tuple(sorted(held, key=newness, reverse=True))

    @property
    def gone(self) -> bool:
        """Whether the source that held the files withdrew them."""
        return self.entry.gone


def newness(entry: Entry) -> tuple[object, ...]:
    """What a later version has more of: existence, date, version number, DOI number."""
    record = entry.record
    numbers = [int(part) for part in re.findall(r"\d{1,9}", record.version or "")]
    minted = re.search(r"zenodo\.(\d{1,15})$", record.doi or "")
    dated = (record.date_published or record.date_created or "")[:10]
    return not entry.gone, dated, numbers, int(minted[1]) if minted else 0, entry.identifier


def standing(entry: Entry) -> tuple[object, ...]:
    """What an entry that stands for its model has more of: existence, versions, a DOI, newness."""
    record = entry.record
    return not entry.gone, record.concept_doi is not None, record.doi is not None, newness(entry)


@dataclass(frozen=True)
class SourceLink:
    """What one source contributes to a lineage."""

    source: str
    source_id: str
    identifier: str
    name: str
    version: str | None
    url: str | None

    @classmethod
    def of(cls, record: ModelRecord) -> "SourceLink":
        """The contribution that a statement is."""
        origin = record.provenance
        return cls(
            origin.source, origin.source_id, record.identifier, record.name, record.version, origin.url
        )


@dataclass(frozen=True)
class LineageReport:
    """One model: the entry asked for, all entries of its lineage, what each source contributes, and why."""

    entry: Entry
    entries: tuple[Entry, ...]
    sources: tuple[SourceLink, ...]
    bonds: tuple[Bond, ...]

    def bonds_of(self, link: SourceLink) -> tuple[Bond, ...]:
        """What joins a source's contribution to the others."""
        return tuple(bond for bond in self.bonds if (link.source, link.source_id) in bond.places)


@dataclass(frozen=True)
class Correction:
    """A word as it was typed, and the word that was searched for instead."""

    asked: str
    used: str


@dataclass(frozen=True)
class SearchResults:
    """The best hits first; `total` counts those beyond the limit too.

    Not `complete`: more entries hold the common words of the question than were compared. `corrections` are
    words that no entry holds, with those that were searched for instead. `facets` count what was compared.
    """

    query: str
    total: int
    hits: tuple[SearchHit, ...] = ()
    complete: bool = True
    corrections: tuple[Correction, ...] = ()
    facets: Facets | None = None


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
