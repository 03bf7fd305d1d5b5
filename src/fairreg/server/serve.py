# SPDX-License-Identifier: MIT
"""Run the server: one process whose threads read the registry."""

import gc
import ipaddress
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn

from fairreg.addresses import public_url
from fairreg.errors import FairregError, UsageError
from fairreg.server.app import Policy, application
from fairreg.server.protocol import TimedConnection
from fairreg.server.site import Site
from fairreg.server.workers import run_workers
from fairreg.services.registry.shared_engine import make_ready
from fairreg.settings import Settings
from fairreg.web import Log, no_log

if TYPE_CHECKING:
    from fairreg.services.run.named_models import NamedModel

__all__ = ["listen", "local_url", "prepared", "serve"]

_BACKLOG = 256
# With more, the worker that is awake first would take all connections of clients that come at once, and keep
# them while another one is idle.
_ACCEPTED_AT_ONCE = 1
_GRACE_SECONDS = 10
# Connections at a time; further ones get 503. An idle one is closed after some seconds.
_MOST_CONNECTIONS = 2000
_IDLE_SECONDS = 10
# A page of OAI-PMH makes tens of thousands of objects, of which none is garbage before it is sent.
_GARBAGE_OBJECTS = 20_000
# The head of a request; the limit of its parts is in `middleware.limits`.
_HEAD_BYTES = 32 * 1024
_LONGEST_HOST = 100
_NO_PUBLIC_URL = (
    "Warning: other machines reach this server, but all links and identifiers that it gives them (pages, "
    "redirections, OpenAPI, sitemap, OAI-PMH) begin with {}, which is their own machine. "
    "Start it with --base-url and the address that visitors use, or set FAIRREG_BASE_URL."
)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address; port 0 takes a free one. Raises FairregError."""
    try:
        if not host.strip():
            raise socket.gaierror(socket.EAI_NONAME, "no name")
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise FairregError(
            f"Cannot listen on {host[:_LONGEST_HOST]!r}, which is no address of this machine.",
            hint="Give --host 127.0.0.1 for this machine alone, or 0.0.0.0 for all of its addresses.",
        ) from error
    try:
        listening = socket.create_server(address, family=family, backlog=_BACKLOG)
    except OSError as error:
        raise FairregError(
            f"Cannot listen on {host} port {port}: {error.strerror or error}.",
            hint="Choose another port with --port; 0 takes a free one.",
        ) from error
    # asyncio sends small pieces at once only on sockets that are called TCP: else the kernel waits 40 ms for
    # the client's acknowledgement of the headers before it sends the body.
    return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, listening.detach())


def local_url(listening: socket.socket) -> str:
    """Return the address at which a listening socket answers on this machine."""
    host, port = listening.getsockname()[:2]
    if _address_of(listening).is_unspecified:
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _address_of(listening: socket.socket) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(listening.getsockname()[0])


def prepared(
    settings: Settings,
    listening: socket.socket,
    *,
    base_url: str | None = None,
    admin_email: str | None = None,
    models: tuple[str, ...] = (),
    policy: Policy | None = None,
    log: Log = no_log,
) -> tuple[Site, uvicorn.Server]:
    """Make registry and models ready; return the site, and the server that answers once it is run.

    A registry that is ready is not written to, so that a replica or a user who may only read will do.
    `base_url` goes before that of the settings, `models` are identifiers and files. Raises UsageError,
    RegistryError, and the errors of `open_named`.
    """
    stated = settings.base_url if base_url is None else public_url(base_url, "--base-url")
    if stated is None and _address_of(listening).is_unspecified:
        log(_NO_PUBLIC_URL.format(local_url(listening)))
    stored = make_ready(settings, log)
    named = _opened(settings, models, log) if models else ()
    site = Site(settings, stated or local_url(listening), admin_email, named, stored)
    config = uvicorn.Config(
        application(site, policy),
        backlog=_ACCEPTED_AT_ONCE,
        http=TimedConnection,
        ws="none",
        log_level="error",  # what visitors send is no warning
        access_log=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        timeout_keep_alive=_IDLE_SECONDS,
        limit_concurrency=_MOST_CONNECTIONS,
        h11_max_incomplete_event_size=_HEAD_BYTES,
        server_header=False,
        proxy_headers=False,
    )
    return site, _Server(config)


class _Server(uvicorn.Server):
    """A server whose workers share what comes: each accepts one connection at a time, a busy one fewer."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listening in sockets or ():
            listening.listen(_BACKLOG)  # asyncio takes the number to accept for the length of the queue, too


def _opened(settings: Settings, models: tuple[str, ...], log: Log) -> "tuple[NamedModel, ...]":
    from fairreg.services.run.named_models import open_named  # brings the engines

    return tuple(open_named(settings, models, log))


def serve(
    settings: Settings,
    listening: socket.socket,
    *,
    workers: int = 1,
    started: Callable[[str], None] = lambda _url: None,
    **choices: Any,
) -> None:
    """Answer on a listening socket until SIGINT or SIGTERM; `started` is called with the public address.

    `choices` are those of `prepared`. With several `workers` as many processes answer, and one that ends is
    replaced. Requests that are being answered at the end are finished. Raises RegistryError, and UsageError
    for models with several workers.
    """
    if workers > 1 and choices.get("models"):
        # Threads of an engine do not outlive a fork.
        raise UsageError(
            f"Models run in one process, and {workers} workers were asked for.",
            hint="Leave out --workers, or run the models by a server of their own.",
        )
    site, server = prepared(settings, listening, **choices)
    _spare_garbage_collection()
    if workers > 1:
        run_workers(workers, lambda: _run(server, listening), lambda: started(site.base_url))
    else:
        _run(server, listening, lambda: started(site.base_url))


def _run(server: uvicorn.Server, listening: socket.socket, started: Callable[[], None] | None = None) -> None:
    with _ended_by_signals(server):
        if started is not None:
            started()
        server.run(sockets=[listening])


def _spare_garbage_collection() -> None:
    """Look for cycles of garbage less often, and not among what stays: a quarter of the time of OAI-PMH."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE_OBJECTS)


@contextmanager
def _ended_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the server, and nothing else.

    uvicorn raises the signal that ended it once more when it is done; one that comes before it runs ends it
    at its start.
    """

    def end(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    usual = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
