# SPDX-License-Identifier: MIT
"""Keep lineages in step with entries and manual links. Runs inside its caller's transaction."""

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

from fairreg.registry.db.key_conditions import chunks, in_key_pairs, in_values
from fairreg.registry.db.lineage_query import entries_of, lineage_ids_of
from fairreg.registry.db.row_mapping import stored_record
from fairreg.registry.db.tables import identifiers, link_overrides, link_targets, statements
from fairreg.registry.db.tables import lineages as rows_of_lineages
from fairreg.registry.resolution.grouping import Key, Pair, StatementKey, partners, statement_key_of
from fairreg.registry.resolution.lineage import (
    MAX_SHARED,
    OWN_SCHEMES,
    PLACE_SCHEMES,
    TARGET_SCHEMES,
    Lineage,
    LinkOverrides,
    lineages,
    own_keys,
    relation_keys,
    target_keys,
)
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.timestamps import now
from fairreg.sources import SWHID

__all__ = [
    "LineageUpdate",
    "load_overrides",
    "rebuild_lineages",
    "related_statements",
    "write_link_targets",
    "write_overrides",
]


_PAGE = 500


def write_link_targets(connection: Connection, statement_id: int, record: ModelRecord, *, new: bool) -> None:
    """Store the keys by which the statement may link to others and that `identifiers` does not hold."""
    if not new:
        connection.execute(delete(link_targets).where(link_targets.c.statement_id == statement_id))
    _insert_link_targets(connection, {statement_id: record})


class LineageUpdate:
    """Pending update of the lineages within one transaction: `add` every change, then `resolve` once.

    Lineages are a function of the set of statements, so all changes of a page cost as much as one: a single
    pass over the statements within reach. `overrides` are the manual links and separations.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.overrides = load_overrides(connection)
        self._statements: set[int] = set()
        self._lineages: set[int] = set()
        self._left: set[Key] = set()

    def add(
        self, statement_ids: Iterable[int], entry_ids: Collection[int] = (), left: Iterable[Key] = ()
    ) -> None:
        """Queue statements, with the lineages of entries and the keys that statements `left` behind.

        Call this before deleting an entry, because its row names its lineage.
        """
        self._statements.update(statement_ids)
        if entry_ids:
            self._lineages.update(lineage_ids_of(self._connection, entry_ids).values())
        self._left.update(left)

    def resolve(self) -> None:
        """Resolve the lineages of all queued statements and of those in reach, and empty the queue."""
        ids = set(self._statements)
        if self._lineages:
            listed = entries_of(self._connection, self._lineages).values()
            ids |= _statements_of(self._connection, {entry for mates in listed for entry in mates})
        if ids:
            _update_lineages(self._connection, self.overrides, ids, self._left, changed=self._statements)
        self._statements, self._lineages, self._left = set(), set(), set()


def rebuild_lineages(connection: Connection) -> int:
    """Rebuild all link targets and lineages from the statements; return the number of statements.

    Only statements that share a key are held in memory together.
    """
    for table in (link_targets, rows_of_lineages):
        connection.execute(delete(table))
    count, after = 0, 0
    query = select(statements.c.id, statements.c.record).order_by(statements.c.id).limit(_PAGE)
    while rows := connection.execute(query.where(statements.c.id > after)).all():
        read = {row.id: stored_record(row.record) for row in rows}
        # A damaged one links nothing until it is mended.
        _insert_link_targets(connection, {key: record for key, record in read.items() if record is not None})
        count, after = count + len(rows), rows[-1].id
    overrides = load_overrides(connection)
    decided_of = _at(connection, {statement_key for pair in overrides.must_link for statement_key in pair})
    _update_lineages(connection, overrides, _statements_with_shared_keys(connection) | decided_of)
    return count


def _update_lineages(
    connection: Connection,
    overrides: LinkOverrides,
    statement_ids: Iterable[int],
    keys: Iterable[Key] = (),
    changed: Iterable[int] = (),
) -> None:
    """Resolve the lineages of the statements' entries, and of all in reach of them or of `keys`."""
    found = _ConnectedStatements(connection, overrides, frozenset(changed))
    found.expand(set(statement_ids), set(keys))
    _write_lineages(connection, overrides, found.members.values(), found.shared_widely)


