# SPDX-License-Identifier: MIT
"""Group statements into entries, and merge each group into one record.

Both are pure functions of a set of statements, so the order of harvests does not matter. A statement is a
ModelRecord; its provenance names its source.

Two statements belong to one entry when they share a DOI of the object itself; a statement without a DOI
joins by its Hugging Face id, then (among those without a DOI and of one kind) by its GitHub repository,
then by its DLHub name. A version and its concept, a model and its paper are never one entry. Where one
source distinguishes two objects that share a repository, the repository links nothing. No identifier joins
what a person separated. Which entries are one model in the end is decided in `lineage`.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from fairreg.schemas.record import FieldOrigin, Kind, ModelRecord, Provenance
from fairreg.sources import (
    CURATED,
    DOI,
    OWN_SOURCE,
    RECORD_FILES,
    REGISTRAR,
    all_sources,
    is_registry,
    scheme_names,
    schemes,
)

__all__ = [
    "CURATED_ORDER",
    "HOST_ORDER",
    "LINK_SCHEMES",
    "SHARED_SCHEMES",
    "Group",
    "Key",
    "Pair",
    "Partners",
    "StatementKey",
    "compatible",
    "group",
    "host_kind",
    "link_keys",
    "main_key",
    "merge",
    "name_entries",
    "partners",
    "statement_key_of",
]

Group = tuple[ModelRecord, ...]
Key = tuple[str, str]


class StatementKey(NamedTuple):
    """Place of a statement: a source holds only one there, even when its content changes."""

    source: str
    source_id: str


# Two statements that a person linked or separated.
Pair = frozenset[StatementKey]
# Pairs indexed by one end: for each place in a pair, the places at the other ends.
Partners = Mapping[StatementKey, AbstractSet[StatementKey]]

_RANKED = sorted((row for row in all_sources() if row.rank is not None), key=lambda row: row.rank or 0)
# "" stands for any source without a rank.
_HOSTS = (*(row.name for row in _RANKED), "")
# The catalogue is curated: its names and classes are better than those of a repository page.
CURATED_ORDER = (CURATED.name, *_HOSTS, REGISTRAR.name, RECORD_FILES, OWN_SOURCE)
# The host of the files knows versions, checksums and access best.
HOST_ORDER = (*_HOSTS, REGISTRAR.name, RECORD_FILES, CURATED.name, OWN_SOURCE)

LINK_SCHEMES = tuple(scheme.name for scheme in schemes() if scheme.joins)
# A code repository may hold several objects.
SHARED_SCHEMES = scheme_names("code")
_CURATED_FIELDS = ("name", "description", "ml_task", "model_category")
_UNIONS: dict[str, Callable[..., Hashable]] = {
    "alternate_names": str.casefold,
    "identifiers": lambda item: (item.scheme, item.key),
    "keywords": str.casefold,
    "frameworks": str.casefold,
    "formats": str.casefold,
    "relations": lambda item: (item.type, item.target.scheme, item.target.key),
}
# Fields that are only meaningful when taken from the same source.
_TOGETHER = (("license", "license_stated"), ("inputs", "outputs"))
_NEVER_MERGED = ("identifier", "kind", "provenance")


def link_keys(record: ModelRecord) -> frozenset[Key]:
    """Return the (scheme, key) pairs by which `record` may join others."""
    able = LINK_SCHEMES if record.doi is None else set(LINK_SCHEMES) - SHARED_SCHEMES
    return frozenset(key for scheme in able for key in _keys((record,), scheme))


def statement_key_of(record: ModelRecord) -> StatementKey:
    """Return the place of a statement."""
    return StatementKey(record.provenance.source, record.provenance.source_id)


def group(records: Iterable[ModelRecord], apart: frozenset[Pair] = frozenset()) -> tuple[Group, ...]:
    """Group the records into entries; pass all that share link keys, even indirectly.

    No two records of a pair in `apart` share an entry.
    """
    groups: list[Group] = [(record,) for record in sorted(records, key=_place(HOST_ORDER))]
    opponents = partners(apart)
    for scheme in LINK_SCHEMES:
        groups = _group_by_scheme(groups, scheme, opponents)
    return tuple(groups)


def partners(pairs: Iterable[Pair]) -> Partners:
    """Index pairs by their places."""
    found: dict[StatementKey, set[StatementKey]] = defaultdict(set)
    for pair in pairs:
        for statement_key in pair:
            found[statement_key] |= pair - {statement_key}
    return dict(found)


def compatible(parts: Iterable[Collection[StatementKey]], apart: Partners) -> list[list[int]]:
    """Partition the parts, by index, into sets that may be joined; greedy, in the given order.

    Of each part only the places that `apart` names matter; the others may be left out.
    """
    clusters: list[tuple[list[int], set[StatementKey]]] = []
    for number, places in enumerate(parts):
        numbers, opposed = next(
            (cluster for cluster in clusters if cluster[1].isdisjoint(places)), ([], set[StatementKey]())
        )
        if not numbers:
            clusters.append((numbers, opposed))
        numbers.append(number)
        opposed.update(*(apart.get(statement_key, ()) for statement_key in places))
    return [numbers for numbers, _ in clusters]


def main_key(record: ModelRecord, scheme: str) -> Key | None:
    """Return the key of the record's first identifier of `scheme`; further ones belong to siblings."""
    return next((item.key for item in record.identifiers if item.scheme == scheme), None)


