# SPDX-License-Identifier: MIT
"""Typed links of a record's page (FAIR Signposting 2023-10-02, level 1) and those to its linksets.

The page is the landing page of this registry's description; the object, and mostly its persistent identifier,
is somewhere else. ``cite-as`` is that identifier, because it is what a reader must cite.
"""

import re
from collections.abc import Iterable, Iterator

from fairreg.formats.contents import media_type
from fairreg.formats.schema_org import TYPES
from fairreg.registry import Entry
from fairreg.schemas.jsonld import iri_of_record
from fairreg.schemas.jsonld_terms import ORCID, ROR, SPDX
from fairreg.schemas.licenses import is_listed
from fairreg.schemas.record import Distribution, ModelRecord
from fairreg.server.records.packaged_files import with_addresses
from fairreg.server.records.representations import Representation, linksets
from fairreg.server.records.weblinks import WebLink, header, web_address
from fairreg.server.site import Site

__all__ = ["LONGEST_HEADER", "level_1", "signposts"]

# Bytes of a Link header beyond which proxies refuse the answer; level 2 then stands alone.
LONGEST_HEADER = 8000
_ABOUT = "https://schema.org/AboutPage"
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)
_UNKNOWN = "application/octet-stream"


def level_1(site: Site, entry: Entry, described: Iterable[Representation]) -> tuple[WebLink, ...]:
    """Return the links of the record's page, without those to the linkset.

    `described` are the formats that can hold the record. Files of a withdrawn record are no items.
    """
    return tuple(_level_1(site, entry, described))


def _level_1(site: Site, entry: Entry, described: Iterable[Representation]) -> Iterator[WebLink]:
    record = with_addresses(site, entry)
    cited = web_address(iri_of_record(record)) or site.record_url(entry.identifier)
    yield WebLink("cite-as", cited)
    yield WebLink("type", _ABOUT)
    yield WebLink("type", f"https://schema.org/{TYPES[record.kind]}")
    yield from (WebLink("author", address) for address in _authors(record))
    yield from (WebLink("license", address) for address in _licences(record))
    for item in described:
        yield WebLink("describedby", item.url(site, entry), item.plain_type, item.profile)
    if not entry.gone:
        yield from _items(record.distributions)


def signposts(site: Site, entry: Entry, described: Iterable[Representation]) -> tuple[WebLink, ...]:
    """Return the links to send with the page: level 1 and the linksets, or these alone where it is long."""
    level_2 = linksets(site, entry)
    links, length = [], len(header(level_2))
    for link in _level_1(site, entry, described):  # of many thousands only as many as may be sent
        length += len(header([link])) + len(", ")
        if length > LONGEST_HEADER:
            return level_2
        links.append(link)
    return (*links, *level_2)


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