def _statements_with_shared_keys(connection: Connection) -> set[int]:
    """Return the statements that have a key in common with another."""
    named = select(identifiers.c.family, identifiers.c.key, identifiers.c.statement_id).where(
        identifiers.c.scheme.in_(OWN_SCHEMES | TARGET_SCHEMES)
    )
    carried = named.union_all(
        select(link_targets.c.family, link_targets.c.key, link_targets.c.statement_id)
    ).cte("carried")
    several = func.min(carried.c.statement_id) < func.max(carried.c.statement_id)
    shared = select(carried.c.family, carried.c.key).group_by(carried.c.family, carried.c.key).having(several)
    common = shared.cte("common")
    same = (carried.c.family == common.c.family) & (carried.c.key == common.c.key)
    query = select(carried.c.statement_id).distinct().join_from(carried, common, same)
    return set(connection.scalars(query))


def related_statements(
    connection: Connection, records: Iterable[ModelRecord], overrides: LinkOverrides | None = None
) -> tuple[tuple[int, ModelRecord], ...]:
    """Return the stored statements within reach of `records`, stored or not, each with its entry's key.

    `overrides` are all that are stored, where they are loaded already.
    """
    found = _ConnectedStatements(connection, overrides or load_overrides(connection))
    given = tuple(records)
    keys = {key for record in given for key in own_keys(record) | target_keys(record)}
    found.expand(_at(connection, map(statement_key_of, given)), keys)
    return tuple(member for _, member in sorted(found.members.items()))


def load_overrides(connection: Connection) -> LinkOverrides:
    """Return all manual links and separations."""
    overrides: dict[bool, set[Pair]] = {True: set(), False: set()}
    for row in connection.execute(select(link_overrides)):
        pair = frozenset(
            {StatementKey(row.source, row.source_id), StatementKey(row.other_source, row.other_source_id)}
        )
        overrides[bool(row.same)].add(pair)
    return LinkOverrides(frozenset(overrides[True]), frozenset(overrides[False]))


def write_overrides(
    connection: Connection, pairs: Collection[Pair], superseded: Collection[Pair], *, same: bool
) -> None:
    """Store a manual link or separation for each pair, replacing those of the pairs and of `superseded`."""
    for pair in {*pairs, *superseded}:
        one, other = sorted(pair)
        connection.execute(delete(link_overrides).where(tuple_(*_LINK_PLACES) == tuple_(*one, *other)))
    moment = now()
    for one, other in sorted(map(sorted, pairs)):
        named = dict(zip(_LINK_NAMES, (*one, *other), strict=True))
        connection.execute(insert(link_overrides).values(**named, same=same, made_at=moment))


_LINK_NAMES = ("source", "source_id", "other_source", "other_source_id")
_LINK_PLACES = tuple(link_overrides.c[name] for name in _LINK_NAMES)


def _statements_of(connection: Connection, entry_ids: Iterable[int]) -> set[int]:
    """Return the keys of the entries' statements."""
    said = in_values(connection, statements.c.entry_id, entry_ids)
    return set(connection.scalars(select(statements.c.id).where(said)))


class _ConnectedStatements:
    """Statements that may share a lineage, by key: (key of the entry, record).

    `changed` are those that the transaction wrote: a key that became widely shared by them alone still links.
    """

    def __init__(
        self, connection: Connection, overrides: LinkOverrides, changed: frozenset[int] = frozenset()
    ) -> None:
        self.members: dict[int, tuple[int, ModelRecord]] = {}
        self.shared_widely: frozenset[Key] = frozenset()
        self._connection = connection
        self._same = partners(overrides.must_link)
        self._changed = changed
        self._queried_keys: set[Key] = set()
        self._homes: set[int] = set()

    def expand(self, ids: set[int], keys: set[Key]) -> None:
        """Follow keys, entries, lineages and manual links from the statements until nothing new is found."""
        ids = ids | self._holders(keys)
        while fresh := self._load(ids - self.members.keys()):
            homes = {home for home, _ in fresh} - self._homes
            self._homes |= homes
            numbers = lineage_ids_of(self._connection, homes).values()
            mates = entries_of(self._connection, set(numbers)).values()
            ids = _statements_of(self._connection, homes.union(*mates))
            statement_keys = {
                statement_key
                for _, record in fresh
                for statement_key in self._same.get(statement_key_of(record), ())
            }
            ids |= _at(self._connection, statement_keys)
            ids |= self._holders(
                {key for _, record in fresh for key in own_keys(record) | target_keys(record)}
            )

    def _load(self, ids: set[int]) -> list[tuple[int, ModelRecord]]:
        fresh = []
        for chunk in chunks(ids):
            query = select(statements.c.id, statements.c.entry_id, statements.c.record)
            for row in self._connection.execute(query.where(statements.c.id.in_(chunk))):
                if (record := stored_record(row.record)) is not None:
                    self.members[row.id] = (int(row.entry_id), record)
                    fresh.append(self.members[row.id])
        return fresh

    def _holders(self, keys: set[Key]) -> set[int]:
        """Return the statements that own or point to one of the keys; a widely shared key is no evidence."""
        owners, pointers = _carriers(self._connection, keys - self._queried_keys)
        self._queried_keys |= keys
        found: set[int] = set()
        shared_widely: set[Key] = set()
        for key in owners.keys() | pointers.keys():
            carriers = owners[key] | pointers[key]
            if len(carriers) > MAX_SHARED:
                shared_widely.add(key)
            sure = key[0] not in PLACE_SCHEMES
            few = len(carriers) <= MAX_SHARED or len(carriers - self._changed) <= MAX_SHARED
            found |= (owners[key] if sure or few else set()) | (pointers[key] if few else set())
        self.shared_widely |= shared_widely
        return found


