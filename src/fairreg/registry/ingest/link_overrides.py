# SPDX-License-Identifier: MIT
"""Manual links and separations, and the explanation of a link. Runs inside its caller's transaction."""

from dataclasses import dataclass, replace
from itertools import product

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, tuple_

from fairreg.errors import UsageError
from fairreg.registry.db.entry_query import select_entries, sources_of_all
from fairreg.registry.db.key_conditions import in_key_pairs
from fairreg.registry.db.row_mapping import entry_from, statement_record, stored_record
from fairreg.registry.db.tables import entries, link_overrides, statements
from fairreg.registry.db.tables import lineages as lineage_rows
from fairreg.registry.entries import Entry
from fairreg.registry.ingest.lineage_update import load_overrides, related_statements, write_overrides
from fairreg.registry.ingest.upsert import relink
from fairreg.registry.resolution.grouping import StatementKey, statement_key_of
from fairreg.registry.resolution.lineage import lineages
from fairreg.registry.resolution.report import LineageReport, SourceLink
from fairreg.registry.search.lookup import entry_for
from fairreg.schemas.identifiers import Identifier, IdentifierLike
from fairreg.schemas.record import ModelRecord

__all__ = [
    "LinkOverride",
    "every_override",
    "explain",
    "restore_override",
    "set_override",
    "statement_records",
]


@dataclass(frozen=True)
class LinkOverride:
    """A manual link or separation of two statements, the lesser place first, with its time (ISO 8601)."""

    one: StatementKey
    other: StatementKey
    same: bool
    made_at: str


def every_override(connection: Connection) -> tuple[LinkOverride, ...]:
    """Return every manual link and separation, ordered by places."""
    return tuple(
        _override(row) for row in connection.execute(select(link_overrides).order_by(*_PAIR)).mappings()
    )


def restore_override(connection: Connection, override: LinkOverride) -> bool:
    """Import an override of another registry; False where the same or a newer one of the pair is stored."""
    ends = (*override.one, *override.other)
    here = tuple_(*_PAIR) == tuple_(*ends)
    row = connection.execute(select(link_overrides).where(here)).mappings().one_or_none()
    if row is not None and (row["made_at"] > override.made_at or _override(row) == override):
        return False
    connection.execute(delete(link_overrides).where(here))
    named = {column.name: end for column, end in zip(_PAIR, ends, strict=True)}
    connection.execute(insert(link_overrides).values(**named, same=override.same, made_at=override.made_at))
    both = in_key_pairs(statements.c.source, statements.c.source_id, (override.one, override.other))
    relink(connection, *connection.scalars(select(statements.c.id).where(both).order_by(statements.c.id)))
    return True


_PAIR = (
    link_overrides.c.source,
    link_overrides.c.source_id,
    link_overrides.c.other_source,
    link_overrides.c.other_source_id,
)


def _override(row: RowMapping) -> LinkOverride:
    one = StatementKey(row["source"], row["source_id"])
    other = StatementKey(row["other_source"], row["other_source_id"])
    return LinkOverride(one, other, bool(row["same"]), row["made_at"])


def set_override(connection: Connection, one: IdentifierLike, other: IdentifierLike, *, same: bool) -> None:
    """Mark two identifiers as one model or as two, and update the entries and lineages.

    Raises NotFound, IdentifierError, and UsageError where both resolve to the same statements.
    """
    ones, all_ones = _resolve(connection, one)
    others, all_others = _resolve(connection, other)
    if ones.keys() & others.keys():
        raise UsageError(
            f"{_shown(one)} and {_shown(other)} name the same record of {min(ones).source}.",
            hint="Name two records, of one source or of two, as SOURCE:ID; `fairreg show` lists them.",
        )
    overruled = {frozenset(pair) for pair in product(all_ones, all_others) if pair[0] != pair[1]}
    pairs = {frozenset(pair) for pair in product(ones, others)}
    chosen = {min(pairs, key=sorted)} if same else pairs
    write_overrides(connection, chosen, overruled, same=same)
    relink(connection, *ones.values(), *others.values())


