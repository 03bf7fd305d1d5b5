# SPDX-License-Identifier: MIT
"""The registry: records in, entries and search results out.

What only some of its methods need is imported there: a search starts without the code that writes.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Self, Unpack

from sqlalchemy import Connection, func, insert, select, update

from fairreg.registry import catalogue
from fairreg.registry.db.engine import Database
from fairreg.registry.db.entry_query import whole
from fairreg.registry.db.row_mapping import entry_from, statement_from
from fairreg.registry.db.tables import HEAD, LINEAGE_RULES, TEXT_RULES, entries, properties, statements
from fairreg.registry.entries import Entry, Harvest, Info, Outcome, PutResult, Refused, Statement, Submission
from fairreg.registry.search.filters import Filters, FilterValues
from fairreg.registry.search.lookup import entries_for, entry_for, sources_of, sources_of_all
from fairreg.registry.search.results import SearchResults
from fairreg.schemas.identifiers import IdentifierLike
from fairreg.schemas.record import ModelRecord
from fairreg.settings import Settings
from fairreg.sources import CURATED

if TYPE_CHECKING:
    from fairreg.registry.assessments import Assessment
    from fairreg.registry.ingest.link_overrides import Verdict
    from fairreg.registry.ingest.restore import Carried
    from fairreg.registry.ingest.row_builder import Page
    from fairreg.registry.resolution.lineage import Verdicts
    from fairreg.registry.resolution.report import LineageReport
    from fairreg.registry.snapshots import Known, Window

__all__ = ["Registry"]

_PAGE = 500
_CATALOGUE_DIGEST = "catalogue_digest"
_LINKING_RULES = "linking_rules"
_WORDING_RULES = "wording_rules"


class Registry:
    """A FAIR model registry in a database that exists already (`fairreg.services.registry.db` makes it).

    Every change is one transaction: after a crash it happened as a whole or not at all. Several processes
    may read and write at once. Raises RegistryError where the database is missing, damaged or of another
    release; a `Database` that is open already has been looked at by whoever opened it.
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
        """Give the database back."""
        self._database.close()

    def writing_much(self) -> AbstractContextManager[None]:
        """A context for whoever writes for minutes: what he wrote is put in its place beside him."""
        return self._database.emptying_log()

    def put(
        self, record: ModelRecord, *, payload: bytes | None = None, media_type: str | None = None
    ) -> PutResult:
        """Keep what a source says, with the raw payload; a second time it replaces the first."""
        return self.put_many([Submission(record, payload, media_type)])[0]

    def put_many(
        self,
        items: "Iterable[ModelRecord | Submission] | Page",
        *,
        harvest: Harvest | None = None,
        refused: Iterable[Refused] = (),
    ) -> tuple[PutResult, ...]:
        """Keep all `items`, what was refused, and how far the harvest came, in one transaction."""
        from fairreg.registry.ingest.bulk_upsert import put_all
        from fairreg.registry.ingest.harvest_state import write_harvest
        from fairreg.registry.ingest.rejects import refuse

        page = _page(items)
        with self._database.writing() as connection:
            for bad in refused:
                refuse(connection, bad)
            stored = put_all(connection, page)
            if harvest is not None:
                write_harvest(connection, harvest)
            return stored

    def load_catalogue(self) -> bool:
        """Bring in the packaged catalogue; False where this very catalogue was loaded before.

        What an earlier release's catalogue had and this one has not becomes a tombstone.
        """
        from fairreg.registry.ingest.bulk_upsert import put_all
        from fairreg.registry.ingest.row_builder import prepare

        digest = catalogue.digest()
        if self.catalogue_digest() == digest:
            return False
        records = catalogue.records()
        with self._database.writing() as connection:
            put_all(connection, prepare(map(Submission, records)))
            kept = {record.provenance.source_id for record in records}
            _withdraw_others(connection, CURATED.name, kept, "No longer in fairreg's catalogue.")
            _write_property(connection, _CATALOGUE_DIGEST, digest)
        return True

    def catalogue_digest(self) -> str | None:
        """Digest of the catalogue that was loaded last."""
        with self._database.reading() as connection:
            return _read_property(connection, _CATALOGUE_DIGEST)

    def follows_this_release(self) -> bool:
        """Return True where texts, lineages and catalogue are written as this release writes them."""
        wanted = {
            _WORDING_RULES: TEXT_RULES,
            _LINKING_RULES: LINEAGE_RULES,
            _CATALOGUE_DIGEST: catalogue.digest(),
        }
        query = select(properties.c.name, properties.c.value).where(properties.c.name.in_(wanted))
        with self._database.reading() as connection:
            return {row.name: row.value for row in connection.execute(query)} == wanted

    def worded_by_these_rules(self) -> bool:
        """Whether what search reads of the entries is written as this release writes it."""
        with self._database.reading() as connection:
            return _read_property(connection, _WORDING_RULES) == TEXT_RULES

    def word_anew(self) -> int:
        """Write anew what search reads of the entries, a page at a time; how many entries there are."""
        from fairreg.registry.ingest.upsert import word_anew

        done, after = 0, 0
        while True:
            with self._database.writing() as connection:
                page = word_anew(connection, after, _PAGE)
                if not page:
                    _write_property(connection, _WORDING_RULES, TEXT_RULES)
                    return done
            done, after = done + len(page), page[-1]

    def linked_by_these_rules(self) -> bool:
        """Whether the lineages are those of this release's rules."""
        with self._database.reading() as connection:
            return _read_property(connection, _LINKING_RULES) == LINEAGE_RULES

    def link_anew(self) -> int:
        """Sort all entries into lineages by this release's rules; how many statements were looked at."""
        from fairreg.registry.ingest.lineage_update import relate_all

        with self._database.writing() as connection:
            count = relate_all(connection)
            _write_property(connection, _LINKING_RULES, LINEAGE_RULES)
        return count

    def link(self, one: IdentifierLike, other: IdentifierLike) -> None:
        """Make two identifiers mean one model, also after the next harvest. Raises NotFound, UsageError."""
        from fairreg.registry.ingest.link_overrides import judge

        with self._database.writing() as connection:
            judge(connection, one, other, same=True)

    def unlink(self, one: IdentifierLike, other: IdentifierLike) -> None:
        """Keep apart what two identifiers mean, also after the next harvest. Raises NotFound, UsageError."""
        from fairreg.registry.ingest.link_overrides import judge

        with self._database.writing() as connection:
            judge(connection, one, other, same=False)

    def verdicts(self) -> "Verdicts":
        """What people decided with `link` and `unlink`."""
        from fairreg.registry.ingest.lineage_update import verdicts

        with self._database.reading() as connection:
            return verdicts(connection)

    def explain(self, pid: Entry | IdentifierLike) -> "LineageReport":
        """All sources and versions of the model that `pid` means, and what joins them. Raises NotFound."""
        from fairreg.registry.ingest.link_overrides import explain

        with self._database.reading() as connection:
            return explain(connection, pid if isinstance(pid, Entry) else entry_for(connection, pid))

    def kin(self, records: Iterable[ModelRecord]) -> tuple[tuple[Entry, tuple[ModelRecord, ...]], ...]:
        """The entries that records, known or not, may belong together with, and what is said of each."""
        from fairreg.registry.ingest.lineage_update import kin
        from fairreg.registry.ingest.link_overrides import statement_records

        with self._database.reading() as connection:
            homes = {home for home, _ in kin(connection, records)}
            found = [_load_entry(connection, home) for home in sorted(homes)]
            return tuple((entry, tuple(statement_records(connection, entry.identifier))) for entry in found)

    def refused(self, source: str | None = None) -> tuple[Refused, ...]:
        """Payloads of `source`, or of all sources, that became no record."""
        from fairreg.registry.ingest.rejects import refused

        with self._database.reading() as connection:
            return refused(connection, source)

    def mark_gone(self, source: str, source_id: str, reason: str) -> None:
        """Record that `source` withdrew its record; what it said stays. Raises NotFound."""
        from fairreg.registry.ingest.upsert import relink, withdraw

        with self._database.writing() as connection:
            relink(connection, withdraw(connection, source, source_id, reason))

    def get(self, pid: IdentifierLike) -> ModelRecord:
        """The merged record that `pid`, in any spelling, means. Raises NotFound with a hint."""
        return self.entry_for(pid).record

    def entry_for(self, pid: IdentifierLike) -> Entry:
        """The entry that `pid` means, and by which of its identifiers. Raises NotFound with a hint."""
        with self._database.reading() as connection:
            return entry_for(connection, pid)

    def entries_for(self, pid: IdentifierLike) -> tuple[Entry, ...]:
        """All entries that carry `pid`, the likeliest first; none is no error."""
        with self._database.reading() as connection:
            return tuple(entries_for(connection, pid))

    def statements(self, entry: Entry | IdentifierLike) -> tuple[Statement, ...]:
        """What each source says about an entry, payloads included, by source. Raises NotFound."""
        with self._database.reading() as connection:
            found = entry if isinstance(entry, Entry) else entry_for(connection, entry)
            query = (
                select(statements)
                .join(entries, entries.c.id == statements.c.entry_id)
                .where(entries.c.identifier == found.identifier)
                .order_by(statements.c.source, statements.c.source_id)
            )
            return tuple(statement_from(row) for row in connection.execute(query).mappings())

    def statement(self, source: str, source_id: str) -> Statement | None:
        """What `source` said under `source_id`, None where it never spoke."""
        query = select(statements).where(statements.c.source == source, statements.c.source_id == source_id)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
            return None if row is None else statement_from(row)

    def search(
        self,
        query: str,
        *,
        limit: int | None = 20,
        offset: int = 0,
        facets: bool = False,
        **filters: Unpack[FilterValues],
    ) -> SearchResults:
        """Entries that answer `query`, best first; an empty query lists all, newest first.

        Each filter (see `Filters`) takes a value or several, of which any will do; `facets` counts what was
        found. No text breaks a search.
        """
        from fairreg.registry.search.search import search

        chosen = Filters.of(**filters)
        with self._database.reading() as connection:
            return search(connection, query, chosen, limit=limit, offset=offset, facets=facets)

    def records(self) -> Iterator[ModelRecord]:
        """All merged records in the order of their identifiers, a page at a time."""
        return (entry.record for entry in self.entries())

    def __iter__(self) -> Iterator[ModelRecord]:
        return self.records()

    def entries(self) -> Iterator[Entry]:
        """All entries in the order of their identifiers; writers are not held up meanwhile."""
        after = ""
        while True:
            query = whole().where(entries.c.identifier > after).order_by(entries.c.identifier).limit(_PAGE)
            with self._database.reading() as connection:
                rows = connection.execute(query).mappings().all()
                said = sources_of_all(connection, (row["id"] for row in rows))
                page = [entry_from(row, said[row["id"]]) for row in rows]
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1].identifier

    def remember_harvest(self, harvest: Harvest) -> None:
        """Keep how far a harvest came, so that a killed one resumes there."""
        from fairreg.registry.ingest.harvest_state import write_harvest

        with self._database.writing() as connection:
            write_harvest(connection, harvest)

    def harvest_state(self, source: str, query: str = "") -> Harvest | None:
        """How far the last harvest of `query` at `source` came, None where there was none."""
        from fairreg.registry.ingest.harvest_state import harvest_state

        with self._database.reading() as connection:
            return harvest_state(connection, source, query)

    def info(self) -> Info:
        """What the registry holds, in numbers."""
        from fairreg.registry.ingest.harvest_state import all_harvests

        with self._database.reading() as connection:
            total = select(func.count()).select_from(entries)
            by_kind = select(entries.c.kind, func.count()).group_by(entries.c.kind).order_by(entries.c.kind)
            by_source = select(statements.c.source, func.count()).group_by(statements.c.source)
            return Info(
                place=self._database.place,
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

    def every_statement(self) -> Iterator[Statement]:
        """All that sources say, by source and its id, a page at a time; writers are not held up meanwhile."""
        from fairreg.registry.ingest.restore import statements_after
        from fairreg.registry.resolution.grouping import place_of

        place = None
        while True:
            with self._database.reading() as connection:
                page = statements_after(connection, place)
            if not page:
                return
            yield from page
            place = place_of(page[-1].record)

    def restore(self, items: "Iterable[Carried]") -> tuple[Outcome, ...]:
        """Take over statements of another registry, withdrawn ones as such, in one transaction."""
        from fairreg.registry.ingest.restore import restore

        with self._database.writing() as connection:
            return restore(connection, items)

    def settle(self) -> None:
        """Let the database take stock after much has arrived, so that it answers by the shortest way."""
        self._database.take_stock()

    def decided(self) -> "tuple[Verdict, ...]":
        """What people decided with `link` and `unlink`, and when."""
        from fairreg.registry.ingest.link_overrides import decided

        with self._database.reading() as connection:
            return decided(connection)

    def take_verdicts(self, items: "Iterable[Verdict]") -> int:
        """Take over verdicts of another registry, in one transaction; how many were news."""
        from fairreg.registry.ingest.link_overrides import keep_verdict

        with self._database.writing() as connection:
            return sum(keep_verdict(connection, item) for item in items)

    def count(self) -> int:
        """How many entries there are."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(entries)) or 0

    def identifiers(self) -> Iterator[str]:
        """The identifiers of all entries in their order; writers are not held up meanwhile."""
        from fairreg.registry.snapshots import identifiers_after

        after: str | None = ""
        while after is not None:
            with self._database.reading() as connection:
                page = identifiers_after(connection, after)
            yield from page
            after = page[-1] if page else None

    def window(self, since: str, *, online: bool) -> "Window":
        """The assessments that there are by now from an ISO 8601 time on (`online`: with the network)."""
        from fairreg.registry.snapshots import Window, last_assessment

        with self._database.reading() as connection:
            return Window(since, last_assessment(connection), online)

    def known(self, names: Iterable[str], window: "Window | None" = None) -> "list[Known]":
        """What is known of the entries of these identifiers, in this order; left out is what is no entry."""
        from fairreg.registry.snapshots import known

        with self._database.reading() as connection:
            return known(connection, names, window)

    def remember_assessments(self, made: "Iterable[Assessment]") -> None:
        """Keep assessments in one transaction; their scores become those of the entries."""
        from fairreg.registry.assessments import remember

        with self._database.writing() as connection:
            remember(connection, made)

    def assessments(self, pid: IdentifierLike, *, rubric: str | None = None) -> "tuple[Assessment, ...]":
        """How what `pid` means was assessed, the newest first, without report and evidence."""
        from fairreg.registry.assessments import history

        with self._database.reading() as connection:
            return history(connection, pid, rubric=rubric)

    def every_assessment(self) -> "Iterator[Assessment]":
        """All assessments with their documents, in an order of their own."""
        from fairreg.registry.assessments import whole_assessments

        with self._database.reading() as connection:
            yield from whole_assessments(connection)

    def assessment_evidence(self, assessment: "Assessment") -> bytes:
        """The evidence that an assessment rests on, a JSON document. Raises RecordError."""
        from fairreg.registry.assessments import evidence_of

        with self._database.reading() as connection:
            return evidence_of(connection, assessment)

    def note(self, name: str) -> str | None:
        """What `leave_note` kept under `name`, a word of at most 64 characters."""
        with self._database.reading() as connection:
            return _read_property(connection, name)

    def leave_note(self, name: str, value: str) -> None:
        """Keep a word for a later run of the same command."""
        with self._database.writing() as connection:
            _write_property(connection, name, value)


def _page(items: "Iterable[ModelRecord | Submission] | Page") -> "Page":
    from fairreg.registry.ingest.row_builder import Page, prepare

    if isinstance(items, Page):
        return items
    return prepare(item if isinstance(item, Submission) else Submission(item) for item in items)


def _withdraw_others(connection: Connection, source: str, kept: set[str], reason: str) -> None:
    from fairreg.registry.ingest.upsert import relink, withdraw

    living = select(statements.c.source_id).where(
        statements.c.source == source, statements.c.gone_at.is_(None)
    )
    for source_id in sorted(set(connection.scalars(living)) - kept):
        relink(connection, withdraw(connection, source, source_id, reason))


def _load_entry(connection: Connection, entry_id: int) -> Entry:
    row = connection.execute(whole().where(entries.c.id == entry_id)).mappings().one()
    return entry_from(row, sources_of(connection, entry_id))


def _read_property(connection: Connection, name: str) -> str | None:
    return connection.scalar(select(properties.c.value).where(properties.c.name == name))


def _write_property(connection: Connection, name: str, value: str) -> None:
    changed = connection.execute(update(properties).where(properties.c.name == name).values(value=value))
    if changed.rowcount == 0:
        connection.execute(insert(properties).values(name=name, value=value))
