# SPDX-License-Identifier: MIT
"""Progress of harvests, and the payloads that they rejected.

Modules that only some methods need are imported there.
"""

from collections import Counter
from typing import TYPE_CHECKING

from fairreg.registry.entries import Harvest, RejectedPayload
from fairreg.registry.parts import RegistryPart

if TYPE_CHECKING:
    from fairreg.errors import DamagedRecord

__all__ = ["Harvests"]


class Harvests(RegistryPart):
    """Progress of harvests, and the payloads that they rejected."""

    def save(self, harvest: Harvest) -> None:
        """Store the progress of a harvest, so that an interrupted one resumes there."""
        from fairreg.registry.ingest.harvest_state import write_harvest

        with self._database.writing() as connection:
            write_harvest(connection, harvest)

    def state(self, source: str, query: str = "") -> Harvest | None:
        """Return the progress of the last harvest of `query` at `source`, None where there was none."""
        from fairreg.registry.ingest.harvest_state import harvest_state

        with self._database.reading() as connection:
            return harvest_state(connection, source, query)

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