def explain(connection: Connection, entry: Entry) -> LineageReport:
    """Return the entry's whole lineage, each source's contribution, and the evidence that links them."""
    members = statement_records(connection, entry.identifier)
    if len(members) == 1 and not _is_related(connection, entry.identifier):
        return LineageReport(entry, (replace(entry, matched=None),), (SourceLink.of(members[0]),), ())
    overrides = load_overrides(connection)
    reached = {
        statement_key_of(record): (home, record)
        for home, record in related_statements(connection, members, overrides)
    }
    said: dict[int, list[ModelRecord]] = {}
    for home, record in sorted(reached.values(), key=lambda item: statement_key_of(item[1])):
        said.setdefault(home, []).append(record)
    own = statement_key_of(members[0])
    for lineage in lineages([tuple(records) for records in said.values()], overrides):
        held = [record for group in lineage.groups for record in group]
        if own in map(statement_key_of, held):
            homes = dict.fromkeys(reached[statement_key_of(record)][0] for record in held)
            listed = tuple(map(SourceLink.of, sorted(held, key=statement_key_of)))
            alone = (replace(entry, matched=None),) if len(homes) == 1 else ()
            return LineageReport(entry, alone or _loaded(connection, homes), listed, lineage.links)
    return LineageReport(entry, (entry,), tuple(map(SourceLink.of, members)), ())


_NAMED = entries.c.identifier == bindparam("identifier")
_LINEAGE = select(lineage_rows.c.lineage).join(entries, entries.c.id == lineage_rows.c.entry_id).where(_NAMED)
_RECORDS = (
    select(statements.c.source, statements.c.source_id, statements.c.record)
    .join(entries, entries.c.id == statements.c.entry_id)
    .where(_NAMED)
    .order_by(statements.c.id)
)


def _is_related(connection: Connection, identifier: str) -> bool:
    """Tell whether the entry shares a lineage with others."""
    return connection.scalar(_LINEAGE, {"identifier": identifier}) is not None


def statement_records(connection: Connection, identifier: str) -> list[ModelRecord]:
    """Return the records of an entry's statements."""
    return [statement_record(row) for row in connection.execute(_RECORDS, {"identifier": identifier})]


def _loaded(connection: Connection, keys: dict[int, None]) -> tuple[Entry, ...]:
    rows = connection.execute(select_entries().where(entries.c.id.in_(keys)).order_by(entries.c.identifier))
    said = sources_of_all(connection, keys)
    return tuple(entry_from(row, said[row["id"]]) for row in rows.mappings())


Statements = dict[StatementKey, int]


def _resolve(connection: Connection, pid: IdentifierLike) -> tuple[Statements, Statements]:
    """Return the statements that `pid` resolves to, and all statements of their entry.

    ``SOURCE:ID`` resolves to that one; another identifier to all of the entry that carry it themselves.
    """
    named = None if isinstance(pid, Identifier) else _named(connection, str(pid))
    if named is not None:
        whole = _of_entry(connection, named["entry_id"])
        return {StatementKey(named["source"], named["source_id"]): named["id"]}, _places(whole)
    entry = entry_for(connection, pid)
    key = connection.scalar(select(entries.c.id).where(entries.c.identifier == entry.identifier))
    whole = _of_entry(connection, key or 0)
    matched = entry.matched.key if entry.matched else None
    read = [(row, stored_record(row["record"])) for row in whole]
    saying = [row for row, record in read if record and matched in {i.key for i in record.identifiers}]
    return _places(saying or whole), _places(whole)


def _named(connection: Connection, text: str) -> RowMapping | None:
    source, _, source_id = text.strip().partition(":")
    query = select(statements).where(statements.c.source == source, statements.c.source_id == source_id)
    return connection.execute(query).mappings().one_or_none()


def _of_entry(connection: Connection, entry_id: int) -> list[RowMapping]:
    query = select(statements).where(statements.c.entry_id == entry_id).order_by(statements.c.id)
    return list(connection.execute(query).mappings())


def _places(rows: list[RowMapping]) -> Statements:
    return {StatementKey(row["source"], row["source_id"]): row["id"] for row in rows}


def _shown(pid: IdentifierLike) -> str:
    return pid.compact if isinstance(pid, Identifier) else str(pid).strip()
