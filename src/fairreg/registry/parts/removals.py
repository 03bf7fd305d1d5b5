# SPDX-License-Identifier: MIT
"""Records that were removed for good, which later harvests skip.

Modules that only some methods need are imported there.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fairreg.registry.parts import CATALOGUE_DIGEST, RegistryPart, write_property
from fairreg.schemas.identifiers import IdentifierLike
from fairreg.schemas.record import ModelRecord

if TYPE_CHECKING:
    from fairreg.registry.ingest.forget import ForgottenRecord

__all__ = ["Removals"]


class Removals(RegistryPart):
    """Records that were removed for good, which later harvests skip."""

    def records(self) -> "tuple[ForgottenRecord, ...]":
        """Return the records that were removed for good."""
        from fairreg.registry.ingest.forget import forgotten_records

        with self._database.reading() as connection:
            return forgotten_records(connection)

    def record_of(self, pid: IdentifierLike) -> "ForgottenRecord | None":
        """Return the record that `pid` means and that was removed for good; None where there is none."""
        from fairreg.registry.ingest.forget import forgotten_record

        with self._database.reading() as connection:
            return forgotten_record(connection, pid)

    def barred(self, records: Iterable[ModelRecord]) -> frozenset[int]:
        """Return the numbers of the records, stored or not, that were removed for good."""
        from fairreg.registry.db.key_conditions import barred

        with self._database.reading() as connection:
            return barred(connection, records)

    def undo(self, pid: IdentifierLike) -> tuple[str, ...]:
        """Let a later harvest store the record again; return its identifier. Raises NotFound."""
        from fairreg.registry.ingest.forget import undo

        with self._database.writing() as connection:
            # So that the next command stores what the packaged catalogue has of it.
            write_property(connection, CATALOGUE_DIGEST, "")
            return undo(connection, pid)

    def erase(self) -> str | None:
        """Overwrite what was deleted in SQLite's file; return why that could not be done, else None."""
        return self._database.erase()
