# SPDX-License-Identifier: MIT
"""Works to cite: records with what has to be said of them, and works known by an identifier alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from msgspec.structs import replace

from fairreg.errors import FairregError
from fairreg.registry import Entry, Registry
from fairreg.schemas.identifiers import POINTING_SCHEMES, Identifier
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.text import one_line

__all__ = ["NamedWork", "Work", "papers_of", "training_data_of", "work_of"]


@dataclass(frozen=True)
class Work:
    """A record to cite; `remarks` are sentences that belong to its citation."""

    record: ModelRecord
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class NamedWork:
    """Data or a paper that a record names; its title and authors are not known."""

    identifier: Identifier
    kind: Literal["data", "paper"]
    of: str

    @property
    def address(self) -> str:
        """Address that resolves its identifier, empty without one."""
        return self.identifier.url or ""

    @property
    def remark(self) -> str:
        """Role of the work, and the facts about it that the registry lacks."""
        role = "Training data of" if self.kind == "data" else "Paper that describes"
        return f"{role} {one_line(self.of)}; title and authors are not in the registry."


def work_of(record: ModelRecord) -> Work:
    """Return a record with what is said of one that was withdrawn."""
    withdrawal = _withdrawal(record)
    return Work(record, (f"{withdrawal[0].upper()}{withdrawal[1:].rstrip('.')}.",) if withdrawal else ())


def _withdrawal(record: ModelRecord) -> str:
    """Return the condition of access that `registry.entries.as_withdrawn` states; empty without one."""
    access = record.access
    stated = one_line(access.conditions or "") if access is not None and access.level == "closed" else ""
    return stated if stated.startswith("withdrawn ") else ""


def training_data_of(record: ModelRecord, registry: Registry | None) -> Iterator[Work | NamedWork]:
    """Yield what the record says it was trained on, by the registry's record of it where there is one."""
    for target in dict.fromkeys(item.bare for item in record.related("trained_on")):
        entry = None if registry is None else _entry_of(registry, target)
        if entry is None:
            yield NamedWork(target, "data", record.name)
        elif entry.identifier != record.identifier:
            yield _as_stated(entry)


def _entry_of(registry: Registry, target: Identifier) -> Entry | None:
    """Return the entry that has the identifier as its own; others point to the same paper."""
    try:
        found = registry.listing.entries_for(target)
    except FairregError:  # an identifier of a form that no lookup reads is known by its text alone
        return None
    return next((e for e in found if e.matched is None or e.matched.scheme not in POINTING_SCHEMES), None)


def _as_stated(entry: Entry) -> Work:
    """Return the work of an entry, all its versions together where the record names no single one."""
    work, concept = work_of(entry.present_record), entry.record.concept_doi
    if entry.matched is None or entry.matched.scheme != "concept_doi" or concept is None:
        return work
    others = tuple(item for item in work.record.identifiers if item.scheme not in {"doi", "concept_doi"})
    whole = replace(work.record, identifiers=(Identifier("doi", concept), *others), version=None)
    return Work(whole, (*work.remarks, "The record that names these data does not tell their version."))


def papers_of(record: ModelRecord) -> Iterator[NamedWork]:
    """Yield the papers that the record names: by their DOI, else as preprints."""
    stated = [Identifier("doi", item.value) for item in record.identifiers if item.scheme == "paper_doi"]
    stated += [item.bare for item in record.related("is_described_by")]
    stated = stated or [item.bare for item in record.identifiers if item.scheme == "arxiv"]
    first = {item.key: item for item in reversed(stated)}
    for item in dict.fromkeys(first[item.key] for item in stated):
        yield NamedWork(item, "paper", record.name)
