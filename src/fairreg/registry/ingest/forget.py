# SPDX-License-Identifier: MIT
"""Remove entries for good, and keep what was removed from coming back.

Every function runs inside its caller's transaction. The marks of a removed entry are the keys of its object
and the places of its statements; a statement with one of them is not stored again.
"""

from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select

from fairreg.errors import NotFound, UsageError
from fairreg.registry.assessments import assessed_entries, object_keys, show_scores
from fairreg.registry.db.change_times import note_departures
from fairreg.registry.db.entry_query import RECORD, select_entries
from fairreg.registry.db.key_conditions import chunks, in_key_pairs, in_values, marked
from fairreg.registry.db.row_mapping import stored_record, text_values
from fairreg.registry.db.tables import (
    assessments,
    entries,
    entry_texts,
    facets,
    forgotten,
    heard,
    identifiers,
    lineages,
    link_overrides,
    link_targets,
    statements,
    words,
)
from fairreg.registry.ingest.lineage_update import LineageUpdate
from fairreg.registry.resolution.grouping import Key, StatementKey
from fairreg.registry.resolution.lineage import own_keys, target_keys
from fairreg.registry.resolution.marks import all_marks, is_folded, main_marks, mark_key, mark_keys, twins
from fairreg.registry.search.lookup import entries_for, not_found, spellings, storable_text
from fairreg.registry.text.stemming import stemmed
from fairreg.schemas.identifiers import Identifier, IdentifierLike
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.timestamps import now
from fairreg.sources import SWHID

__all__ = [
    "ForgottenRecord",
    "RemovedEntry",
    "forget",
    "forgotten_record",
    "forgotten_records",
    "readmit",
    "undo",
]

_MAX_LISTED = 20


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
    """An entry to remove: its key, its statements and what belongs to them.

    Of damaged statements, which can be removed, too, only the place and the entry's name are known.
    """

    def __init__(self, connection: Connection, key: int) -> None:
        self.key = key
        entry = connection.execute(select_entries().where(entries.c.id == key)).mappings().one()
        self.identifier: str = entry["identifier"]
        self.name: str = entry["name"]
        columns = (statements.c[name] for name in ("id", "source", "source_id", "record"))
        rows = connection.execute(select(*columns).where(statements.c.entry_id == key)).all()
        self.statement_ids = [row.id for row in rows]
        read = {StatementKey(row.source, row.source_id): stored_record(row.record) for row in rows}
        self.records = [record for record in read.values() if record is not None]
        self.merged = stored_record(entry["record"])
        damaged = [Identifier(*place) for place, record in read.items() if record is None]
        named = [Identifier(*_parts(self.identifier))] if damaged else []
        self.only_known = [*damaged, *named]
        self.main = {key for record in self.records for key in main_marks(record)}
        self.main |= {mark_key(item) for item in self.only_known}
        self.marks = sorted(self.main.union(*map(all_marks, self.records)))
        self.assessed = self._assessed()
        places = list(read)
        self.heard = in_key_pairs(heard.c.source, heard.c.source_id, places)
        self.linked = or_(
            in_key_pairs(link_overrides.c.source, link_overrides.c.source_id, places),
            in_key_pairs(link_overrides.c.other_source, link_overrides.c.other_source_id, places),
        )

    def _assessed(self) -> ColumnElement[bool]:
        """Return the condition of its assessments: not those of an entry whose address differs in case."""
        known = {item.key for item in self.only_known}
        keys = sorted(known.union(*map(object_keys, self.records)))
        others = select(entries.c.identifier).where(entries.c.id != self.key)
        held = in_key_pairs(assessments.c.family, assessments.c.key, keys)
        spelled = sorted({family for family, _ in keys if not is_folded(family)})
        return and_(held, or_(assessments.c.family.not_in(spelled), assessments.c.identifier.not_in(others)))

    def scored(self, connection: Connection) -> list[tuple[str, Key]]:
        """Return identifier and subject of each of its assessments."""
        query = select(assessments.c.identifier, assessments.c.family, assessments.c.key).where(self.assessed)
        return [(row.identifier, (row.family, row.key)) for row in connection.execute(query.distinct())]

    def counted(self, connection: Connection) -> RemovedEntry:
        """Return what is removed with it, in numbers."""
        count = select(func.count())
        return RemovedEntry(
            self.identifier,
            self.name,
            len(self.statement_ids),
            connection.scalar(count.select_from(assessments).where(self.assessed)) or 0,
            connection.scalar(count.select_from(link_overrides).where(self.linked)) or 0,
        )


