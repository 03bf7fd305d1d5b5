# SPDX-License-Identifier: MIT
"""Metadata of a record's page for programs: typed links, Dublin Core, and a node of schema.org.

Of very long lists it has the first items, as the page does.
Everything is in the page itself; nothing of it makes a program ask another host.
"""

import json
from collections.abc import Iterator
from html import escape
from typing import Any

from fairreg.formats import dublin_core, schema_org
from fairreg.registry import Entry
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.text import clean, shortened, without_hidden
from fairreg.server.records.bounds import shortened_lists
from fairreg.server.records.packaged_files import with_addresses
from fairreg.server.records.representations import describing
from fairreg.server.records.signposting import signposts
from fairreg.server.records.weblinks import html_links
from fairreg.server.site import Site

__all__ = ["head", "schema_org_node"]

# Characters of a Dublin Core element; the node of schema.org has the whole text.
_LONGEST = 2000
_SCHEMAS = '<link rel="schema.DC" href="http://purl.org/dc/elements/1.1/">'


def head(site: Site, entry: Entry, record_url: str) -> str:
    """Return safe HTML for the head of a record's page, whose address is `record_url`."""
    record = entry.present_record
    links = html_links(signposts(site, entry, describing(record)))
    short = shortened_lists(with_addresses(site, entry))
    script = _script(schema_org.node(short, page=record_url) | {"url": record_url})
    return "\n".join([links, _SCHEMAS, *_dublin_core(shortened_lists(record)), script]) + "\n"


def _dublin_core(record: ModelRecord) -> Iterator[str]:
    """Yield the elements as DCMI recommends it for HTML (DC-HTML), one per line."""
    for name, text in dublin_core.elements(record):
        words = without_hidden(clean(" ".join(text.split())))
        if words:
            yield f'<meta name="DC.{name}" content="{escape(shortened(words, _LONGEST))}">'


def schema_org_node(site: Site, entry: Entry) -> dict[str, Any]:
    """Return the described object with its page here, and the addresses of packaged files."""
    return schema_org.node(with_addresses(site, entry), page=site.record_url(entry.identifier))


def _script(node: dict[str, Any]) -> str:
    """Return the node as a block of data, in which nothing can end the element or begin another."""
    document = json.dumps(node)  # in ASCII, so that no character turns the direction of the page's source
    safe = document.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return f'<script type="application/ld+json">{safe}</script>'
