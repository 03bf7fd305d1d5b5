# SPDX-License-Identifier: MIT
"""Resolve entries into lineages: one model in all its versions and places, with the evidence for each link.

Pure functions of entries (groups of statements, see `grouping`) and of manual links. `_STAGES` lists the
evidence, the surest first: versions of one concept, equal weights, equal content, a stated relation, a shared
place, a mention of the other's DOI. Names are no evidence. Weak evidence links nothing that one source
distinguishes, nothing that more than `MAX_SHARED` statements carry, and no dataset to a model.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fairreg.registry.resolution.grouping import (
    LINK_SCHEMES,
    Group,
    Key,
    Pair,
    StatementKey,
    compatible,
    main_key,
    partners,
    statement_key_of,
)
from fairreg.schemas.fingerprint_rule import rule_in
from fairreg.schemas.identifiers import OWN_DOIS
from fairreg.schemas.record import ModelRecord, RelationType
from fairreg.sources import BUILT_IN, DOI, SWHID

__all__ = [
    "MAX_SHARED",
    "OWN_SCHEMES",
    "PLACE_SCHEMES",
    "TARGET_SCHEMES",
    "Lineage",
    "LinkEvidence",
    "LinkOverrides",
    "lineages",
    "own_keys",
    "relation_keys",
    "target_keys",
]

MAX_SHARED = 100
_COPIES = tuple(row.copy_dois for row in BUILT_IN if row.copy_dois)
# The source whose statements say which versions an object of a scheme has.
_HOST_OF = {scheme.name: row.name for row in BUILT_IN for scheme in row.schemes if scheme.versions}
# Schemes of places that host a model: owners of one key are one model, if they are few.
PLACE_SCHEMES = tuple(scheme for scheme in LINK_SCHEMES if scheme != DOI.name)


@dataclass(frozen=True)
class LinkEvidence:
    """Link between the statements at `statement_keys`: `how` names the kind of evidence, `value` its key."""

    how: str
    value: str
    statement_keys: tuple[StatementKey, ...]
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lineage:
    """Entries of one model, and the evidence that links their statements."""

    groups: tuple[Group, ...]
    links: tuple[LinkEvidence, ...] = ()


@dataclass(frozen=True)
class LinkOverrides:
    """Manual links and separations, as pairs of statements."""

    must_link: frozenset[Pair] = frozenset()
    cannot_link: frozenset[Pair] = frozenset()


class _Stage(NamedTuple):
    """One kind of evidence. `shared`: owners of one key are one model even where nothing points to it.

    `of_host`: only the service that mints the identifiers says so, and what points to one key is one model.
    """

    how: str
    own_schemes: tuple[str, ...]
    target_schemes: tuple[str, ...] = ()
    relations: tuple[RelationType, ...] = ()
    certain: bool = False
    shared: bool = True
    of_host: bool = False


_STAGES = (
    _Stage(
        "DOI or concept DOI",
        OWN_DOIS,
        relations=("is_version_of", "has_version", "is_new_version_of", "is_previous_version_of"),
        certain=True,
    ),
    _Stage(
        "version of one repository", tuple(_HOST_OF), relations=("is_version_of",), certain=True, of_host=True
    ),
    _Stage("equal weights", ("fingerprint",), certain=True),
    _Stage("Software Heritage id", (SWHID.name,), certain=True),
    _Stage(
        "is_identical_to", (*OWN_DOIS, SWHID.name), relations=("is_identical_to",), certain=True, shared=False
    ),
    _Stage("DOI at DLHub", OWN_DOIS, target_schemes=_COPIES, shared=False),
    *(_Stage(name, (name,)) for name in PLACE_SCHEMES),
    _Stage("is_identical_to", PLACE_SCHEMES, relations=("is_identical_to",), shared=False),
    _Stage(
        "is_supplement_to",
        (*OWN_DOIS, *PLACE_SCHEMES),
        relations=("is_supplement_to", "is_supplemented_by"),
        shared=False,
    ),
    _Stage("DOI named in the description", OWN_DOIS, target_schemes=("related_doi",), shared=False),
)
OWN_SCHEMES = frozenset(scheme for stage in _STAGES for scheme in stage.own_schemes)
TARGET_SCHEMES = frozenset(scheme for stage in _STAGES for scheme in stage.target_schemes)
_LINKING_RELATIONS = frozenset(type_ for stage in _STAGES for type_ in stage.relations)


def own_keys(record: ModelRecord) -> frozenset[Key]:
    """Return the keys of the statement's own identifiers, of the version and of the lineage."""
    schemes = OWN_SCHEMES & {item.scheme for item in record.identifiers}
    return frozenset(key for scheme in schemes for key, _ in _owned(record, scheme))