Carriers = dict[Key, set[int]]


def _carriers(connection: Connection, keys: Iterable[Key]) -> tuple[Carriers, Carriers]:
    """Return the statements that own each key, and those that point to it."""
    owners: Carriers = defaultdict(set)
    pointers: Carriers = defaultdict(set)
    for chunk in chunks(keys):
        named = and_(
            in_key_pairs(identifiers.c.family, identifiers.c.key, chunk),
            identifiers.c.scheme.in_(OWN_SCHEMES | TARGET_SCHEMES),
        )
        for row in connection.execute(select(identifiers).where(named)):
            kept = owners if row.scheme in OWN_SCHEMES else pointers
            kept[row.family, row.key].add(row.statement_id)
        for row in connection.execute(
            select(link_targets).where(in_key_pairs(link_targets.c.family, link_targets.c.key, chunk))
        ):
            kept = owners if row.family == SWHID.name else pointers
            kept[row.family, row.key].add(row.statement_id)
    return owners, pointers


def _at(connection: Connection, statement_keys: Iterable[StatementKey]) -> set[int]:
    """Return the keys of the statements at the places."""
    found: set[int] = set()
    for chunk in chunks(statement_keys):
        there = in_key_pairs(statements.c.source, statements.c.source_id, chunk)
        found |= set(connection.scalars(select(statements.c.id).where(there)))
    return found


def _write_lineages(
    connection: Connection,
    overrides: LinkOverrides,
    members: Iterable[tuple[int, ModelRecord]],
    shared_widely: frozenset[Key],
) -> None:
    """Update the lineage rows of the members' entries; correct rows stay untouched."""
    said: dict[int, list[ModelRecord]] = defaultdict(list)
    for entry, record in members:
        said[entry].append(record)
    wanted = _numbered(
        said,
        lineages([tuple(sorted(s, key=statement_key_of)) for s in said.values()], overrides, shared_widely),
    )
    known = lineage_ids_of(connection, said)
    stale = [entry for entry, number in known.items() if wanted.get(entry) != number]
    _delete(connection, rows_of_lineages, rows_of_lineages.c.entry_id, stale)
    fresh = wanted.items() - known.items()
    if fresh:
        rows = [{"entry_id": entry, "lineage": number} for entry, number in sorted(fresh)]
        connection.execute(insert(rows_of_lineages), rows)


def _numbered(said: Mapping[int, Iterable[ModelRecord]], found: Iterable[Lineage]) -> dict[int, int]:
    """Return the lineage number of each entry that shares a lineage: the smallest key of its entries."""
    home = {statement_key_of(record): entry for entry, records in said.items() for record in records}
    numbers: dict[int, int] = {}
    for lineage in found:
        entries = [home[statement_key_of(members[0])] for members in lineage.groups]
        if len(entries) > 1:
            numbers |= dict.fromkeys(entries, min(entries))
    return numbers


def _insert_link_targets(connection: Connection, records: dict[int, ModelRecord]) -> None:
    rows = [
        {"statement_id": statement_id, "family": family, "key": key}
        for statement_id, record in records.items()
        for family, key in sorted(relation_keys(record))
    ]
    if rows:
        connection.execute(insert(link_targets), rows)


def _delete(connection: Connection, table: Table, column: ColumnElement[int], values: Iterable[int]) -> None:
    for chunk in chunks(values):
        connection.execute(delete(table).where(column.in_(chunk)))
