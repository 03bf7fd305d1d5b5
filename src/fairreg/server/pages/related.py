# SPDX-License-Identifier: MIT
"""The page of what is around a record: data, models, code, papers, versions, as a drawing and as lists."""

from fairreg.registry import Entry, Registry
from fairreg.server.pages.frame import framed
from fairreg.server.pages.paths import record_path
from fairreg.server.pages.views.graph import drawing
from fairreg.server.pages.views.relations import surroundings
from fairreg.server.site import Site

__all__ = ["related_page"]


def related_page(site: Site, registry: Registry, entry: Entry) -> str:
    """Render the page of an entry's neighbours."""
    around = surroundings(site, registry, entry)
    return framed(
        site,
        "related.html",
        title=f"Around {entry.record.name}",
        name=entry.record.name,
        record=record_path(site, entry.identifier),
        around=around,
        drawing=drawing(around.groups),
    )
