# SPDX-License-Identifier: MIT
"""Changes of entries and departures of identifiers, for those who keep copies.

Modules that only some methods need are imported there.
"""

from typing import TYPE_CHECKING, Unpack

from fairreg.registry.parts import RegistryPart

if TYPE_CHECKING:
    from fairreg.registry.changes import Change, ChangeFilters

__all__ = ["Changes"]


class Changes(RegistryPart):
    """Changes of entries and departures of identifiers, for those who keep copies."""

    def page(
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

    def of(self, identifier: str, *, statements: bool = False, dated: bool = False) -> "Change | None":
        """Return the last change of the entry with this very identifier, or the identifier's departure.

        With `dated` that of an entry that lost its date from the list of dated ones.
        """
        from fairreg.registry.changes import change_of

        with self._database.reading() as connection:
            return change_of(connection, identifier, statements=statements, dated=dated)

    def first_time(self) -> str | None:
        """Return the earliest time that a change has, None for a registry that holds nothing."""
        from fairreg.registry.changes import first_time

        with self._database.reading() as connection:
            return first_time(connection)
