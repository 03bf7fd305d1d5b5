# SPDX-License-Identifier: MIT
"""Statements that other registries state, and that were taken over from them.

Modules that only some methods need are imported there.
"""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fairreg.registry.entries import Harvest, RejectedPayload
from fairreg.registry.parts import RegistryPart, changing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairreg.registry.ingest.hearsay import HeardItem, Hearing

__all__ = ["Peers"]


class Peers(RegistryPart):
    """Statements that other registries state, and that were taken over from them."""

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

        with changing(self._database) as connection:
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
            with changing(self._database) as connection:
                handled, withdrawn = drop_departed(connection, hearing.peer)
            total += withdrawn
            if not handled:
                return total

    def statement_counts(self) -> dict[str, int]:
        """Return how many statements each other registry states, by its base URL."""
        from fairreg.registry.ingest.hearsay import counts_by_peer

        with self._database.reading() as connection:
            return counts_by_peer(connection)
