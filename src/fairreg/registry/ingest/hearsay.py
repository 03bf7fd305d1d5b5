# SPDX-License-Identifier: MIT
"""Take over statements from other registries, and remember which of them came from which.

What this registry read at a source itself is first-hand: it has the payload, or came from no other registry.
Hearsay never replaces it. Of hearsay the newest reading of the source stays. When another registry drops a
statement, it is withdrawn here unless it is first-hand or a further registry states it, too. It stays
hearsay, and is back when that registry states it again.

Every function runs inside its caller's transaction.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from fairreg.addresses import parse
from fairreg.registry.db.key_conditions import barred, chunks, in_key_pairs
from fairreg.registry.db.row_mapping import same_content, stored_record
from fairreg.registry.db.tables import heard, statements
from fairreg.registry.ingest.bulk_upsert import put_all
from fairreg.registry.ingest.restore import ExportedStatement, restore
from fairreg.registry.ingest.row_builder import build_batch
from fairreg.registry.ingest.upsert import relink, withdraw
from fairreg.registry.resolution.grouping import StatementKey, statement_key_of
from fairreg.sources import is_registry, other_registry

__all__ = [
    "HeardItem",
    "Hearing",
    "counts_by_peer",
    "drop_departed",
    "hear",
    "mark_unheard",
    "moment_of",
]

_PAGE = 500
# Reason of the withdrawal of what was dropped.
_DROPPED = "It is no longer in the registry that it came from."
_Paths = Mapping[StatementKey, "_Path"]


@dataclass(frozen=True)
class Hearing:
    """Harvest of the registry at `peer` by a query, of everything with an empty one.

    Queries find the same, and are kept apart: what left the set of one may be in another. `begun_at` is the
    begin of the harvest, to the microsecond.
    """

    peer: str
    query: str
    begun_at: str

    @property
    def rows(self) -> ColumnElement[bool]:
        """Condition on the rows of `heard` that it can tell have departed."""
        own = heard.c.peer == self.peer
        return own & (heard.c.query == self.query) if self.query else own


@dataclass(frozen=True)
class HeardItem:
    """Item of another registry, by its name there: the statements of an entry, none for a deleted one.

    The submissions have `retrieved_at`, in the form of `schemas.timestamps`. Those of an item that is there
    but cannot be read are None: what it stated before stays.
    """

    name: str
    statements: tuple[ExportedStatement, ...] | None = ()


def hear(connection: Connection, hearing: Hearing, listed: Sequence[HeardItem]) -> Counter[str]:
    """Take over items; return the numbers of outcomes, `gone` among them.

    Statements that an item had before and has no more are marked as departed, for `drop_departed`: another
    item of a later page may have them.
    """
    peer, items = hearing.peer, [item for item in listed if item.statements is not None]
    said = {statement_key_of(one.submission.record): one for item in items for one in item.statements or ()}
    homes = {statement_key_of(one.submission.record): item for item in items for one in item.statements or ()}
    known, paths = _known(connection, said), _paths(connection, said)
    left_out = barred(connection, (one.submission.record for one in said.values()))
    forgotten = {key for number, key in enumerate(said) if number in left_out}
    able = [key for key in said if key not in forgotten and not _is_first_hand(known.get(key), paths[key])]
    taken = [key for key in able if _replaces(connection, peer, said[key], known.get(key), paths[key])]
    counts = Counter(unchanged=len(said) - len(forgotten) - len(taken), forgotten=len(forgotten))
    counts += _stored(connection, [said[key] for key in taken])
    _note(connection, hearing, items, {key: homes[key].name for key in able})
    unread = [item.name for item in listed if item.statements is None and item.name]
    _touch(connection, hearing, unread)
    return counts


def mark_unheard(connection: Connection, hearing: Hearing) -> None:
    """Mark as departed what a harvest of everything, from the beginning, has not found."""
    unheard = hearing.rows & (heard.c.item != "") & (heard.c.heard_at < hearing.begun_at)
    connection.execute(update(heard).where(unheard).values(departed=True))


def drop_departed(connection: Connection, peer: str) -> tuple[int, int]:
    """Withdraw statements that `peer` has no more; return the numbers of marks handled and withdrawals.

    Of those that nobody states any more it stays known that they are hearsay.
    """
    marked = (heard.c.peer == peer) & heard.c.departed
    query = select(heard.c.id, heard.c.source, heard.c.source_id).where(marked).limit(_PAGE)
    rows = {row.id: StatementKey(row.source, row.source_id) for row in connection.execute(query)}
    for chunk in chunks(rows):
        connection.execute(update(heard).where(heard.c.id.in_(chunk)).values(item="", departed=False))
    known, paths = _known(connection, rows.values()), _paths(connection, rows.values())
    lone = {
        key for key, row in known.items() if not paths[key].stating and not _is_first_hand(row, paths[key])
    }
    owned = {key for key in rows.values() if key not in known or _is_first_hand(known[key], paths[key])}
    for chunk in chunks(one for one, key in rows.items() if key in owned):
        connection.execute(delete(heard).where(heard.c.id.in_(chunk)))
    lost = sorted(key for key in lone if known[key].gone_at is None)
    relink(connection, *(withdraw(connection, *key, _DROPPED) for key in lost))
    return len(rows), len(lost)


def counts_by_peer(connection: Connection) -> dict[str, int]:
    """Return how many statements each other registry states, by its address."""
    each = select(heard.c.peer, heard.c.source, heard.c.source_id).where(heard.c.item != "").distinct()
    said = each.subquery()
    query = select(said.c.peer, func.count()).group_by(said.c.peer).order_by(said.c.peer)
    return {row[0]: row[1] for row in connection.execute(query)}


@dataclass(frozen=True)
class _Path:
    """Other registries that state a statement, and those that did so before."""

    stating: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)


def _known(connection: Connection, keys: Iterable[StatementKey]) -> dict[StatementKey, Row[Any]]:
    columns = ("id", "source", "source_id", "retrieved_at", "gone_at", "gone_reason", "payload_sha256")
    query = select(*(statements.c[name] for name in columns))
    found: dict[StatementKey, Row[Any]] = {}
    for chunk in chunks(keys):
        held = in_key_pairs(statements.c.source, statements.c.source_id, chunk)
        rows = connection.execute(query.where(held))
        found |= {StatementKey(row.source, row.source_id): row for row in rows}
    return found


def _paths(connection: Connection, keys: Iterable[StatementKey]) -> _Paths:
    found: dict[StatementKey, _Path] = defaultdict(_Path)
    for chunk in chunks(set(keys)):
        held = in_key_pairs(heard.c.source, heard.c.source_id, chunk)
        for row in connection.execute(select(heard).where(held)):
            path = found[StatementKey(row.source, row.source_id)]
            (path.stating if row.item else path.dropped).add(row.peer)
    return found


def _is_first_hand(row: Row[Any] | None, path: _Path) -> bool:
    return row is not None and (row.payload_sha256 is not None or not (path.stating or path.dropped))


def _replaces(
    connection: Connection,
    peer: str,
    said: ExportedStatement,
    row: Row[Any] | None,
    path: _Path,
) -> bool:
    """Tell whether a statement is newer than the stored hearsay.

    Nobody speaks for another registry that is heard itself. Readings of one second are told apart only for a
    registry that nobody else repeats, and what was dropped is back with the same one.
    """
    if row is None:
        return True
    paths = path.stating or path.dropped
    if is_registry(row.source) and not _speaks_as(peer, row.source):
        if any(_speaks_as(path, row.source) for path in paths):
            return False
    elif is_registry(row.source) and peer not in paths:
        return True
    gone_at = said.tombstone.at if said.tombstone else None
    if gone_at is None and row.gone_reason == _DROPPED and _may_return(peer, path):
        return _moment(said.submission.retrieved_at) >= _moment(row.retrieved_at)
    new, old = (_moment(said.submission.retrieved_at, gone_at), _moment(row.retrieved_at, row.gone_at))
    if new != old or {*paths} != {peer}:
        return new > old
    before = stored_record(connection.scalar(select(statements.c.record).where(statements.c.id == row.id)))
    reason = said.tombstone.reason if said.tombstone else ""
    same = (row.gone_at, row.gone_reason or "") == (gone_at, reason)
    return not same or before is None or not same_content(before, said.submission.record)


def _may_return(peer: str, path: _Path) -> bool:
    """Tell whether a registry may take back that a statement was dropped, here or there."""
    return peer in path.dropped or path.stating == {peer}


def _speaks_as(peer: str, source: str) -> bool:
    return source == other_registry(parse(peer).netloc)


def _moment(*times: str | None) -> datetime:
    """Return the latest of ISO 8601 times; one that is none counts as the earliest there is."""
    return max(map(moment_of, times))


def moment_of(text: str | None) -> datetime:
    """Return the moment of an ISO 8601 time, in UTC where it names no zone; the earliest for other texts."""
    try:
        found = datetime.fromisoformat(text or "")
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)


def _stored(connection: Connection, items: Sequence[ExportedStatement]) -> Counter[str]:
    """Store statements; one that its source withdrew counts as gone."""
    live = [item.submission for item in items if item.tombstone is None]
    gone = [item for item in items if item.tombstone is not None]
    counts = Counter(result.outcome for result in put_all(connection, build_batch(live)))
    withdrawn = restore(connection, gone) if gone else ()
    return counts + Counter(one if one == "unchanged" else "gone" for one in withdrawn)


def _note(
    connection: Connection, hearing: Hearing, items: Sequence[HeardItem], homes: Mapping[StatementKey, str]
) -> None:
    """Write which items state what; what an item stated before and does not now has departed."""
    for names in chunks(item.name for item in items):
        named = heard.c.item.in_(names)
        connection.execute(update(heard).where(hearing.rows, named).values(departed=True))
    own = heard.c.peer == hearing.peer
    for chunk in chunks(homes):
        held = in_key_pairs(heard.c.source, heard.c.source_id, chunk)
        # What another query found once, and has no more, is stated again.
        old = (heard.c.query == hearing.query) | (heard.c.item == "")
        connection.execute(delete(heard).where(own, old, held))
        if not hearing.query:
            _note_others(connection, hearing, own & held, homes)
    common = {"peer": hearing.peer, "query": hearing.query, "departed": False, "heard_at": hearing.begun_at}
    rows = [
        {"source": key.source, "source_id": key.source_id, "item": name, **common}
        for key, name in homes.items()
    ]
    if rows:
        connection.execute(insert(heard), rows)


def _note_others(
    connection: Connection, hearing: Hearing, chosen: ColumnElement[bool], homes: Mapping[StatementKey, str]
) -> None:
    """Write which items state now what narrower queries found."""
    for row in connection.execute(select(heard).where(chosen)).all():
        item = homes[StatementKey(row.source, row.source_id)]
        values = {"item": item, "departed": False, "heard_at": hearing.begun_at}
        connection.execute(update(heard).where(heard.c.id == row.id).values(values))


def _touch(connection: Connection, hearing: Hearing, names: Iterable[str]) -> None:
    """Write that items were found which could not be read."""
    for chunk in chunks(names):
        held = hearing.rows & heard.c.item.in_(chunk)
        connection.execute(update(heard).where(held).values(heard_at=hearing.begun_at))
