# SPDX-License-Identifier: MIT
"""Addresses in pages: links within the site have no host, and only web addresses lead to other sites."""

from collections.abc import Iterable
from urllib.parse import urlencode, urlsplit

from fairreg.addresses import Address, parse
from fairreg.errors import UnsafeAddress
from fairreg.server.site import Site

__all__ = ["host_of", "local", "record_path", "search_path", "short_address", "web_address"]

_WEB = ("https://", "http://")
_LONG = 60


def local(site: Site, path: str) -> str:
    """Return a path of the site as a link, which holds under every name of the host."""
    return f"{urlsplit(site.base_url).path}{path}"


def record_path(site: Site, identifier: str, below: str = "") -> str:
    """Return the link to a record's page, or to one `below` it (``/related``)."""
    return local(site, site.record_url(identifier).removeprefix(site.base_url) + below)


def search_path(site: Site, params: Iterable[tuple[str, str]]) -> str:
    """Return the link to a search."""
    text = urlencode(list(params))
    return local(site, f"/search?{text}" if text else "/search")


def web_address(text: str | None) -> str | None:
    """Return an address of the web; None for any other text: a browser would run some of those."""
    found = _address(text)
    if text is None or found is None:
        return None
    return found.url if found.user else text


def short_address(address: str) -> str:
    """Return an address to read: without its scheme, the middle left out where it is long."""
    words = address.partition("://")[2] or address
    return words if len(words) <= _LONG else f"{words[: _LONG // 2]}…{words[-_LONG // 2 :]}"


def host_of(text: str | None) -> str | None:
    """Return the host of a web address without its www, None for any other text."""
    found = _address(text)
    return found.host.removeprefix("www.") if found else None


def _address(text: str | None) -> Address | None:
    if not text or not text.startswith(_WEB):
        return None
    try:
        return parse(text)
    except UnsafeAddress:
        return None
