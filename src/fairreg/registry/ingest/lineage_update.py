# SPDX-License-Identifier: MIT
"""Keeps lineages in step with the entries, and people's verdicts. Runs inside its caller's transaction."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    func,
    insert,
    select,
    tuple_,
)

from fairreg.registry.db.key_conditions import among, chunks, with_keys
from fairreg.registry.db.lineage_query import entries_of, numbers_of
from fairreg.registry.db.tables import identifiers, links, statements, ties
from fairreg.registry.db.tables import lineages as rows_of_lineages
from fairreg.registry.resolution.grouping import Key, Pair, Place, partners, place_of
from fairreg.registry.resolution.lineage import (
    OWNING,
    PLACE_SCHEMES,
    POINTING,
    POPULAR,
    Lineage,
    Verdicts,
    lineages,
    owned_keys,
    pointed_keys,
    tie_keys,
)
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.timestamps import now
from fairreg.sources import SWHID

__all__ = [
    "LineageUpdate",
    "decide",
    "kin",
    "relate_all",
    "verdicts",
    "write_ties",
]


_PAGE = 500


def write_ties(connection: Connection, statement_id: int, record: ModelRecord, *, new: bool) -> None:
    """Keep the keys by which the statement may join others and that `identifiers` has not."""
    if not new:
        connection.execute(delete(ties).where(ties.c.statement_id == statement_id))
    _insert_ties(connection, {statement_id: record})


class LineageUpdate:
    """Lineages that the changes of one transaction leave to be resolved: `add` every change, `resolve` once.

    Lineages are a function of the set of statements, so all changes of a page cost what one of them does: one
    look at the statements within reach. `overrides` are the links and separations that people made.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.overrides = verdicts(connection)
        self._statements: set[int] = set()
        self._lineages: set[int] = set()
        self._left: set[Key] = set()

    def add(
        self, statement_ids: Iterable[int], entry_ids: Collection[int] = (), left: Iterable[Key] = ()
    ) -> None:
        """Note statements to sort anew, with the lineages of entries and the keys that statements `left`.

        To be called before an entry goes, for its row says which lineage it was of.
        """
        self._statements.update(statement_ids)
        if entry_ids:
            self._lineages.update(numbers_of(self._connection, entry_ids).values())
        self._left.update(left)

    def resolve(self) -> None:
        """Sort all that was noted, and all in reach of it, into lineages; afterwards nothing is noted."""
        ids = set(self._statements)
        if self._lineages:
            listed = entries_of(self._connection, self._lineages).values()
            ids |= _statements_of(self._connection, {entry for mates in listed for entry in mates})
        if ids:
            _relate(self._connection, self.overrides, ids, self._left, changed=self._statements)
        self._statements, self._lineages, self._left = set(), set(), set()


def relate_all(connection: Connection) -> int:
    """Remake every tie and lineage from the statements; how many statements there are.

    Only what shares a key with anything is held in memory together.
    """
    for table in (ties, rows_of_lineages):
        connection.execute(delete(table))
    count, after = 0, 0
    query = select(statements.c.id, statements.c.record).order_by(statements.c.id).limit(_PAGE)
    while rows := connection.execute(query.where(statements.c.id > after)).all():
        _insert_ties(connection, {row.id: ModelRecord.from_json(row.record) for row in rows})
        count, after = count + len(rows), rows[-1].id
    decided = verdicts(connection)
    decided_of = _at(connection, {place for pair in decided.same for place in pair})
    _relate(connection, decided, _sharing(connection) | decided_of)
    return count


def _relate(
    connection: Connection,
    decided: Verdicts,
    statement_ids: Iterable[int],
    keys: Iterable[Key] = (),
    changed: Iterable[int] = (),
) -> None:
    """Sort the entries of the statements, and all in reach of them or of `keys`, into lineages anew."""
    found = _Reach(connection, decided, frozenset(changed))
    found.go(set(statement_ids), set(keys))
    _write_lineages(connection, decided, found.members.values(), found.popular)


