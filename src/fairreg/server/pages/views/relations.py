# SPDX-License-Identifier: MIT
"""Objects around a record, in groups to show: data, models, code, papers, versions."""

from dataclasses import dataclass

from fairreg.registry import Entry, LineageReport, Registry
from fairreg.server.pages.paths import record_path, short_address, web_address
from fairreg.server.pages.views.cards import version_words
from fairreg.server.site import Site
from fairreg.services.related import RelatedObject, Role, related_objects

__all__ = ["Neighbour", "RoleGroup", "Surroundings", "surroundings"]

_TITLES: dict[Role, str] = {
    "data": "Data",
    "model": "Related models",
    "code": "Code",
    "paper": "Papers",
    "version": "Versions",
    "copy": "At other places",
    "other": "Other objects",
}
_WORDS = {
    "related_to": "related",
    "same_model": "the same model",
    "has_version": "another version",
    "is_version_of": "all versions together",
}


@dataclass(frozen=True)
class Neighbour:
    """An object beside the record: `how` it is related, in words; `path` leads to its page."""

    name: str
    identifier: str
    how: str
    path: str | None
    outside: bool = False
    present: bool = False


@dataclass(frozen=True)
class RoleGroup:
    """Neighbours of one role."""

    name: Role
    neighbours: tuple[Neighbour, ...]

    @property
    def title(self) -> str:
        """Title of the group."""
        return _TITLES[self.name]


@dataclass(frozen=True)
class Surroundings:
    """Groups that are not empty, the record among its versions; `left_out` more are only in the record."""

    groups: tuple[RoleGroup, ...]
    left_out: int


def surroundings(
    site: Site, registry: Registry, entry: Entry, lineage: LineageReport | None = None
) -> Surroundings:
    """Return what is around an entry; `lineage` is its own where it is known already."""
    found = related_objects(registry, entry, lineage)
    groups: dict[Role, list[Neighbour]] = {name: [] for name in _TITLES}
    groups["version"].append(_itself(site, entry))
    for item in found.objects:
        groups[item.role].append(_neighbour(site, item))
    listed = (RoleGroup(name, tuple(members)) for name, members in groups.items() if members)
    return Surroundings(tuple(listed), found.left_out)


def _itself(site: Site, entry: Entry) -> Neighbour:
    record = entry.record
    said = ", ".join(filter(None, (version_words(record.version), str(record.year or ""))))
    path = record_path(site, entry.identifier)
    return Neighbour(record.name, entry.identifier, said or "this record", path, present=True)


def _neighbour(site: Site, item: RelatedObject) -> Neighbour:
    words = _WORDS.get(item.relation, item.relation.removeprefix("is_").replace("_", " "))
    how = ", ".join(filter(None, (words, version_words(item.version))))
    if item.entry is not None:
        return Neighbour(item.name or item.entry, item.entry, how, record_path(site, item.entry))
    scheme, _, value = item.identifier.partition(":")
    if scheme == "url":
        name = named = short_address(value)
    else:
        # A number alone says nothing.
        name, named = (item.identifier if value.isdigit() else value), item.identifier
    return Neighbour(name, named, how, web_address(item.url), outside=True)
