# SPDX-License-Identifier: MIT
"""The objects around a record."""

from html import escape

from fairreg.registry import Entry, Registry
from fairreg.server.site import Site
from fairreg.services.related import related_objects

__all__ = ["related_page"]


def related_page(_site: Site, registry: Registry, entry: Entry) -> str:
    """Return the list."""
    found = related_objects(registry, entry).objects
    rows = "".join(f"<li>{escape(item.role)}: {escape(item.identifier)}</li>\n" for item in found)
    return f"<!DOCTYPE html>\n<title>{escape(entry.record.name)}</title>\n<ul>\n{rows}</ul>\n"