def forget(
    connection: Connection, pids: Iterable[IdentifierLike], *, dry_run: bool = False
) -> tuple[RemovedEntry, ...]:
    """Remove the entries whose own identifiers `pids` are, with all that belongs to them, and mark them.

    All identifiers are looked up before the first entry is removed; one that is marked already is skipped.
    Raises NotFound for one that is neither stored nor marked, UsageError for one that names no single entry:
    a concept DOI, a paper, a repository of several models. The page of a record and the DOI that its service
    mints for it are one, even where two entries are called so.
    """
    meant = dict.fromkeys(_meant(connection, pid) for pid in pids)
    keys = dict.fromkeys(key for found in meant if found is not None for key in _same(connection, found))
    doomed = [_Doomed(connection, key) for key in keys]
    removed = tuple(item.counted(connection) for item in doomed)
    if doomed and not dry_run:
        _remove(connection, doomed)
    return removed


def _meant(connection: Connection, pid: IdentifierLike) -> int | None:
    """Return the key of the entry whose own identifier `pid` is; None where it is a mark.

    Marks come first: the identifier of an entry that is gone must not mean another one that also carries it.
    """
    text = _shown(pid)
    if _groups_named(connection, text):
        return None
    named: int | None = connection.scalar(select(entries.c.id).where(entries.c.identifier == text))
    if named is not None:
        return named
    for identifier in spellings(pid):
        if _groups_under(connection, [mark_key(identifier)]):
            return None
        owners = _owners(connection, identifier)
        if len(owners) > 1:
            raise _several(text, sorted(owners.values()))
        if owners:
            return next(iter(owners))
        if _groups_under(connection, _folded_marks(connection, identifier)):
            return None
    carriers = entries_for(connection, pid)
    raise _several(text, [entry.identifier for entry in carriers]) if carriers else not_found(pid)


def _parts(identifier: str) -> tuple[str, str]:
    scheme, _, value = identifier.partition(":")
    return scheme, value


def _same(connection: Connection, key: int) -> list[int]:
    """Return the key of an entry, with that of the stored page of its DOI, or of the DOI of its page."""
    name: str = connection.scalars(select(entries.c.identifier).where(entries.c.id == key)).one()
    spelled = [f"{family}:{number}" for family, number in sorted(twins([_parts(name)]))]
    return [key, *connection.scalars(select(entries.c.id).where(entries.c.identifier.in_(spelled)))]


def _owners(connection: Connection, identifier: Identifier) -> dict[int, str]:
    """Return the entries whose own identifier it is, by key: those of this very name or else spelling."""
    family, key = identifier.key
    named = identifiers.c.key == key
    if family == SWHID.name:
        named = or_(named, identifiers.c.key.startswith(f"{key};", autoescape=True))
    query = (
        select(entries.c.id, entries.c.identifier, statements.c.record)
        .join(statements, statements.c.entry_id == entries.c.id)
        .join(identifiers, identifiers.c.statement_id == statements.c.id)
        .where(identifiers.c.family == family, named)
    )
    ranked: dict[int, dict[int, str]] = {}
    for row in connection.execute(query):
        record = stored_record(row.record)
        marks = mark_keys(record) if record else {mark_key(Identifier(*_parts(row.identifier)))}
        if (family, key) not in {(name, value.casefold()) for name, value in marks}:
            continue
        rank = 0 if row.identifier == identifier.compact else 1 if mark_key(identifier) in marks else 2
        ranked.setdefault(rank, {})[row.id] = row.identifier
    return ranked[min(ranked)] if ranked else {}