def _sharing(connection: Connection) -> set[int]:
    """Statements that have a key in common with another."""
    named = select(identifiers.c.family, identifiers.c.key, identifiers.c.statement_id).where(
        identifiers.c.scheme.in_(OWNING | POINTING)
    )
    carried = named.union_all(select(ties.c.family, ties.c.key, ties.c.statement_id)).cte("carried")
    several = func.min(carried.c.statement_id) < func.max(carried.c.statement_id)
    shared = select(carried.c.family, carried.c.key).group_by(carried.c.family, carried.c.key).having(several)
    common = shared.cte("common")
    same = (carried.c.family == common.c.family) & (carried.c.key == common.c.key)
    query = select(carried.c.statement_id).distinct().join_from(carried, common, same)
    return set(connection.scalars(query))


def kin(connection: Connection, records: Iterable[ModelRecord]) -> tuple[tuple[int, ModelRecord], ...]:
    """What the registry holds within reach of records that it need not hold, each with its entry's key."""
    found = _Reach(connection, verdicts(connection))
    given = tuple(records)
    keys = {key for record in given for key in owned_keys(record) | pointed_keys(record)}
    found.go(_at(connection, map(place_of, given)), keys)
    return tuple(member for _, member in sorted(found.members.items()))


def verdicts(connection: Connection) -> Verdicts:
    """What people decided."""
    decided: dict[bool, set[Pair]] = {True: set(), False: set()}
    for row in connection.execute(select(links)):
        pair = frozenset({Place(row.source, row.source_id), Place(row.other_source, row.other_source_id)})
        decided[bool(row.same)].add(pair)
    return Verdicts(frozenset(decided[True]), frozenset(decided[False]))


def decide(
    connection: Connection, pairs: Collection[Pair], overruled: Collection[Pair], *, same: bool
) -> None:
    """Keep a verdict for each pair, in the place of what was decided before for those and for `overruled`."""
    for pair in {*pairs, *overruled}:
        one, other = sorted(pair)
        connection.execute(delete(links).where(tuple_(*_LINK_PLACES) == tuple_(*one, *other)))
    moment = now()
    for one, other in sorted(map(sorted, pairs)):
        named = dict(zip(_LINK_NAMES, (*one, *other), strict=True))
        connection.execute(insert(links).values(**named, same=same, made_at=moment))


_LINK_NAMES = ("source", "source_id", "other_source", "other_source_id")
_LINK_PLACES = tuple(links.c[name] for name in _LINK_NAMES)


def _statements_of(connection: Connection, entry_ids: Iterable[int]) -> set[int]:
    """Keys of what is said of the entries."""
    said = among(connection, statements.c.entry_id, entry_ids)
    return set(connection.scalars(select(statements.c.id).where(said)))


class _Reach:
    """Statements that a lineage may have to do with, by key: (key of the entry, record).

    `changed` are those that the transaction wrote: a key that they alone made popular has joined the others.
    """

    def __init__(
        self, connection: Connection, decided: Verdicts, changed: frozenset[int] = frozenset()
    ) -> None:
        self.members: dict[int, tuple[int, ModelRecord]] = {}
        self.popular: frozenset[Key] = frozenset()
        self._connection = connection
        self._same = partners(decided.same)
        self._changed = changed
        self._asked: set[Key] = set()
        self._homes: set[int] = set()

    def go(self, ids: set[int], keys: set[Key]) -> None:
        """Follow keys, entries, lineages and verdicts from the statements until nothing new is met."""
        ids = ids | self._holders(keys)
        while fresh := self._load(ids - self.members.keys()):
            homes = {home for home, _ in fresh} - self._homes
            self._homes |= homes
            numbers = numbers_of(self._connection, homes).values()
            mates = entries_of(self._connection, set(numbers)).values()
            ids = _statements_of(self._connection, homes.union(*mates))
            places = {place for _, record in fresh for place in self._same.get(place_of(record), ())}
            ids |= _at(self._connection, places)
            ids |= self._holders(
                {key for _, record in fresh for key in owned_keys(record) | pointed_keys(record)}
            )

    def _load(self, ids: set[int]) -> list[tuple[int, ModelRecord]]:
        fresh = []
        for chunk in chunks(ids):
            query = select(statements.c.id, statements.c.entry_id, statements.c.record)
            for row in self._connection.execute(query.where(statements.c.id.in_(chunk))):
                self.members[row.id] = (int(row.entry_id), ModelRecord.from_json(row.record))
                fresh.append(self.members[row.id])
        return fresh

    def _holders(self, keys: set[Key]) -> set[int]:
        """Statements that own or point to one of the keys; what too many do says nothing."""
        owners, pointers = _carriers(self._connection, keys - self._asked)
        self._asked |= keys
        found: set[int] = set()
        popular: set[Key] = set()
        for key in owners.keys() | pointers.keys():
            carriers = owners[key] | pointers[key]
            if len(carriers) > POPULAR:
                popular.add(key)
            sure = key[0] not in PLACE_SCHEMES
            few = len(carriers) <= POPULAR or len(carriers - self._changed) <= POPULAR
            found |= (owners[key] if sure or few else set()) | (pointers[key] if few else set())
        self.popular |= popular
        return found


