# SPDX-License-Identifier: MIT
"""The entry, and the part of it, that a path below ``/records/`` means."""

from typing import NamedTuple

from fairreg.errors import IdentifierError
from fairreg.registry import Entry, Registry
from fairreg.server.parts import split

__all__ = ["LONGEST", "FoundRecord", "entry_of", "find"]

LONGEST = 2000  # characters of an identifier; only hostile text has more


class FoundRecord(NamedTuple):
    """An entry and a part of it, empty for the record itself. `exact`: the path is its own address."""

    entry: Entry
    part: str
    exact: bool


def find(registry: Registry, path: str, *, whole: bool = False) -> FoundRecord | None:
    """Return what a path after ``/records/`` means; None where the registry has no such entry.

    Of two records whose addresses meet, as those of ``X`` and ``X/linkset`` do, a part of the first has the
    plain address; `whole`: the slash before the part was escaped, as it is in the address of the second.
    """
    pid, part = split(path)
    above = entry_of(registry, pid) if part and not whole else None
    if above is not None and pid == above.identifier:
        return FoundRecord(above, part, exact=True)
    named = entry_of(registry, path)
    if named is not None and (not part or _ends_with(named, part)):
        return FoundRecord(named, "", path == named.identifier)
    above = above or (entry_of(registry, pid) if part else None)
    return None if above is None else FoundRecord(above, part, exact=pid == above.identifier)


def entry_of(registry: Registry, text: str) -> Entry | None:
    """Return the likeliest entry for any spelling of an identifier, None without one."""
    if not text.strip() or len(text) > LONGEST:
        return None
    try:
        return next(iter(registry.listing.entries_for(text)), None)
    except IdentifierError:
        return None


def _ends_with(entry: Entry, part: str) -> bool:
    """Tell whether the end of the path belongs to the identifier, and was not cut off to read it."""
    named = entry.matched.value if entry.matched else entry.identifier
    return named.casefold().endswith(f"/{part.casefold()}")