def merge(statements: Sequence[ModelRecord]) -> ModelRecord:
    """Merge the statements of one object into one record; a single statement is returned unchanged."""
    if len(statements) == 1:
        return statements[0]
    hosts = sorted(statements, key=_place(HOST_ORDER))
    curated = sorted(statements, key=_place(CURATED_ORDER))
    values: dict[str, object] = {}
    givers: dict[str, tuple[ModelRecord, ...]] = {}
    for field in ModelRecord.__struct_fields__:
        if field in _NEVER_MERGED:
            continue
        order = curated if field in _CURATED_FIELDS or field in _UNIONS else hosts
        values[field], givers[field] = _merged_field(order, field)
    if values["notes"] and (values["intended_use"] or values["limitations"]):
        from fairreg.registry.resolution.repeats import without_repeats  # few records state both

        values["notes"] = without_repeats(values)
    provenance = _with_origins(hosts[0], givers)
    return ModelRecord(
        identifier=_main_identifier(hosts),
        kind=curated[0].kind,
        provenance=provenance,
        **values,  # type: ignore[arg-type]  # one value of each field's own type
    )


def host_kind(statements: Iterable[ModelRecord]) -> Kind:
    """Return the kind by which an object is assessed: that of the host of its files, not of the curator."""
    return min(statements, key=_place(HOST_ORDER)).kind


def name_entries(groups: Sequence[Group]) -> tuple[str, ...]:
    """Return a distinct identifier per group: that of the merged record, else one that names a source."""
    taken: set[str] = set()
    names: dict[int, str] = {}
    for index in sorted(range(len(groups)), key=lambda index: _name_claim(groups[index])):
        name = next(name for name in _candidates(groups[index]) if name not in taken)
        taken.add(name)
        names[index] = name
    return tuple(names[index] for index in range(len(groups)))


def _place(order: tuple[str, ...]) -> Callable[[ModelRecord], tuple[int, str, str]]:
    """Return a sort key that puts statements into the order of their sources."""

    def place(record: ModelRecord) -> tuple[int, str, str]:
        source = record.provenance.source
        ranked = OWN_SOURCE if is_registry(source) else source
        rank = order.index(ranked) if ranked in order else order.index("")
        return rank, source, record.provenance.source_id

    return place


def _keys(records: Iterable[ModelRecord], scheme: str) -> set[Key]:
    """Return every DOI of the object, but only the first key of other schemes: others belong to siblings."""
    keys: set[Key] = set()
    for record in records:
        found = [(scheme, item.key[1]) for item in record.identifiers if item.scheme == scheme]
        keys.update(found if scheme == DOI.name else found[:1])
    return keys


def _group_by_scheme(groups: list[Group], scheme: str, apart: Partners) -> list[Group]:
    claims: dict[Key, set[int]] = defaultdict(set)
    for index, members in enumerate(groups):
        for key in _keys(members, scheme):
            claims[key].add(index)
    root = list(range(len(groups)))
    for _key, indices in sorted(claims.items()):
        for joined in _joinable([(root[index], groups[index]) for index in sorted(indices)], scheme):
            root = _merge_roots(root, joined, groups, apart)
    return _collect(groups, root)


def _collect(groups: list[Group], root: list[int]) -> list[Group]:
    united: dict[int, list[ModelRecord]] = defaultdict(list)
    for index, members in enumerate(groups):
        united[root[index]].extend(members)
    return [tuple(sorted(members, key=_place(HOST_ORDER))) for members in united.values()]


