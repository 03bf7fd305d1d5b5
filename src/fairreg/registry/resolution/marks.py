# SPDX-License-Identifier: MIT
"""Keys of a record that was removed for good, by which it is recognised when it comes again."""

from functools import cache

from fairreg.registry.resolution.grouping import SHARED_SCHEMES, Key, link_keys
from fairreg.schemas.identifiers import DOI_SCHEMES, Identifier
from fairreg.schemas.record import ModelRecord
from fairreg.sources import schemes

__all__ = ["is_folded", "main_marks", "mark_key", "mark_keys"]


def is_folded(family: str) -> bool:
    """Tell whether identifiers of the family that differ in case only are the same."""
    return family in DOI_SCHEMES or family in _schemes()


@cache
def _schemes() -> frozenset[str]:
    return frozenset(scheme.name for scheme in schemes())


def mark_key(identifier: Identifier) -> Key:
    """Return the key of an identifier, as spelled where case matters (paths of web addresses)."""
    family, key = identifier.key
    return (family, key if is_folded(family) else identifier.value)


def mark_keys(record: ModelRecord) -> set[Key]:
    """Return the keys of the object itself: its identifier, its place, and those by which it joins others.

    Without repositories, each of which may hold several models, unless one is the record's own identifier.
    """
    return main_marks(record) | {key for key in link_keys(record) if key[0] not in SHARED_SCHEMES}


def main_marks(record: ModelRecord) -> set[Key]:
    """Return the keys of the record's main identifier and of its place at its source."""
    keys = {mark_key(Identifier(record.provenance.source, record.provenance.source_id))}
    scheme, _, value = record.identifier.partition(":")
    if value:
        keys.add(mark_key(Identifier(scheme, value)))
    return keys