def target_keys(record: ModelRecord) -> frozenset[Key]:
    """Return the keys by which the statement points to other forms of the same model."""
    return frozenset(
        item.key for item in record.identifiers if item.scheme in TARGET_SCHEMES
    ) | relation_keys(record)


def relation_keys(record: ModelRecord) -> frozenset[Key]:
    """Return keys absent from `identifiers`: targets of relations, SWHIDs without their qualifiers."""
    tied = {item.target.key for item in record.relations if item.type in _LINKING_RELATIONS}
    return frozenset(tied | {key for key, _ in _owned(record, SWHID.name)})


def lineages(
    groups: Sequence[Group],
    overrides: LinkOverrides | None = None,
    shared_widely: frozenset[Key] = frozenset(),
) -> tuple[Lineage, ...]:
    """Resolve the entries into lineages; pass all that are connected by their keys.

    A manual decision precedes any evidence: links are made first, separated statements never share a lineage.
    `shared_widely` are keys known to be carried by more than `MAX_SHARED` statements, not all of which are
    passed.
    """
    chosen = overrides or LinkOverrides()
    union_find = _ConstrainedUnionFind(groups, chosen.cannot_link)
    for pair in sorted(map(sorted, chosen.must_link)):
        statement_keys = tuple(StatementKey(*statement_key) for statement_key in pair)
        union_find.join(LinkEvidence("fairreg link", "linked manually", statement_keys))
    for stage in _STAGES:
        for key, claims in sorted(_claims(groups, stage).items()):
            if stage.certain or key not in shared_widely:
                _apply_stage(union_find, stage, key, claims)
    return union_find.lineages()


class _Claim(NamedTuple):
    record: ModelRecord
    owns: bool
    evidence: str | None


def _owned(record: ModelRecord, scheme: str) -> Iterator[tuple[Key, str | None]]:
    """Yield the keys of `scheme` that the record owns, each with where it was seen."""
    main = main_key(record, scheme) if scheme in PLACE_SCHEMES else None
    for item in record.identifiers:
        if item.scheme == scheme and main in {None, item.key}:
            family, value = item.key
            yield (family, value.partition(";")[0] if scheme == SWHID.name else value), item.evidence


def _claims(groups: Sequence[Group], stage: _Stage) -> dict[Key, list[_Claim]]:
    found: dict[Key, list[_Claim]] = defaultdict(list)
    for record in (record for members in groups for record in members):
        for scheme in stage.own_schemes:
            for key, evidence in _owned(record, scheme):
                found[key].append(_Claim(record, owns=True, evidence=evidence))
        for item in record.identifiers:
            if item.scheme in stage.target_schemes:
                found[item.key].append(_Claim(record, owns=False, evidence=item.evidence))
        for relation in record.relations:
            if relation.type in stage.relations:
                found[relation.target.key].append(_Claim(record, owns=False, evidence=relation.type))
    if stage.of_host:
        found = {key: [claim for claim in claims if _is_host(claim, key)] for key, claims in found.items()}
    return {key: claims for key, claims in found.items() if _is_evidence(stage, claims)}


def _is_host(claim: _Claim, key: Key) -> bool:
    return claim.record.provenance.source == _HOST_OF.get(key[0])


def _is_evidence(stage: _Stage, claims: list[_Claim]) -> bool:
    """Tell whether a statement owns the key that the others point to."""
    owners = sum(claim.owns for claim in claims)
    if stage.of_host:
        return owners < len(claims)
    return owners > 0 and (stage.shared or owners < len(claims))


def _apply_stage(union_find: "_ConstrainedUnionFind", stage: _Stage, key: Key, claims: list[_Claim]) -> None:
    """Link the statements that carry the key, as far as this kind of evidence allows."""
    if stage.certain:
        for same in _under_one_rule(stage, claims):
            union_find.join(_link_evidence(stage, key, same))
        return
    for datasets in (False, True):
        part = [claim for claim in claims if (claim.record.kind == "dataset") is datasets]
        if _is_evidence(stage, part) and len(part) <= MAX_SHARED and not union_find.contested(part):
            union_find.join(_link_evidence(stage, key, part))


