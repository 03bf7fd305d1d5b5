# SPDX-License-Identifier: MIT
"""Take over statements from other registries, and remember which of them came from which.

What this registry read at a source itself is first-hand: it has the payload, or came from no other registry.
Hearsay never replaces it. Of hearsay the newest reading of the source stays. When another registry drops a
statement, it is withdrawn here unless it is first-hand or a further registry states it, too.

Every function runs inside its caller's transaction.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from fairreg.addresses import parse
from fairreg.registry.db.key_conditions import barred, chunks, in_key_pairs
from fairreg.registry.db.row_mapping import same_content
from fairreg.registry.db.tables import heard, statements
from fairreg.registry.ingest.bulk_upsert import put_all
from fairreg.registry.ingest.restore import ExportedStatement, restore
from fairreg.registry.ingest.row_builder import build_batch
from fairreg.registry.ingest.upsert import relink, withdraw
from fairreg.registry.resolution.grouping import StatementKey, statement_key_of
from fairreg.schemas.record import ModelRecord
from fairreg.sources import is_registry, other_registry

__all__ = ["HeardItem", "counts_by_peer", "drop_departed", "hear", "moment_of"]

_PAGE = 500
_Paths = Mapping[StatementKey, Collection[str]]


@dataclass(frozen=True)
class HeardItem:
    """Item of another registry, by its name there: the statements of an entry, none for a deleted one.

    The submissions have `retrieved_at`, in the form of `schemas.timestamps`.
    """

    name: str
    statements: tuple[ExportedStatement, ...] = ()


def hear(connection: Connection, peer: str, items: Sequence[HeardItem]) -> Counter[str]:
    """Take over the items of `peer`; return the numbers of outcomes, `gone` among them.

    Statements that an item had before and has no more are marked as departed, for `drop_departed`: another
    item of a later page may have them.
    """
    said = {statement_key_of(one.submission.record): one for item in items for one in item.statements}
    homes = {statement_key_of(one.submission.record): item for item in items for one in item.statements}
    known, paths = _known(connection, said), _paths(connection, said)
    left_out = barred(connection, (one.submission.record for one in said.values()))
    forgotten = {key for number, key in enumerate(said) if number in left_out}
    able = [key for key in said if key not in forgotten and not _is_first_hand(known.get(key), paths[key])]
    taken = [key for key in able if _replaces(connection, peer, said[key], known.get(key), paths[key])]
    counts = Counter(unchanged=len(said) - len(forgotten) - len(taken), forgotten=len(forgotten))
    counts += _stored(connection, [said[key] for key in taken])
    _note(connection, peer, items, {key: homes[key].name for key in able})
    return counts


def drop_departed(connection: Connection, peer: str, reason: str) -> tuple[int, int]:
    """Withdraw statements that `peer` has no more; return the numbers of marks handled and withdrawals."""
    marked = (heard.c.peer == peer) & heard.c.departed
    query = select(heard.c.id, heard.c.source, heard.c.source_id).where(marked).limit(_PAGE)
    rows = {StatementKey(row.source, row.source_id): row.id for row in connection.execute(query)}
    for chunk in chunks(rows.values()):
        connection.execute(delete(heard).where(heard.c.id.in_(chunk)))
    known, paths = _known(connection, rows), _paths(connection, rows)
    lost = [key for key, row in known.items() if not paths[key] and row.payload_sha256 is None]
    lost = [key for key in lost if known[key].gone_at is None]
    relink(connection, *(withdraw(connection, *key, reason) for key in lost))
    return len(rows), len(lost)


def counts_by_peer(connection: Connection) -> dict[str, int]:
    """Return how many statements each other registry states, by its address."""
    query = select(heard.c.peer, func.count()).group_by(heard.c.peer).order_by(heard.c.peer)
    return {row[0]: row[1] for row in connection.execute(query)}


def _known(connection: Connection, keys: Iterable[StatementKey]) -> dict[StatementKey, Row[Any]]:
    columns = ("id", "source", "source_id", "retrieved_at", "gone_at", "payload_sha256")
    query = select(*(statements.c[name] for name in columns))
    found: dict[StatementKey, Row[Any]] = {}
    for chunk in chunks(keys):
        held = in_key_pairs(statements.c.source, statements.c.source_id, chunk)
        rows = connection.execute(query.where(held))
        found |= {StatementKey(row.source, row.source_id): row for row in rows}
    return found


def _paths(connection: Connection, keys: Iterable[StatementKey]) -> _Paths:
    """Return the other registries that state each of the statements."""
    found: dict[StatementKey, set[str]] = defaultdict(set)
    for chunk in chunks(keys):
        held = in_key_pairs(heard.c.source, heard.c.source_id, chunk)
        for row in connection.execute(select(heard).where(held)):
            found[StatementKey(row.source, row.source_id)].add(row.peer)
    return found


def _is_first_hand(row: Row[Any] | None, paths: Collection[str]) -> bool:
    return row is not None and (row.payload_sha256 is not None or not paths)


def _replaces(
    connection: Connection,
    peer: str,
    said: ExportedStatement,
    row: Row[Any] | None,
    paths: Collection[str],
) -> bool:
    """Tell whether a statement is newer than the stored hearsay.

    Nobody speaks for another registry that is heard itself. Readings of one second are told apart only for a
    registry that nobody else repeats.
    """
    if row is None:
        return True
    if is_registry(row.source) and not _speaks_as(peer, row.source):
        if any(_speaks_as(path, row.source) for path in paths):
            return False
    elif is_registry(row.source) and peer not in paths:
        return True
    gone_at = said.tombstone.at if said.tombstone else None
    new, old = (_moment(said.submission.retrieved_at, gone_at), _moment(row.retrieved_at, row.gone_at))
    if new != old or {*paths} != {peer}:
        return new > old
    before = ModelRecord.from_json(
        connection.scalar(select(statements.c.record).where(statements.c.id == row.id))
    )
    return row.gone_at != gone_at or not same_content(before, said.submission.record)


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
    connection: Connection, peer: str, items: Sequence[HeardItem], homes: Mapping[StatementKey, str]
) -> None:
    """Write which items of `peer` state what; what an item stated before and does not now has departed."""
    own = heard.c.peer == peer
    for names in chunks(item.name for item in items):
        connection.execute(update(heard).where(own, heard.c.item.in_(names)).values(departed=True))
    for chunk in chunks(homes):
        held = in_key_pairs(heard.c.source, heard.c.source_id, chunk)
        connection.execute(delete(heard).where(own, held))
    rows = [
        {"peer": peer, "source": key.source, "source_id": key.source_id, "item": name, "departed": False}
        for key, name in homes.items()
    ]
    if rows:
        connection.execute(insert(heard), rows)
