# SPDX-License-Identifier: MIT
"""Sentences on records that were removed for good."""

from fairreg.errors import IdentifierError
from fairreg.registry import Registry
from fairreg.schemas.identifiers import IdentifierLike

__all__ = ["removal_note"]


def removal_note(registry: Registry, pid: IdentifierLike) -> str | None:
    """Return a sentence on the record that `pid` means if it was removed for good, and how to undo that."""
    try:
        found = registry.removals.record_of(pid)
    except IdentifierError:
        return None  # the command itself says what is wrong with it
    if found is None:
        return None
    return (
        f"{found.identifier} was removed for good on {found.forgotten_at[:10]}; nothing of it is stored. "
        f"To keep it again: fairreg db forget {found.identifier} --undo"
    )
