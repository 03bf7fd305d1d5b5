# SPDX-License-Identifier: MIT
"""Restore the statements of another registry, with the times of their tombstones.

Runs inside its caller's transaction.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, select, tuple_, update

from fairreg.errors import DamagedRecord
from fairreg.registry.db.change_times import touch_statement
from fairreg.registry.db.key_conditions import barred
from fairreg.registry.db.row_mapping import statement_from
from fairreg.registry.db.tables import statements
from fairreg.registry.entries import Outcome, Statement, Submission
from fairreg.registry.ingest.lineage_update import LineageUpdate
from fairreg.registry.ingest.upsert import put, regroup, withdraw
from fairreg.registry.resolution.grouping import StatementKey
from fairreg.schemas.record import public_text

__all__ = ["ExportedStatement", "Tombstone", "restore", "statements_after"]

_PAGE = 500
_PLACE = (statements.c.source, statements.c.source_id)


@dataclass(frozen=True)
class Tombstone:
    """Reason and time of a source's withdrawal; `at` is None where only the reason is known."""

    reason: str
    at: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", public_text(self.reason))


@dataclass(frozen=True)
class ExportedStatement:
    """Statement of another registry, with its tombstone if the source withdrew it."""

    submission: Submission
    tombstone: Tombstone | None = None


def statements_after(
    connection: Connection, statement_key: StatementKey | None
) -> list[tuple[StatementKey, Statement | DamagedRecord]]:
    """Return the next page of statements in the order of their places; empty after the last.

    A damaged one is given as the error that says which it is.
    """
    query = select(statements).order_by(*_PLACE).limit(_PAGE)
    if statement_key is not None:
        query = query.where(tuple_(*_PLACE) > tuple_(*statement_key))
    rows = connection.execute(query).mappings()
    return [(StatementKey(row["source"], row["source_id"]), _read(row)) for row in rows]


def _read(row: RowMapping) -> Statement | DamagedRecord:
    try:
        return statement_from(row)
    except DamagedRecord as error:
        return error


def restore(connection: Connection, items: Iterable[ExportedStatement]) -> tuple[Outcome, ...]:
    """Store exported statements, tombstones with their times; a withdrawn record is never visible as live.

    Records that were removed for good are left out.
    """
    pending, listed = LineageUpdate(connection), list(items)
    out = barred(connection, (item.submission.record for item in listed))
    outcomes: tuple[Outcome, ...] = tuple(
        "forgotten" if number in out else _restored(connection, item, pending)
        for number, item in enumerate(listed)
    )
    pending.resolve()
    return outcomes


def _restored(connection: Connection, item: ExportedStatement, pending: LineageUpdate) -> Outcome:
    origin, tombstone = item.submission.record.provenance, item.tombstone
    known = _at(connection, StatementKey(origin.source, origin.source_id))
    if known is not None and tombstone is not None and _is_known(known, item.submission, tombstone):
        return "unchanged"
    outcome, _ = put(connection, item.submission, pending)
    if tombstone is not None:
        at = tombstone.at or (known.gone_at if known else None)
        _write_tombstone(
            connection, StatementKey(origin.source, origin.source_id), tombstone.reason, at, pending
        )
    return outcome


def _is_known(known: Statement, said: Submission, tombstone: Tombstone) -> bool:
    """Tell whether this very tombstone over this very statement is stored already."""
    same = known.gone and known.record == said.record and (known.gone_reason or "") == tombstone.reason
    return same and tombstone.at in {None, known.gone_at} and said.payload in {None, known.payload}


def _write_tombstone(
    connection: Connection, statement_key: StatementKey, reason: str, at: str | None, pending: LineageUpdate
) -> None:
    key = withdraw(connection, statement_key.source, statement_key.source_id, reason)
    if at is not None:
        touch_statement(connection, key)
        connection.execute(update(statements).where(statements.c.id == key).values(gone_at=at))
    regroup(connection, key, pending)


def _at(connection: Connection, statement_key: StatementKey) -> Statement | None:
    row = connection.execute(select(statements).where(tuple_(*_PLACE) == tuple_(*statement_key))).mappings()
    found = row.one_or_none()
    read = None if found is None else _read(found)
    return read if isinstance(read, Statement) else None  # a damaged one is replaced