def _several(text: str, carriers: Sequence[str]) -> UsageError:
    listed = ", ".join(carriers[:_MAX_LISTED])
    more = f" and {len(carriers) - _MAX_LISTED} more" if len(carriers) > _MAX_LISTED else ""
    return UsageError(
        f"{text} is not the own identifier of a single record. Carried by: {listed}{more}.",
        hint="Give the identifier of each record to remove.",
    )


def _remove(connection: Connection, listed: Sequence[_Doomed]) -> None:
    pending = LineageUpdate(connection)
    records = [record for item in listed for record in item.records]
    left = {key for record in records for key in own_keys(record) | target_keys(record)}
    pending.add((), [item.key for item in listed], left)  # before the rows are gone that name the lineage
    made = [scored for item in listed for scored in item.scored(connection)]
    for item in listed:
        _delete(connection, item)
    show_scores(connection, assessed_entries(connection, made))
    for item in listed:
        _mark(connection, item)
    _remove_words(connection, (*records, *(item.merged for item in listed if item.merged)))
    pending.resolve()


def _delete(connection: Connection, doomed: _Doomed) -> None:
    note_departures(connection, [doomed.key], "forgotten")
    connection.execute(delete(assessments).where(doomed.assessed))
    connection.execute(delete(link_overrides).where(doomed.linked))
    connection.execute(delete(heard).where(doomed.heard))
    for chunk in chunks(doomed.statement_ids):
        for owned in (identifiers, link_targets):
            connection.execute(delete(owned).where(owned.c.statement_id.in_(chunk)))
        connection.execute(delete(statements).where(statements.c.id.in_(chunk)))
    for table in (facets, entry_texts, lineages):
        connection.execute(delete(table).where(table.c.entry_id == doomed.key))
    connection.execute(delete(entries).where(entries.c.id == doomed.key))


def _mark(connection: Connection, doomed: _Doomed) -> None:
    """Mark the entry under its keys, but those by which an entry that stays is known, too."""
    own = doomed.main
    marks = [key for key in doomed.marks if key in own or not _owners(connection, Identifier(*key))]
    connection.execute(delete(forgotten).where(in_key_pairs(forgotten.c.family, forgotten.c.key, marks)))
    common = {"identifier": doomed.identifier, "forgotten_at": now()}
    connection.execute(insert(forgotten), [{"family": family, "key": key, **common} for family, key in marks])


_SPELLED = ("name", "alternate_names", "subjects", "creators")


def _remove_words(connection: Connection, records: Iterable[ModelRecord]) -> None:
    """Remove the words for spelling correction that no other entry has."""
    lone = {word for record in records for word in text_values(record)[1]}
    # One pass: a query per word would read all texts once for each of thousands of authors.
    for chunk in chunks(_with_stems(connection, set(map(stemmed, lone)))):
        wanted = set(map(stemmed, lone))
        near = [key for key, held in chunk if not held.isdisjoint(wanted)]
        for said in connection.scalars(select(RECORD).where(in_values(connection, entries.c.id, near))):
            if (record := stored_record(said)) is not None:
                lone -= text_values(record)[1]
    for gone in chunks(sorted(lone)):
        connection.execute(delete(words).where(words.c.word.in_(gone)))


def _with_stems(connection: Connection, stems: Set[str]) -> list[tuple[int, Set[str]]]:
    """Return the keys of the entries with any of the stems, each with those that it has."""
    rows = connection.execute(select(entry_texts.c.entry_id, *(entry_texts.c[name] for name in _SPELLED)))
    found = ((row[0], stems & set(" ".join(row[1:]).split())) for row in rows)
    return [(key, held) for key, held in found if held]


