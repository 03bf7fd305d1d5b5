# SPDX-License-Identifier: MIT
"""``/mcp``: streamable HTTP of the Model Context Protocol, without sessions: every request stands alone.

A page in a browser may let its own name resolve to this machine (DNS rebinding), so that the browser takes
this server for the page's own. The header Host then has that name, so it must be one of ours, and so must
Origin where there is one ("Security Warning" of the protocol's transports).
"""

import ipaddress
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fairreg.server.mcp.protocol import mcp_server
from fairreg.server.problems import problem
from fairreg.server.site import Site

__all__ = ["McpEndpoint", "running"]

_BODY_BYTES = 64 * 1024  # of a request; arguments are far shorter
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[^\s/?#@\\]+")
_ORIGIN = re.compile(rf"https?://{_HOST.pattern}", re.IGNORECASE)


class _WebOrigin(NamedTuple):
    """Scheme, host and port of an address (RFC 6454)."""

    scheme: str
    host: str
    port: int


@asynccontextmanager
async def running(app: Starlette) -> AsyncIterator[None]:
    """Context manager: the application answers requests of the protocol meanwhile."""
    site: Site = app.state.site
    manager = StreamableHTTPSessionManager(
        mcp_server(site), json_response=True, stateless=True, max_request_body_size=_BODY_BYTES
    )
    async with manager.run():
        app.state.mcp = manager
        yield


class McpEndpoint:
    """The application at ``/mcp``; refuses what is meant for another host, or comes from another's page."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        manager: StreamableHTTPSessionManager = scope["app"].state.mcp
        await manager.handle_request({**scope, "headers": _plain(scope["headers"])}, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers, ours = Headers(scope=scope), self._origins(scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not _is_host_of(hosts[0], ours):
            return problem(
                421,
                "The header Host names another server.",
                hint=f"Ask at {self._site.url('/mcp')}; another address of it is for --base-url.",
            )
        if any(_origin(item) not in ours for item in headers.getlist("origin")):
            return problem(403, "The header Origin names a page of another server, which may not ask here.")
        return None

    def _origins(self, scope: Scope) -> frozenset[_WebOrigin]:
        """Return the origins of this server: its base URL, and the address that took the connection.

        A page cannot have the latter as its name, so it is right even where the server listens on all.
        """
        public = urlsplit(self._site.base_url)
        found = {_origin(f"{public.scheme}://{public.netloc}")}
        host, port = scope.get("server") or (None, None)
        if host is not None and port is not None:
            found |= {_WebOrigin("http", name, port) for name in _names(host)}
        return frozenset(item for item in found if item is not None)


def _plain(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return headers with the media type of the body in small letters, the same one by RFC 9110."""
    return [(name, text.lower() if name == b"content-type" else text) for name, text in headers]


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