Carriers = dict[Key, set[int]]


def _carriers(connection: Connection, keys: Iterable[Key]) -> tuple[Carriers, Carriers]:
    """The statements that own each key, and those that point to it."""
    owners: Carriers = defaultdict(set)
    pointers: Carriers = defaultdict(set)
    for chunk in chunks(keys):
        named = and_(
            with_keys(identifiers.c.family, identifiers.c.key, chunk),
            identifiers.c.scheme.in_(OWNING | POINTING),
        )
        for row in connection.execute(select(identifiers).where(named)):
            kept = owners if row.scheme in OWNING else pointers
            kept[row.family, row.key].add(row.statement_id)
        for row in connection.execute(select(ties).where(with_keys(ties.c.family, ties.c.key, chunk))):
            kept = owners if row.family == SWHID.name else pointers
            kept[row.family, row.key].add(row.statement_id)
    return owners, pointers


def _at(connection: Connection, places: Iterable[Place]) -> set[int]:
    """Keys of the statements at the places."""
    found: set[int] = set()
    for chunk in chunks(places):
        there = with_keys(statements.c.source, statements.c.source_id, chunk)
        found |= set(connection.scalars(select(statements.c.id).where(there)))
    return found


def _write_lineages(
    connection: Connection,
    decided: Verdicts,
    members: Iterable[tuple[int, ModelRecord]],
    popular: frozenset[Key],
) -> None:
    """Bring the rows of the members' entries into step; rows that are right stay."""
    said: dict[int, list[ModelRecord]] = defaultdict(list)
    for entry, record in members:
        said[entry].append(record)
    wanted = _numbered(
        said, lineages([tuple(sorted(s, key=place_of)) for s in said.values()], decided, popular)
    )
    known = numbers_of(connection, said)
    stale = [entry for entry, number in known.items() if wanted.get(entry) != number]
    _delete(connection, rows_of_lineages, rows_of_lineages.c.entry_id, stale)
    fresh = wanted.items() - known.items()
    if fresh:
        rows = [{"entry_id": entry, "lineage": number} for entry, number in sorted(fresh)]
        connection.execute(insert(rows_of_lineages), rows)


def _numbered(said: Mapping[int, Iterable[ModelRecord]], found: Iterable[Lineage]) -> dict[int, int]:
    """The number of the lineage of each entry that is not alone in its own: the least key of its entries."""
    home = {place_of(record): entry for entry, records in said.items() for record in records}
    numbers: dict[int, int] = {}
    for lineage in found:
        entries = [home[place_of(members[0])] for members in lineage.groups]
        if len(entries) > 1:
            numbers |= dict.fromkeys(entries, min(entries))
    return numbers


def _insert_ties(connection: Connection, records: dict[int, ModelRecord]) -> None:
    rows = [
        {"statement_id": statement_id, "family": family, "key": key}
        for statement_id, record in records.items()
        for family, key in sorted(tie_keys(record))
    ]
    if rows:
        connection.execute(insert(ties), rows)


def _delete(connection: Connection, table: Table, column: ColumnElement[int], values: Iterable[int]) -> None:
    for chunk in chunks(values):
        connection.execute(delete(table).where(column.in_(chunk)))
