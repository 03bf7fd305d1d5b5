# SPDX-License-Identifier: MIT
"""Keys of a record that was removed for good, by which it is recognised when it comes again."""

import re
from collections.abc import Iterable
from functools import cache

from fairreg.registry.resolution.grouping import Key
from fairreg.schemas.identifiers import DOI_SCHEMES, Identifier, minted_doi, record_of_doi
from fairreg.schemas.record import ModelRecord
from fairreg.sources import DOI, PYPI, SWHID, scheme_names, schemes

__all__ = ["all_marks", "is_folded", "main_marks", "mark_key", "mark_keys", "twins"]

# A package may hold several models, as a repository may. Equal weights name no record, nor does a number of
# which no scheme is known.
_NAMES_NO_RECORD = frozenset({PYPI.name, "fingerprint", "file_fingerprint", "other"})
_OF_CODE = re.compile("code", re.IGNORECASE)  # where harvesters saw the address of a repository


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
    """Return the keys of the object itself: its identifier, its place, and all its own identifiers.

    Without repositories and packages, each of which may hold several models, unless one is the record's main
    identifier.
    """
    return main_marks(record) | _own_marks(record)


def all_marks(record: ModelRecord) -> set[Key]:
    """Return the keys of the object itself, also those that other sources may call it by instead."""
    return mark_keys(record) | twins(_own_marks(record))


def twins(keys: Iterable[Key]) -> set[Key]:
    """Return the DOIs that services mint for records among the keys, and the records of such DOIs."""
    found: set[Key] = set()
    for name, value in keys:
        doi = minted_doi(Identifier(name, value))
        number = record_of_doi(value) if name == DOI.name else None
        found |= {(DOI.name, doi)} if doi else set()
        found |= {mark_key(number)} if number else set()
    return found


def _own_marks(record: ModelRecord) -> set[Key]:
    keys = _name_marks(record) | {mark_key(item) for item in record.identifiers if _is_own(item)}
    # The qualifiers of a SWHID say where the content was seen: with others it is the same.
    return keys | {(name, value.partition(";")[0]) for name, value in keys if name == SWHID.name}


def _is_own(item: Identifier) -> bool:
    """Tell whether an identifier names the very record that carries it."""
    if item.scheme in _of_others():
        return False
    return item.scheme != "url" or _OF_CODE.search(item.evidence or "") is None


@cache
def _of_others() -> frozenset[str]:
    """Return the schemes of papers, people, organisations, code, and DOIs that are not the record's own."""
    named = (
        scheme_names("code") | scheme_names("paper") | scheme_names("person") | scheme_names("organization")
    )
    return named | _NAMES_NO_RECORD | (DOI_SCHEMES - {DOI.name})


def main_marks(record: ModelRecord) -> set[Key]:
    """Return the keys of the record's main identifier and of its place at its source."""
    place = Identifier(record.provenance.source, record.provenance.source_id)
    return {mark_key(place)} | _name_marks(record)


def _name_marks(record: ModelRecord) -> set[Key]:
    scheme, _, value = record.identifier.partition(":")
    return {mark_key(Identifier(scheme, value))} if value else set()
