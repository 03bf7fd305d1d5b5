# SPDX-License-Identifier: MIT
"""People's verdicts about links, and the explanation of a link. Runs inside its caller's transaction."""

from dataclasses import dataclass
from itertools import product

from sqlalchemy import Connection, RowMapping, delete, insert, select, tuple_

from fairreg.errors import UsageError
from fairreg.registry.db.entry_query import whole
from fairreg.registry.db.key_conditions import with_keys
from fairreg.registry.db.row_mapping import entry_from
from fairreg.registry.db.tables import entries, links, statements
from fairreg.registry.entries import Entry
from fairreg.registry.ingest.lineage_update import decide, kin, verdicts
from fairreg.registry.ingest.upsert import relink
from fairreg.registry.resolution.grouping import Place, place_of
from fairreg.registry.resolution.lineage import lineages
from fairreg.registry.resolution.report import LineageReport, SourceLink
from fairreg.registry.search.lookup import entry_for, sources_of
from fairreg.schemas.identifiers import Identifier, IdentifierLike
from fairreg.schemas.record import ModelRecord

__all__ = ["Verdict", "decided", "explain", "judge", "keep_verdict", "statement_records"]


@dataclass(frozen=True)
class Verdict:
    """What a person decided about two statements, the lesser place first, and when (ISO 8601)."""

    one: Place
    other: Place
    same: bool
    made_at: str


def decided(connection: Connection) -> tuple[Verdict, ...]:
    """Every verdict, in the order of the places."""
    return tuple(_verdict(row) for row in connection.execute(select(links).order_by(*_PAIR)).mappings())


def keep_verdict(connection: Connection, verdict: Verdict) -> bool:
    """Take over a verdict of another registry; False where a newer one about the same two, or it, is here."""
    ends = (*verdict.one, *verdict.other)
    here = tuple_(*_PAIR) == tuple_(*ends)
    row = connection.execute(select(links).where(here)).mappings().one_or_none()
    if row is not None and (row["made_at"] > verdict.made_at or _verdict(row) == verdict):
        return False
    connection.execute(delete(links).where(here))
    named = {column.name: end for column, end in zip(_PAIR, ends, strict=True)}
    connection.execute(insert(links).values(**named, same=verdict.same, made_at=verdict.made_at))
    both = with_keys(statements.c.source, statements.c.source_id, (verdict.one, verdict.other))
    relink(connection, *connection.scalars(select(statements.c.id).where(both).order_by(statements.c.id)))
    return True


_PAIR = (links.c.source, links.c.source_id, links.c.other_source, links.c.other_source_id)


def _verdict(row: RowMapping) -> Verdict:
    one = Place(row["source"], row["source_id"])
    other = Place(row["other_source"], row["other_source_id"])
    return Verdict(one, other, bool(row["same"]), row["made_at"])


def judge(connection: Connection, one: IdentifierLike, other: IdentifierLike, *, same: bool) -> None:
    """Keep the verdict that two identifiers mean one model, or two, and bring the entries into step.

    Raises NotFound, IdentifierError, and UsageError where both mean the same statements.
    """
    ones, all_ones = _meant(connection, one)
    others, all_others = _meant(connection, other)
    if ones.keys() & others.keys():
        raise UsageError(
            f"{_shown(one)} and {_shown(other)} mean the same statement of {min(ones).source}.",
            hint="Name statements as SOURCE:ID; `fairreg show` lists them.",
        )
    overruled = {frozenset(pair) for pair in product(all_ones, all_others) if pair[0] != pair[1]}
    pairs = {frozenset(pair) for pair in product(ones, others)}
    chosen = {min(pairs, key=sorted)} if same else pairs
    decide(connection, chosen, overruled, same=same)
    relink(connection, *ones.values(), *others.values())


def explain(connection: Connection, entry: Entry) -> LineageReport:
    """All that belongs to the entry's model, what each source says, and by what it is joined."""
    members = statement_records(connection, entry.identifier)
    reached = {place_of(record): (home, record) for home, record in kin(connection, members)}
    said: dict[int, list[ModelRecord]] = {}
    for home, record in sorted(reached.values(), key=lambda item: place_of(item[1])):
        said.setdefault(home, []).append(record)
    own = place_of(members[0])
    for lineage in lineages([tuple(records) for records in said.values()], verdicts(connection)):
        held = [record for group in lineage.groups for record in group]
        if own in map(place_of, held):
            homes = dict.fromkeys(reached[place_of(record)][0] for record in held)
            listed = tuple(map(SourceLink.of, sorted(held, key=place_of)))
            return LineageReport(entry, _loaded(connection, homes), listed, lineage.bonds)
    return LineageReport(entry, (entry,), tuple(map(SourceLink.of, members)), ())


def statement_records(connection: Connection, identifier: str) -> list[ModelRecord]:
    """What the sources say of an entry."""
    query = select(statements.c.record).join(entries, entries.c.id == statements.c.entry_id)
    rows = connection.scalars(query.where(entries.c.identifier == identifier).order_by(statements.c.id))
    return [ModelRecord.from_json(row) for row in rows]


def _loaded(connection: Connection, keys: dict[int, None]) -> tuple[Entry, ...]:
    rows = connection.execute(whole().where(entries.c.id.in_(keys)).order_by(entries.c.identifier))
    return tuple(entry_from(row, sources_of(connection, row["id"])) for row in rows.mappings())


Statements = dict[Place, int]


def _meant(connection: Connection, pid: IdentifierLike) -> tuple[Statements, Statements]:
    """The statements that `pid` means, and all of the entry that they belong to.

    ``SOURCE:ID`` means that one; another identifier all of the entry that say so themselves.
    """
    named = None if isinstance(pid, Identifier) else _named(connection, str(pid))
    if named is not None:
        whole = _of_entry(connection, named["entry_id"])
        return {Place(named["source"], named["source_id"]): named["id"]}, _places(whole)
    entry = entry_for(connection, pid)
    key = connection.scalar(select(entries.c.id).where(entries.c.identifier == entry.identifier))
    whole = _of_entry(connection, key or 0)
    matched = entry.matched.key if entry.matched else None
    saying = [
        row for row in whole if matched in {i.key for i in ModelRecord.from_json(row["record"]).identifiers}
    ]
    return _places(saying or whole), _places(whole)


def _named(connection: Connection, text: str) -> RowMapping | None:
    source, _, source_id = text.strip().partition(":")
    query = select(statements).where(statements.c.source == source, statements.c.source_id == source_id)
    return connection.execute(query).mappings().one_or_none()


def _of_entry(connection: Connection, entry_id: int) -> list[RowMapping]:
    query = select(statements).where(statements.c.entry_id == entry_id).order_by(statements.c.id)
    return list(connection.execute(query).mappings())


def _places(rows: list[RowMapping]) -> Statements:
    return {Place(row["source"], row["source_id"]): row["id"] for row in rows}


def _shown(pid: IdentifierLike) -> str:
    return pid.compact if isinstance(pid, Identifier) else str(pid).strip()
