# SPDX-License-Identifier: MIT
"""Remove entries for good, and keep what was removed from coming back.

Every function runs inside its caller's transaction. The marks of a removed entry are the keys of its object
and the places of its statements; a statement with one of them is not stored again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, or_, select

from fairreg.errors import NotFound
from fairreg.registry.assessments import object_keys
from fairreg.registry.db.key_conditions import chunks, in_key_pairs, marked
from fairreg.registry.db.row_mapping import text_values
from fairreg.registry.db.tables import (
    assessments,
    entries,
    entry_texts,
    facets,
    forgotten,
    identifiers,
    lineages,
    link_overrides,
    link_targets,
    statements,
    words,
)
from fairreg.registry.ingest.lineage_update import LineageUpdate
from fairreg.registry.resolution.grouping import statement_key_of
from fairreg.registry.resolution.lineage import own_keys, target_keys
from fairreg.registry.search.lookup import entry_for, spellings
from fairreg.registry.text.stemming import stemmed
from fairreg.schemas.identifiers import Identifier, IdentifierLike
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.timestamps import now

__all__ = [
    "ForgottenRecord",
    "RemovedEntry",
    "forget",
    "forgotten_records",
    "readmit",
    "undo",
]


@dataclass(frozen=True)
class RemovedEntry:
    """An entry that is removed, with the numbers of its statements, assessments and manual links."""

    identifier: str
    name: str
    statements: int
    assessments: int
    links: int


@dataclass(frozen=True)
class ForgottenRecord:
    """A record that was removed for good: its identifier, all its marks, and when (ISO 8601)."""

    identifier: str
    marks: tuple[str, ...]
    forgotten_at: str


class _Doomed:
    """An entry to remove: its key, its statements and what belongs to them."""

    def __init__(self, connection: Connection, pid: IdentifierLike) -> None:
        self.entry = entry_for(connection, pid)
        self.key: int = connection.scalars(
            select(entries.c.id).where(entries.c.identifier == self.entry.identifier)
        ).one()
        rows = connection.execute(
            select(statements.c.id, statements.c.record).where(statements.c.entry_id == self.key)
        ).all()
        self.statement_ids = [row.id for row in rows]
        self.records = [ModelRecord.from_json(row.record) for row in rows]
        self.marks = sorted({key for record in self.records for key in object_keys(record)})
        self.assessed = in_key_pairs(assessments.c.family, assessments.c.key, self.marks)
        places = [statement_key_of(record) for record in self.records]
        self.linked = or_(
            in_key_pairs(link_overrides.c.source, link_overrides.c.source_id, places),
            in_key_pairs(link_overrides.c.other_source, link_overrides.c.other_source_id, places),
        )

    def counted(self, connection: Connection) -> RemovedEntry:
        """Return what is removed with it, in numbers."""
        count = select(func.count())
        return RemovedEntry(
            self.entry.identifier,
            self.entry.record.name,
            len(self.statement_ids),
            connection.scalar(count.select_from(assessments).where(self.assessed)) or 0,
            connection.scalar(count.select_from(link_overrides).where(self.linked)) or 0,
        )


def forget(
    connection: Connection, pids: Iterable[IdentifierLike], *, dry_run: bool = False
) -> tuple[RemovedEntry, ...]:
    """Remove the entries that `pids` mean, with all that belongs to them, and mark them.

    An entry that is marked already is skipped. Raises NotFound for one that is neither stored nor marked.
    """
    removed: dict[str, RemovedEntry] = {}
    for pid in pids:
        try:
            doomed = _Doomed(connection, pid)
        except NotFound:
            # Two identifiers of one entry, or a repeated command.
            if _groups(connection, pid):
                continue
            raise
        removed[doomed.entry.identifier] = doomed.counted(connection)
        if not dry_run:
            _remove(connection, doomed)
    return tuple(removed.values())


def _remove(connection: Connection, doomed: _Doomed) -> None:
    pending = LineageUpdate(connection)
    left = {key for record in doomed.records for key in own_keys(record) | target_keys(record)}
    pending.add((), [doomed.key], left)  # before the rows are gone that name the lineage
    connection.execute(delete(assessments).where(doomed.assessed))
    connection.execute(delete(link_overrides).where(doomed.linked))
    for chunk in chunks(doomed.statement_ids):
        for owned in (identifiers, link_targets):
            connection.execute(delete(owned).where(owned.c.statement_id.in_(chunk)))
        connection.execute(delete(statements).where(statements.c.id.in_(chunk)))
    for table in (facets, entry_texts, lineages):
        connection.execute(delete(table).where(table.c.entry_id == doomed.key))
    connection.execute(delete(entries).where(entries.c.id == doomed.key))
    _mark(connection, doomed)
    _remove_words(connection, (*doomed.records, doomed.entry.record))
    pending.resolve()


def _mark(connection: Connection, doomed: _Doomed) -> None:
    connection.execute(
        delete(forgotten).where(in_key_pairs(forgotten.c.family, forgotten.c.key, doomed.marks))
    )
    common = {"identifier": doomed.entry.identifier, "forgotten_at": now()}
    connection.execute(
        insert(forgotten), [{"family": family, "key": key, **common} for family, key in doomed.marks]
    )


_SPELLED = ("name", "alternate_names", "subjects", "creators")


def _remove_words(connection: Connection, records: Iterable[ModelRecord]) -> None:
    """Remove the words for spelling correction that no other entry has."""
    known = sorted({word for record in records for word in text_values(record)[1]})
    for word in known:
        held = or_(*(entry_texts.c[column].contains(stemmed(word)) for column in _SPELLED))
        if connection.scalar(select(entry_texts.c.entry_id).where(held).limit(1)) is None:
            connection.execute(delete(words).where(words.c.word == word))


def forgotten_records(connection: Connection) -> tuple[ForgottenRecord, ...]:
    """Return all records that were removed for good, by identifier."""
    query = select(forgotten).order_by(forgotten.c.identifier, forgotten.c.family, forgotten.c.key)
    marks: dict[tuple[str, str], list[str]] = {}
    for row in connection.execute(query):
        marks.setdefault((row.identifier, row.forgotten_at), []).append(f"{row.family}:{row.key}")
    return tuple(ForgottenRecord(name, tuple(listed), at) for (name, at), listed in marks.items())


def undo(connection: Connection, pid: IdentifierLike) -> tuple[str, ...]:
    """Remove the marks of the record that `pid` means; return its identifier. Raises NotFound."""
    groups = _groups(connection, pid)
    if not groups:
        shown = pid.compact if isinstance(pid, Identifier) else str(pid).strip()
        raise NotFound(f"{shown} is not forgotten.", hint="List what is with: fairreg db forgotten")
    _unmark(connection, groups)
    return groups


def readmit(connection: Connection, record: ModelRecord) -> None:
    """Remove the marks that bar `record`, which somebody adds explicitly."""
    held = marked(connection, object_keys(record))
    if held:
        named = select(forgotten.c.identifier).where(
            in_key_pairs(forgotten.c.family, forgotten.c.key, sorted(held))
        )
        _unmark(connection, tuple(connection.scalars(named.distinct())))


def _groups(connection: Connection, pid: IdentifierLike) -> tuple[str, ...]:
    """Return the identifiers of the forgotten records that `pid` means."""
    text = pid.compact if isinstance(pid, Identifier) else str(pid).strip()
    keys = [identifier.key for identifier in spellings(pid)]
    held = or_(forgotten.c.identifier == text, in_key_pairs(forgotten.c.family, forgotten.c.key, keys))
    return tuple(sorted(connection.scalars(select(forgotten.c.identifier).where(held).distinct())))


def _unmark(connection: Connection, groups: Sequence[str]) -> None:
    for name in groups:
        connection.execute(delete(forgotten).where(forgotten.c.identifier == name))
