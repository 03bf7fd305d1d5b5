# SPDX-License-Identifier: MIT
"""What a record refers to, in groups: data, models, code, papers, versions."""

from collections.abc import Iterator
from dataclasses import dataclass

from fairreg.errors import IdentifierError
from fairreg.registry import Entry, LineageReport, NamedEntry, Registry
from fairreg.registry.entries import newest_key
from fairreg.schemas.identifiers import PAPER_SCHEMES, Identifier, parse
from fairreg.schemas.record import ModelRecord
from fairreg.server.pages.cards import version_words
from fairreg.server.pages.paths import record_path, short_address, web_address
from fairreg.server.site import Site
from fairreg.sources import scheme_names

__all__ = ["Group", "Neighbour", "neighbours"]

_DATA, _MODELS, _CODE, _PAPERS, _VERSIONS, _OTHERS = "data", "models", "code", "papers", "versions", "others"
_TITLES = {
    _DATA: "Data",
    _MODELS: "Related models",
    _CODE: "Code",
    _PAPERS: "Papers",
    _VERSIONS: "Versions",
    _OTHERS: "Other objects",
}
# The group of a relation whose target says nothing of its kind.
_OF_TYPE = {
    **dict.fromkeys(("trained_on", "tested_on", "evaluated_on"), _DATA),
    **dict.fromkeys(("fine_tuned_from", "is_variant_of"), _MODELS),
    **dict.fromkeys(("is_compiled_by", "requires"), _CODE),
    **dict.fromkeys(("is_documented_by", "is_described_by", "cites", "references", "is_cited_by"), _PAPERS),
    **dict.fromkeys(
        ("is_version_of", "has_version", "is_new_version_of", "is_previous_version_of"), _VERSIONS
    ),
}
_OF_KIND = {"dataset": _DATA, "model": _MODELS, "software": _CODE}
_OUTSIDE = frozenset({_CODE, _PAPERS})
_WORDS = {"related_to": "related"}


@dataclass(frozen=True)
class Neighbour:
    """An object beside the record: `how` it is related, in words; `path` leads to its page here or elsewhere."""

    name: str
    identifier: str
    how: str
    path: str | None
    outside: bool = False
    present: bool = False


@dataclass(frozen=True)
class Group:
    """Neighbours of one kind."""

    name: str
    neighbours: tuple[Neighbour, ...]

    @property
    def title(self) -> str:
        """Title of the group."""
        return _TITLES[self.name]


def neighbours(site: Site, registry: Registry, entry: Entry, lineage: LineageReport) -> tuple[Group, ...]:
    """Return the groups around an entry that are not empty, its own versions among them."""
    stated = {item.key: (kind, how, item) for kind, how, item in _stated(entry.record)}
    known = registry.own_entries(item for _, _, item in stated.values()) if stated else {}
    versions = tuple(_versions(site, entry, lineage))
    shown = {item.identifier for item in versions}
    groups: dict[str, list[Neighbour]] = {name: [] for name in _TITLES}
    groups[_VERSIONS] += versions
    for key, (kind, how, item) in stated.items():
        named = known.get(key)
        if named is not None and named.identifier in shown:
            if kind not in _OUTSIDE:
                continue
            named = None  # the place of this very model
        group = _OF_KIND.get(named.kind, kind) if named is not None and kind == _OTHERS else kind
        groups[group].append(_neighbour(site, item, how, named))
    return tuple(Group(name, tuple(found)) for name, found in groups.items() if found)


def _stated(record: ModelRecord) -> Iterator[tuple[str, str, Identifier]]:
    """Yield group, relation in words and target; a target that is named twice goes by the last."""
    code = scheme_names("code")
    for item in record.identifiers:
        if item.scheme in PAPER_SCHEMES:
            yield _PAPERS, "described in", item
        elif item.scheme in code:
            yield _CODE, "code repository", item
    own = {item.key for item in record.identifiers if item.scheme not in PAPER_SCHEMES | code}
    for relation in record.relations:
        if relation.target.key not in own:
            words = relation.stated_type or _WORDS.get(relation.type, relation.type.replace("_", " "))
            yield _group(relation.type, relation.target_kind, relation.target), words, relation.target


def _group(type_: str, kind: str | None, target: Identifier) -> str:
    stated = (kind or "").casefold()
    if type_ in _OF_TYPE:
        return _OF_TYPE[type_]
    if _spelled(target).scheme in scheme_names("code"):
        return _CODE
    if target.scheme in PAPER_SCHEMES or "article" in stated or "paper" in stated:
        return _PAPERS
    return _OF_KIND.get(stated, _OTHERS)


def _spelled(target: Identifier) -> Identifier:
    """Return what a web address names, such as a repository."""
    try:
        return parse(target.value) if target.scheme == "url" else target
    except IdentifierError:
        return target


def _neighbour(site: Site, item: Identifier, how: str, named: NamedEntry | None) -> Neighbour:
    if named is not None:
        return Neighbour(named.name, named.identifier, how, record_path(site, named.identifier))
    address = web_address(item.url)
    name = short_address(item.value) if item.value == address else item.value
    return Neighbour(name, name if item.value == address else item.compact, how, address, outside=True)


def _versions(site: Site, entry: Entry, lineage: LineageReport) -> Iterator[Neighbour]:
    for item in sorted(lineage.entries, key=newest_key, reverse=True):
        present = item.identifier == entry.identifier
        version = version_words(item.record.version)
        said = ", ".join(
            filter(None, (version, str(item.record.year or ""), "withdrawn" if item.gone else ""))
        )
        how = said or ("this record" if present else "of the same model")
        yield Neighbour(
            item.record.name, item.identifier, how, record_path(site, item.identifier), present=present
        )
