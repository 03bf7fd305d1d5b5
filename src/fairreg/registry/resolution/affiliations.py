# SPDX-License-Identifier: MIT
"""Affiliations of merged creators: the name that one statement has, beside the identifier of another."""

from collections.abc import Sequence

from msgspec.structs import replace

from fairreg.schemas.datacite_terms import institutions
from fairreg.schemas.record import Creator, ModelRecord

__all__ = ["with_names"]


def with_names(
    creators: tuple[Creator, ...], others: Sequence[ModelRecord]
) -> tuple[tuple[Creator, ...], tuple[ModelRecord, ...]]:
    """Return the creators with the names of affiliations that they state by identifier alone.

    The names are those that the first of the other statements has for the same person, by ORCID or name and
    of the same identifiers where it has any. The statements that gave one are returned as well.
    """
    found, givers = [], []
    for creator in creators:
        named = creator
        if creator.affiliation_rors and not _names(creator):
            for record in others:
                same = next((item for item in record.creators if _is_same(item, creator)), None)
                if same is not None and _names(same):
                    named = replace(creator, affiliation=same.affiliation)
                    givers.append(record)
                    break
        found.append(named)
    return tuple(found), tuple(givers)


def _names(creator: Creator) -> tuple[str, ...]:
    """Return the institutions that are named, and not only identified."""
    return institutions(part.strip() for part in (creator.affiliation or "").split(";"))[0]


def _is_same(one: Creator, other: Creator) -> bool:
    rors = {*one.affiliation_rors}
    if rors and rors != {*other.affiliation_rors}:
        return False
    if one.orcid and other.orcid:
        return one.orcid == other.orcid
    return one.name.casefold() == other.name.casefold()
