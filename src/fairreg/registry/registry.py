# SPDX-License-Identifier: MIT
"""The registry: records in, entries and search results out.

Modules that only some methods need are imported there: a search starts without the code that writes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Self, Unpack

from sqlalchemy import Connection, func, insert, select, update

from fairreg.registry import catalogue
from fairreg.registry.db.engine import Database
from fairreg.registry.db.entry_query import STATEMENTS, WHOLE_STATEMENTS, select_entries
from fairreg.registry.db.row_mapping import entry_from, statement_from
from fairreg.registry.db.tables import (
    HEAD,
    LINEAGE_RULES,
    TEXT_RULES,
    assessments,
    entries,
    properties,
    statements,
)
from fairreg.registry.entries import (
    Entry,
    Harvest,
    Info,
    Outcome,
    PutResult,
    RejectedPayload,
    Statement,
    Submission,
)
from fairreg.rubrics import VERSIONS
from fairreg.schemas.identifiers import Identifier, IdentifierLike
from fairreg.schemas.record import ModelRecord
from fairreg.settings import Settings
from fairreg.sources import CURATED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairreg.errors import DamagedRecord, RegistryNotWritable
    from fairreg.registry.assessments import Assessment
    from fairreg.registry.changes import Change, ChangeFilters
    from fairreg.registry.db.named_entries import NamedEntry
    from fairreg.registry.ingest.forget import ForgottenRecord, RemovedEntry
    from fairreg.registry.ingest.hearsay import HeardItem, Hearing
    from fairreg.registry.ingest.link_overrides import LinkOverride
    from fairreg.registry.ingest.restore import ExportedStatement
    from fairreg.registry.ingest.row_builder import StatementBatch
    from fairreg.registry.resolution.lineage import LinkOverrides
    from fairreg.registry.resolution.report import LineageReport
    from fairreg.registry.search.filters import Filters, FilterValues
    from fairreg.registry.search.results import SearchResults
    from fairreg.registry.search.sorting import Sort
    from fairreg.registry.snapshots import EntrySnapshot, Window

__all__ = ["Registry"]

_PAGE = 500
_CATALOGUE_DIGEST = "catalogue_digest"
_LINEAGE_RULES = "linking_rules"
_TEXT_RULES = "wording_rules"
_RUBRICS = "scoring_rules"
_SHOWN_RUBRICS = ", ".join(f"{name} {version}" for name, version in sorted(VERSIONS.items()))


class Registry:
    """A FAIR model registry in an existing database (`fairreg.services.registry.db` creates it).

    Every change is one transaction: after a crash it is complete or absent. Several processes may read and
    write at once. Raises RegistryError where the database is missing, damaged or of another release; a
    `Database` that is open already is not checked again.
    """

    def __init__(self, url: str | Database | None = None, *, settings: Settings | None = None) -> None:
        if isinstance(url, Database):
            self._database = url
        else:
            self._database = Database(url or (settings or Settings.from_environment()).database_url)
            self._database.require_current()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database's connections."""
        self._database.close()

    @property
    def not_writable(self) -> "RegistryNotWritable | None":
        """The error of writing where it is known that nothing can be written; None elsewhere."""
        return self._database.not_writable

    def one_view(self) -> AbstractContextManager[None]:
        """Context manager: what this thread reads within it is read in one transaction, of one state."""
        return self._database.one_view()

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """Open a write transaction that may change entries, and give the time of it to those that it does."""
        from fairreg.registry.db.change_times import settle

        with self._database.writing() as connection:
            yield connection
            settle(connection)

    def bulk_write(self) -> AbstractContextManager[None]:
        """Context manager for long bulk writes: checkpoints the write-ahead log from a helper thread."""
        return self._database.checkpoint_wal()

    def put(
        self,
        record: ModelRecord,
        *,
        payload: bytes | None = None,
        media_type: str | None = None,
        readmit: bool = False,
    ) -> PutResult:
        """Upsert the record of a source, with the raw payload; a second one replaces the first.

        With `readmit` also a record that was removed for good; where it cannot be stored, it stays forgotten.
        """
        return self.put_many([Submission(record, payload, media_type)], readmit=readmit)[0]

    def put_many(
        self,
        items: "Iterable[ModelRecord | Submission] | StatementBatch",
        *,
        harvest: Harvest | None = None,
        rejected: Iterable[RejectedPayload] = (),
        readmit: bool = False,
    ) -> tuple[PutResult, ...]:
        """Upsert all `items`, rejected payloads, and the harvest's progress in one transaction.

        With `readmit` also those that were removed for good, which are left out otherwise.
        """
        from fairreg.registry.ingest.bulk_upsert import put_all
        from fairreg.registry.ingest.harvest_state import write_harvest
        from fairreg.registry.ingest.rejects import store_rejected

        batch = _as_batch(items)
        with self._changing() as connection:
            for bad in rejected:
                store_rejected(connection, bad)
            if readmit:
                _readmit(connection, [item.submission.record for item in batch.statements])
            stored = put_all(connection, batch)
            if harvest is not None:
                write_harvest(connection, harvest)
            return stored

    def load_catalogue(self) -> bool:
        """Load the packaged catalogue; False where this very catalogue is loaded already.

        Records that an earlier release's catalogue had and this one lacks become tombstones.
        """
        from fairreg.registry.ingest.bulk_upsert import put_all
        from fairreg.registry.ingest.row_builder import build_batch

        digest = catalogue.digest()
        if self.catalogue_digest() == digest:
            return False
        records = catalogue.records()
        with self._changing() as connection:
            put_all(connection, build_batch(map(Submission, records)))
            kept = {record.provenance.source_id for record in records}
            _withdraw_others(connection, CURATED.name, kept, "No longer in fairreg's catalogue.")
            _write_property(connection, _CATALOGUE_DIGEST, digest)
        return True

    def catalogue_digest(self) -> str | None:
        """Digest of the catalogue that was loaded last."""
        with self._database.reading() as connection:
            return _read_property(connection, _CATALOGUE_DIGEST)

    def follows_this_release(self) -> bool:
        """Return True where texts, lineages, scores and catalogue are as this release writes them."""
        wanted = {
            _TEXT_RULES: TEXT_RULES,
            _LINEAGE_RULES: LINEAGE_RULES,
            _RUBRICS: _SHOWN_RUBRICS,
            _CATALOGUE_DIGEST: catalogue.digest(),
        }
        query = select(properties.c.name, properties.c.value).where(properties.c.name.in_(wanted))
        with self._database.reading() as connection:
            return {row.name: row.value for row in connection.execute(query)} == wanted

    def text_index_is_current(self) -> bool:
        """Tell whether the search index was written by this release's rules."""
        with self._database.reading() as connection:
            return _read_property(connection, _TEXT_RULES) == TEXT_RULES

    def reindex_text(self) -> int:
        """Rewrite the search index of all entries, a page at a time; return the number of entries."""
        from fairreg.registry.ingest.reindex import reindex_text

        done, after = 0, 0
        while True:
            with self._changing() as connection:
                page = reindex_text(connection, after, _PAGE)
                if not page:
                    _write_property(connection, _TEXT_RULES, TEXT_RULES)
                    return done
            done, after = done + len(page), page[-1]

    def lineages_are_current(self) -> bool:
        """Tell whether the lineages follow this release's rules."""
        with self._database.reading() as connection:
            return _read_property(connection, _LINEAGE_RULES) == LINEAGE_RULES

    def rebuild_lineages(self) -> int:
        """Resolve all entries into lineages by this release's rules; return the number of statements."""
        from fairreg.registry.ingest.lineage_update import rebuild_lineages

        with self._database.writing() as connection:
            count = rebuild_lineages(connection)
            _write_property(connection, _LINEAGE_RULES, LINEAGE_RULES)
        return count

    def scores_are_current(self) -> bool:
        """Tell whether the shown scores are those of this release's rubrics."""
        with self._database.reading() as connection:
            return _read_property(connection, _RUBRICS) == _SHOWN_RUBRICS

    def refresh_scores(self) -> int:
        """Show all scores anew, none of other rubrics; return how many assessments are by those."""
        from fairreg.registry.assessments import refresh_scores

        with self._database.writing() as connection:
            count = refresh_scores(connection)
            _write_property(connection, _RUBRICS, _SHOWN_RUBRICS)
        return count

    def link(self, one: IdentifierLike, other: IdentifierLike) -> None:
        """Mark two identifiers as the same model; later harvests keep it. Raises NotFound, UsageError."""
        from fairreg.registry.ingest.link_overrides import set_override

        with self._changing() as connection:
            set_override(connection, one, other, same=True)

    def unlink(self, one: IdentifierLike, other: IdentifierLike) -> None:
        """Mark two identifiers as different models; later harvests keep it. Raises NotFound, UsageError."""
        from fairreg.registry.ingest.link_overrides import set_override

        with self._changing() as connection:
            set_override(connection, one, other, same=False)

    def link_overrides(self) -> "LinkOverrides":
        """Return the manual links and separations, made by `link` and `unlink`."""
        from fairreg.registry.ingest.lineage_update import load_overrides

        with self._database.reading() as connection:
            return load_overrides(connection)

    def explain(self, pid: Entry | IdentifierLike) -> "LineageReport":
        """Return all sources and versions of the model that `pid` means, and their links. Raises NotFound."""
        from fairreg.registry.ingest.link_overrides import explain
        from fairreg.registry.search.lookup import entry_for

        with self._database.reading() as connection:
            return explain(connection, pid if isinstance(pid, Entry) else entry_for(connection, pid))

    def related_entries(
        self, records: Iterable[ModelRecord]
    ) -> tuple[tuple[Entry, tuple[ModelRecord, ...]], ...]:
        """Return the entries within reach of `records`, stored or not, each with its statements' records."""
        from fairreg.registry.ingest.lineage_update import related_statements
        from fairreg.registry.ingest.link_overrides import statement_records

        with self._database.reading() as connection:
            homes = {home for home, _ in related_statements(connection, records)}
            found = [_load_entry(connection, home) for home in sorted(homes)]
            return tuple((entry, tuple(statement_records(connection, entry.identifier))) for entry in found)

    def forget(self, pids: Iterable[IdentifierLike], *, dry_run: bool = False) -> "tuple[RemovedEntry, ...]":
        """Remove the entries whose own identifiers `pids` are, for good; later harvests skip them.

        One transaction; with `dry_run` nothing is changed. Raises NotFound, and UsageError for an identifier
        of several, such as a concept DOI.
        """
        from fairreg.registry.ingest.forget import forget

        with self._database.reading() if dry_run else self._changing() as connection:
            return forget(connection, pids, dry_run=dry_run)

    def erase(self) -> str | None:
        """Overwrite what was deleted in SQLite's file; return why that could not be done, else None."""
        return self._database.erase()

    def forgotten(self) -> "tuple[ForgottenRecord, ...]":
        """Return the records that were removed for good."""
        from fairreg.registry.ingest.forget import forgotten_records

        with self._database.reading() as connection:
            return forgotten_records(connection)

    def forgotten_record(self, pid: IdentifierLike) -> "ForgottenRecord | None":
        """Return the record that `pid` means and that was removed for good; None where there is none."""
        from fairreg.registry.ingest.forget import forgotten_record

        with self._database.reading() as connection:
            return forgotten_record(connection, pid)

    def barred(self, records: Iterable[ModelRecord]) -> frozenset[int]:
        """Return the numbers of the records, stored or not, that were removed for good."""
        from fairreg.registry.db.key_conditions import barred

        with self._database.reading() as connection:
            return barred(connection, records)

    def undo_forget(self, pid: IdentifierLike) -> tuple[str, ...]:
        """Let a later harvest store the record again; return its identifier. Raises NotFound."""
        from fairreg.registry.ingest.forget import undo

        with self._database.writing() as connection:
            # So that the next command stores what the packaged catalogue has of it.
            _write_property(connection, _CATALOGUE_DIGEST, "")
            return undo(connection, pid)

    def rejected(self, source: str | None = None) -> tuple[RejectedPayload, ...]:
        """Return the rejected payloads of `source`, or of all sources."""
        from fairreg.registry.ingest.rejects import rejected_payloads_of

        with self._database.reading() as connection:
            return rejected_payloads_of(connection, source)

    def every_rejected(self) -> "list[RejectedPayload | DamagedRecord]":
        """Return all rejected payloads, a damaged one as the error that says which it is."""
        from fairreg.registry.ingest.rejects import every_rejected

        with self._database.reading() as connection:
            return list(every_rejected(connection))

    def rejection_reasons(self) -> dict[str, Counter[str]]:
        """Return, by source, how many payloads were rejected for each reason."""
        from fairreg.registry.ingest.rejects import rejection_reasons

        with self._database.reading() as connection:
            return rejection_reasons(connection)

    def mark_gone(self, source: str, source_id: str, reason: str) -> None:
        """Mark a record as withdrawn by `source`; its metadata stays. Raises NotFound."""
        from fairreg.registry.ingest.upsert import relink, withdraw

        with self._changing() as connection:
            relink(connection, withdraw(connection, source, source_id, reason))

    def get(self, pid: IdentifierLike) -> ModelRecord:
        """Return the merged record that `pid`, in any spelling, means. Raises NotFound with a hint."""
        return self.entry_for(pid).record

    def entry_for(self, pid: IdentifierLike) -> Entry:
        """Return the entry that `pid` means, with the matching identifier. Raises NotFound with a hint."""
        from fairreg.registry.search.lookup import entry_for

        with self._database.reading() as connection:
            return entry_for(connection, pid)

    def entries_for(self, pid: IdentifierLike) -> tuple[Entry, ...]:
        """Return all entries that carry `pid`, the likeliest first; may be empty."""
        from fairreg.registry.search.lookup import entries_for

        with self._database.reading() as connection:
            return tuple(entries_for(connection, pid))

    def own_entries(self, named: Iterable[Identifier]) -> "dict[tuple[str, str], NamedEntry]":
        """Return the entries that identifiers are the own ones of, by the identifiers' keys."""
        from fairreg.registry.db.named_entries import named_entries

        with self._database.reading() as connection:
            return named_entries(connection, named)

    def statements(self, entry: Entry | IdentifierLike, *, payloads: bool = True) -> tuple[Statement, ...]:
        """Return the statements of an entry, ordered by source, with their payloads. Raises NotFound."""
        from fairreg.registry.search.lookup import entry_for

        query = WHOLE_STATEMENTS if payloads else STATEMENTS
        with self._database.reading() as connection:
            found = entry if isinstance(entry, Entry) else entry_for(connection, entry)
            rows = connection.execute(query, {"identifier": found.identifier}).mappings()
            return tuple(map(statement_from, rows))

    def statement(self, source: str, source_id: str) -> Statement | None:
        """Return the statement of `source` under `source_id`, None where there is none."""
        query = select(statements).where(statements.c.source == source, statements.c.source_id == source_id)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
            return None if row is None else statement_from(row)

    def statements_of(self, source: str) -> tuple[Statement, ...]:
        """Return all statements of `source`, by their id there."""
        query = select(statements).where(statements.c.source == source).order_by(statements.c.source_id)
        with self._database.reading() as connection:
            return tuple(statement_from(row) for row in connection.execute(query).mappings())

    def search(
        self,
        query: str,
        *,
        limit: int | None = 20,
        offset: int = 0,
        facets: bool = False,
        sort: str = "relevance",
        **filters: Unpack["FilterValues"],
    ) -> "SearchResults":
        """Search entries, best first; an empty query lists all, newest first.

        Each filter (see `Filters`) takes a value, or several as alternatives; `facets` requests counts of the
        results. `sort` is relevance, year, fair or name (see `search.sorting`); the order is total, so that
        pages by `offset` fit together. Every text is a valid query. Raises UsageError for a value of a filter
        without meaning and for another order.
        """
        from fairreg.registry.search.filters import Filters
        from fairreg.registry.search.search import search

        chosen, order = Filters.of(**filters), _order(sort)
        with self._database.reading() as connection:
            return search(connection, query, chosen, limit=limit, offset=offset, facets=facets, sort=order)

    def filters(self, **values: Unpack["FilterValues"]) -> "Filters":
        """Return filters that take the other identifiers of what this registry holds, too; UsageError."""
        from fairreg.registry.search.filters import Filters

        with self._database.reading() as connection:
            return Filters.of(**values).known_as(connection)

    def records(self) -> Iterator[ModelRecord]:
        """Yield all merged records in the order of their identifiers, a page at a time."""
        return (entry.record for entry in self.entries())

    def __iter__(self) -> Iterator[ModelRecord]:
        return self.records()

    def entries(self) -> Iterator[Entry]:
        """Yield all entries in the order of their identifiers; writers are not blocked meanwhile."""
        from fairreg.registry.db.entry_query import sources_of_all

        after = ""
        while True:
            query = (
                select_entries()
                .where(entries.c.identifier > after)
                .order_by(entries.c.identifier)
                .limit(_PAGE)
            )
            with self._database.reading() as connection:
                rows = connection.execute(query).mappings().all()
                said = sources_of_all(connection, (row["id"] for row in rows))
                page = [entry_from(row, said[row["id"]]) for row in rows]
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1].identifier

    def changes(
        self,
        since: str | None = None,
        until: str | None = None,
        after: tuple[str, int] | None = None,
        limit: int = 100,
        *,
        statements: bool = False,
        **filters: Unpack["ChangeFilters"],
    ) -> "list[Change]":
        """Return the next changes of entries and departures of identifiers, oldest first.

        `since` and `until` are days or times in UTC, both included; `after` is the `place` of the last change
        of the page before. With `statements` each has those of its entry, without payloads. UsageError.
        """
        from fairreg.registry.changes import changes

        with self._database.reading() as connection:
            return changes(connection, since, until, after, limit, statements=statements, **filters)

    def change(self, identifier: str, *, statements: bool = False, dated: bool = False) -> "Change | None":
        """Return the last change of the entry with this very identifier, or the identifier's departure.

        With `dated` that of an entry that lost its date from the list of dated ones.
        """
        from fairreg.registry.changes import change_of

        with self._database.reading() as connection:
            return change_of(connection, identifier, statements=statements, dated=dated)

    def first_change(self) -> str | None:
        """Return the earliest time that a change has, None for a registry that holds nothing."""
        from fairreg.registry.changes import first_time

        with self._database.reading() as connection:
            return first_time(connection)

    def source_names(self) -> tuple[str, ...]:
        """Return the sources of the entries, sorted, without fairreg itself."""
        from fairreg.registry.changes import source_names

        with self._database.reading() as connection:
            return source_names(connection)

    def save_harvest(self, harvest: Harvest) -> None:
        """Store the progress of a harvest, so that an interrupted one resumes there."""
        from fairreg.registry.ingest.harvest_state import write_harvest

        with self._database.writing() as connection:
            write_harvest(connection, harvest)

    def harvest_state(self, source: str, query: str = "") -> Harvest | None:
        """Return the progress of the last harvest of `query` at `source`, None where there was none."""
        from fairreg.registry.ingest.harvest_state import harvest_state

        with self._database.reading() as connection:
            return harvest_state(connection, source, query)

    def info(self) -> Info:
        """Return the size and contents of the registry, in numbers."""
        from fairreg.registry.ingest.harvest_state import all_harvests

        with self._database.reading() as connection:
            total = select(func.count()).select_from(entries)
            by_kind = select(entries.c.kind, func.count()).group_by(entries.c.kind).order_by(entries.c.kind)
            by_source = select(statements.c.source, func.count()).group_by(statements.c.source)
            return Info(
                place=self._database.location,
                revision=HEAD,
                entries=connection.scalar(total) or 0,
                gone=connection.scalar(total.where(entries.c.gone_at.is_not(None))) or 0,
                runnable=connection.scalar(total.where(entries.c.runnable)) or 0,
                kinds={row[0]: row[1] for row in connection.execute(by_kind)},
                sources={
                    row[0]: row[1] for row in connection.execute(by_source.order_by(statements.c.source))
                },
                harvests=all_harvests(connection),
            )

    def every_statement(self) -> "Iterator[Statement | DamagedRecord]":
        """Yield all statements, by source and its id, a page at a time; writers are not blocked meanwhile.

        A damaged one is yielded as the error that says which it is.
        """
        from fairreg.registry.ingest.restore import statements_after

        statement_key = None
        while True:
            with self._database.reading() as connection:
                page = statements_after(connection, statement_key)
            if not page:
                return
            yield from (item for _, item in page)
            statement_key = page[-1][0]

    def restore(self, items: "Iterable[ExportedStatement]") -> tuple[Outcome, ...]:
        """Restore statements of another registry, withdrawn ones as such, in one transaction."""
        from fairreg.registry.ingest.restore import restore

        with self._changing() as connection:
            return restore(connection, items)

    def hear(
        self,
        hearing: "Hearing",
        items: "Sequence[HeardItem]",
        *,
        harvest: Harvest,
        rejected: Iterable[RejectedPayload] = (),
    ) -> Counter[str]:
        """Take over items of another registry, with the harvest's progress, in one transaction.

        See `registry.ingest.hearsay` for what replaces what; returns the numbers of outcomes.
        """
        from fairreg.registry.ingest.harvest_state import write_harvest
        from fairreg.registry.ingest.hearsay import hear
        from fairreg.registry.ingest.rejects import store_rejected

        with self._changing() as connection:
            for bad in rejected:
                store_rejected(connection, bad)
            counts = hear(connection, hearing, items)
            write_harvest(connection, harvest)
            return counts

    def drop_departed(self, hearing: "Hearing", *, whole: bool = False) -> int:
        """Withdraw what a registry states no more, nor another one; return their number.

        After the `whole` of a harvest from the beginning, that is also all that it has not found.
        """
        from fairreg.registry.ingest.hearsay import drop_departed, mark_unheard

        if whole:
            with self._database.writing() as connection:
                mark_unheard(connection, hearing)
        total = 0
        while True:
            with self._changing() as connection:
                handled, withdrawn = drop_departed(connection, hearing.peer)
            total += withdrawn
            if not handled:
                return total

    def heard_from(self) -> dict[str, int]:
        """Return how many statements each other registry states, by its base URL."""
        from fairreg.registry.ingest.hearsay import counts_by_peer

        with self._database.reading() as connection:
            return counts_by_peer(connection)

    def analyze(self) -> None:
        """Update the database's query statistics, for faster queries after much was written."""
        self._database.analyze()

    def every_link_override(self) -> "tuple[LinkOverride, ...]":
        """Return the manual links and separations with their times."""
        from fairreg.registry.ingest.link_overrides import every_override

        with self._database.reading() as connection:
            return every_override(connection)

    def restore_link_overrides(self, items: "Iterable[LinkOverride]") -> int:
        """Import manual links and separations in one transaction; return the number of new ones."""
        from fairreg.registry.ingest.link_overrides import restore_override

        with self._changing() as connection:
            return sum(restore_override(connection, item) for item in items)

    def count(self) -> int:
        """Return the number of entries."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(entries)) or 0

    def identifiers(self) -> Iterator[str]:
        """Yield the identifiers of all entries in their order; writers are not blocked meanwhile."""
        from fairreg.registry.snapshots import identifiers_after

        after: str | None = ""
        while after is not None:
            with self._database.reading() as connection:
                page = identifiers_after(connection, after)
            yield from page
            after = page[-1] if page else None

    def living(self, offset: int, limit: int) -> list[tuple[str, str]]:
        """Return identifier and time of change of some entries that are not withdrawn, by identifier."""
        from fairreg.registry.snapshots import living_entries

        with self._database.reading() as connection:
            return living_entries(connection, offset, limit)

    def window(self, since: str, *, online: bool) -> "Window":
        """Return the window of stored assessments since an ISO 8601 time (`online`: those with network)."""
        from fairreg.registry.snapshots import Window, last_assessment

        with self._database.reading() as connection:
            return Window(since, last_assessment(connection), online)

    def known(self, names: Iterable[str], window: "Window | None" = None) -> "list[EntrySnapshot]":
        """Return snapshots of the entries with these identifiers, in this order, without unknown ones."""
        from fairreg.registry.snapshots import entry_snapshots

        with self._database.reading() as connection:
            return entry_snapshots(connection, names, window)

    def save_assessments(self, items: "Iterable[Assessment]") -> None:
        """Store assessments in one transaction and copy their scores to the entries."""
        from fairreg.registry.assessments import save_assessments

        with self._database.writing() as connection:
            save_assessments(connection, items)

    def assessments(self, pid: IdentifierLike, *, rubric: str | None = None) -> "tuple[Assessment, ...]":
        """Return the assessments of what `pid` means, newest first, without report and evidence."""
        from fairreg.registry.assessments import history

        with self._database.reading() as connection:
            return history(connection, pid, rubric=rubric)

    def shown_assessments(self, names: Iterable[str]) -> "dict[str, Assessment]":
        """Return the assessments whose scores search shows, by the identifiers of their entries."""
        from fairreg.registry.assessments import shown_assessments

        with self._database.reading() as connection:
            return shown_assessments(connection, names)

    def has_older_assessments(self) -> bool:
        """Tell whether any assessment is by the rubric of another release."""
        with self._database.reading() as connection:
            pairs = connection.execute(
                select(assessments.c.rubric, assessments.c.rubric_version).distinct()
            ).all()
        return any(VERSIONS.get(name, version) != version for name, version in pairs)

    def older_assessments(self) -> "tuple[Assessment, ...]":
        """Return those by an older rubric whose evidence the present one has not scored, oldest first.

        Report and evidence are left out.
        """
        from fairreg.registry.assessments import older_assessments

        with self._database.reading() as connection:
            return older_assessments(connection)

    def every_assessment(self) -> "Iterator[Assessment | DamagedRecord]":
        """Yield all assessments with their documents, ordered by subject, rubric and time.

        A damaged one is yielded as the error that says which it is.
        """
        from fairreg.registry.assessments import every_assessment

        with self._database.reading() as connection:
            yield from every_assessment(connection)

    def assessment_evidence(self, assessment: "Assessment") -> bytes:
        """Return the evidence that an assessment rests on, a JSON document. Raises RecordError."""
        from fairreg.registry.assessments import evidence_of

        with self._database.reading() as connection:
            return evidence_of(connection, assessment)

    def assessment_report(self, assessment: "Assessment") -> bytes:
        """Return the report of an assessment, a JSON document. Raises RecordError."""
        from fairreg.registry.assessments import report_of

        with self._database.reading() as connection:
            return report_of(connection, assessment)

    def get_property(self, name: str) -> str | None:
        """Return the value that `set_property` stored under `name`, which has at most 64 characters."""
        with self._database.reading() as connection:
            return _read_property(connection, name)

    def set_property(self, name: str, value: str) -> None:
        """Store a value for a later run of the same command."""
        with self._database.writing() as connection:
            _write_property(connection, name, value)


def _order(sort: str) -> "Sort":
    if sort == "relevance":
        return "relevance"
    from fairreg.registry.search.sorting import require_sort  # few searches ask for another order

    return require_sort(sort)


def _as_batch(items: "Iterable[ModelRecord | Submission] | StatementBatch") -> "StatementBatch":
    from fairreg.registry.ingest.row_builder import StatementBatch, build_batch

    if isinstance(items, StatementBatch):
        return items
    return build_batch(item if isinstance(item, Submission) else Submission(item) for item in items)


def _readmit(connection: Connection, records: list[ModelRecord]) -> None:
    from fairreg.registry.db.key_conditions import barred

    if barred(connection, records):
        from fairreg.registry.ingest.forget import readmit

        readmit(connection, records)


def _withdraw_others(connection: Connection, source: str, kept: set[str], reason: str) -> None:
    from fairreg.registry.ingest.upsert import relink, withdraw

    living = select(statements.c.source_id).where(
        statements.c.source == source, statements.c.gone_at.is_(None)
    )
    for source_id in sorted(set(connection.scalars(living)) - kept):
        relink(connection, withdraw(connection, source, source_id, reason))


def _load_entry(connection: Connection, entry_id: int) -> Entry:
    from fairreg.registry.db.entry_query import sources_of

    row = connection.execute(select_entries().where(entries.c.id == entry_id)).mappings().one()
    return entry_from(row, sources_of(connection, entry_id))


def _read_property(connection: Connection, name: str) -> str | None:
    return connection.scalar(select(properties.c.value).where(properties.c.name == name))


def _write_property(connection: Connection, name: str, value: str) -> None:
    changed = connection.execute(update(properties).where(properties.c.name == name).values(value=value))
    if changed.rowcount == 0:
        connection.execute(insert(properties).values(name=name, value=value))
