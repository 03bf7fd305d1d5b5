# SPDX-License-Identifier: MIT
"""Look up the entry that a pasted identifier means."""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func

from fairreg.errors import NotFound
from fairreg.registry.db.entry_query import NAMED, select_entries, sources_of
from fairreg.registry.db.row_mapping import entry_from, stored_record
from fairreg.registry.db.tables import entries, identifiers
from fairreg.registry.entries import Entry
from fairreg.schemas.identifiers import (
    DOI_SCHEMES,
    NEIGHBOUR_DOIS,
    OWN_DOIS,
    Identifier,
    IdentifierLike,
    RequestedIdentifier,
    minted_doi,
    owner_slash_name,
    record_of_doi,
    template_fault,
)
from fairreg.schemas.record import version_sort_key
from fairreg.sources import DOI, scheme_names

__all__ = ["entries_for", "entry_for", "not_found", "spellings", "storable_text"]

# An object's own identifier first, then the lineage's, then mere references.
_NEARNESS = (*OWN_DOIS, *NEIGHBOUR_DOIS)
_KINDS = {"model": 0, "software": 1, "dataset": 2}


def entry_for(connection: Connection, pid: IdentifierLike) -> Entry:
    """Return the best match for `pid`; NotFound, or IdentifierError where it is not an identifier."""
    found = entries_for(connection, pid)
    if not found:
        raise not_found(pid)
    return found[0]


def not_found(pid: IdentifierLike) -> NotFound:
    """Return the error for an identifier that no entry carries."""
    shown = pid.compact if isinstance(pid, Identifier) else str(pid).strip()
    return NotFound(
        f"{shown} is not in the registry.",
        hint="Search for it with `fairreg search`, or add it with `fairreg harvest`.",
    )


def entries_for(connection: Connection, pid: IdentifierLike) -> list[Entry]:
    """Return all entries that carry the identifier, the likeliest first.

    An object's own DOI precedes a concept DOI (with the newest version first), which precedes DOIs of related
    objects and papers. A Zenodo record number also means its DOI, and a bare ``org/name`` also a GitHub
    repository. Raises IdentifierError for a text that is neither an identifier nor the name of an entry.
    """
    named = None if isinstance(pid, Identifier) else _named(connection, str(pid))
    if named is not None:
        return [named]
    wanted = spellings(pid)
    for identifier in wanted:
        rows = _carriers(connection, identifier)
        if rows:
            return [_entry(connection, row) for row in rows]
    return []


def _named(connection: Connection, text: str) -> Entry | None:
    """Return the entry whose identifier is spelled exactly so (``catalogue:...`` has no public scheme)."""
    row = connection.execute(NAMED, {"identifier": storable_text(text)}).mappings().one_or_none()
    return None if row is None else entry_from(row, sources_of(connection, row["id"]))


def storable_text(text: str) -> str:
    """Return `text` without NUL and lone surrogates, which databases do not accept."""
    return text.strip().replace("\0", "").encode("utf-8", "replace").decode()


def spellings(pid: IdentifierLike) -> list[Identifier]:
    """Return the identifiers that `pid` may be in the registry, the likeliest first; IdentifierError."""
    identifier = pid if isinstance(pid, Identifier) else _parsed(pid)
    wanted = [identifier]
    doi = minted_doi(identifier)
    if doi is not None:
        wanted.append(Identifier(DOI.name, doi))
    number = record_of_doi(identifier.value) if identifier.scheme == DOI.name else None
    if number is not None:
        wanted.append(number)
    if identifier.scheme == "fingerprint":
        wanted.append(Identifier("file_fingerprint", identifier.value))
    bare = not isinstance(pid, Identifier) and storable_text(str(pid)) == identifier.value
    if bare and identifier == owner_slash_name(identifier.value):
        wanted += [Identifier(scheme, identifier.value) for scheme in sorted(scheme_names("code"))]
    return wanted


def _parsed(pid: str | RequestedIdentifier) -> Identifier:
    """Parse an identifier, else the place of a statement (``SOURCE:ID``); raises IdentifierError."""
    text = storable_text(str(pid))
    # NUL or a lone surrogate may be all that keeps a text from being an identifier.
    requested = RequestedIdentifier.of(pid if text == str(pid).strip() else text)
    if requested.identifier is None:
        source, separator, name = text.partition(":")
        is_place = separator and re.fullmatch(r"[a-z][\w-]*", source) and name.strip()
        if is_place and template_fault(text) is None:
            return Identifier(source, name.strip())
    return requested.require()


_CARRIERS = (
    select_entries(identifiers.c.scheme, identifiers.c.value, identifiers.c.evidence)
    .join(identifiers, identifiers.c.entry_id == entries.c.id)
    .where(identifiers.c.family == bindparam("family"), identifiers.c.key == bindparam("key"))
    .order_by(func.coalesce(entries.c.dated, "").desc(), entries.c.id.desc())
)


def _carriers(connection: Connection, identifier: Identifier) -> list[RowMapping]:
    family, key = identifier.key
    found = connection.execute(_CARRIERS, {"family": family, "key": key}).mappings()
    rows = _preferred(found, identifier.value)
    first: dict[int, RowMapping] = {}
    for row in rows:
        first.setdefault(row["id"], row)
    return list(first.values())


def _preferred(rows: Iterable[RowMapping], spelled: str) -> list[RowMapping]:
    """Order by nearness and spelling of the identifier, not withdrawn, the newest version, then models."""
    listed = sorted(rows, key=lambda row: (_KINDS.get(row["kind"], len(_KINDS)), row["identifier"]))
    listed.sort(key=_newness, reverse=True)
    return sorted(
        listed, key=lambda row: (_nearness(row), _differs(row, spelled), row["gone_at"] is not None)
    )


def _nearness(row: RowMapping) -> int:
    return _NEARNESS.index(row["scheme"]) if row["scheme"] in _NEARNESS else 0


def _differs(row: RowMapping, spelled: str) -> bool:
    """Tell whether the identifier differs in case, which distinguishes web addresses, but no DOIs."""
    return row["scheme"] not in DOI_SCHEMES and row["value"] != spelled


def _newness(row: RowMapping) -> tuple[Any, ...]:
    """Sort key of entries that share a concept DOI; other identifiers name no versions."""
    if row["scheme"] != "concept_doi":
        return ()
    record = stored_record(row["record"])
    version = None if record is None else record.version
    return version_sort_key(dated=row["dated"], version=version, doi=row["doi"])


def _entry(connection: Connection, row: RowMapping) -> Entry:
    matched = Identifier(row["scheme"], row["value"], row["evidence"])
    return entry_from(row, sources_of(connection, row["id"]), matched)
