# SPDX-License-Identifier: MIT
"""Connections to judged addresses, for the sessions of requests.

A name is looked up once per connection, all of its IP addresses are judged, and the connection goes to one of
exactly these, before a byte is sent; TLS and the Host header keep the name. Two stated exceptions:

- Origins that the user configured may be private. A pool of connections belongs to one origin, so that no
  connection passes from a private origin to another name.
- Behind a proxy (HTTP_PROXY and the like) the proxy looks names up. What is known here to be private is still
  refused; a name that only the proxy knows is left to it.
"""

import math
import time
from collections.abc import Collection
from functools import lru_cache
from http.client import HTTPException, HTTPResponse
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import ConnectionPool, HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from fairreg.addresses import Origin, parse
from fairreg.web.url_safety import look_up, refuse_private

if TYPE_CHECKING:
    import socket

__all__ = ["JudgedSession"]

_MOST_HEADS = 100
# What `web.responses` finds in the errors that urllib3 makes of it.
ENDLESS = "far more bytes than content"


class JudgedSession(requests.Session):
    """Session that connects to public addresses, and to the origins in `own`; it follows no redirect.

    `pools` are options of `HTTPAdapter`.
    """

    def __init__(self, own: Collection[Origin], **pools: Any) -> None:
        super().__init__()
        adapter = _JudgedAdapter(own, **pools)
        self.mount("http://", adapter)
        self.mount("https://", adapter)
        self._settings_of: dict[tuple[object, ...], dict[str, Any]] = {}

    def merge_environment_settings(  # type: ignore[override] # its types are narrower than its values
        self, url: str, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> dict[str, Any]:
        """Return the proxies and certificates of the environment for a host, read once per session.

        To read them for each request takes a third of the time that a small file costs.
        """
        key = (parse(url).origin, str(proxies), stream, verify, cert)
        if key not in self._settings_of:
            found = super().merge_environment_settings(url, proxies, stream, verify, cert)
            self._settings_of[key] = dict(found)
        return dict(self._settings_of[key])

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return nothing: requests would read the whole body of a redirect, and parse its target, unasked."""


class _JudgedAdapter(HTTPAdapter):
    """Adapter that connects to public addresses, and to the origins in `own`."""

    def __init__(self, own: Collection[Origin], **pools: Any) -> None:
        self._own = frozenset(own)
        super().__init__(**pools)

    def init_poolmanager(self, *sizes: Any, **options: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*sizes, **options)
        self.poolmanager.pool_classes_by_scheme = _pool_classes(self._own)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Make the pools of connections to a proxy, which looks names up itself."""
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.lower().startswith("socks"):  # with pools of its own
            manager.pool_classes_by_scheme = {"http": _ProxiedPool, "https": _ProxiedSecurePool}
        return manager

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: Any,
        proxies: Any = None,
        cert: Any = None,
    ) -> ConnectionPool:
        """Return the pool for a request; behind a proxy its host is judged here. Raises UnsafeAddress."""
        if select_proxy(str(request.url), proxies):
            address = parse(str(request.url))
            if address.origin not in self._own:
                _judge_for_proxy(address.host)
        return super().get_connection_with_tls_context(request, verify, proxies, cert)


@lru_cache(1024)
def _judge_for_proxy(host: str) -> None:
    try:
        addresses = look_up(host, 0)
    except OSError:
        return
    refuse_private(host, addresses)


class _BoundedReads(RawIOBase):
    """Bytes of a connection, up to a moment and a number of them.

    The timeout of a socket starts again with every byte. Raises TimeoutError, and OSError for more bytes.
    """

    def __init__(self, raw: RawIOBase) -> None:
        self._raw = raw
        self.allow()

    def allow(self, end: float = math.inf, most: float = math.inf) -> None:
        """Allow reading until `end`, by the clock of `monotonic`, and `most` bytes from now on."""
        self._end, self._left = end, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if time.monotonic() > self._end:
            raise TimeoutError("timed out")
        if self._left <= 0:
            raise OSError(ENDLESS)
        found: int | None = self._raw.readinto(buffer)
        self._left -= found or 0
        return found

    def fileno(self) -> int:
        return self._raw.fileno()

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _BoundedHead(HTTPResponse):
    """Answer of http.client whose head arrives within the timeout of a read, however its bytes are spread.

    It has a few interim heads at most; http.client skips any number of "100 Continue".
    """

    _heads = 0

    def __init__(self, sock: "socket.socket", *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self._reads = _BoundedReads(self.fp.detach())
        self.fp = BufferedReader(self._reads)
        timeout = sock.gettimeout()
        self.allow(math.inf if timeout is None else time.monotonic() + timeout)

    def allow(self, end: float = math.inf, most: float = math.inf) -> None:
        """Allow reading from the connection until `end`, and `most` bytes from now on."""
        self._reads.allow(end, most)

    def begin(self) -> None:
        super().begin()
        self.allow()

    def _read_status(self) -> tuple[str, int, str]:
        self._heads += 1
        if self._heads > _MOST_HEADS:
            raise HTTPException("the answer has too many interim heads")
        found: tuple[str, int, str] = super()._read_status()  # type: ignore[misc] # typeshed omits it
        return found


class _PlainConnection(HTTPConnection):
    """Connection of http with bounded heads."""

    response_class = _BoundedHead


class _SecureConnection(HTTPSConnection):
    """Connection of https with bounded heads."""

    response_class = _BoundedHead


class _ProxiedPool(HTTPConnectionPool):
    """Connections to a proxy, for one http origin."""

    ConnectionCls = _PlainConnection


class _ProxiedSecurePool(HTTPSConnectionPool):
    """Connections through a proxy, to one https origin."""

    ConnectionCls = _SecureConnection


def _pool_classes(own: frozenset[Origin]) -> dict[str, type[HTTPConnectionPool]]:
    """Return the classes of pools by scheme whose connections are judged."""

    class PlainConnection(_PlainConnection):
        """Connection of http to a judged address."""

        def _new_conn(self) -> "socket.socket":
            return _connected(self, "http", own)

    class SecureConnection(_SecureConnection):
        """Connection of https to a judged address, before its handshake."""

        def _new_conn(self) -> "socket.socket":
            return _connected(self, "https", own)

    class PlainPool(HTTPConnectionPool):
        """Connections to one http origin."""

        ConnectionCls = PlainConnection

    class SecurePool(HTTPSConnectionPool):
        """Connections to one https origin."""

        ConnectionCls = SecureConnection

    return {"http": PlainPool, "https": SecurePool}


def _connected(connection: HTTPConnection, scheme: str, own: frozenset[Origin]) -> "socket.socket":
    """Return a socket to one of the judged addresses of a connection's host."""
    host, port = connection.host, int(connection.port)
    try:
        addresses = look_up(host, port)
    except OSError as error:
        raise NameResolutionError(host, connection, error) from error  # type: ignore[arg-type] # any OSError
    if (scheme, host, port) not in own:
        refuse_private(host, addresses)
    fault: Exception = OSError("the name has no address")
    for address in addresses:
        try:
            return create_connection(
                (address, port),
                connection.timeout,
                source_address=connection.source_address,
                socket_options=connection.socket_options,
            )
        except TimeoutError as error:
            fault = ConnectTimeoutError(connection, f"Connection to {host} timed out.")
            fault.__cause__ = error
        except OSError as error:
            fault = NewConnectionError(connection, f"Failed to establish a new connection: {error}")
            fault.__cause__ = error
    raise fault
