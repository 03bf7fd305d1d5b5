# SPDX-License-Identifier: MIT
"""The flat list of entities of a crate: each once, by its `@id`; references lead from one to another."""

from collections import Counter
from typing import Any

from fairreg.formats.base import filled_members

__all__ = ["Entities", "Entity", "Reference"]

Entity = dict[str, Any]
Reference = dict[str, str]


class Entities:
    """The entities of a crate in the order in which they were added."""

    def __init__(self) -> None:
        self._by_id: dict[str, Entity] = {}
        self._local: dict[tuple[str, str], Reference] = {}
        self._numbers = Counter[str]()

    def add(self, entity: Entity) -> Reference:
        """Add an entity under its `@id`, without empty members; return the reference to it.

        One of the same `@id` stays as it is: callers ask `free` where two things may share one.
        """
        self._by_id.setdefault(entity["@id"], filled_members(entity))
        return {"@id": entity["@id"]}

    def add_local(self, word: str, entity: Entity, *, again: bool = False) -> Reference:
        """Add an entity without an address, as ``#word-1``; an equal one of that word is the same.

        `again`: an equal one is another thing, as two people of one name are.
        """
        same = (word, repr(filled_members(entity)))
        if again or same not in self._local:
            self._numbers[word] += 1
            self._local[same] = self.add({"@id": f"#{word}-{self._numbers[word]}", **entity})
        return self._local[same]

    def free(self, name: str, entity: Entity) -> bool:
        """Tell whether an `@id` is that of no other entity than this one."""
        known = self._by_id.get(name)
        return known is None or known == filled_members({"@id": name, **entity})

    def listed(self) -> list[Entity]:
        """Return the entities in the order in which they were added."""
        return list(self._by_id.values())