def _merge_roots(root: list[int], joined: set[int], groups: list[Group], apart: Partners) -> list[int]:
    """Return `root` with the trees of `joined` merged, except where a person separated them."""
    if not apart:
        return [min(joined) if index in joined else index for index in root]
    trees = sorted(joined)
    parts = [
        [statement_key_of(r) for index, at in enumerate(root) if at == tree for r in groups[index]]
        for tree in trees
    ]
    for numbers in compatible(parts, apart):
        cluster = {trees[number] for number in numbers}
        root = [min(cluster) if index in cluster else index for index in root]
    return root


def _joinable(claimants: list[tuple[int, Group]], scheme: str) -> list[set[int]]:
    """Partition the groups that share a key of `scheme` into sets that are one object."""
    if scheme == DOI.name:
        return [{root for root, _ in claimants}]
    with_doi = [claim for claim in claimants if _keys(claim[1], DOI.name)]
    without = [claim for claim in claimants if not _keys(claim[1], DOI.name)]
    if scheme in SHARED_SCHEMES:
        kinds = sorted({record.kind for _, members in without for record in members})
        parts = [[claim for claim in without if {r.kind for r in claim[1]} == {kind}] for kind in kinds]
    else:
        parts = [without + with_doi if len(with_doi) == 1 else without]
    return [{root for root, _ in part} for part in parts if part and not _contested(part)]


def _contested(claimants: list[tuple[int, Group]]) -> bool:
    """Tell whether one source distinguishes objects that the key would join."""
    sources = [source for _, members in claimants for source in {r.provenance.source for r in members}]
    return len(sources) != len(set(sources))


def _merged_field(order: list[ModelRecord], field: str) -> tuple[object, tuple[ModelRecord, ...]]:
    """Return the merged value of a field, and the statements that it was taken from."""
    if field in _UNIONS:
        return _union(order, field), tuple(order)
    partners = next((fields for fields in _TOGETHER if field in fields), (field,))
    for record in order:
        if any(getattr(record, partner) not in (None, ()) for partner in partners):
            if field == "creators" and any(item.affiliation_rors for item in record.creators):
                from fairreg.registry.resolution.affiliations import with_names  # few creators have any

                creators, givers = with_names(record.creators, order)
                return creators, (record, *givers)
            return getattr(record, field), (record,)
    return getattr(order[0], field), ()


def _union(order: list[ModelRecord], field: str) -> tuple[object, ...]:
    items: dict[Hashable, object] = {}
    for record in order:
        for item in getattr(record, field):
            items.setdefault(_UNIONS[field](item), item)
    return tuple(items.values())


def _with_origins(lead: ModelRecord, givers: dict[str, tuple[ModelRecord, ...]]) -> Provenance:
    """Return the leading statement's provenance, with the origins and sources of what others gave."""
    from msgspec.structs import replace

    origins: dict[FieldOrigin, None] = {}
    sources = set(lead.provenance.merged_from)
    for field, records in givers.items():
        for record in records:
            origins.update({item: None for item in record.provenance.origins if item.field == field})
            if _adds(record, lead, field):
                sources |= {record.provenance.source, *record.provenance.merged_from}
    merged_from = tuple(sorted(sources - {lead.provenance.source}))
    return replace(lead.provenance, origins=tuple(origins), merged_from=merged_from)


def _adds(record: ModelRecord, lead: ModelRecord, field: str) -> bool:
    """Tell whether a statement has in a field what the leading one does not say."""
    given, known = getattr(record, field), getattr(lead, field)
    if field in _UNIONS:
        return not set(given) <= set(known)
    return given not in (None, (), known)


def _main_identifier(statements: Sequence[ModelRecord]) -> str:
    """Return the most persistent of the statements' main identifiers."""

    def rank(record: ModelRecord) -> int:
        scheme = record.identifier.partition(":")[0]
        return LINK_SCHEMES.index(scheme) if scheme in LINK_SCHEMES else len(LINK_SCHEMES)

    return min(statements, key=rank).identifier


def _name_claim(members: Group) -> tuple[tuple[int, str, str], ...]:
    return tuple(sorted(map(_place(CURATED_ORDER), members)))


def _candidates(members: Group) -> Iterable[str]:
    main = _main_identifier(members)
    yield main
    for record in members:
        yield f"{record.provenance.source}:{record.provenance.source_id}"
    kind = members[0].kind
    yield f"{main}#{kind}"
    yield from (
        f"{main}#{kind}-{record.provenance.source}-{record.provenance.source_id}" for record in members
    )
