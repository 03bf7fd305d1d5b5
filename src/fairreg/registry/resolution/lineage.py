# SPDX-License-Identifier: MIT
"""Which entries are one model, in all its versions and places, and by what evidence.

Pure functions of entries (groups of statements, see `linking`) and of people's verdicts. Entries come
together by what `_STAGES` lists, the surest first: versions of one concept, equal weights, one content, a
relation that says so, a shared place, a mention of the other's DOI. Names never count. A weak sign joins
nothing that one source tells apart, nothing that more than `POPULAR` statements carry, and no dataset to a
model.
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
    Place,
    compatible,
    main_key,
    partners,
    place_of,
)
from fairreg.schemas.identifiers import OWN_DOIS
from fairreg.schemas.record import ModelRecord, RelationType
from fairreg.sources import BUILT_IN, DOI, SWHID

__all__ = [
    "OWNING",
    "PLACE_SCHEMES",
    "POINTING",
    "POPULAR",
    "Bond",
    "Lineage",
    "Verdicts",
    "lineages",
    "owned_keys",
    "pointed_keys",
    "tie_keys",
]

POPULAR = 100
_COPIES = tuple(row.copy_dois for row in BUILT_IN if row.copy_dois)
# Names of repositories and registries that a model is at: owners of one are one model, if they are few.
PLACE_SCHEMES = tuple(scheme for scheme in LINK_SCHEMES if scheme != DOI.name)


@dataclass(frozen=True)
class Bond:
    """What joins the statements at `places`: `how` says by what kind of sign, `value` which one."""

    how: str
    value: str
    places: tuple[Place, ...]
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lineage:
    """Entries of one model, and all that joins them or what their sources say."""

    groups: tuple[Group, ...]
    bonds: tuple[Bond, ...] = ()


@dataclass(frozen=True)
class Verdicts:
    """What people decided: pairs of statements that are one model, and pairs that are not."""

    same: frozenset[Pair] = frozenset()
    apart: frozenset[Pair] = frozenset()


class _Stage(NamedTuple):
    """One kind of sign. `shared`: owners of one key are one model even where nothing points to it."""

    how: str
    owning: tuple[str, ...]
    pointing: tuple[str, ...] = ()
    relations: tuple[RelationType, ...] = ()
    sure: bool = False
    shared: bool = True


_STAGES = (
    _Stage(
        "DOI or concept DOI",
        OWN_DOIS,
        relations=("is_version_of", "has_version", "is_new_version_of", "is_previous_version_of"),
        sure=True,
    ),
    _Stage("equal weights", ("fingerprint",), sure=True),
    _Stage("Software Heritage id", (SWHID.name,), sure=True),
    _Stage(
        "is_identical_to", (*OWN_DOIS, SWHID.name), relations=("is_identical_to",), sure=True, shared=False
    ),
    _Stage("DOI at DLHub", OWN_DOIS, pointing=_COPIES, shared=False),
    *(_Stage(name, (name,)) for name in PLACE_SCHEMES),
    _Stage("is_identical_to", PLACE_SCHEMES, relations=("is_identical_to",), shared=False),
    _Stage(
        "is_supplement_to",
        (*OWN_DOIS, *PLACE_SCHEMES),
        relations=("is_supplement_to", "is_supplemented_by"),
        shared=False,
    ),
    _Stage("DOI named in the description", OWN_DOIS, pointing=("related_doi",), shared=False),
)
OWNING = frozenset(scheme for stage in _STAGES for scheme in stage.owning)
POINTING = frozenset(scheme for stage in _STAGES for scheme in stage.pointing)
_TYING = frozenset(type_ for stage in _STAGES for type_ in stage.relations)


def owned_keys(record: ModelRecord) -> frozenset[Key]:
    """What the statement is called itself, version or lineage."""
    schemes = OWNING & {item.scheme for item in record.identifiers}
    return frozenset(key for scheme in schemes for key, _ in _owned(record, scheme))


def pointed_keys(record: ModelRecord) -> frozenset[Key]:
    """What the statement points to as another form of the same model."""
    return frozenset(item.key for item in record.identifiers if item.scheme in POINTING) | tie_keys(record)


def tie_keys(record: ModelRecord) -> frozenset[Key]:
    """The keys that no row of `identifiers` holds: targets of relations, SWHIDs without their qualifiers."""
    tied = {item.target.key for item in record.relations if item.type in _TYING}
    return frozenset(tied | {key for key, _ in _owned(record, SWHID.name)})


def lineages(
    groups: Sequence[Group], verdicts: Verdicts | None = None, popular: frozenset[Key] = frozenset()
) -> tuple[Lineage, ...]:
    """The entries sorted into lineages; give it all that can reach one another by their keys.

    A verdict goes before any sign: what is the same comes first, what is apart never comes together.
    `popular` are keys known to be carried by more than `POPULAR` statements, not all of which are given.
    """
    chosen = verdicts or Verdicts()
    forest = _Forest(groups, chosen.apart)
    for pair in sorted(map(sorted, chosen.same)):
        places = tuple(Place(*place) for place in pair)
        forest.join(Bond("fairreg link", "a person's verdict", places))
    for stage in _STAGES:
        for key, claims in sorted(_claims(groups, stage).items()):
            if stage.sure or key not in popular:
                _settle(forest, stage, key, claims)
    return forest.lineages()


class _Claim(NamedTuple):
    record: ModelRecord
    owns: bool
    evidence: str | None


def _owned(record: ModelRecord, scheme: str) -> Iterator[tuple[Key, str | None]]:
    """The keys of `scheme` that the record owns, each with where it was seen."""
    main = main_key(record, scheme) if scheme in PLACE_SCHEMES else None
    for item in record.identifiers:
        if item.scheme == scheme and main in {None, item.key}:
            family, value = item.key
            yield (family, value.partition(";")[0] if scheme == SWHID.name else value), item.evidence


def _claims(groups: Sequence[Group], stage: _Stage) -> dict[Key, list[_Claim]]:
    found: dict[Key, list[_Claim]] = defaultdict(list)
    for record in (record for members in groups for record in members):
        for scheme in stage.owning:
            for key, evidence in _owned(record, scheme):
                found[key].append(_Claim(record, owns=True, evidence=evidence))
        for item in record.identifiers:
            if item.scheme in stage.pointing:
                found[item.key].append(_Claim(record, owns=False, evidence=item.evidence))
        for relation in record.relations:
            if relation.type in stage.relations:
                found[relation.target.key].append(_Claim(record, owns=False, evidence=relation.type))
    return {key: claims for key, claims in found.items() if _says(stage, claims)}


def _says(stage: _Stage, claims: list[_Claim]) -> bool:
    """Whether somebody owns what the others point to."""
    owners = sum(claim.owns for claim in claims)
    return owners > 0 and (stage.shared or owners < len(claims))


def _settle(forest: "_Forest", stage: _Stage, key: Key, claims: list[_Claim]) -> None:
    """Join what carries the key, as far as the kind of sign reaches."""
    if stage.sure:
        forest.join(_bond(stage, key, claims))
        return
    for datasets in (False, True):
        part = [claim for claim in claims if (claim.record.kind == "dataset") is datasets]
        if _says(stage, part) and len(part) <= POPULAR and not forest.contested(part):
            forest.join(_bond(stage, key, part))


def _bond(stage: _Stage, key: Key, claims: list[_Claim]) -> Bond:
    places = sorted({place_of(claim.record) for claim in claims})
    evidence = sorted({claim.evidence for claim in claims if claim.evidence})
    return Bond(stage.how, key[1], tuple(places), tuple(evidence))


@dataclass(eq=False)
class _Tree:
    """Entries that belong together, by number, and a summary of them that grows with them.

    `label` decides the order of the trees; `opposed` are the members that a person keeps apart from others.
    """

    label: int
    numbers: list[int]
    sources: set[str]
    opposed: set[Place]

    def absorb(self, other: "_Tree") -> None:
        """Take over the members of another tree."""
        self.numbers += other.numbers
        self.sources |= other.sources
        self.opposed |= other.opposed


class _Forest:
    """Trees of entries that grow together, never over what a person keeps apart.

    Smaller trees move into the largest, so that n entries move n log n times at most, in whatever order the
    signs that join them come.
    """

    def __init__(self, groups: Sequence[Group], apart: frozenset[Pair]) -> None:
        self._groups = groups
        self._apart = partners(apart)
        self._tree = [self._planted(number, members) for number, members in enumerate(groups)]
        self._at = {place_of(record): number for number, group in enumerate(groups) for record in group}
        self._bonds: list[Bond] = []

    def join(self, bond: Bond) -> None:
        """Make one tree of those that hold the bond's places; what cannot come along is left out of it."""
        places = [place for place in bond.places if place in self._at]
        trees = list(dict.fromkeys(map(self._tree_of, places)))
        for numbers in compatible((tree.opposed for tree in trees), self._apart):
            self._unite([trees[number] for number in numbers])
        held: dict[_Tree, list[Place]] = defaultdict(list)
        for place in places:
            held[self._tree_of(place)].append(place)
        self._bonds += [
            Bond(bond.how, bond.value, tuple(inside), bond.evidence)
            for inside in held.values()
            if len(inside) > 1
        ]

    def contested(self, claims: Iterable[_Claim]) -> bool:
        """Whether one source tells apart what the claims would join."""
        trees = {self._tree_of(place_of(claim.record)) for claim in claims}
        sources = [source for tree in trees for source in tree.sources]
        return len(sources) != len(set(sources))

    def lineages(self) -> tuple[Lineage, ...]:
        """The trees, each with its bonds."""
        bonds: dict[_Tree, list[Bond]] = defaultdict(list)
        for bond in self._bonds:
            bonds[self._tree_of(bond.places[0])].append(bond)
        return tuple(
            Lineage(tuple(self._groups[number] for number in sorted(tree.numbers)), tuple(bonds[tree]))
            for tree in sorted(set(self._tree), key=lambda tree: tree.label)
        )

    def _planted(self, number: int, members: Group) -> _Tree:
        sources = {record.provenance.source for record in members}
        return _Tree(number, [number], sources, self._apart.keys() & set(map(place_of, members)))

    def _tree_of(self, place: Place) -> _Tree:
        return self._tree[self._at[place]]

    def _unite(self, trees: Sequence[_Tree]) -> None:
        """Make one tree of several, labelled as the first of them."""
        label = trees[0].label
        largest = max(trees, key=lambda tree: len(tree.numbers))
        for tree in trees:
            if tree is not largest:
                largest.absorb(tree)
                for number in tree.numbers:
                    self._tree[number] = largest
        largest.label = label
