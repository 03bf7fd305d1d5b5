# SPDX-License-Identifier: MIT
"""Link sets of records (RFC 9264): level 2 of FAIR Signposting, links back to the page included."""

from collections.abc import Iterable
from typing import Any

from fairreg.formats.base import filled_members, json_text
from fairreg.registry import Entry
from fairreg.server.records.representations import describing
from fairreg.server.records.signposting import level_1
from fairreg.server.records.weblinks import WebLink
from fairreg.server.site import Site

__all__ = ["as_json", "as_text", "linkset"]

_HTML = "text/html"


def linkset(site: Site, entry: Entry) -> tuple[WebLink, ...]:
    """Return all links of a record, each with its anchor: the page, then its metadata, then its files."""
    page = site.record_url(entry.identifier)
    links = level_1(site, entry, describing(entry.present_record))
    back = {"describedby": "describes", "item": "collection"}
    forward = (WebLink(item.rel, item.href, item.type, item.profile, page) for item in links)
    returning = (WebLink(back[item.rel], page, _HTML, anchor=item.href) for item in links if item.rel in back)
    return (*forward, *returning)


def as_json(links: Iterable[WebLink]) -> str:
    """Return the document of ``application/linkset+json`` (RFC 9264, section 4.2).

    A profile is a text, as the readers of FAIR Signposting take it.
    """
    contexts: dict[str, dict[str, Any]] = {}
    for link in links:
        context = contexts.setdefault(link.anchor or "", {"anchor": link.anchor})
        target = {"href": link.href, "type": link.type, "profile": link.profile}
        context.setdefault(link.rel, []).append(filled_members(target))
    return json_text({"linkset": list(contexts.values())})


def as_text(links: Iterable[WebLink]) -> str:
    """Return the document of ``application/linkset`` (RFC 9264, section 4.1), a link per line."""
    return ",\n".join(map(str, links)) + "\n"
