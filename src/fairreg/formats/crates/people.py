# SPDX-License-Identifier: MIT
"""Creators and publishers as entities; ORCID and ROR are their `@id` (RO-Crate 1.1, section 8)."""

from fairreg.formats.crates.entities import Entities, Entity, Reference
from fairreg.formats.creator_names import is_group, parts
from fairreg.schemas.jsonld_terms import ORCID, ROR
from fairreg.schemas.record import Creator
from fairreg.schemas.text import one_line

__all__ = ["add_creators", "add_publisher"]


def add_creators(entities: Entities, creators: tuple[Creator, ...]) -> list[Reference]:
    """Add the creators in order, each with its affiliation; return the references to them."""
    return [_add(entities, item) for item in creators if one_line(item.name)]


def add_publisher(entities: Entities, name: str | None) -> Reference | None:
    """Add a publisher by its name; None without one."""
    if not one_line(name or ""):
        return None
    return entities.add_local("publisher", {"@type": "Organization", "name": name})


def _add(entities: Entities, item: Creator) -> Reference:
    entity = _organisation(item) if is_group(item) else _person(entities, item)
    known = ORCID + item.orcid if item.orcid else ROR + item.ror if item.ror else None
    if known and entities.free(known, entity):
        return entities.add({"@id": known, **entity})
    # Two creators may share an ORCID in the source; each keeps its own name.
    return entities.add_local("creator", entity | {"identifier": known}, again=True)


def _organisation(item: Creator) -> Entity:
    return {"@type": "Organization", "name": item.name}


def _person(entities: Entities, item: Creator) -> Entity:
    family, given = parts(item)
    place = _add_affiliation(entities, item)
    return {
        "@type": "Person",
        "name": item.name,
        "familyName": family,
        "givenName": given,
        "affiliation": [place] if place else [],
    }


def _add_affiliation(entities: Entities, item: Creator) -> Reference | None:
    """Add the affiliation; its ROR names it where the source states one institution."""
    if not one_line(item.affiliation or ""):
        return None
    entity: Entity = {"@type": "Organization", "name": item.affiliation}
    known = ROR + item.affiliation_rors[0] if len(item.affiliation_rors) == 1 else None
    if known and entities.free(known, entity):
        return entities.add({"@id": known, **entity})
    return entities.add_local("affiliation", entity)
