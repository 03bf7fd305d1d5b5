# SPDX-License-Identifier: MIT
"""Entries of the registry: all of them, those that carry an identifier, and snapshots of some.

Modules that only some methods need are imported there.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Unpack

from sqlalchemy import Connection, func, select

from fairreg.registry.db.entry_query import select_entries
from fairreg.registry.db.row_mapping import entry_from
from fairreg.registry.db.tables import entries
from fairreg.registry.entries import Entry
from fairreg.registry.parts import RegistryPart
from fairreg.schemas.identifiers import Identifier, IdentifierLike
from fairreg.schemas.record import ModelRecord

if TYPE_CHECKING:
    from fairreg.registry.db.named_entries import NamedEntry
    from fairreg.registry.search.filters import Filters, FilterValues
    from fairreg.registry.snapshots import EntrySnapshot, Window

__all__ = ["Listing"]

_PAGE = 500


class Listing(RegistryPart):
    """Entries of the registry: all of them, those that carry an identifier, and snapshots of some."""

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

    def count(self) -> int:
        """Return the number of entries."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(entries)) or 0

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

    def snapshots(self, names: Iterable[str], window: "Window | None" = None) -> "list[EntrySnapshot]":
        """Return snapshots of the entries with these identifiers, in this order, without unknown ones."""
        from fairreg.registry.snapshots import entry_snapshots

        with self._database.reading() as connection:
            return entry_snapshots(connection, names, window)

    def source_names(self) -> tuple[str, ...]:
        """Return the sources of the entries, sorted, without fairreg itself."""
        from fairreg.registry.changes import source_names

        with self._database.reading() as connection:
            return source_names(connection)

    def filters(self, **values: Unpack["FilterValues"]) -> "Filters":
        """Return filters that take the other identifiers of what this registry holds, too; UsageError."""
        from fairreg.registry.search.filters import Filters

        with self._database.reading() as connection:
            return Filters.of(**values).known_as(connection)

    def one_view(self) -> AbstractContextManager[None]:
        """Context manager: what this thread reads within it is read in one transaction, of one state."""
        return self._database.one_view()


def _load_entry(connection: Connection, entry_id: int) -> Entry:
    from fairreg.registry.db.entry_query import sources_of

    row = connection.execute(select_entries().where(entries.c.id == entry_id)).mappings().one()
    return entry_from(row, sources_of(connection, entry_id))