def _under_one_rule(stage: _Stage, claims: list[_Claim]) -> list[list[_Claim]]:
    """Divide claims of fingerprints by the rule that they were computed by; other claims stay together."""
    if "fingerprint" not in stage.own_schemes:
        return [claims]
    rules = sorted({rule_in(claim.evidence) for claim in claims})
    return [[claim for claim in claims if rule_in(claim.evidence) == rule] for rule in rules]


def _link_evidence(stage: _Stage, key: Key, claims: list[_Claim]) -> LinkEvidence:
    statement_keys = sorted({statement_key_of(claim.record) for claim in claims})
    evidence = sorted({claim.evidence for claim in claims if claim.evidence})
    return LinkEvidence(stage.how, key[1], tuple(statement_keys), tuple(evidence))


@dataclass(eq=False)
class _Tree:
    """Set of entries of the union-find, by number, with a summary that is updated on each union.

    `label` decides the order of the trees; `opposed` are the members that a person separated from others.
    """

    label: int
    numbers: list[int]
    sources: set[str]
    opposed: set[StatementKey]

    def absorb(self, other: "_Tree") -> None:
        """Take over the members of another tree."""
        self.numbers += other.numbers
        self.sources |= other.sources
        self.opposed |= other.opposed


class _ConstrainedUnionFind:
    """Union-find over entries with cannot-link constraints.

    Smaller trees merge into the largest, so that n entries move at most n log n times, in any order of the
    links.
    """

    def __init__(self, groups: Sequence[Group], cannot_link: frozenset[Pair]) -> None:
        self._groups = groups
        self._cannot_link = partners(cannot_link)
        self._tree = [self._new_tree(number, members) for number, members in enumerate(groups)]
        self._at = {
            statement_key_of(record): number for number, group in enumerate(groups) for record in group
        }
        self._links: list[LinkEvidence] = []

    def join(self, link: LinkEvidence) -> None:
        """Unite the trees of the linked statements; separated ones stay apart."""
        statement_keys = [statement_key for statement_key in link.statement_keys if statement_key in self._at]
        trees = list(dict.fromkeys(map(self._tree_of, statement_keys)))
        for numbers in compatible((tree.opposed for tree in trees), self._cannot_link):
            self._union([trees[number] for number in numbers])
        held: dict[_Tree, list[StatementKey]] = defaultdict(list)
        for statement_key in statement_keys:
            held[self._tree_of(statement_key)].append(statement_key)
        self._links += [
            LinkEvidence(link.how, link.value, tuple(inside), link.evidence)
            for inside in held.values()
            if len(inside) > 1
        ]

    def contested(self, claims: Iterable[_Claim]) -> bool:
        """Tell whether one source distinguishes objects that the claims would join."""
        trees = {self._tree_of(statement_key_of(claim.record)) for claim in claims}
        sources = [source for tree in trees for source in tree.sources]
        return len(sources) != len(set(sources))

    def lineages(self) -> tuple[Lineage, ...]:
        """Return the trees as lineages, each with its links."""
        links: dict[_Tree, list[LinkEvidence]] = defaultdict(list)
        for link in self._links:
            links[self._tree_of(link.statement_keys[0])].append(link)
        return tuple(
            Lineage(tuple(self._groups[number] for number in sorted(tree.numbers)), tuple(links[tree]))
            for tree in sorted(set(self._tree), key=lambda tree: tree.label)
        )

    def _new_tree(self, number: int, members: Group) -> _Tree:
        sources = {record.provenance.source for record in members}
        return _Tree(
            number, [number], sources, self._cannot_link.keys() & set(map(statement_key_of, members))
        )

    def _tree_of(self, statement_key: StatementKey) -> _Tree:
        return self._tree[self._at[statement_key]]

    def _union(self, trees: Sequence[_Tree]) -> None:
        """Merge the trees into the largest, with the label of the first."""
        label = trees[0].label
        largest = max(trees, key=lambda tree: len(tree.numbers))
        for tree in trees:
            if tree is not largest:
                largest.absorb(tree)
                for number in tree.numbers:
                    self._tree[number] = largest
        largest.label = label
