# SPDX-License-Identifier: MIT
"""Names of many entries at once, by identifiers that others state of them."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, select

from fairreg.registry.db.key_conditions import chunks, in_key_pairs
from fairreg.registry.db.tables import entries, identifiers
from fairreg.schemas.identifiers import POINTING_SCHEMES, Identifier

__all__ = ["NamedEntry", "named_entries"]

_CONCEPT = "concept_doi"


class NamedEntry(NamedTuple):
    """An entry as others refer to it."""

    identifier: str
    name: str
    kind: str


def named_entries(connection: Connection, named: Iterable[Identifier]) -> dict[tuple[str, str], NamedEntry]:
    """Return the entries by the keys of `named`: those that carry one as their own, the newest of several.

    An entry whose very version is named precedes the others of its concept.
    """
    found: dict[tuple[str, str], NamedEntry] = {}
    columns = (identifiers.c.family, identifiers.c.key, entries.c.identifier, entries.c.name, entries.c.kind)
    order = (identifiers.c.scheme != _CONCEPT, entries.c.dated.nulls_first(), entries.c.id)
    for chunk in chunks({item.key for item in named}):
        rows = connection.execute(
            select(*columns)
            .join(entries, entries.c.id == identifiers.c.entry_id)
            .where(
                in_key_pairs(identifiers.c.family, identifiers.c.key, chunk),
                identifiers.c.scheme.not_in(POINTING_SCHEMES),
            )
            .order_by(*order)
        )
        found |= {(row.family, row.key): NamedEntry(row.identifier, row.name, row.kind) for row in rows}
    return found
