# SPDX-License-Identifier: MIT
"""The entry, and the part of it, that a path below ``/records/`` means."""

from typing import NamedTuple

from fairreg.errors import IdentifierError
from fairreg.registry import Entry, Registry
from fairreg.server.records.packaged_files import FOLDER

__all__ = ["LONGEST", "PARTS", "FoundRecord", "entry_of", "find", "split"]

# Resources below a record. An identifier may end like one of them.
PARTS = frozenset({"linkset", "assessment", "badge.svg", "related"})
LONGEST = 2000  # characters of an identifier; only hostile text has more


class FoundRecord(NamedTuple):
    """An entry and a part of it, empty for the record itself. `exact`: the path is its own address."""

    entry: Entry
    part: str
    exact: bool


def find(registry: Registry, path: str) -> FoundRecord | None:
    """Return what a path after ``/records/`` means; None where the registry has no such entry.

    The whole path comes first, so that an identifier which ends in ``/linkset`` keeps its address. The
    linkset of a record of which this is the address has the address of the format, ``?format=linkset``.
    """
    pid, part = split(path)
    whole = entry_of(registry, path)
    if whole is not None and (not part or _ends_with(whole, part)):
        return FoundRecord(whole, "", path == whole.identifier)
    entry = entry_of(registry, pid) if part else None
    return None if entry is None else FoundRecord(entry, part, pid == entry.identifier)


def split(path: str) -> tuple[str, str]:
    """Return the path before a part, and the part; the part is empty where the path has none.

    >>> split("doi:10.1/a/linkset"), split("catalogue:a/files/a.onnx"), split("doi:10.1/a")
    (('doi:10.1/a', 'linkset'), ('catalogue:a', 'files/a.onnx'), ('doi:10.1/a', ''))
    """
    pid, slash, last = path.rpartition("/")
    if slash and last in PARTS:
        return pid, last
    above, slash, folder = pid.rpartition("/")
    return (above, f"{folder}/{last}") if slash and folder == FOLDER else (path, "")


def entry_of(registry: Registry, text: str) -> Entry | None:
    """Return the likeliest entry for any spelling of an identifier, None without one."""
    if not text.strip() or len(text) > LONGEST:
        return None
    try:
        return next(iter(registry.entries_for(text)), None)
    except IdentifierError:
        return None


def _ends_with(entry: Entry, part: str) -> bool:
    """Tell whether the end of the path belongs to the identifier, and was not cut off to read it."""
    named = entry.matched.value if entry.matched else entry.identifier
    return named.casefold().endswith(f"/{part.casefold()}")
