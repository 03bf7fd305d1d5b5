# SPDX-License-Identifier: MIT
"""Edits of a published record that somebody began on the pages of the service and has not published.

A record has one draft for its edits, so a change from here would publish those with its own.
"""

from collections.abc import Iterable
from typing import Any

from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.text import one_line

__all__ = ["ACCESS_PARTS", "object_of", "plain", "relation_of", "unpublished_edits"]

ACCESS_PARTS = ("record", "files", "embargo")  # the rest is computed by the service
_RELATED = "related_identifiers"
_Relation = tuple[str, str]


def relation_of(item: object) -> _Relation:
    """Return identifier and relation of a related identifier, in small letters."""
    node = JsonNode(item)
    return (node["identifier"].text or "").casefold(), (node.at("relation_type", "id").text or "").casefold()


def unpublished_edits(draft: JsonNode, published: JsonNode, added: Iterable[object]) -> tuple[str, ...]:
    """Return the parts in which a draft differs from the published record, but for `added` relations.

    Those may be there from an earlier command whose end was lost.
    """
    now, before = _members(draft), _members(published)
    differing = [name for name in sorted({*now, *before}) if now.get(name) != before.get(name)]
    stated, public = _relations(draft), _relations(published)
    if not public <= stated <= public | {_with_kind(item) for item in added}:
        differing.append(_RELATED)
    return tuple(one_line(name) for name in differing)


def _members(record: JsonNode) -> dict[str, Any]:
    """Return what users edit, by its name: each field of the metadata, the access, files, custom fields."""
    found = {name: plain(value) for name, value in object_of(record["metadata"]).items() if name != _RELATED}
    found |= {name: plain(value) for name, value in object_of(record["custom_fields"]).items()}
    access = object_of(record["access"])
    found["access"] = plain({name: access.get(name) for name in ACCESS_PARTS})
    entries = object_of(record.at("files", "entries"))
    found["files"] = {name: JsonNode(item)["checksum"].text for name, item in entries.items()}
    return {name: value for name, value in found.items() if value}


def object_of(node: JsonNode) -> dict[str, Any]:
    """Return an object as it is, {} for any other value."""
    return node.value if node.is_object else {}


def plain(value: Any) -> Any:
    """Return a value without empty members, and a term of a vocabulary by its id alone."""
    if isinstance(value, dict):
        if isinstance(value.get("id"), str):
            return value["id"]
        # The service makes the name of a person from the other two.
        kept = {
            name: plain(item)
            for name, item in value.items()
            if not (name == "name" and value.get("family_name"))
        }
        return {name: item for name, item in kept.items() if item}
    return [plain(item) for item in value] if isinstance(value, list) else value


def _relations(record: JsonNode) -> set[tuple[str, ...]]:
    return {_with_kind(item.value) for item in record.at("metadata", _RELATED).items()}


def _with_kind(item: object) -> tuple[str, ...]:
    return (*relation_of(item), JsonNode(item).at("resource_type", "id").text or "")
