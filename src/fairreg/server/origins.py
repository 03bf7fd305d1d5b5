# SPDX-License-Identifier: MIT
"""Permission to ask where a program answers, and not a page: `/mcp` and inference.

A page in a browser may let its own name resolve to this machine (DNS rebinding), so that the browser takes
this server for the page's own. The header Host then has that name, so it must be one of ours, and so must
Origin where there is one ("Security Warning" of the transports of the Model Context Protocol).
"""

import ipaddress
import re
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from fairreg.server.site import Site

__all__ = ["OriginRefusal", "refusal_of"]

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[^\s/?#@\\]+")
_ORIGIN = re.compile(rf"https?://{_HOST.pattern}", re.IGNORECASE)


class _WebOrigin(NamedTuple):
    """Scheme, host and port of an address (RFC 6454)."""

    scheme: str
    host: str
    port: int


class OriginRefusal(NamedTuple):
    """Answer to a request that is meant for another host, or comes from another's page."""

    status: int
    detail: str
    hint: str | None = None


def refusal_of(scope: Scope, site: Site) -> OriginRefusal | None:
    """Return the refusal of a request by its headers; None for one that may be answered."""
    headers, ours = Headers(scope=scope), _origins(scope, site)
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _is_host_of(hosts[0], ours):
        return OriginRefusal(
            HTTPStatus.MISDIRECTED_REQUEST,
            "The header Host names another server.",
            f"Ask at {site.url(scope['path'])}; another address of it is for --base-url.",
        )
    if any(_origin(item) not in ours for item in headers.getlist("origin")):
        told = "The header Origin names a page of another server, which may not ask here."
        return OriginRefusal(HTTPStatus.FORBIDDEN, told)
    return None


def _origins(scope: Scope, site: Site) -> frozenset[_WebOrigin]:
    """Return the origins of this server: its base URL, and the address that took the connection.

    A page cannot have the latter as its name, so it is right even where the server listens on all.
    """
    public = urlsplit(site.base_url)
    found = {_origin(f"{public.scheme}://{public.netloc}")}
    host, port = scope.get("server") or (None, None)
    if host is not None and port is not None:
        found |= {_WebOrigin("http", name, port) for name in _names(host)}
    return frozenset(item for item in found if item is not None)


def _names(host: str) -> frozenset[str]:
    """Return the names of an address of this machine."""
    if host in _LOOPBACK:
        return _LOOPBACK
    try:
        mapped = getattr(ipaddress.ip_address(host), "ipv4_mapped", None)
    except ValueError:
        return frozenset({host.casefold()})
    return frozenset({host, *([] if mapped is None else _names(str(mapped)))})


def _is_host_of(text: str, origins: frozenset[_WebOrigin]) -> bool:
    """Tell whether a header Host is of one of the origins; behind a proxy their scheme is not known here."""
    if _HOST.fullmatch(text) is None:
        return False
    read = {_origin(f"{scheme}://{text}") for scheme in _PORTS}
    return any(item is not None and (item.host, item.port) == known[1:] for item in read for known in origins)


def _origin(text: str) -> _WebOrigin | None:
    """Read the address of an origin; None for another text, such as ``null``."""
    if _ORIGIN.fullmatch(text) is None:
        return None
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    return _WebOrigin(parts.scheme, host, _PORTS[parts.scheme] if port is None else port) if host else None
