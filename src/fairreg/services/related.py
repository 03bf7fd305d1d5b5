# SPDX-License-Identifier: MIT
"""Objects around a record: its versions, its data, its code, its papers, and the models it comes from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from fairreg.errors import IdentifierError
from fairreg.registry import Entry, LineageReport, Registry
from fairreg.registry.search.lookup import spellings
from fairreg.schemas.identifiers import NEIGHBOUR_DOIS, PAPER_SCHEMES, Identifier, parse
from fairreg.schemas.record import ModelRecord, RelationType
from fairreg.sources import scheme_names

__all__ = ["MOST", "RelatedObject", "RelatedObjects", "Role", "related_objects"]

Role = Literal["version", "copy", "model", "data", "code", "paper", "other"]
# Objects of one record that are looked up; a collection may name thousands.
MOST = 100
_ROLES: dict[RelationType, Role] = {
    "trained_on": "data",
    "tested_on": "data",
    "evaluated_on": "data",
    "fine_tuned_from": "model",
    "is_variant_of": "model",
    "is_version_of": "version",
    "has_version": "version",
    "is_new_version_of": "version",
    "is_previous_version_of": "version",
    "is_identical_to": "copy",
    "cites": "paper",
    "is_cited_by": "paper",
    "references": "paper",
    "is_referenced_by": "paper",
    "is_described_by": "paper",
    "requires": "code",
    "is_compiled_by": "code",
}
_KINDS: dict[str, Role] = {"model": "model", "dataset": "data", "software": "code"}
# Identifiers of a record that name other objects, with the relation that their scheme stands for.
_POINTERS: dict[str, tuple[Role, str]] = {
    "concept_doi": ("version", "is_version_of"),
    "related_doi": ("other", "related_to"),
    **dict.fromkeys(PAPER_SCHEMES, ("paper", "is_described_by")),
}
_POINTERS |= dict.fromkeys(set(NEIGHBOUR_DOIS) - set(_POINTERS), ("copy", "same_model"))

# By the scheme of an object of which the record says neither role nor kind.
_SCHEMES: dict[str, Role] = {
    **dict.fromkeys(PAPER_SCHEMES, "paper"),
    **dict.fromkeys(scheme_names("code"), "code"),
}


@dataclass(frozen=True)
class RelatedObject:
    """Another object by its compact identifier; `relation` is that of the record to it.

    `entry` is the identifier of its entry in this registry, None where there is none; name, kind and version
    are then those of the entry. `url` is where the identifier resolves.
    """

    identifier: str
    role: Role
    relation: str
    url: str | None = None
    entry: str | None = None
    name: str | None = None
    kind: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class RelatedObjects:
    """The objects around an entry, each once; `left_out` is the number of those beyond `MOST`."""

    entry: Entry
    objects: tuple[RelatedObject, ...]
    left_out: int = 0


def related_objects(registry: Registry, entry: Entry, lineage: LineageReport | None = None) -> RelatedObjects:
    """Return the objects that an entry's lineage and record name, versions first; asks the registry only.

    `lineage` is that of the entry, where it is known already.
    """
    found: dict[str, RelatedObject] = {}
    for other in (lineage or registry.explain(entry)).entries:
        if other.identifier != entry.identifier:
            found[other.identifier] = _in_lineage(entry, other)
    own = _own_keys(entry.record)
    named = [item for item in _named(entry.record) if item[0].key not in own]
    held = _held(registry, [target for target, _, _ in named[:MOST]])
    for target, role, relation in named[:MOST]:
        there = _entry_of(registry, target) if target.key in held else None
        item = _described(entry, there, target, role, relation)
        found.setdefault(item.entry or item.identifier, item)
    return RelatedObjects(entry, tuple(found.values()), max(0, len(named) - MOST))


def _in_lineage(entry: Entry, other: Entry) -> RelatedObject:
    """Return another entry of the lineage: a version where both have one concept, else a copy."""
    concepts = {entry.record.concept_doi, other.record.concept_doi}
    is_version = len(concepts) == 1 and None not in concepts
    role: Role = "version" if is_version else _role_in(entry, other)
    relation = "has_version" if is_version else "same_model"
    return _of_entry(other, other.record.identifier, role, relation)


def _role_in(entry: Entry, other: Entry) -> Role:
    return "copy" if entry.record.kind == other.record.kind else _KINDS[other.record.kind]


def _own_keys(record: ModelRecord) -> frozenset[tuple[str, str]]:
    """Return the keys of the record itself; a repository holds more than one model."""
    others = {*_POINTERS, *scheme_names("code")}
    own = (item for item in record.identifiers if item.scheme not in others or _is_main(record, item))
    return frozenset(item.key for item in own)


def _is_main(record: ModelRecord, item: Identifier) -> bool:
    return item.compact == record.identifier


def _named(record: ModelRecord) -> Iterator[tuple[Identifier, Role, str]]:
    """Yield the objects that a record names, with their roles as far as the record tells."""
    seen = set()
    for target, role, relation in (*_of_relations(record), *_of_identifiers(record)):
        if target.key not in seen:
            seen.add(target.key)
            yield target, role, relation


def _of_relations(record: ModelRecord) -> Iterator[tuple[Identifier, Role, str]]:
    for item in record.relations:
        stated = (item.target_kind or "").casefold()
        role: Role = _ROLES.get(item.type) or _KINDS.get(stated) or "other"
        if role == "other":
            role = _SCHEMES.get(_spelled(item.target).scheme, role)
        yield item.target.bare, role, item.type


def _spelled(target: Identifier) -> Identifier:
    """Return what a web address names, such as a repository; another identifier is what it is."""
    try:
        return parse(target.value) if target.scheme == "url" else target
    except IdentifierError:
        return target


def _of_identifiers(record: ModelRecord) -> Iterator[tuple[Identifier, Role, str]]:
    code = scheme_names("code")
    for item in record.identifiers:
        if item.scheme in _POINTERS:
            yield item.bare, *_POINTERS[item.scheme]
        elif item.scheme in code and not _is_main(record, item):
            yield item.bare, "code", "is_supplement_to"


def _held(registry: Registry, targets: Sequence[Identifier]) -> set[tuple[str, str]]:
    """Return the keys of those that entries may have: most are unknown here, which one query tells."""
    spelled = {target.key: spellings(target) for target in targets}
    known = registry.listing.own_entries(item for listed in spelled.values() for item in listed)
    return {key for key, listed in spelled.items() if any(item.key in known for item in listed)}


def _described(
    entry: Entry, there: Entry | None, target: Identifier, role: Role, relation: str
) -> RelatedObject:
    """Return the object with what the registry knows of it, if it has it as `there`."""
    if there is None:
        return RelatedObject(target.compact, role, relation, target.url)
    if there.identifier == entry.identifier:
        # An identifier of all versions, or of the repository, leads to the record and names more than it.
        return RelatedObject(target.compact, role, relation, target.url)
    # Software and data are cited, too.
    known = _KINDS[there.record.kind] if role in {"other", "paper"} else role
    return _of_entry(there, target.compact, known, relation, target.url)


def _entry_of(registry: Registry, target: Identifier) -> Entry | None:
    """Return the entry that is the object: not one that merely refers to it, as a model does to its paper."""
    try:
        found = registry.listing.entries_for(target)
    except IdentifierError:
        return None
    return next((item for item in found if _is_own(item)), None)


def _is_own(entry: Entry) -> bool:
    return entry.matched is None or entry.matched.scheme not in _POINTERS


def _of_entry(
    entry: Entry, identifier: str, role: Role, relation: str, url: str | None = None
) -> RelatedObject:
    record = entry.record
    return RelatedObject(
        identifier,
        role,
        relation,
        url or next((item.url for item in record.identifiers if _is_main(record, item)), None),
        entry.identifier,
        record.name,
        record.kind,
        record.version,
    )
