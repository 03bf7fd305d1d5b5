# SPDX-License-Identifier: MIT
"""Typed links of a record's page (FAIR Signposting 2023-10-02, level 1) as headers and as HTML.

The page is the landing page of this registry's description; the object, and mostly its persistent identifier,
is somewhere else. ``cite-as`` is that identifier, because it is what a reader must cite.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from fairreg import addresses
from fairreg.errors import UnsafeAddress
from fairreg.formats.contents import media_type
from fairreg.formats.schema_org import TYPES
from fairreg.registry import Entry
from fairreg.schemas.jsonld import iri_of_record
from fairreg.schemas.jsonld_terms import ORCID, ROR, SPDX
from fairreg.schemas.licenses import is_listed
from fairreg.schemas.record import Distribution, ModelRecord
from fairreg.server.records.representations import LINKSETS, Representation
from fairreg.server.site import Site

__all__ = ["LONGEST_HEADER", "WebLink", "header", "html_links", "level_1", "signposts", "web_address"]

# Bytes of a Link header beyond which proxies refuse the answer; level 2 then stands alone.
LONGEST_HEADER = 8000
_ABOUT = "https://schema.org/AboutPage"
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)
_UNKNOWN = "application/octet-stream"


@dataclass(frozen=True)
class WebLink:
    """A link (RFC 8288); `href` and `profile` are ASCII. `anchor` is its context, None for the page."""

    rel: str
    href: str
    type: str | None = None
    profile: str | None = None
    anchor: str | None = None

    def __str__(self) -> str:
        parts = [f"<{self.href}>", f'rel="{self.rel}"']
        named = {"type": self.type, "profile": self.profile, "anchor": self.anchor}
        return "; ".join([*parts, *(f'{name}="{value}"' for name, value in named.items() if value)])


def web_address(text: str | None) -> str | None:
    """Return an http(s) address in ASCII without white space and quotes, None for any other text."""
    if not text:
        return None
    try:
        return addresses.parse(text).url
    except UnsafeAddress:
        return None


def level_1(site: Site, entry: Entry, described: Iterable[Representation]) -> tuple[WebLink, ...]:
    """Return the links of the record's page, without those to the linkset.

    `described` are the formats that can hold the record. Files of a withdrawn record are no items.
    """
    record = entry.record
    cited = web_address(iri_of_record(record)) or site.record_url(entry.identifier)
    found = [WebLink("cite-as", cited)]
    found += [WebLink("type", _ABOUT), WebLink("type", f"https://schema.org/{TYPES[record.kind]}")]
    found += [WebLink("author", address) for address in _authors(record)]
    found += [WebLink("license", address) for address in _licences(record)]
    found += [
        WebLink("describedby", item.url(site, entry), item.plain_type, item.profile) for item in described
    ]
    return (*found, *(() if entry.gone else _items(record.distributions)))


def signposts(site: Site, entry: Entry, described: Iterable[Representation]) -> tuple[WebLink, ...]:
    """Return the links to send with the page: level 1 and the linksets, or these alone where it is long."""
    linksets = tuple(WebLink("linkset", item.url(site, entry), item.plain_type) for item in LINKSETS)
    whole = (*level_1(site, entry, described), *linksets)
    return whole if len(header(whole)) <= LONGEST_HEADER else linksets


def header(links: Iterable[WebLink]) -> str:
    """Return the value of a ``Link`` header."""
    return ", ".join(map(str, links))


def html_links(links: Iterable[WebLink]) -> str:
    """Return ``<link>`` elements for the head of a page, one per line."""
    return "\n".join(map(_element, links))


def _element(link: WebLink) -> str:
    named = {"rel": link.rel, "href": link.href, "type": link.type, "profile": link.profile}
    written = (f'{name}="{escape(text)}"' for name, text in named.items() if text)
    return f"<link {' '.join(written)}>"


def _authors(record: ModelRecord) -> Iterator[str]:
    for item in record.creators:
        if item.orcid or item.ror:
            yield ORCID + item.orcid if item.orcid else f"{ROR}{item.ror}"


def _licences(record: ModelRecord) -> Iterator[str]:
    """Yield the address of the licence, of which there is at most one."""
    if record.license and is_listed(record.license):
        yield SPDX + record.license
    elif address := web_address(record.license or record.license_stated):
        yield address


def _items(files: Iterable[Distribution]) -> Iterator[WebLink]:
    """Yield the published files, each once; what lies in an archive has no address of its own."""
    seen = set()
    for item in files:
        address = web_address(item.url)
        if item.path is None and address and address not in seen:
            seen.add(address)
            stated = item.media_type or media_type(item.name) or ""
            yield WebLink("item", address, stated if _MEDIA_TYPE.fullmatch(stated) else _UNKNOWN)
