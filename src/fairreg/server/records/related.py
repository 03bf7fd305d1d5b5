# SPDX-License-Identifier: MIT
"""``/records/.../related`` as JSON: the graph of a model, its data, code, papers and versions."""

from dataclasses import asdict
from typing import Any

from fairreg.formats.base import filled_members
from fairreg.registry import Entry, Registry
from fairreg.server.records.weblinks import web_address
from fairreg.server.site import Site
from fairreg.services.related import RelatedObject, related_objects

__all__ = ["related_document"]


def related_document(site: Site, registry: Registry, entry: Entry) -> dict[str, Any]:
    """Return the objects around a record; each says whether it is in this registry, and where."""
    found = related_objects(registry, entry)
    return {
        "identifier": entry.identifier,
        "name": entry.record.name,
        "kind": entry.record.kind,
        "record": site.record_url(entry.identifier),
        "related": [_node(site, item) for item in found.objects],
        "left_out": found.left_out,
    }


def _node(site: Site, item: RelatedObject) -> dict[str, Any]:
    known = asdict(item) | {"url": web_address(item.url), "entry": None}
    record = site.record_url(item.entry) if item.entry else None
    return filled_members(known | {"record": record}) | {"in_registry": record is not None}