def forgotten_records(connection: Connection) -> tuple[ForgottenRecord, ...]:
    """Return all records that were removed for good, by identifier."""
    query = select(forgotten).order_by(forgotten.c.identifier, forgotten.c.family, forgotten.c.key)
    marks: dict[tuple[str, str], list[str]] = {}
    for row in connection.execute(query):
        marks.setdefault((row.identifier, row.forgotten_at), []).append(f"{row.family}:{row.key}")
    return tuple(ForgottenRecord(name, tuple(listed), at) for (name, at), listed in marks.items())


def forgotten_record(connection: Connection, pid: IdentifierLike) -> ForgottenRecord | None:
    """Return the record that `pid` means and that was removed for good; None where there is none."""
    groups = _groups(connection, pid)
    return next((item for item in forgotten_records(connection) if item.identifier in groups), None)


def undo(connection: Connection, pid: IdentifierLike) -> tuple[str, ...]:
    """Remove the marks of the record that `pid` means; return its identifier. Raises NotFound."""
    groups = _groups(connection, pid)
    if not groups:
        raise NotFound(f"{_shown(pid)} is not forgotten.", hint="List what is with: fairreg db forgotten")
    _unmark(connection, groups)
    return groups


def readmit(connection: Connection, records: Iterable[ModelRecord]) -> None:
    """Remove the marks that bar `records`, which somebody adds explicitly.

    A forgotten record that only shares an identifier with one of them stays forgotten under its other marks.
    """
    for record in records:
        held = marked(connection, mark_keys(record))
        own = all_marks(record)
        same = [name for name in _groups_under(connection, held) if _is_named(name, own)]
        _unmark(connection, same)
        for chunk in chunks(held):
            shared = in_key_pairs(forgotten.c.family, forgotten.c.key, chunk)
            connection.execute(delete(forgotten).where(shared))


def _is_named(name: str, keys: Set[Key]) -> bool:
    """Tell whether one of the keys is that of the entry of this name, which may end in its kind."""
    found = (text.partition(":") for text in (name, name.rpartition("#")[0]))
    return any(mark_key(Identifier(scheme, value)) in keys for scheme, _, value in found if value)


def _groups(connection: Connection, pid: IdentifierLike) -> tuple[str, ...]:
    """Return the identifiers of the forgotten records that `pid` means."""
    groups = _groups_named(connection, _shown(pid))
    if groups:
        return groups
    for identifier in spellings(pid):
        for keys in ([mark_key(identifier)], _folded_marks(connection, identifier)):
            groups = _groups_under(connection, keys)
            if groups:
                return groups
    return ()


def _shown(pid: IdentifierLike) -> str:
    return pid.compact if isinstance(pid, Identifier) else storable_text(str(pid))


def _groups_named(connection: Connection, text: str) -> tuple[str, ...]:
    named = select(forgotten.c.identifier).where(forgotten.c.identifier == text)
    return tuple(connection.scalars(named.distinct()))


def _groups_under(connection: Connection, keys: Collection[Key]) -> tuple[str, ...]:
    """Return the identifiers of the forgotten records with one of the marks."""
    found: set[str] = set()
    for chunk in chunks(keys):
        held = in_key_pairs(forgotten.c.family, forgotten.c.key, chunk)
        found.update(connection.scalars(select(forgotten.c.identifier).where(held)))
    return tuple(sorted(found))


def _folded_marks(connection: Connection, identifier: Identifier) -> list[Key]:
    """Return the marks that differ from the identifier in case only."""
    family, key = identifier.key
    if is_folded(family):
        return []
    spelled = connection.scalars(select(forgotten.c.key).where(forgotten.c.family == family))
    return [(family, value) for value in spelled if value.casefold() == key]


def _unmark(connection: Connection, groups: Sequence[str]) -> None:
    for name in groups:
        connection.execute(delete(forgotten).where(forgotten.c.identifier == name))
