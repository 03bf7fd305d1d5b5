# SPDX-License-Identifier: MIT
"""The registry: records in, entries and search results out.

Modules that only some methods need are imported there: a search starts without the code that writes.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Self, Unpack

from sqlalchemy import Connection, func, select

from fairreg.errors import IdentifierError, NotFound
from fairreg.registry.db.engine import Database
from fairreg.registry.db.tables import HEAD, entries, statements
from fairreg.registry.entries import Entry, Harvest, Info, PutResult, RejectedPayload, Submission
from fairreg.registry.parts import changing
from fairreg.schemas.identifiers import IdentifierLike
from fairreg.schemas.record import ModelRecord
from fairreg.settings import Settings

if TYPE_CHECKING:
    from fairreg.registry.ingest.forget import RemovedEntry
    from fairreg.registry.ingest.row_builder import StatementBatch
    from fairreg.registry.parts.assessments import Assessments
    from fairreg.registry.parts.changes import Changes
    from fairreg.registry.parts.harvests import Harvests
    from fairreg.registry.parts.links import Links
    from fairreg.registry.parts.listing import Listing
    from fairreg.registry.parts.peers import Peers
    from fairreg.registry.parts.removals import Removals
    from fairreg.registry.parts.statements import Statements
    from fairreg.registry.parts.upkeep import Upkeep
    from fairreg.registry.resolution.report import LineageReport
    from fairreg.registry.search.filters import FilterValues
    from fairreg.registry.search.results import SearchResults
    from fairreg.registry.search.sorting import Sort

__all__ = ["Registry"]


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

    @cached_property
    def listing(self) -> "Listing":
        """Entries of the registry: all of them, those that carry an identifier, and snapshots of some."""
        from fairreg.registry.parts.listing import Listing

        return Listing(self._database)

    @cached_property
    def statements(self) -> "Statements":
        """Statements: the record of an entry as each source gives it, with the raw payload."""
        from fairreg.registry.parts.statements import Statements

        return Statements(self._database)

    @cached_property
    def removals(self) -> "Removals":
        """Records that were removed for good, which later harvests skip."""
        from fairreg.registry.parts.removals import Removals

        return Removals(self._database)

    @cached_property
    def links(self) -> "Links":
        """Manual links and separations, as `Registry.link` and `Registry.unlink` make them."""
        from fairreg.registry.parts.links import Links

        return Links(self._database)

    @cached_property
    def harvests(self) -> "Harvests":
        """Progress of harvests, and the payloads that they rejected."""
        from fairreg.registry.parts.harvests import Harvests

        return Harvests(self._database)

    @cached_property
    def peers(self) -> "Peers":
        """Statements that other registries state, and that were taken over from them."""
        from fairreg.registry.parts.peers import Peers

        return Peers(self._database)

    @cached_property
    def changes(self) -> "Changes":
        """Changes of entries and departures of identifiers, for those who keep copies."""
        from fairreg.registry.parts.changes import Changes

        return Changes(self._database)

    @cached_property
    def assessments(self) -> "Assessments":
        """Stored assessments: evidence, scores, and their history."""
        from fairreg.registry.parts.assessments import Assessments

        return Assessments(self._database)

    @cached_property
    def upkeep(self) -> "Upkeep":
        """Upkeep of the database: catalogue, rules of this release, bulk writes, and stored properties."""
        from fairreg.registry.parts.upkeep import Upkeep

        return Upkeep(self._database)

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
        with changing(self._database) as connection:
            for bad in rejected:
                store_rejected(connection, bad)
            if readmit:
                _readmit(connection, [item.submission.record for item in batch.statements])
            stored = put_all(connection, batch)
            if harvest is not None:
                write_harvest(connection, harvest)
            return stored

    def link(self, one: IdentifierLike, other: IdentifierLike) -> None:
        """Mark two identifiers as the same model; later harvests keep it. Raises NotFound, UsageError."""
        from fairreg.registry.ingest.link_overrides import set_override

        with changing(self._database) as connection:
            set_override(connection, one, other, same=True)

    def unlink(self, one: IdentifierLike, other: IdentifierLike) -> None:
        """Mark two identifiers as different models; later harvests keep it. Raises NotFound, UsageError."""
        from fairreg.registry.ingest.link_overrides import set_override

        with changing(self._database) as connection:
            set_override(connection, one, other, same=False)

    def explain(self, pid: Entry | IdentifierLike) -> "LineageReport":
        """Return all sources and versions of the model that `pid` means, and their links. Raises NotFound."""
        from fairreg.registry.ingest.link_overrides import explain
        from fairreg.registry.search.lookup import entry_for

        with self._database.reading() as connection:
            return explain(connection, pid if isinstance(pid, Entry) else entry_for(connection, pid))

    def forget(self, pids: Iterable[IdentifierLike], *, dry_run: bool = False) -> "tuple[RemovedEntry, ...]":
        """Remove the entries whose own identifiers `pids` are, for good; later harvests skip them.

        One transaction; with `dry_run` nothing is changed. Raises NotFound, and UsageError for an identifier
        of several, such as a concept DOI.
        """
        from fairreg.registry.ingest.forget import forget

        with self._database.reading() if dry_run else changing(self._database) as connection:
            return forget(connection, pids, dry_run=dry_run)

    def get(self, pid: IdentifierLike) -> ModelRecord:
        """Return the merged record that `pid`, in any spelling, means. Raises NotFound with a hint."""
        return self.entry_for(pid).record

    def entry_for(self, pid: IdentifierLike) -> Entry:
        """Return the entry that `pid` means, with the matching identifier. Raises NotFound with a hint."""
        from fairreg.registry.search.lookup import entry_for

        with self._database.reading() as connection:
            return entry_for(connection, pid)

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

    def __contains__(self, item: object) -> bool:
        """Tell whether `get` finds it: a record, or an identifier in any spelling."""
        named = item.identifier if isinstance(item, ModelRecord) else item
        if not isinstance(named, str):
            return False
        try:
            self.entry_for(named)
        except (NotFound, IdentifierError):
            return False
        return True

    def __iter__(self) -> Iterator[ModelRecord]:
        return (entry.record for entry in self.listing.entries())

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
