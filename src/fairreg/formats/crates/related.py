# SPDX-License-Identifier: MIT
"""Objects that a record points to, as contextual entities by their address."""

from collections.abc import Mapping

from fairreg.formats.crates.data import address
from fairreg.formats.crates.entities import Entities, Reference
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, RelationType

__all__ = ["SCHEMA_ORG", "add_object", "add_related"]

# Properties of schema.org for relations, which every crate and Croissant have.
SCHEMA_ORG: Mapping[RelationType, str] = {
    "cites": "citation",
    "references": "citation",
    "is_part_of": "isPartOf",
    "trained_on": "isBasedOn",
    "fine_tuned_from": "isBasedOn",
    "is_derived_from": "isBasedOn",
}


def add_related(
    entities: Entities, record: ModelRecord, terms: Mapping[RelationType, str]
) -> dict[str, list[Reference]]:
    """Add the targets of relations that have a term; return the references by term, each once.

    A citation is an absolute address (RO-Crate 1.2, section "Publications"): others are left out.
    """
    found: dict[str, list[Reference]] = {}
    for item in record.relations:
        term = terms.get(item.type)
        if term is None or (term == "citation" and address(item.target.url) is None):
            continue
        reference = add_object(entities, item.target)
        if reference not in found.setdefault(term, []):
            found[term].append(reference)
    return found


def add_object(entities: Entities, target: Identifier, kind: str = "CreativeWork") -> Reference:
    """Add another object by its address, else by its identifier with its scheme; `kind` is its type.

    A crate's own data are its parts, so that of others only the identifier is told. An entity that has the
    address already is the same object.
    """
    entity = {"@type": kind, "name": target.value}
    named = address(target.url)
    if named:
        return entities.add({"@id": named, **entity})
    return entities.add_local("object", entity | {"identifier": target.compact})
