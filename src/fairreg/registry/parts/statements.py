# SPDX-License-Identifier: MIT
"""Statements: the record of an entry as each source gives it, with the raw payload.

Modules that only some methods need are imported there.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sqlalchemy import select

from fairreg.registry.db.entry_query import STATEMENTS, WHOLE_STATEMENTS
from fairreg.registry.db.row_mapping import statement_from
from fairreg.registry.db.tables import statements
from fairreg.registry.entries import Entry, Outcome, Statement
from fairreg.registry.parts import RegistryPart, changing
from fairreg.schemas.identifiers import IdentifierLike

if TYPE_CHECKING:
    from fairreg.errors import DamagedRecord
    from fairreg.registry.ingest.restore import ExportedStatement

__all__ = ["Statements"]


class Statements(RegistryPart):
    """Statements: the record of an entry as each source gives it, with the raw payload."""

    def of_entry(self, entry: Entry | IdentifierLike, *, payloads: bool = True) -> tuple[Statement, ...]:
        """Return the statements of an entry, ordered by source, with their payloads. Raises NotFound."""
        from fairreg.registry.search.lookup import entry_for

        query = WHOLE_STATEMENTS if payloads else STATEMENTS
        with self._database.reading() as connection:
            found = entry if isinstance(entry, Entry) else entry_for(connection, entry)
            rows = connection.execute(query, {"identifier": found.identifier}).mappings()
            return tuple(map(statement_from, rows))

    def of_source(self, source: str) -> tuple[Statement, ...]:
        """Return all statements of `source`, by their id there."""
        query = select(statements).where(statements.c.source == source).order_by(statements.c.source_id)
        with self._database.reading() as connection:
            return tuple(statement_from(row) for row in connection.execute(query).mappings())

    def get(self, source: str, source_id: str) -> Statement | None:
        """Return the statement of `source` under `source_id`, None where there is none."""
        query = select(statements).where(statements.c.source == source, statements.c.source_id == source_id)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().one_or_none()
            return None if row is None else statement_from(row)

    def every(self) -> "Iterator[Statement | DamagedRecord]":
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

        with changing(self._database) as connection:
            return restore(connection, items)

    def withdraw(self, source: str, source_id: str, reason: str) -> None:
        """Mark a record as withdrawn by `source`; its metadata stays. Raises NotFound."""
        from fairreg.registry.ingest.upsert import relink, withdraw

        with changing(self._database) as connection:
            relink(connection, withdraw(connection, source, source_id, reason))
